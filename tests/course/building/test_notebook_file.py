"""Notebook files: what is written is read again, and only notebooks are."""

import json

import pytest

from refseg_lib.course.building.notebook_file import cell_label, notebook_text, read_notebook
from refseg_lib.errors import UserError


def test_what_is_written_is_read_again_with_one_line_end(tmp_path, make):
    notebook = make(" ## 两倍 α", ("a = 1\nb", [{"output_type": "stream", "name": "stdout",
                                                  "text": "x\ny\n"}]))  # fmt: skip
    text = notebook_text(notebook)
    assert text.endswith("}\n")
    assert "两倍 α" in text, "readable in a diff, not escaped"
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    assert read_notebook(tmp_path / "a.ipynb") == notebook


def test_the_order_of_keys_in_memory_does_not_matter(make):
    notebook = make("a = 1")
    turned = {key: notebook[key] for key in reversed(notebook)}
    turned["cells"] = [{k: c[k] for k in reversed(c)} for c in turned["cells"]]
    assert notebook_text(turned) == notebook_text(notebook)


def test_windows_line_ends_are_read_alike(tmp_path, make):
    text = notebook_text(make("a = 1\nb = 2"))
    (tmp_path / "a.ipynb").write_bytes(text.replace("\n", "\r\n").encode())
    assert read_notebook(tmp_path / "a.ipynb") == make("a = 1\nb = 2")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"cells": 3}', "<<<<<<< HEAD", '{"cells": [{"cell_type": "code"}]}']
)
def test_what_is_no_notebook_is_refused_by_name(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text)
    with pytest.raises(UserError, match=r"a\.ipynb is no notebook"):
        read_notebook(tmp_path / "a.ipynb")


def test_a_cell_of_no_valid_form_is_refused(tmp_path, make):
    notebook = make("a = 1")
    notebook["cells"][0]["outputs"] = [{"output_type": "nonsense"}]
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook))
    with pytest.raises(UserError, match=r"a\.ipynb is no notebook"):
        read_notebook(tmp_path / "a.ipynb")


def test_a_cell_is_named_by_its_number_from_one_and_its_id(make):
    assert cell_label(make("a", "b"), 1) == "cell 2 (c2)"
