"""Where the CRF stands: on which picture, between which steps."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.evaluation import dense_crf_protocols
from refseg_lib.evaluation.dense_crf_protocols import get_scorer
from refseg_lib.evaluation.protocols import get_protocol


@pytest.fixture
def square() -> tuple[Image.Image, torch.Tensor, np.ndarray]:
    """A 32x32 picture of a light square; logits that spill three pixels over; the truth."""
    truth = np.zeros((32, 32), bool)
    truth[8:24, 8:20] = True
    pixels = np.where(truth[..., None], (200, 180, 90), (40, 60, 80)).astype(np.uint8)
    logits = torch.full((32, 32), -2.0)
    logits[8:24, 8:20] = 2.0
    logits[8:24, 20:23] = 0.4
    return Image.fromarray(pixels), logits, truth


@pytest.mark.parametrize("protocol", ["strict", "legacy-tf"])
def test_the_mask_is_refined_before_it_is_counted(protocol: str, square: Any) -> None:
    picture, logits, truth = square
    assert get_protocol(protocol)(logits, truth) == (192, 192 + 48)
    scorer, told = get_scorer(protocol, "torch", 32)
    assert scorer(picture)(logits, truth) == (192, 192)
    assert len(told) == 1
    assert told[0].endswith("torch mean field")


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Put a CRF that changes nothing in the place of the real one; collect what it is shown."""
    shown: list[np.ndarray] = []

    def refiner(image: np.ndarray, backend: str) -> Callable[[np.ndarray], np.ndarray]:
        assert backend == "torch"
        shown.append(image)

        def unchanged(probability: np.ndarray) -> np.ndarray:
            assert probability.shape == image.shape[:2]
            return probability

        return unchanged

    monkeypatch.setattr(dense_crf_protocols, "refiner", refiner)
    return shown


@pytest.mark.parametrize("protocol", ["strict", "legacy-tf"])
@pytest.mark.parametrize("size", [(24, 48), (50, 20), (16, 16)])
def test_a_crf_that_changes_nothing_changes_no_count(
    protocol: str, size: tuple[int, int], looked_at: list[np.ndarray]
) -> None:
    g = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(16, 16, generator=g)
    truth = np.random.default_rng(0).random(size) < 0.3
    picture = Image.fromarray(np.zeros((*size, 3), np.uint8))
    scorer, _ = get_scorer(protocol, "torch", 16)
    assert scorer(picture)(logits, truth) == get_protocol(protocol)(logits, truth)
    assert len(looked_at) == 1


def test_strict_refines_the_original_picture_and_legacy_the_letterboxed_one(
    looked_at: list[np.ndarray],
) -> None:
    pixels = np.random.default_rng(0).integers(1, 256, (8, 16, 3), dtype=np.uint8)
    for protocol in ("strict", "legacy-tf"):
        get_scorer(protocol, "torch", 16)[0](Image.fromarray(pixels))
    original, boxed = looked_at
    np.testing.assert_array_equal(original, pixels)
    assert boxed.dtype == np.uint8
    np.testing.assert_array_equal(boxed[4:12], pixels)
    assert boxed.shape == (16, 16, 3)
    assert not boxed[:4].any()
    assert not boxed[12:].any()


def test_a_grey_picture_is_refined_as_rgb(looked_at: list[np.ndarray]) -> None:
    get_scorer("strict", "torch", 16)[0](Image.new("L", (5, 4), 7))
    assert looked_at[0].shape == (4, 5, 3)


@pytest.mark.parametrize("protocol", ["shnet", "square480", "cris"])
def test_a_protocol_without_a_place_for_it_refuses(protocol: str) -> None:
    with pytest.raises(UserError, match=f"'{protocol}' knows no dense CRF.*strict or legacy-tf"):
        get_scorer(protocol, "torch", 16)


def test_without_a_crf_it_is_the_protocol_itself_and_nothing_is_told(square: Any) -> None:
    for protocol in ("strict", "legacy-tf", "shnet", "square480", "cris"):
        scorer, told = get_scorer(protocol, None, 32)
        assert scorer(square[0]) is get_protocol(protocol)
        assert told == []
    with pytest.raises(UserError, match="unknown protocol"):
        get_scorer("cvpr", None, 32)
