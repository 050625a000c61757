"""A table shows the part of a tensor that matters, and says which part it is."""

import re

import numpy as np
import pytest

from refseg_lib.course.number_table import colours, number_table


def numbers(html: str) -> list[list[str]]:
    """Read the table back, row by row, dots included."""
    return [re.findall(r"<td[^>]*>(.*?)</td>", row) for row in html.split("<tr>")[1:]]


def wrong_at(shape: tuple[int, ...], *places: tuple[int, ...]) -> np.ndarray:
    wrong = np.zeros(shape, bool)
    for place in places:
        wrong[place] = True
    return wrong


def test_a_small_array_is_shown_whole_and_nothing_is_said() -> None:
    html = number_table(np.array([[1, 2], [3, 4]]))
    assert numbers(html) == [["1", "2"], ["3", "4"]]
    assert "part" not in html


@pytest.mark.parametrize(
    ("array", "row"),
    [
        (np.array(2.5), ["2.5"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array([0.5, np.nan, np.inf]), ["0.5", "nan", "inf"]),
    ],
)
def test_arrays_of_one_axis_or_none_are_one_row(array: np.ndarray, row: list[str]) -> None:
    assert numbers(number_table(array)) == [row]


def test_an_array_without_entries_is_an_empty_table() -> None:
    for shape in ((0,), (0, 3), (3, 0), (2, 0, 3)):
        assert not any(map(len, numbers(number_table(np.zeros(shape)))))


def test_dots_stand_on_every_side_where_the_grid_goes_on() -> None:
    array = np.arange(400).reshape(20, 20)
    first = numbers(number_table(array))
    assert first[0] == [*map(str, range(8)), "…"]
    assert first[-1] == ["⋮"] * 9
    assert len(first) == 8 + 1
    inside = numbers(number_table(array, wrong=wrong_at((20, 20), (10, 10))))
    assert inside[0] == inside[-1] == ["⋮"] * 10
    assert all(row[0] == row[-1] == "…" for row in inside[1:-1])
    last = numbers(number_table(array, wrong=wrong_at((20, 20), (19, 19))))
    assert last[-1] == ["…", *map(str, range(392, 400))]


def test_what_is_said_to_be_shown_is_what_is_shown() -> None:
    random = np.random.default_rng(0)
    for shape in ((30,), (3, 30), (12, 12), (2, 3, 9, 4), (4, 1, 11)):
        array = random.integers(0, 1000, shape)
        for place in ((0,) * len(shape), tuple(n - 1 for n in shape), tuple(n // 2 for n in shape)):
            html = number_table(array, wrong=wrong_at(shape, place))
            said = re.search(r"only the part \[(.*?)\] is shown", html)
            assert said is not None
            parts = [re.split(":", part) for part in said[1].split(", ")]
            index = tuple(
                int(p[0]) if len(p) == 1 else slice(*(int(x) if x else None for x in p))
                for p in parts
            )
            shown = [[x for x in row if x not in "…⋮"] for row in numbers(html)]
            assert [row for row in shown if row] == np.atleast_2d(array[index]).astype(str).tolist()
            assert any(str(array[place]) in row for row in shown)


def test_what_is_wrong_is_framed_unless_all_of_it_is() -> None:
    array = np.ones((3, 3))
    some = number_table(array, wrong=wrong_at((3, 3), (0, 1), (2, 2)))
    assert some.count("<td") == 9
    assert len(re.findall(r"<td[^>]*inset", some)) == 2
    assert "framed: what differs" in some
    every = number_table(array, wrong=np.ones((3, 3), bool))
    assert "inset" not in every
    assert "framed" not in every
    assert "inset" not in number_table(np.full((2, 2), np.nan))


def test_a_span_decides_the_colours_and_not_what_is_shown() -> None:
    alone = re.findall(r"rgb\([^)]*\)", number_table(np.array([0.0, 1.0])))
    assert alone == [colours(0)[0], colours(1)[0]]
    wide = re.findall(r"rgb\([^)]*\)", number_table(np.array([0.0, 1.0]), span=(0.0, 2.0)))
    assert wide == [colours(0)[0], colours(0.5)[0]]


@pytest.mark.parametrize("share", [i / 40 for i in range(41)])
def test_numbers_can_be_read_on_every_colour_of_the_map(share: float) -> None:
    def luminance(rgb: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
        return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    back, ink = colours(share)
    rgb = [int(c) / 255 for c in re.findall(r"\d+", back)]
    light, dark = sorted((luminance(rgb), 0.0 if ink == "#000000" else 1.0), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
