"""Hand edits: a changed source is a person's work, everything else is not."""

import copy

import pytest

from refseg_lib.course.building.digest import is_built, is_untouched, refuse_edited, seal
from refseg_lib.course.building.notebook_file import notebook_text
from refseg_lib.errors import UserError

STREAM = {"output_type": "stream", "name": "stdout", "text": "hi\n"}


@pytest.fixture
def built(make):
    return seal(make(" # Title", "a = 1", "b = 2"))


def changed(notebook, change):
    other = copy.deepcopy(notebook)
    change(other)
    return other


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n["cells"][1].update(source="a = 2"),
        lambda n: n["cells"][1].update(source="a = 1 "),
        lambda n: n["cells"][0].update(source="# title"),
        lambda n: n["cells"].pop(2),
        lambda n: n["cells"].reverse(),
        lambda n: n["cells"].append({"cell_type": "code", "id": "x", "source": "mine"}),
        lambda n: n["cells"][1].update(cell_type="markdown"),
    ],
)
def test_a_change_to_what_is_written_is_seen(built, change):
    assert is_untouched(built)
    assert not is_untouched(changed(built, change))
    assert is_built(changed(built, change))


@pytest.mark.parametrize(
    "change",
    [
        lambda n: n["cells"][1].update(outputs=[STREAM], execution_count=7),
        lambda n: n["cells"][1]["metadata"].update(scrolled=True),
        lambda n: n["metadata"].update(language_info={"version": "3.12.1"}),
        lambda n: n["cells"].append({"cell_type": "code", "id": "x", "source": ""}),
    ],
    ids=["run", "scrolled", "saved by another Python", "blank cell of the last shift-enter"],
)
def test_running_and_looking_is_nobodys_work(built, change):
    assert is_untouched(changed(built, change))


def test_a_notebook_of_a_persons_own_is_not_built(make):
    assert not is_built(make("a = 1"))
    assert not is_untouched(make("a = 1"))


def test_only_edited_files_are_refused_and_named(tmp_path, built, make):
    files = [tmp_path / f"{name}.ipynb" for name in ("built", "edited", "own", "absent")]
    files[0].write_text(notebook_text(built))
    files[1].write_text(
        notebook_text(changed(built, lambda n: n["cells"][1].update(source="mine")))
    )
    files[2].write_text(notebook_text(make("a = 1")))
    refuse_edited([files[0], files[3]])
    with pytest.raises(UserError, match=r"edited\.ipynb, \S*own\.ipynb: .*--overwrite") as refused:
        refuse_edited(files)
    assert "built.ipynb" not in str(refused.value)
