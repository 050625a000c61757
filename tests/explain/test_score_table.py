"""The table shows each number in its own column, beside what it depends on."""

from typing import Any

from refseg_lib.explain.score_table import NUMBERS, score_table


def test_numbers_stand_under_their_names(rows: Any, read: Any) -> None:
    html = score_table(rows)
    read(html)
    lines = [_cells(line) for line in html.split("<tr>")[1:]]
    head, first = lines[0], lines[1]
    found = dict(zip(head, first, strict=True))
    assert found["Model"] == "cmsa"
    assert found["oIoU"] == found["mIoU"] == "87.5"  # 7 of 8; (3/4 + 4/4) / 2
    assert (found["P@0.7"], found["P@0.9"], found["n"]) == ("100.0", "50.0", "2")
    assert set(NUMBERS) <= set(head)


def test_a_control_is_never_shown_as_a_plain_result(rows: Any, read: Any) -> None:
    line = score_table(rows).split("<tr>")[3]
    assert "shuffled, &lt;seed&gt; 0" in line


def test_data_language_backbone_and_protocol_are_named(rows: Any, read: Any) -> None:
    text = read(score_table(rows)).text
    for named in ("parkref_unc val", "laptop, parkref-semantic", "Protocol: strict"):
        assert named in text


def _cells(line: str) -> list[str]:
    import re

    return re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", line)


def test_no_column_stands_empty(rows: Any, read: Any) -> None:
    plain = [row for row in rows if not row.control and not row.notes and not row.crf]
    assert "Notes" not in score_table(plain)
    assert "Notes" in score_table(rows)
