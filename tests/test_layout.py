"""The shape of the house: imports go up the floors, tests mirror files, names say what."""

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOMS = {
    "errors": 0, "files": 0, "trace": 0,
    "text": 1, "vision": 1,
    "data": 2, "fusion": 2,
    "models": 3, "parkref": 3,
    "evaluation": 4, "explain": 4,
    "training": 5,
    "doctor": 6, "reproduction": 6, "course": 6,
    "cli": 7,
}  # fmt: skip
HEAVY = ("torch", "torchvision", "spacy", "gensim", "matplotlib", "pandas", "scipy", "accelerate")
VAGUE = ("util", "helper", "misc", "common", "manager")


def library_files(repository: Path) -> list[Path]:
    return sorted((repository / "refseg_lib").rglob("*.py"))


def room_of(file: Path, repository: Path) -> str:
    return file.relative_to(repository / "refseg_lib").parts[0].removesuffix(".py")


def imported_rooms(source: str) -> set[str]:
    """Rooms of refseg_lib that ``source`` imports, anywhere in it, lazily or not."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module == "refseg_lib":
            names |= {f"refseg_lib.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"relative import of {node.module}: floors cannot be read off it"
            )
            names.add(node.module or "")
    parts = (name.split(".") for name in names)
    return {p[1] for p in parts if p[0] == "refseg_lib" and len(p) > 1 and p[1] != "__version__"}


def test_no_floor_imports_a_higher_one(repository: Path) -> None:
    wrong = []
    for file in library_files(repository):
        room = room_of(file, repository)
        if room in ("__init__", "__main__"):
            continue
        for other in imported_rooms(file.read_text()):
            if ROOMS[other] > ROOMS[room]:
                wrong.append(f"{file.relative_to(repository)} imports {other}, above {room}")
    assert not wrong


def test_rooms_on_one_floor_do_not_lean_on_each_other_in_a_circle(repository: Path) -> None:
    leans: dict[str, set[str]] = {room: set() for room in ROOMS}
    for file in library_files(repository):
        room = room_of(file, repository)
        if room in ROOMS:
            leans[room] |= imported_rooms(file.read_text()) - {room}
    circles = [(a, b) for a in leans for b in leans[a] if a < b and a in leans[b]]
    assert not circles


def test_starting_the_command_line_imports_nothing_heavy() -> None:
    program = (
        f"import sys, refseg_lib.cli;print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


def test_every_library_file_has_a_test_file_of_its_name(repository: Path) -> None:
    missing = []
    for file in library_files(repository):
        place = file.relative_to(repository / "refseg_lib")
        if file.name.startswith("__"):
            continue
        # Exercises are all held to one contract, tests/course/test_contract.py.
        if place.parent.name == "exercises":
            continue
        if not (repository / "tests" / place.parent / f"test_{file.name}").is_file():
            missing.append(str(place))
    assert not missing


def test_no_file_is_named_after_nothing_in_particular(repository: Path) -> None:
    folders = [repository / "refseg_lib", repository / "tests"]
    names = [path for folder in folders for path in folder.rglob("*.py")]
    assert not [str(path) for path in names if any(word in path.stem for word in VAGUE)]


def test_files_stay_short_enough_for_one_idea(repository: Path) -> None:
    lengths = {f: len(f.read_text().splitlines()) for f in library_files(repository)}
    assert not {str(file): lines for file, lines in lengths.items() if lines > 260}


def test_every_make_command_the_readme_names_exists(repository: Path) -> None:
    makefile = (repository / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, flags=re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z][a-z-]*)", _code_of(repository / "README.md")))
    assert {"demo", "test"} <= named, "the README must show the two commands a stranger needs"
    assert named <= targets
    assert set(re.findall(r"make ([a-z]+) {2,}", makefile)) <= targets, "make help names others"


def test_git_ignores_no_library_file(repository: Path) -> None:
    files = [str(f.relative_to(repository)) for f in library_files(repository)]
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", *files],
        cwd=repository,
        capture_output=True,
        text=True,
    )
    # 1 is git's "none of them"; anything else (no repository, say) would prove nothing.
    assert (done.stdout, done.returncode) == ("", 1)


def _code_of(markdown: Path) -> str:
    """Only what stands in code: prose may say "make sure"."""
    blocks = re.findall(r"```.*?```|`[^`\n]+`", markdown.read_text(), flags=re.DOTALL)
    return "\n".join(blocks)
