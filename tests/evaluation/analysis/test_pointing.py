"""How well a map points at a mask."""

import numpy as np
import pytest

from refseg_lib.evaluation.analysis.pointing import auc, coverage, pointing, response_inside

MASK = np.zeros((4, 4), bool)
MASK[0, :3] = True
MASK[1, 0] = True
# By hand: of the four cells of 2 x 2 pixels the mask covers 3/4, 1/4, 0 and 0.
COVERED = np.array([[0.75, 0.25], [0.0, 0.0]])


def test_a_cell_counts_by_the_share_of_it_that_the_mask_covers() -> None:
    np.testing.assert_array_equal(coverage(MASK, 2, 2), COVERED)


def test_pointing_is_the_mask_s_share_of_the_strongest_cell() -> None:
    assert pointing(np.array([[9.0, 1], [2, 3]]), COVERED) == 0.75
    assert pointing(np.array([[0.0, 1], [2, -3]]), COVERED) == 0.0


def test_a_map_that_is_the_same_everywhere_scores_chance() -> None:
    same = np.full((2, 2), 0.3)
    assert pointing(same, COVERED) == MASK.mean() == 0.25
    assert auc(same, COVERED) == 0.5
    assert response_inside(same, COVERED) == pytest.approx(0.25)
    assert response_inside(np.zeros((2, 2)), COVERED) == 0.25


def test_the_mask_itself_scores_one_and_its_opposite_nothing() -> None:
    whole = coverage(MASK, 4, 4)
    assert (pointing(whole, whole), auc(whole, whole), response_inside(whole, whole)) == (1, 1, 1)
    away = 1 - whole
    assert (pointing(away, whole), auc(away, whole), response_inside(away, whole)) == (0, 0, 0)


def test_the_auc_is_what_comparing_all_pairs_of_pixels_gives() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        response = rng.integers(0, 4, (3, 3)).astype(float)  # few values: many ties
        mask = rng.random((6, 6)) < 0.4
        pixels = response.repeat(2, 0).repeat(2, 1)
        pairs = [
            1.0 if inside > outside else 0.5 if inside == outside else 0.0
            for inside in pixels[mask]
            for outside in pixels[~mask]
        ]
        assert auc(response, coverage(mask, 3, 3)) == pytest.approx(np.mean(pairs))


def test_response_inside_is_a_share_of_the_whole_response() -> None:
    assert response_inside(np.array([[4.0, 4], [0, 8]]), COVERED) == pytest.approx(4 / 16)
