"""A table gives every number its row and its column, by eye and by ear."""

import re
from typing import Any

import pytest

from refseg_lib.errors import UserError
from refseg_lib.explain.table import table

COLUMNS = ["Model", "oIoU", "steps", "note"]
ROWS = [["baseline", 52.13, 900, "as in <i>004</i>"], ["cmsa", 61.26, 1200, None]]


def cells(html: str) -> list[list[str]]:
    lines = html.split("<tr>")[1:]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", line) for line in lines]


def test_every_cell_stands_under_its_head() -> None:
    assert cells(table(COLUMNS, ROWS, "Percent.")) == [
        COLUMNS,
        ["baseline", "52.1", "900", "as in &lt;i&gt;004&lt;/i&gt;"],
        ["cmsa", "61.3", "1,200", "–"],
    ]


def test_heads_say_of_what_they_are_the_head(read: Any) -> None:
    page = read(table(COLUMNS, ROWS, "Percent."))
    scopes = [attributes["scope"] for tag, attributes in page.tags if tag == "th"]
    assert scopes == ["col"] * 4 + ["row"] * 2
    assert [tag for tag, _ in page.tags].count("caption") == 1
    assert "Percent." in page.text


def test_columns_of_numbers_are_aligned_to_the_right_with_their_heads(read: Any) -> None:
    page = read(table(COLUMNS, ROWS, "Percent."))
    styles = [attributes["style"] for tag, attributes in page.tags if tag in ("th", "td")]
    right = ["text-align:right" in style for style in styles]
    assert right == [False, True, True, False] * 3


@pytest.mark.parametrize(
    ("values", "which", "bold"),
    [
        ([1.0, 3.0, 2.0], "highest", ["3.0"]),
        ([1.0, 3.0, 2.0], "lowest", ["1.0"]),
        ([3.04, 2.96, None], "highest", ["3.0", "3.0"]),
        ([None, None, None], "highest", []),
        ([float("nan"), 2.0, 1.0], "highest", ["2.0"]),
        ([0.0, -1.0, 0.0], "highest", ["0.0", "0.0"]),
    ],
)
def test_the_best_is_bold_and_so_is_what_reads_the_same(
    values: list, which: Any, bold: list[str]
) -> None:
    rows = [[str(n), value] for n, value in enumerate(values)]
    html = table(["name", "value"], rows, "Values.", best={"value": which})
    assert re.findall(r"<strong>(.*?)</strong>", html) == bold


def test_the_text_is_the_table_in_plain_characters() -> None:
    assert table(["Model", "oIoU"], [["a", 7.0], ["longer", 10.25]], "Percent.").text == (
        "Percent.\nModel   oIoU\na        7.0\nlonger  10.2"
    )


@pytest.mark.parametrize(
    ("rows", "options", "said"),
    [
        ([], {}, "at least one row"),
        (ROWS, {"caption": " "}, "say what the table shows"),
        ([["a", 1.0]], {}, "4 columns, but this row has 2"),
        (ROWS, {"best": {"IoU": "highest"}}, "best names IoU"),
    ],
)
def test_a_table_that_does_not_fit_is_told(rows: list, options: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        table(COLUMNS, rows, **{"caption": "Percent.", **options})
