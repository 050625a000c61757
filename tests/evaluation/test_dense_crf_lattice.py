"""The lattice against a hand, a brute force, and the Gaussian it stands for."""

import itertools
import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.evaluation.dense_crf_lattice import build_lattice


def test_one_point_on_a_line_gets_back_what_a_hand_computes() -> None:
    """It is all corner 0; two blurs over {0, 1} make (1, 0) -> (1, 1/2) -> (5/4, 1); 1 + 2^-1."""
    lattice = build_lattice(torch.zeros(1, 1))
    assert lattice.filter(torch.ones(1)).item() == pytest.approx(1.25 / 1.5)


def enclosing_corners(point: NDArray[np.float64]) -> dict[tuple[int, ...], float]:
    """Try every simplex around a point of the plane until one holds it: corner -> share."""
    d = len(point) - 1
    ends = [(math.floor(c / (d + 1)), math.floor(c / (d + 1)) + 1) for c in point]
    for base in itertools.product(*ends):
        if sum(base) != 0:
            continue
        for order in itertools.permutations(range(d + 1)):
            corners = []
            for k in range(d + 1):
                low = [k - (d + 1) if place > d - k else k for place in order]
                corners.append([(d + 1) * b + c for b, c in zip(base, low, strict=True)])
            system = np.vstack([np.array(corners, float).T, np.ones(d + 1)])
            shares, *_ = np.linalg.lstsq(system, np.append(point, 1.0), rcond=None)
            if shares.min() > -1e-9 and np.allclose(system @ shares, np.append(point, 1.0)):
                return {tuple(c): s for c, s in zip(corners, shares, strict=True)}
    raise AssertionError(f"no simplex holds {point}")


def literal_filter(features: NDArray[np.float64], values: NDArray[np.float64]) -> list[float]:
    """Splat, blur, slice with dictionaries; the basis is Gram-Schmidt's, not a formula."""
    d = features.shape[1]
    basis = []
    for i in range(d):  # orthogonal to (1, ..., 1) and to each other
        vector = np.zeros(d + 1)
        vector[: i + 1], vector[i + 1] = 1, -(i + 1)
        basis.append(vector / np.linalg.norm(vector))
    points = features @ np.array(basis) * math.sqrt(2 / 3) * (d + 1)
    inside = [enclosing_corners(point) for point in points]
    held: dict[tuple[int, ...], float] = {}
    for corners, value in zip(inside, values, strict=True):
        for corner, share in corners.items():
            held[corner] = held.get(corner, 0.0) + share * value
    for direction in range(d + 1):
        mixed = {}
        for corner, value in held.items():
            sides = []
            for sign in (1, -1):
                side = [c - sign for c in corner]
                side[direction] += sign * (d + 1)
                sides.append(held.get(tuple(side), 0.0))
            mixed[corner] = value + sum(sides) / 2
        held = mixed
    return [
        sum(share * held[corner] for corner, share in corners.items()) / (1 + 2**-d)
        for corners in inside
    ]


@pytest.mark.parametrize(("d", "spread"), [(1, 3.0), (2, 1.0), (2, 20.0), (3, 2.0), (5, 0.5)])
def test_it_filters_as_the_brute_force_lattice_does(d: int, spread: float) -> None:
    many = 4 if d == 5 else 25
    g = np.random.default_rng(d)
    features, values = spread * g.normal(size=(many, d)), g.normal(size=many)
    lattice = build_lattice(torch.from_numpy(features))
    found = lattice.filter(torch.from_numpy(values))
    assert found.tolist() == pytest.approx(literal_filter(features, values), abs=1e-10)


def test_points_laid_closely_are_blurred_by_a_gaussian_of_width_1() -> None:
    """A single 1 in a grid of a quarter's width, wherever in its simplex it happens to lie."""
    g = torch.Generator().manual_seed(0)
    side = torch.arange(-24, 25, dtype=torch.float64) / 4
    grid = torch.cartesian_prod(side, side)
    exact = torch.exp(-grid.square().sum(1) / 2)
    one = (grid == 0).all(1).double()
    shifts = 10 * torch.rand(40, 2, generator=g, dtype=torch.float64)
    found = sum(build_lattice(grid + shift).filter(one) for shift in shifts)
    assert isinstance(found, torch.Tensor)
    found, exact = found / found.sum(), exact / exact.sum()
    variance = (found[:, None] * grid.square()).sum(0)
    assert variance.tolist() == pytest.approx([1, 1], abs=0.03)
    assert (found - exact).abs().max() < 0.1 * exact.max()


def test_the_order_of_the_points_does_not_matter() -> None:
    g = torch.Generator().manual_seed(0)
    features = 3 * torch.randn(200, 5, generator=g, dtype=torch.float64)
    values = torch.randn(200, generator=g, dtype=torch.float64)
    order = torch.randperm(200, generator=g)
    there = build_lattice(features[order]).filter(values[order])
    torch.testing.assert_close(there, build_lattice(features).filter(values)[order])


def test_points_far_apart_tell_each_other_nothing() -> None:
    lattice = build_lattice(torch.tensor([[0.0, 0.0], [50.0, 0.0], [0.0, -50.0]]))
    assert lattice.filter(torch.tensor([0.0, 1.0, 1.0]))[0] == 0


def test_corners_are_told_apart_at_the_rim_of_any_cloud() -> None:
    """An absent neighbour just outside the cloud's box must not be taken for a corner inside."""
    for seed in range(40):
        g = np.random.default_rng(seed)
        features, values = 1.5 * g.normal(size=(6, 2)), g.normal(size=6)
        found = build_lattice(torch.from_numpy(features)).filter(torch.from_numpy(values))
        assert found.tolist() == pytest.approx(literal_filter(features, values), abs=1e-10)


def test_a_cloud_too_wide_to_number_is_told() -> None:
    with pytest.raises(UserError, match="smaller image or wider Gaussians"):
        build_lattice(torch.tensor([[0.0] * 5, [1e5] * 5]))
