"""Building: two notebooks per lesson, nothing of a person's lost, nothing written when refused."""

import json

import pytest

from refseg_lib.course.building import executing
from refseg_lib.course.building.auditing import check_all
from refseg_lib.course.building.build import build_all
from refseg_lib.course.building.notebook_file import notebook_text, read_notebook
from refseg_lib.errors import UserError

NAME = "05_doubling"


@pytest.fixture
def course(tmp_path, text):
    """Folders of a course of one lesson, not yet built."""
    notebooks, solutions = tmp_path / "notebooks", tmp_path / "solutions"
    solutions.mkdir()
    (solutions / f"{NAME}.py").write_text(text, encoding="utf-8")
    return notebooks, solutions


@pytest.fixture
def build(course, points):
    def _build(execute=False, overwrite=False, only=()):
        notebooks, solutions = course
        return build_all(solutions, notebooks, solutions, points, execute, overwrite, only)

    return _build


@pytest.fixture
def runs(monkeypatch):
    """Stands in for the kernel: every cell prints its number; records what was run.

    Each run takes a second longer, as clocks have it.
    """
    record = []

    def fake(notebook, folder, name, **rest):
        record.append((folder, name))
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] == "code":
                stream = {"output_type": "stream", "name": "stdout", "text": f"{number}"}
                cell |= {"execution_count": number, "outputs": [stream, dict(stream)]}
        return notebook, 70.4 + len(record)

    monkeypatch.setattr(executing, "execute", fake)
    return record


def files(*folders):
    return {path: path.read_bytes() for folder in folders for path in sorted(folder.glob("*"))}


def test_a_real_run_fills_the_solution_and_the_header_of_both(course, build, points, capsys):
    """One true kernel: the rest of this file needs none."""
    notebooks, solutions = course
    lines = build(execute=True)
    assert [line.rpartition("/")[2] for line in lines] == [f"{NAME}.ipynb: written"] * 2
    assert f"running 1/1 {NAME}" in capsys.readouterr().err
    kept = json.loads((solutions / "minutes.json").read_text())[NAME]
    assert 1 <= kept["seconds"] < 120
    solved, student = (read_notebook(f / f"{NAME}.ipynb") for f in (solutions, notebooks))
    for notebook in (solved, student):
        assert f" run in {kept['seconds']} s on " in notebook["cells"][0]["source"]
    printed = [
        (cell["id"], [output["text"] for output in cell["outputs"]])
        for cell in solved["cells"]
        if cell["cell_type"] == "code" and cell["outputs"]
    ]
    assert printed == [
        ("check-double", ["double: 2 points\n"]),
        ("05-doubling-006", ["for teachers 42\n"]),
        ("check-shift", ["shift: 2 points\n"]),
        ("05-doubling-009", ["乘 ['α', 'β']\n"]),
    ]
    assert check_all(solutions, notebooks, solutions, points) == []
    assert "version" not in solved["metadata"]["language_info"]


def test_building_again_changes_no_byte_with_and_without_a_run(course, build, runs):
    build(execute=True)
    before = files(*course)
    assert len(before) == 4
    for execute in (False, True):
        assert all(line.endswith(": unchanged") for line in build(execute=execute))
        assert files(*course) == before


def test_the_solution_runs_in_its_own_folder_and_prints_in_one_piece(course, build, runs):
    build(execute=True)
    assert runs == [(course[1], str(course[1] / f"{NAME}.py"))]
    solved = read_notebook(course[1] / f"{NAME}.ipynb")
    assert solved["cells"][2]["outputs"][0]["text"] == "22"
    assert len(solved["cells"][2]["outputs"]) == 1


def test_without_a_run_new_text_keeps_the_outputs_and_new_code_waits(course, build, runs, text):
    build(execute=True)
    source = course[1] / f"{NAME}.py"
    before = read_notebook(course[1] / f"{NAME}.ipynb")
    source.write_text(text.replace("you start", "you begin"), encoding="utf-8")
    assert all(line.endswith(": written") for line in build())
    after = read_notebook(course[1] / f"{NAME}.ipynb")
    assert "you begin" in after["cells"][1]["source"]
    assert after["cells"][2:] == before["cells"][2:]
    source.write_text(text.replace("x + x", "2 * x"), encoding="utf-8")
    student, solution = build()
    assert student.endswith(": written")
    assert solution.endswith("needs a run, left as it is; build without --no-run")
    assert read_notebook(course[1] / f"{NAME}.ipynb") == after


@pytest.mark.parametrize("which", [0, 1], ids=["student", "solution"])
def test_an_edited_notebook_is_refused_before_anything_happens(course, build, runs, which):
    build(execute=True)
    path = course[which] / f"{NAME}.ipynb"
    path.write_text(path.read_text(encoding="utf-8").replace("def check", "def mine"))
    (course[1] / "minutes.json").unlink()
    before, ran = files(*course), len(runs)
    for execute in (False, True):
        with pytest.raises(UserError, match=rf"{NAME}\.ipynb: edited by hand.*--overwrite"):
            build(execute=execute)
    assert files(*course) == before
    assert len(runs) == ran
    build(execute=True, overwrite=True)
    assert "def mine" not in path.read_text(encoding="utf-8")


def test_a_students_copy_that_was_merely_run_is_built_anew(course, build):
    build()
    path = course[0] / f"{NAME}.ipynb"
    clean = path.read_bytes()
    notebook = read_notebook(path)
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "hi"}]
    path.write_text(notebook_text(notebook), encoding="utf-8")
    build()
    assert path.read_bytes() == clean


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("两倍 is twice", "`total = x + x; return total + 0 * x`", r"repeats \d+ tokens"),
        ("两倍 is twice", "```\ntotal = x + x\nreturn total + 0 * x\n```", r"repeats 11 tokens"),
        ("两倍 is twice", "![](a.png)", r"a picture without a text"),
        ("## Before", "### Before", r"has level 3 after level 1"),
    ],
)
def test_what_must_not_be_written_is_refused_before_a_run(
    course, build, runs, text, before, after, said
):
    if said == r"repeats \d+ tokens":
        after = after.replace("; ", " ")
    lines = after.replace("\n", "\n# ")
    (course[1] / f"{NAME}.py").write_text(text.replace(before, lines, 1), encoding="utf-8")
    with pytest.raises(UserError, match=said):
        build(execute=True)
    assert runs == []
    assert not course[0].exists()


def test_a_solution_in_another_lesson_is_given_away_too(course, build, text):
    other = "# # 06 More\n# learn: x\n# need: x\n# minutes: 1\n\n# %%\ny = sum([x, step])\n"
    (course[1] / "06_more.py").write_text(f"# %% [markdown]\n{other}")
    with pytest.raises(UserError, match=r"06_more\.ipynb, cell 2 .*solution of 'shift'"):
        build(only=["06"])


@pytest.mark.parametrize(
    ("output", "said"),
    [
        ({"text/plain": "/home/ann/x"}, r"shows '/home/ann'"),
        ({"image/png": "abc"}, r"bare image/png"),
        ({"text/plain": "x" * 10**6}, r"would have 100\d kB.*cell 3"),
    ],
)
def test_an_output_that_must_not_be_published_is_refused_and_nothing_written(
    course, build, monkeypatch, output, said
):
    def fake(notebook, folder, name, **rest):
        shown = {"output_type": "display_data", "metadata": {}, "data": output}
        notebook["cells"][2]["outputs"] = [shown]
        return notebook, 1.0

    monkeypatch.setattr(executing, "execute", fake)
    before = files(course[1])
    with pytest.raises(UserError, match=said):
        build(execute=True)
    assert files(course[1]) == before
    assert not course[0].exists()


def test_one_lesson_can_be_built_alone_by_number_or_name(course, build):
    plain = "# %% [markdown]\n# # 06 More\n# learn: x\n# need: x\n# minutes: 1\n"
    (course[1] / "06_more.py").write_text(plain)
    for name in ("06", "06_more"):
        assert [line.split("/")[-1].split(":")[0] for line in build(only=[name])] == [
            "06_more.ipynb",
            "06_more.ipynb",
        ]
    assert [path.stem for path in course[0].glob("*")] == ["06_more"]
    assert len(build(only=["05", "06"])) == 4
    with pytest.raises(UserError, match=r"no lesson '07': choose from 05_doubling, 06_more"):
        build(only=["06", "07"])


def test_times_of_lessons_that_are_gone_are_forgotten(course, build, runs):
    (course[1] / "minutes.json").write_text('{"01_gone": {"seconds": 3, "cores": 2}}')
    build(execute=True)
    assert list(json.loads((course[1] / "minutes.json").read_text())) == [NAME]
