from typing import Any

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.breakdown import Breakdown, Line
from refseg_lib.explain.kind_bars import describe_bars, kind_bars


def line(label: str, score: float, n: int = 300) -> Line:
    within = (score - 4, score + 5)
    return Line(label, n, n, score, score, score, within, within)


def broken(shift: float = 0) -> list[Breakdown]:
    whole = line("all", 70 + shift, 1250)
    place = (whole, line("none", 60 + shift), line("left", 80 + shift), line("ordinal", 31, 12))
    size = (whole, line("small", 50 + shift), line("large", 90 + shift))
    return [Breakdown("location", "where", place), Breakdown("size", "how big", size)]


def bars_of(axes: Any) -> list[tuple[float, float, str]]:
    """(height of the middle, length, pattern) of every bar, from the top."""
    found = [(b.get_y() + b.get_height() / 2, b.get_width(), b.get_hatch()) for b in axes.patches]
    return sorted(found)


def test_every_score_is_a_bar_as_long_as_it_is_beside_its_label() -> None:
    figure = kind_bars({"one": broken(), "two": broken(-5)})
    location, size = figure.axes
    assert [round(length) for _, length, _ in bars_of(location)] == [70, 65, 60, 55, 80, 75]
    assert [round(length) for _, length, _ in bars_of(size)] == [70, 65, 50, 45, 90, 85]
    labels = [text.get_text() for text in location.get_yticklabels()]
    assert labels == ["all (1,250)", "none (300)", "left (300)"]
    middles = [y for y, _, _ in bars_of(location)]
    between = [(one + two) / 2 for one, two in zip(middles[::2], middles[1::2], strict=True)]
    assert list(location.get_yticks()) == pytest.approx(between)
    assert location.yaxis_inverted(), "the whole split is on top"


def test_whiskers_span_the_interval() -> None:
    location = kind_bars({"one": broken()}).axes[0]
    spans = {tuple(whisker.get_xdata()) for whisker in location.lines}
    assert spans == {(66, 75), (56, 65), (76, 85)}


def test_labels_with_too_few_sentences_are_named_but_not_drawn() -> None:
    location, size = kind_bars({"one": broken()}).axes
    assert "too few to say: ordinal" in location.get_xlabel()
    assert "too few" not in size.get_xlabel()


def test_a_label_that_one_system_lacks_keeps_its_place() -> None:
    less = [Breakdown("location", "where", (line("all", 65), line("left", 75)))]
    more = broken()[:1]
    location = kind_bars({"less": less, "more": more}).axes[0]
    labels = [text.get_text() for text in location.get_yticklabels()]
    assert labels == ["all (300 / 1,250)", "none (0 / 300)", "left (300)"]


def test_a_system_with_too_few_sentences_of_a_label_has_no_bar_there() -> None:
    def said(n: int) -> list[Breakdown]:
        return [Breakdown("location", "where", (line("all", 65), line("left", 75, n)))]

    location = kind_bars({"few": said(12), "many": said(300)}).axes[0]
    assert [round(length) for _, length, _ in bars_of(location)] == [65, 65, 75]
    assert bars_of(location)[-1][2], "the bar is the second system's: it has a pattern"


def test_systems_differ_in_colour_and_in_pattern() -> None:
    systems = {str(number): broken() for number in range(7)}
    bars = kind_bars(systems).axes[0].patches
    assert len({bar.get_facecolor() for bar in bars}) == 7
    assert len({bar.get_hatch() for bar in bars}) == 7


def test_drawing_leaves_the_settings_of_others_alone() -> None:
    import matplotlib

    with matplotlib.rc_context():
        # Another test may have taken the course's look before.
        matplotlib.rcdefaults()
        before = dict(matplotlib.rcParams)
        kind_bars({"one": broken()}, "title")
        assert dict(matplotlib.rcParams) == before


def test_the_alt_text_tells_the_overall_score_and_the_hardest_label_of_each_kind() -> None:
    told = describe_bars({"one": broken(), "two": broken(-5)})
    assert "one: 70 on all 1,250 sentences" in told
    # 31 of twelve ordinal sentences is no finding.
    assert "lowest by kind: location none (60), size small (50)" in told
    assert "lowest by kind: location none (55), size small (45)" in told


def test_too_many_systems_none_and_other_kinds_are_refused() -> None:
    with pytest.raises(UserError, match="1 to 7 systems, got 8"):
        kind_bars({str(number): broken() for number in range(8)})
    with pytest.raises(UserError, match="got 0"):
        describe_bars({})
    with pytest.raises(UserError, match="same kinds"):
        kind_bars({"one": broken(), "two": broken()[:1]})
