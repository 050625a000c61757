"""Refining a mask: what the released recipe gives, by either back end, and what it refuses."""

import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from refseg_lib.errors import UserError
from refseg_lib.evaluation.dense_crf import choose_backend, refine, refiner
from refseg_lib.parkref.drawing import render
from refseg_lib.parkref.layout import sample_scene

Image = NDArray[np.uint8]


@pytest.fixture
def pydensecrf() -> Any:
    return pytest.importorskip(
        "pydensecrf.densecrf", reason="pydensecrf absent: pip install -e '.[crf]'"
    )


@pytest.fixture(params=["pydensecrf", "torch"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "pydensecrf":
        request.getfixturevalue("pydensecrf")
    return request.param


def soft(height: int, width: int, seed: int, strength: float = 3.0) -> NDArray[np.float32]:
    """Some smooth random field of probabilities, nowhere 0 or 1."""
    g = torch.Generator().manual_seed(seed)
    coarse = strength * torch.randn(1, 1, 6, 6, generator=g)
    field = functional.interpolate(coarse, (height, width), mode="bicubic")
    return torch.sigmoid(field)[0, 0].numpy().clip(1e-4, 1 - 1e-4)


def photo_like(height: int, width: int) -> Image:
    """Patches of colour with soft borders, shading and grain."""
    patches = np.stack([soft(height, width, seed, 4) for seed in (10, 11, 12)], -1)
    grain = np.random.default_rng(0).normal(scale=6, size=(height, width, 3))
    return (255 * patches + grain).clip(0, 255).astype(np.uint8)


def a_thing_and_a_blur() -> tuple[Image, NDArray[np.float64], NDArray[np.bool_]]:
    """A light square on a dark ground; the answer spills five pixels over its right edge."""
    truth = np.zeros((40, 60), bool)
    truth[10:30, 15:35] = True
    image = np.where(truth[..., None], (200, 180, 90), (40, 60, 80)).astype(np.uint8)
    probability = np.full(truth.shape, 0.1)
    probability[10:30, 15:35] = 0.9
    probability[10:30, 35:40] = 0.6
    return image, probability, truth


def pictures() -> dict[str, Image]:
    scene = sample_scene(np.random.default_rng(3), people=True)
    return {"drawn": np.array(render(scene, 128).image), "photo": photo_like(120, 170)}


@pytest.mark.parametrize("kind", ["drawn", "photo"])
def test_it_gives_the_mask_of_the_released_recipe(kind: str, backend: str, pydensecrf: Any) -> None:
    """The recipe is written out here as RMI, CMSA and CMPC have it."""
    image = pictures()[kind]
    height, width = image.shape[:2]
    probability = soft(height, width, seed=1)
    recipe = pydensecrf.DenseCRF2D(width, height, 2)
    unary = np.stack([-np.log(1 - probability.ravel()), -np.log(probability.ravel())])
    recipe.setUnaryEnergy(unary.astype(np.float32))
    recipe.addPairwiseGaussian(sxy=3, compat=3)
    recipe.addPairwiseBilateral(sxy=20, srgb=3, rgbim=image, compat=10)
    expected = np.array(recipe.inference(5))[1].reshape(height, width)
    found = refine(probability, image, backend)
    changed = (expected >= 0.5) != (probability >= 0.5)
    assert changed.mean() > 0.02
    assert ((found >= 0.5) == (expected >= 0.5)).mean() >= 0.999
    # Corners on which hardly anything lies depend on float32 rounding, and their neighbours on it.
    assert np.abs(found - expected).max() < 0.05
    assert np.abs(found - expected).mean() < 1e-3


def test_a_mask_that_spills_over_an_edge_is_pulled_back_to_it(backend: str) -> None:
    image, probability, truth = a_thing_and_a_blur()
    assert ((probability >= 0.5) != truth).sum() == 100
    np.testing.assert_array_equal(refine(probability, image, backend) >= 0.5, truth)


def test_what_is_the_thing_and_what_is_not_are_treated_alike(backend: str) -> None:
    image = photo_like(30, 50)
    probability = soft(30, 50, seed=2).astype(np.float64)
    there, back = (refine(p, image, backend) for p in (probability, 1 - probability))
    np.testing.assert_allclose(there, 1 - back, atol=2e-4)


@pytest.mark.parametrize("answer", [0.0, 1.0])
def test_an_answer_that_is_all_nothing_or_all_thing_stays_so(backend: str, answer: float) -> None:
    found = refine(np.full((20, 30), answer), photo_like(20, 30), backend)
    np.testing.assert_allclose(found, answer, atol=1e-5)


def test_a_probability_of_0_is_taken_as_one_in_a_million(backend: str) -> None:
    """Unclipped, its energy is infinite, and no neighbour could win it over; so they just do."""
    image = np.full((40, 60, 3), 90, np.uint8)
    probability = np.full((40, 60), 0.9999)
    found = []
    for doubt in (0.0, 1e-6):
        probability[20, 30] = doubt
        found.append(refine(probability, image, backend))
    np.testing.assert_array_equal(found[0], found[1])
    assert 0.5 < found[0][20, 30] < 0.6


def test_one_refiner_answers_many_sentences_as_fresh_ones_would(backend: str) -> None:
    image = photo_like(30, 40)
    prepared = refiner(image, backend)
    for seed in (1, 2, 1):
        probability = soft(30, 40, seed)
        np.testing.assert_array_equal(prepared(probability), refine(probability, image, backend))


def test_the_callers_arrays_are_read_and_nothing_else(backend: str) -> None:
    image, probability = photo_like(20, 30), soft(20, 30, seed=1)
    before = image.copy(), probability.copy()
    image.flags.writeable = probability.flags.writeable = False
    refine(probability, image, backend)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(probability, before[1])


def bad(**change: Any) -> dict[str, Any]:
    good = {"probability": np.full((4, 6), 0.5), "image": np.zeros((4, 6, 3), np.uint8)}
    return good | change


WITH_NAN = np.where(np.arange(24).reshape(4, 6) == 5, np.nan, 0.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (bad(image=np.zeros((6, 4, 3), np.uint8)), r"\(4, 6\) and an image of 6x4"),
        (bad(probability=WITH_NAN), "1 of 24 probabilities .* is nan"),
        (bad(probability=np.full((4, 6), 3.5)), "24 of 24 .* sigmoid of the logits"),
        (bad(probability=np.zeros((4, 6), bool)), "got bool.*not the mask"),
        (bad(image=np.zeros((4, 6, 3), np.float32)), "uint8 RGB image"),
        (bad(image=np.zeros((4, 6), np.uint8)), "uint8 RGB image"),
        (bad(image=np.zeros((0, 6, 3), np.uint8)), "uint8 RGB image"),
        (bad(backend="cuda"), "one of auto, pydensecrf, torch"),
    ],
)
def test_bad_input_is_told(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        refine(**{"backend": "torch", **given})


def test_without_pydensecrf_auto_takes_torch_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pydensecrf", "pydensecrf.densecrf"):
        monkeypatch.setitem(sys.modules, module, None)
    name, told = choose_backend("auto")
    assert name == "torch"
    assert "as pydensecrf cannot be imported" in told
    with pytest.raises(UserError, match=r"\.\[crf\].*or choose the back end torch"):
        choose_backend("pydensecrf")


def test_with_pydensecrf_auto_takes_it(pydensecrf: Any) -> None:
    assert choose_backend("auto") == ("pydensecrf", "pydensecrf")
    assert choose_backend("torch") == ("torch", "torch mean field")
