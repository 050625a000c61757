"""Publishing: no path of this machine, no megabytes."""

import sys
import tempfile
from pathlib import Path

import pytest

from refseg_lib.course.building.notebook_file import notebook_text
from refseg_lib.course.building.publishing import local_paths, too_large

CHECKOUT, HOME = Path("/srv/course"), Path("/data/ann")


@pytest.fixture(autouse=True)
def _home(monkeypatch):
    """A home that is not told by its form alone."""
    monkeypatch.setenv("HOME", str(HOME))
    monkeypatch.setenv("USERPROFILE", str(HOME))


def stream(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}]


def html(text):
    data = {"text/html": text, "text/plain": "x"}
    return [{"output_type": "display_data", "metadata": {}, "data": data}]


def own_paths():
    return {
        "repository": CHECKOUT,
        "home": HOME,
        "temporary": Path(tempfile.gettempdir()),
        "Python": Path(sys.prefix),
    }


@pytest.mark.parametrize("which", own_paths())
@pytest.mark.parametrize(
    "form", ["{}", "saved to {}/a.png", "file://{}/a", "<a href='{}/b'>", "({})"]
)
def test_a_path_of_this_machine_is_found_with_its_cell(make, which, form):
    path = own_paths()[which]
    shown = form.format(path)
    for outputs in (stream(shown), html(shown)):
        lines = local_paths("05", make("a", ("b", outputs)), CHECKOUT)
        assert len(lines) == 1
        assert lines[0].startswith("05, cell 2 (c2): its output shows")


@pytest.mark.parametrize("path", ["/home/ann/x", "/Users/ann", r"C:\Users\ann\x", "/root/x"])
def test_a_home_of_another_machine_is_found_too(make, path):
    assert local_paths("05", make(("b", stream(f"see {path}"))), CHECKOUT)


@pytest.mark.parametrize("text", ["notes/root/x", "/rootless", "data/parkref", "a/home/of", "1/2"])
def test_what_only_looks_like_it_may_stay(make, text):
    assert local_paths("05", make(("b", stream(text))), CHECKOUT) == []


def test_the_letters_of_a_picture_are_not_looked_into_but_a_drawing_is(make):
    def picture(kind):
        data = {kind: "/home/ann/x", "text/plain": "<Figure>"}
        return make(("b", [{"output_type": "display_data", "metadata": {}, "data": data}]))

    assert local_paths("05", picture("image/png"), CHECKOUT) == []
    assert local_paths("05", picture("image/svg+xml"), CHECKOUT)


def test_a_path_in_the_state_of_a_widget_is_found(make):
    notebook = make("a")
    notebook["metadata"]["widgets"] = {"state": {"x": {"value": "/home/ann/x"}}}
    assert local_paths("05", notebook, CHECKOUT)[0].startswith("05: a widget shows")


def test_sources_may_name_what_they_like(make):
    assert local_paths("05", make('open("/home/ann/x")', " /root/x"), CHECKOUT) == []


def test_one_byte_too_many_is_refused_with_the_biggest_cells_first(make):
    notebook = make("a", ("b", stream("x" * 3000)), ("c", html("猫" * 2000)), "d" * 1000)
    size = len(notebook_text(notebook).encode())
    assert too_large("05", notebook, size) == []
    (line,) = too_large("05", notebook, size - 1)
    assert "biggest: cell 3 (c3) 6 kB, cell 2 (c2) 3 kB, cell 4 (c4) 1 kB:" in line
