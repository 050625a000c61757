"""Protocols: hand cases of each rule, and what a perfect mask can reach under it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from refseg_lib.data.letterbox import Letterbox, letterbox_mask
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.protocols import (
    PROTOCOLS,
    count,
    cris,
    get_protocol,
    legacy_tf,
    shnet,
    shnet_masks,
    square480,
    strict,
    strict_mask,
    touched,
)


def test_counts_of_a_two_by_three_image_by_hand() -> None:
    mask = np.array([[1, 1, 0], [0, 1, 0]], bool)
    truth = np.array([[1, 0, 0], [0, 1, 1]], bool)
    assert count(mask, truth) == (2, 4)


def test_a_probability_of_exactly_a_half_is_the_thing_meant() -> None:
    logits = torch.tensor([[0.0, -1e-6], [1e-6, -5.0]])
    assert strict_mask(logits, 2, 2).tolist() == [[True, False], [True, False]]


@pytest.mark.parametrize("name", ["strict", "shnet", "square480", "cris"])
def test_what_a_model_says_in_the_black_bars_never_counts(name: str) -> None:
    truth = np.zeros((8, 32), bool)
    truth[:, :16] = True
    box = Letterbox(8, 32, 32)
    quiet = torch.full((32, 32), -9.0)
    quiet[box.rows, box.columns] = torch.where(torch.from_numpy(truth), 9.0, -9.0)
    loud = torch.full((32, 32), 9.0)  # shouts everywhere in the bars
    loud[box.rows, box.columns] = quiet[box.rows, box.columns]
    assert PROTOCOLS[name](loud, truth) == PROTOCOLS[name](quiet, truth)


def test_a_single_confident_cell_is_not_smeared_over_its_neighbours() -> None:
    """The older rule counts every pixel that the enlargement touches: 4x4 pixels become 8x8."""
    logits = torch.full((16, 16), -4.0)
    logits[8, 8] = 4.0
    truth = np.zeros((64, 64), bool)
    truth[32:36, 32:36] = True
    inter, union = strict(logits, truth)
    assert union <= 16 + 4
    assert inter >= 12
    assert legacy_tf(logits, truth) == (16, 8 * 8)


def test_the_older_rule_by_hand_from_two_by_two_to_four_by_four() -> None:
    """The one cell lies under rows 0 and 1, and has a quarter of row 2: three by three pixels."""
    logits = torch.tensor([[4.0, -4.0], [-4.0, -4.0]])
    truth = np.zeros((4, 4), bool)
    truth[:2, :2] = True
    assert legacy_tf(logits, truth) == (4, 9)
    assert strict(logits, truth) == (4, 4)


def test_the_older_rule_by_hand_from_two_by_two_to_eight_by_eight() -> None:
    """Cell centres lie between pixels 1 and 2, and 5 and 6: the cell has a share of pixels 0 to 5.

    Strict leaves out of the four by four only the corner, whose share is 5/8 of 5/8.
    """
    logits = torch.tensor([[4.0, -4.0], [-4.0, -4.0]])
    truth = np.zeros((8, 8), bool)
    truth[:4, :4] = True
    assert legacy_tf(logits, truth) == (16, 36)
    assert strict(logits, truth) == (15, 16)


def test_the_older_rule_lets_one_row_of_a_bar_into_the_picture() -> None:
    """It enlarges the square with its bars: the lowest bar row touches the picture's first."""
    logits = torch.full((4, 4), -4.0)
    logits[0] = 4.0  # a 4x8 picture lies in rows 1 and 2
    assert legacy_tf(logits, np.ones((4, 8), bool)) == (8, 32)
    assert strict(logits, np.ones((4, 8), bool)) == (0, 32)


def test_the_older_rule_leaves_a_logit_of_zero_out_and_changes_nothing_at_equal_size() -> None:
    logits = torch.tensor([[0.0, 2.0], [-2.0, -2.0]])
    assert legacy_tf(logits, np.ones((2, 2), bool)) == (1, 4)
    assert strict(logits, np.ones((2, 2), bool)) == (2, 4)


def test_shnet_by_hand_from_four_by_four_to_three_by_three() -> None:
    """Cell centres fall on pixels 0, 1.5 and 3: one pixel of 16 becomes one cell of 9."""
    truth = np.zeros((4, 4), bool)
    truth[1, 2] = True
    mask, grown = shnet_masks(torch.full((3, 3), -0.2), truth, side=3)
    assert np.argwhere(grown).tolist() == [[1, 1]]
    assert mask.all()  # a probability of 0.45 is over 0.40
    assert shnet(torch.full((3, 3), -0.2), truth, side=3) == (1, 9)
    assert shnet(torch.full((3, 3), -0.45), truth, side=3) == (0, 1)  # 0.389 is not


def test_shnet_compares_160_by_160_cells_whatever_the_picture() -> None:
    mask, truth = shnet_masks(torch.zeros(32, 32), np.ones((20, 60), bool))
    assert mask.shape == truth.shape == (160, 160)


def test_square480_by_hand_for_a_picture_of_one_by_two_pixels() -> None:
    """Squashed, each pixel is 480x240 cells; the bar below is cut off first."""
    logits = torch.tensor([[5.0, -5.0], [9.0, 9.0]])
    assert square480(logits, np.array([[True, False]])) == (480 * 240, 480 * 240)


def test_square480_gives_a_tie_to_the_background_and_takes_the_truth_at_pixel_centres() -> None:
    stripes = np.zeros((480, 960), bool)
    stripes[:, 1::2] = True  # cell j is centred between pixels 2j and 2j + 1: the later is taken
    assert square480(torch.zeros(8, 8), stripes) == (0, 480 * 480)


def test_cris_by_hand_across_an_edge() -> None:
    """Columns of probability 0.15, 0.15, 1, 1, twice as wide: column 3 lies 1/4 behind the edge.

    Bicubic (a = -3/4) gives it 0.15 + 0.85 * 0.2266 = 0.343, below 0.35. Bilinear would give 0.363,
    and enlarging logits instead of probabilities nearly 1.
    """
    row = torch.logit(torch.tensor([0.15, 0.15, 1 - 1e-7, 1 - 1e-7], dtype=torch.float64))
    truth = np.zeros((8, 8), bool)
    truth[:, 4:] = True
    assert cris(row.expand(4, 4), truth) == (32, 32)


def test_cris_asks_for_more_than_35_percent_at_the_original_size() -> None:
    truth = np.ones((6, 10), bool)
    assert cris(torch.full((5, 5), float(np.log(0.36 / 0.64))), truth) == (60, 60)
    assert cris(torch.full((5, 5), float(np.log(0.34 / 0.66))), truth) == (0, 60)


@pytest.mark.parametrize("corners", [False, True])
def test_a_pixel_is_touched_where_bilinear_interpolation_is_not_zero(corners: bool) -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        old, new = rng.integers(2, 40, 2), rng.integers(2, 40, 2)
        mask = rng.random(old) < 0.2
        wide = torch.from_numpy(mask).double()[None, None]
        resized = functional.interpolate(
            wide, tuple(map(int, new)), mode="bilinear", align_corners=corners
        )
        # The smallest share above rounding is 1 / (2 * 40) squared.
        expected = (resized[0, 0] > 1e-9).numpy()
        assert np.array_equal(touched(mask, *map(int, new), corners), expected), (old, new)


def test_a_mask_of_one_cell_is_touched_everywhere() -> None:
    for corners in (False, True):
        assert touched(np.ones((1, 1), bool), 3, 5, corners).all()
        assert touched(np.ones((3, 5), bool), 1, 1, corners).all()


# Spec §16.2: 30 ellipses per size in 480x640 from perfect 320-pixel masks, mean IoU in percent.
CEILINGS = {(10, 25): (94.6, 83.6), (25, 60): (97.8, 92.9), (60, 150): (99.1, 97.0)}


@pytest.mark.parametrize("size", CEILINGS)
def test_a_perfect_mask_reaches_the_ceilings_of_the_specification(size: tuple[int, int]) -> None:
    found = [_ceilings(truth, 320) for truth in _ellipses(*size)]
    new, old = np.mean(found, axis=0)
    assert (new, old) == pytest.approx(CEILINGS[size], abs=0.8)


def test_real_objects_have_the_ceilings_of_ellipses(real_data: Path) -> None:
    """Shown at half their size, as photographs of 640 pixels are in squares of 320."""
    dataset = open_dataset("unc", real_data / "refcoco_mini", "val")
    objects = {dataset[i].ann_id: i for i in range(len(dataset))}
    truths = [dataset.mask(i) for i in objects.values()]
    new, old = np.mean([_ceilings(truth, max(truth.shape) // 2) for truth in truths], axis=0)
    assert 94.6 <= new <= 99.1  # from the small ellipses' to the large ones'
    assert 83.6 <= old <= 97.0
    assert new - old >= 5


def test_masks_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(UserError, match="image's size"):
        count(np.zeros((2, 3), bool), np.zeros((3, 2), bool))
    with pytest.raises(UserError, match="bool"):
        count(np.zeros((2, 3), bool), np.full((2, 3), 2, np.uint8))  # type: ignore[arg-type]


def test_an_unknown_protocol_is_answered_with_the_known_ones() -> None:
    assert [get_protocol(name) for name in PROTOCOLS] == [strict, legacy_tf, shnet, square480, cris]
    assert list(PROTOCOLS) == ["strict", "legacy-tf", "shnet", "square480", "cris"]
    with pytest.raises(UserError, match=r"'cvpr'.*strict, legacy-tf, shnet, square480, cris"):
        get_protocol("cvpr")


def _ellipses(smallest: int, largest: int) -> Iterator[NDArray[np.bool_]]:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:480, :640] + 0.5
    for _ in range(30):
        a, b = rng.uniform(smallest, largest, 2)
        cy = rng.uniform(largest, 480 - largest)
        cx = rng.uniform(largest, 640 - largest)
        yield ((y - cy) / a) ** 2 + ((x - cx) / b) ** 2 <= 1


def _ceilings(truth: NDArray[np.bool_], size: int) -> tuple[float, float]:
    """IoU in percent of a perfect mask of ``size`` pixels, by the strict and by the older rule."""
    perfect: Tensor = torch.where(letterbox_mask(truth, size), 20.0, -20.0)
    pairs = strict(perfect, truth), legacy_tf(perfect, truth)
    return pairs[0][0] / pairs[0][1] * 100, pairs[1][0] / pairs[1][1] * 100
