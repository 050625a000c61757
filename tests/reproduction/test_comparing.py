import math

import numpy as np
import pytest

from refseg_lib.errors import UserError
from refseg_lib.reproduction.comparing import Entry, Gain, draw_scores, gain, ranks

PICTURES = 200


def entry(method: str, published: float | None, *levels: float, noise: float = 0.0) -> Entry:
    """A row whose every picture has that IoU, one level per seed, give or take some noise."""
    rng = np.random.default_rng(len(method))
    union = np.full(PICTURES, 1000)
    runs = tuple(
        (np.clip(1000 * level + noise * rng.normal(size=PICTURES), 0, 1000).astype(int), union)
        for level in levels
    )
    return Entry(method, published, runs)


def test_a_score_is_the_sum_of_intersections_over_the_sum_of_unions() -> None:
    one = Entry("a", 1.0, ((np.array([1, 30]), np.array([10, 60])),))
    assert one.scores == [pytest.approx(100 * 31 / 70)]


def test_a_row_without_spread_keeps_its_score_in_every_draw() -> None:
    drawn = draw_scores([entry("a", 1.0, 0.5)])
    assert np.allclose(drawn, 50)


def test_pictures_are_drawn_the_same_for_all_rows_so_that_a_constant_gain_is_certain() -> None:
    easy, hard = np.linspace(100, 900, PICTURES), np.full(PICTURES, 1000)
    a = Entry("a", 50.0, ((easy.astype(int), hard),))
    b = Entry("b", 40.0, (((easy - 50).astype(int), hard),))
    drawn = draw_scores([a, b])
    assert drawn[:, 0].std() > 1
    found = gain([a, b], drawn, 0, 1)
    assert found is not None
    assert found.measured == pytest.approx(5, abs=0.1)
    assert found.high - found.low < 0.1
    assert found.verdict == "holds"


def test_the_spread_of_drawn_scores_is_that_of_a_ratio_of_sums() -> None:
    rng = np.random.default_rng(0)
    union = rng.integers(500, 1500, PICTURES)
    found = (union * rng.uniform(0.2, 0.9, PICTURES)).astype(int)
    drawn = draw_scores([Entry("a", None, ((found, union),))], draws=4000)
    # The delta method: variance of the residuals over the squared mean of the unions.
    ratio = found.sum() / union.sum()
    expected = 100 * (found - ratio * union).std() / union.mean() / math.sqrt(PICTURES)
    assert drawn.std() == pytest.approx(expected, rel=0.06)


def test_seeds_that_disagree_widen_the_interval() -> None:
    rows = [entry("a", 50.0, 0.5, 0.7, 0.6), entry("b", 40.0, 0.55)]
    found = gain(rows, draw_scores(rows), 0, 1)
    assert found is not None
    assert found.measured == pytest.approx(5)
    assert (round(found.low), round(found.high)) == (-5, 15)
    assert found.verdict == "cannot be told"


@pytest.mark.parametrize(
    ("measured", "low", "high", "verdict"),
    [
        (2.0, 1.0, 3.0, "holds"),
        (-2.0, -3.0, -1.0, "the other way"),
        (2.0, -0.1, 4.0, "cannot be told"),
    ],
)
def test_a_verdict_needs_an_interval_without_zero(
    measured: float, low: float, high: float, verdict: str
) -> None:
    assert Gain(1.5, measured, low, high).verdict == verdict
    opposite = {"holds": "the other way", "the other way": "holds"}
    assert Gain(-1.5, measured, low, high).verdict == opposite.get(verdict, verdict)


def test_a_row_that_was_not_printed_is_not_compared() -> None:
    rows = [entry("a", None, 0.5), entry("b", 40.0, 0.6)]
    assert gain(rows, draw_scores(rows), 0, 1) is None


def test_orders_that_agree_have_tau_one_and_reversed_ones_minus_one() -> None:
    up = [
        entry(name, value, value / 100)
        for name, value in zip("abcd", (10, 20, 30, 40), strict=True)
    ]
    found = ranks(up, draw_scores(up))
    assert found is not None
    assert (found.tau, found.low, found.high, found.same, found.pairs) == (1, 1, 1, 6, 6)
    down = [
        entry(name, -value, value / 100)
        for name, value in zip("abcd", (10, 20, 30, 40), strict=True)
    ]
    found = ranks(down, draw_scores(down))
    assert found is not None
    assert (found.tau, found.same) == (-1, 0)


def test_rows_that_chance_can_swap_make_tau_uncertain() -> None:
    near = [
        entry(name, value, level, noise=200)
        for name, value, level in (("a", 1, 0.500), ("bb", 2, 0.505), ("ccc", 3, 0.51))
    ]
    found = ranks(near, draw_scores(near))
    assert found is not None
    assert found.low < found.high


def test_equal_printed_values_count_as_no_pair() -> None:
    rows = [entry("a", 10, 0.1), entry("b", 10, 0.2), entry("c", 20, 0.3)]
    found = ranks(rows, draw_scores(rows))
    assert found is not None
    assert (found.same, found.pairs) == (2, 2)


def test_two_rows_have_no_order_to_speak_of() -> None:
    rows = [entry("a", 10, 0.1), entry("b", 20, 0.2), entry("c", None, 0.3)]
    assert ranks(rows, draw_scores(rows)) is None


def test_runs_on_different_pictures_are_refused() -> None:
    other = Entry("b", 1.0, ((np.array([1]), np.array([2])),))
    with pytest.raises(UserError, match=r"different numbers of pictures \(\[1, 200\]\)"):
        draw_scores([entry("a", 1.0, 0.5), other])
