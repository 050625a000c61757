"""The mean field against Algorithm 1 of Krähenbühl and Koltun, written out in loops."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from refseg_lib.evaluation.dense_crf_mean_field import lattice_kernel, mean_field, pixel_features

Array = NDArray[np.float64]


def literal_mean_field(p: Array, image: NDArray[np.uint8], rounds: int = 5) -> Array:
    """Two labels, every pair of pixels, energies and their exponentials; (H, W) of label 1."""
    height, width = p.shape
    pixels = [(y, x, *map(float, image[y, x])) for y in range(height) for x in range(width)]
    many = len(pixels)
    terms = []
    for weight, sigma_xy, sigma_rgb in ((3.0, 3.0, math.inf), (10.0, 20.0, 3.0)):
        k = np.zeros((many, many))
        for i, a in enumerate(pixels):
            for j, b in enumerate(pixels):
                space = (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2
                color = sum((s - t) ** 2 for s, t in zip(a[2:], b[2:], strict=True))
                k[i, j] = math.exp(-space / (2 * sigma_xy**2) - color / (2 * sigma_rgb**2))
        norm = [sum(k[i]) for i in range(many)]
        for i in range(many):
            for j in range(many):
                k[i, j] /= math.sqrt(norm[i] * norm[j])
        terms.append((weight, k))
    flat = p.ravel()
    energies = [[-math.log(1 - one), -math.log(one)] for one in flat]
    q = [[1 - one, one] for one in flat]
    for _ in range(rounds):
        updated = []
        for i in range(many):
            scores = []
            for label in (0, 1):
                score = -energies[i][label]
                for weight, k in terms:
                    # Potts: a pixel pays for every neighbour that bears another label, which up to
                    # a constant is a gain for those that bear the same.
                    score += weight * sum(k[i, j] * q[j][label] for j in range(many))
                scores.append(math.exp(score - 20))
            updated.append([score / sum(scores) for score in scores])
        q = updated
    return np.array([pair[1] for pair in q]).reshape(height, width)


def exact_kernel(features: Tensor) -> Callable[[Tensor], Tensor]:
    gaussian = torch.exp(-torch.cdist(features, features).square() / 2)
    scale = gaussian.sum(1).rsqrt()
    return lambda values: scale * (gaussian @ (scale * values))


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    """12x10: a light thing on a dark ground, both a little uneven."""
    g = np.random.default_rng(0)
    image = np.full((12, 10, 3), 60)
    image[3:9, 2:7] = (180, 150, 90)
    return (image + g.integers(-3, 4, image.shape)).astype(np.uint8)


@pytest.fixture(scope="module")
def probability() -> Array:
    """The thing's place, one pixel off, and noisy."""
    g = np.random.default_rng(1)
    p = np.full((12, 10), 0.2)
    p[4:10, 3:8] = 0.8
    return np.clip(p + 0.2 * g.normal(size=p.shape), 0.02, 0.98)


@pytest.fixture(scope="module")
def literal(probability: Array, picture: NDArray[np.uint8]) -> Array:
    return literal_mean_field(probability, picture)


def test_with_exact_gaussians_it_is_algorithm_1_for_two_labels(
    probability: Array, picture: NDArray[np.uint8], literal: Array
) -> None:
    smooth, color = (f.double() for f in pixel_features(picture, 3, 20, 3))
    # Pixel features are float32; a third is not the same number there.
    smooth = (smooth * 3).round() / 3
    place, rgb = (color[:, :2] * 20).round() / 20, (color[:, 2:] * 3).round() / 3
    kernels = [(3.0, exact_kernel(smooth)), (10.0, exact_kernel(torch.cat([place, rgb], 1)))]
    unary = torch.logit(torch.from_numpy(probability)).flatten()
    found = mean_field(unary, kernels, 5).numpy().reshape(probability.shape)
    np.testing.assert_allclose(found, literal, atol=1e-8)
    assert ((found >= 0.5) != (probability >= 0.5)).sum() >= 10


def test_with_the_lattice_it_stays_within_the_lattices_own_error(
    probability: Array, picture: NDArray[np.uint8], literal: Array
) -> None:
    """Measured: the same mask, and probabilities that differ by 0.0003 on average."""
    smooth, color = pixel_features(picture, 3, 20, 3)
    kernels = [(3.0, lattice_kernel(smooth)), (10.0, lattice_kernel(color))]
    unary = torch.logit(torch.from_numpy(probability)).float().flatten()
    found = mean_field(unary, kernels, 5).numpy().reshape(probability.shape)
    assert ((found >= 0.5) == (literal >= 0.5)).all()
    assert np.abs(found - literal).mean() < 0.001


def test_after_no_round_nothing_has_changed() -> None:
    unary = torch.tensor([-1.0, 0.0, 2.0])
    torch.testing.assert_close(mean_field(unary, [(3.0, lambda v: v)], 0), torch.sigmoid(unary))


def test_the_two_labels_are_treated_alike(probability: Array, picture: NDArray[np.uint8]) -> None:
    kernels = [(10.0, lattice_kernel(pixel_features(picture, 3, 20, 3)[1].double()))]
    unary = torch.logit(torch.from_numpy(probability)).flatten()
    there, back = mean_field(unary, kernels, 5), mean_field(-unary, kernels, 5)
    torch.testing.assert_close(there, 1 - back)


def test_a_pixel_is_where_it_is_and_has_its_colour() -> None:
    image = np.arange(4 * 7 * 3, dtype=np.uint8).reshape(4, 7, 3)
    smooth, color = pixel_features(image, 3, 20, 5)
    row, column = 2, 6
    assert smooth[row * 7 + column].tolist() == pytest.approx([column / 3, row / 3])
    rgb = [channel / 5 for channel in (60, 61, 62)]
    assert color[row * 7 + column].tolist() == pytest.approx([column / 20, row / 20, *rgb])


def test_a_normalised_kernel_takes_a_picture_of_one_colour_for_one_thing() -> None:
    """Away from the border all pixels are alike, so a constant stays what it is."""
    kernel = lattice_kernel(pixel_features(np.zeros((40, 40, 3), np.uint8), 2, 2, 3)[0].double())
    inside = kernel(torch.ones(1600, dtype=torch.float64)).reshape(40, 40)[10:30, 10:30]
    assert inside.numpy() == pytest.approx(1, abs=0.02)
