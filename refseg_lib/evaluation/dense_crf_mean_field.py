"""Mean field of a dense CRF with two labels, in tensors.

Krähenbühl and Koltun 2011, Algorithm 1, with the energies of Eq. 1-3. With two labels only the
difference of their energies matters, and a round is one line:

    q = σ( logit p + Σ_k w_k (2 K_k q - K_k 1) ),    K_k = D^-1/2 G_k D^-1/2,    D = diag(G_k 1)

where (G_k)_ij = exp(-|f_i - f_j|²/2) over features f of position, or of position and colour. Two
things are the released code's, not the paper's: a pixel hears itself, too, and the normalisation
is this symmetric one. G_k is a permutohedral lattice, not the exact sum over pairs.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from refseg_lib.evaluation.dense_crf_lattice import build_lattice

Kernel = Callable[[Tensor], Tensor]
"""Values (N,) -> their normalised filter K_k, (N,)."""


def mean_field(unary: Tensor, kernels: Sequence[tuple[float, Kernel]], rounds: int) -> Tensor:
    """Run the rounds of the formula above.

    Args:
        unary: (N,): logit of each pixel's probability.
        kernels: Weight w_k and filter K_k of each term.
        rounds: How many; after none the answer is σ(unary).

    Returns:
        (N,) probabilities.
    """
    weighted = [(weight, kernel, kernel(torch.ones_like(unary))) for weight, kernel in kernels]
    q = torch.sigmoid(unary)
    for _ in range(rounds):
        messages = [weight * (2 * kernel(q) - total) for weight, kernel, total in weighted]
        q = torch.sigmoid(sum(messages, unary))
    return q


def pixel_features(
    image: NDArray[np.uint8], smooth_width: float, color_width: float, color_range: float
) -> tuple[Tensor, Tensor]:
    """Return what the two Gaussians compare, in units of their standard deviations.

    Args:
        image: uint8 (H, W, 3); its pixels row by row are the N points.
        smooth_width: Pixels, of the Gaussian of position.
        color_width: Pixels, of the Gaussian of position and colour.
        color_range: Steps of 255, of the same.

    Returns:
        float32 (N, 2): x, y; and float32 (N, 5): x, y, R, G, B.
    """
    height, width = image.shape[:2]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place = torch.stack([x, y], -1).reshape(-1, 2).float()
    color = torch.from_numpy(image.reshape(-1, 3).astype(np.float32))
    return place / smooth_width, torch.cat([place / color_width, color / color_range], 1)


def lattice_kernel(features: Tensor) -> Kernel:
    """Return K_k: the lattice of ``features`` (N, d), symmetrically normalised."""
    lattice = build_lattice(features)
    scale = lattice.filter(torch.ones_like(features[:, 0])).rsqrt()
    return lambda values: scale * lattice.filter(scale * values)
