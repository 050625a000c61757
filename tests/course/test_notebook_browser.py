"""A student in a real JupyterLab, by keyboard alone; and a solution that is opened and not run."""

import contextlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

LESSON = "05_cross_modal_self_attention"
KEPT = ("check-pair-features", "exercise-cross-attention", "check-cross-attention")
"""After the first of these cells the student's copy goes on with the others, for time's sake."""

HAS_MOVED = """was => {
    const cell = document.querySelector('.jp-Notebook .jp-Cell.jp-mod-selected')
    return cell && cell.dataset.windowedListIndex != was
}"""
DRAWN = """wanted => {
    const images = [...document.querySelectorAll('.jp-OutputArea img')]
    return images.filter(image => image.naturalWidth > 0).length >= wanted
}"""


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def text_of(output: dict[str, Any], kind: str) -> str:
    return "".join(output.get("data", {}).get(kind, ""))


@pytest.fixture(scope="module", autouse=True)
def before_the_lab_starts(repository: Path, lab_folder: Path) -> Iterator[None]:
    """Copies to work on; the kernels inherit where progress is kept."""
    shutil.copy(repository / "solutions" / f"{LESSON}.ipynb", lab_folder / "solution.ipynb")
    page = read(repository / "notebooks" / f"{LESSON}.ipynb")
    until = [cell["id"] for cell in page["cells"]].index(KEPT[0]) + 1
    page["cells"][until:] = [
        cell
        for cell in page["cells"][until:]
        if cell["id"] in KEPT or source(cell).startswith('plug_in("cross-attention"')
    ]
    (lab_folder / "student.ipynb").write_text(json.dumps(page), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REFSEG_PROGRESS", str(lab_folder / "progress.json"))
        yield


@pytest.fixture(scope="module")
def answer(repository: Path) -> Callable[[str], list[str]]:
    """Read the lines between an exercise's markers, as they are typed: JupyterLab indents."""
    cells = {cell["id"]: cell for cell in read(repository / f"solutions/{LESSON}.ipynb")["cells"]}

    def lines(exercise: str) -> list[str]:
        after = source(cells[f"exercise-{exercise}"]).split("# BEGIN SOLUTION\n")[1]
        return [line.strip() for line in after.split("# END SOLUTION")[0].splitlines()[:-1]]

    return lines


class Student:
    """Someone with a keyboard and no mouse."""

    def __init__(self, page: Any, file: Path) -> None:
        self.page, self.file = page, file
        self.order = [cell["id"] for cell in read(file)["cells"]]

    def press(self, key: str, times: int = 1) -> None:
        for _ in range(times):
            self.page.keyboard.press(key)

    def go_to(self, cell: str, key: str = "ArrowDown") -> None:
        """Go to a cell by arrows, or by Shift+Enter, which runs every cell on the way down."""
        selected = self.page.locator(".jp-Notebook .jp-Cell.jp-mod-selected")
        goal = self.order.index(cell)
        while (here := int(selected.get_attribute("data-windowed-list-index"))) != goal:
            self.press(key if here < goal else "ArrowUp")
            self.page.wait_for_function(HAS_MOVED, arg=str(here))

    def write(self, lines: list[str], over: int = 1) -> None:
        """Put lines in the place of the last lines of the selected cell."""
        self.press("Enter")
        self.press("Control+End")
        self.press("Shift+ArrowUp", over - 1)
        self.press("Shift+Home")
        for number, line in enumerate(lines):
            self.press("Enter", min(number, 1))
            self.page.keyboard.insert_text(line)

    def output(self, cell: str) -> Any:
        place = f".jp-Cell[data-windowed-list-index='{self.order.index(cell)}']"
        return self.page.locator(f"{place} .jp-OutputArea").first

    def saved_cells(self) -> list[dict[str, Any]]:
        """Save; return what is in the file once it is whole: the server empties it before."""
        before = self.file.stat().st_mtime_ns
        self.press("Control+s")
        for _ in range(600):
            self.page.wait_for_timeout(50)
            with contextlib.suppress(json.JSONDecodeError):
                if self.file.stat().st_mtime_ns != before:
                    return read(self.file)["cells"]
        raise AssertionError("not saved within 30 seconds")


@pytest.mark.usefixtures("parkref")
def test_exercises_are_failed_passed_and_plugged_in_by_keyboard_alone_and_nothing_raises(
    open_notebook: Callable[..., Any],
    lab_folder: Path,
    answer: Callable[[str], list[str]],
) -> None:
    from playwright.sync_api import expect

    page = open_notebook("student", run=False)
    student = Student(page, lab_folder / "student.ipynb")
    student.go_to("exercise-pair-features", key="Shift+Enter")
    student.press("Shift+Enter", 2)
    card = student.output("check-pair-features").locator("section")
    expect(card).to_contain_text("○ Not started")

    right = answer("pair-features")
    wrong = [line.replace("F.normalize(picture, dim=-1)", "picture") for line in right]
    assert wrong != right
    student.go_to("exercise-pair-features")
    student.write(wrong)
    student.press("Shift+Enter", 2)
    expect(card).to_contain_text("✗ Not yet")
    expect(card.get_by_text("pixels that were not l2-normalised")).to_be_in_viewport()

    student.go_to("exercise-pair-features")
    student.write(right, over=len(wrong))
    student.press("Shift+Enter", 2)
    expect(card).to_contain_text("✓ Passed")
    expect(card.get_by_text("8 of 8 points")).to_be_in_viewport()

    student.go_to("exercise-cross-attention")
    student.write(answer("cross-attention"))
    student.press("Shift+Enter", 3)
    expect(student.output("check-cross-attention")).to_contain_text("✓ Passed")
    scores = student.output(student.order[-1]).locator("table")
    expect(scores).to_contain_text("yours")
    expect(scores).to_be_in_viewport()

    saved = student.saved_cells()
    outputs = [output for cell in saved for output in cell.get("outputs", [])]
    assert len(outputs) > len(KEPT)
    assert "error" not in {output["output_type"] for output in outputs}
    assert "stderr" not in {output.get("name") for output in outputs}
    assert "Traceback" not in json.dumps(outputs)
    expect(page.locator(".jp-Notebook")).not_to_contain_text("Traceback")
    assert read(lab_folder / "progress.json")["pair-features"]["attempts"] == 2
    page.close()


def test_a_solution_that_is_opened_and_not_run_shows_all_its_pictures_and_no_broken_control(
    open_notebook: Callable[..., Any], lab_folder: Path
) -> None:
    from playwright.sync_api import expect

    cells = read(lab_folder / "solution.ipynb")["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    pictures = sum(text_of(output, "text/html").count("<img ") for output in outputs)
    assert pictures > 10
    page = open_notebook("solution", run=False)
    page.wait_for_function(DRAWN, arg=pictures)
    (live,) = (cell for cell in cells if source(cell).splitlines()[-1].startswith("live("))
    shown = Student(page, lab_folder / "solution.ipynb").output(live["id"])
    expect(shown).to_contain_text("Run this cell to change")
    expect(shown.locator("img").first).to_be_visible()
    for broken in ("Loading widget", "Error displaying widget", "Traceback"):
        expect(page.locator(".jp-Notebook")).not_to_contain_text(broken)
    page.close()
