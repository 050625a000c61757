"""The permutohedral lattice: a Gaussian filter over many points in a few dimensions.

Adams, Baek and Davis 2010, "Fast high-dimensional filtering using the permutohedral lattice"; the
filter in the dense CRF of Krähenbühl and Koltun 2011, §3.2. Every point hands its value to the d+1
corners of the simplex it lies in (splat), neighbouring corners mix along d+1 directions (blur),
every point collects from its corners (slice). Time grows with the points, not with their pairs.

It is an approximation. Corners that no point touches do not exist and carry nothing on, so that in
five sparse dimensions little of the Gaussian's reach is left. The published dense CRF *is* this
filter, gaps and all: exact Gaussians would give other masks.

N points, d dimensions, M corners.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from refseg_lib.errors import UserError


@dataclass(frozen=True)
class Lattice:
    """Where points lie in the lattice, and how its corners hang together.

    Attributes:
        corners: int64 (N, d+1): the corners of each point's simplex, in [0, M).
        shares: float (N, d+1): how much of each corner the point is; at least 0, rows sum to 1.
        ahead: int64 (d+1, M): each corner's neighbour in each direction; M where there is none.
        behind: int64 (d+1, M): the neighbour on the other side.
    """

    corners: Tensor
    shares: Tensor
    ahead: Tensor
    behind: Tensor

    def filter(self, values: Tensor) -> Tensor:
        """Sum exp(-|f_i - f_j|²/2) v_j over j, roughly, and up to one factor for all points.

        Args:
            values: float (N,).

        Returns:
            float (N,), the same dtype.
        """
        directions, many = self.ahead.shape
        # One corner more, which stays 0, stands for all that do not exist.
        held = values.new_zeros(many + 1)
        held.index_add_(0, self.corners.flatten(), (self.shares * values[:, None]).flatten())
        for ahead, behind in zip(self.ahead, self.behind, strict=True):
            held[:-1] += (held[ahead] + held[behind]) / 2
        collected = (held[self.corners] * self.shares).sum(1)
        return collected / (1 + 2.0 ** (1 - directions))


def build_lattice(features: Tensor) -> Lattice:
    """Find every point's simplex, and every corner's neighbours.

    Args:
        features: float (N, d): positions, in units of the Gaussian's standard deviation.

    Returns:
        The lattice; ``shares`` has the dtype of ``features``.

    Raises:
        UserError: The features spread too far for the corners to be numbered in 63 bits.
    """
    d = features.shape[1]
    height = features @ elevation(d).to(features) / (d + 1)
    # The nearest point with whole coordinates; it may lie off the plane, "sum of all = 0".
    whole = height.round()
    rest = height - whole
    rank = rest.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    rank = rank + whole.sum(1, keepdim=True).long()
    # Back onto the plane: the coordinates that were rounded furthest move by one.
    move = (rank < 0).long() - (rank > d).long()
    rank, whole, rest = rank + (d + 1) * move, whole.long() + move, rest - move
    falling = torch.empty_like(rest).scatter_(1, rank, rest)
    shares = torch.cat([1 + falling[:, -1:] - falling[:, :1], -falling.diff(dim=1).flip(1)], 1)
    step = torch.arange(d + 1, device=features.device)[None, :, None]
    # A corner's coordinates sum to 0, so the first d of the d+1 name it.
    keys = (d + 1) * whole[:, None, :d] + step - (d + 1) * (rank[:, None, :d] > d - step)
    corners, ahead, behind = _connect(keys)
    return Lattice(corners, shares, ahead, behind)


def elevation(d: int) -> Tensor:
    """Return float64 (d, d+1): features times this lie in the lattice's plane (Adams, §4.1).

    Orthogonal, and scaled so that splat, blur and slice together have variance 1 per feature.
    """
    matrix = torch.zeros(d, d + 1, dtype=torch.float64)
    for i in range(d):
        matrix[i, : i + 1] = 1.0
        matrix[i, i + 1] = -(i + 1)
        matrix[i] *= math.sqrt(2 / 3) * (d + 1) / math.sqrt((i + 1) * (i + 2))
    return matrix


def _connect(keys: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Number the different corners and look their neighbours up.

    Args:
        keys: int64 (N, d+1, d): the first d coordinates of every point's corners.

    Returns:
        Numbers (N, d+1), neighbours ahead and behind (d+1, M).
    """
    d = keys.shape[-1]
    lowest, highest = keys.amin((0, 1)), keys.amax((0, 1))
    # A neighbour is at most d away in each coordinate: with that much room around the box, no two
    # corners, and no corner and another's absent neighbour, share a code.
    widths = (highest - lowest + 1 + 2 * d).tolist()
    if math.prod(widths) >= 2**63:
        raise UserError(
            f"the points spread over {' x '.join(map(str, widths))} lattice steps, too many to"
            " number: give a smaller image or wider Gaussians"
        )
    strides = torch.tensor([math.prod(widths[i + 1 :]) for i in range(d)], device=keys.device)
    codes, corners = torch.unique(((keys - lowest + d) * strides).sum(-1), return_inverse=True)
    many = len(codes)
    ahead = codes.new_full((d + 1, many), many)
    behind = ahead.clone()
    for direction in range(d + 1):
        # One step: -1 in every coordinate, but +d in one, of which the last is not written down.
        step = -strides.sum() + ((d + 1) * strides[direction] if direction < d else 0)
        place = torch.searchsorted(codes, codes + step).clamp_(max=many - 1)
        (there,) = torch.nonzero(codes[place] == codes + step, as_tuple=True)
        ahead[direction, there] = place[there]
        behind[direction, place[there]] = there
    return corners, ahead, behind
