"""Two normalisations of the code released with paper 001 (and its relatives): of one, and of all.

Legend: B sentences, P pixels, C channels.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def unit(vectors: Tensor, balanced: bool = False) -> Tensor:
    """Divide every vector by its Euclidean length.

    Args:
        vectors: (..., C).
        balanced: Multiply by sqrt(C) afterwards, so that values are around 1; see
            :func:`refseg_lib.fusion.cmsa.picture_vectors`.

    Returns:
        (..., C), of the type of ``vectors``; a zero vector stays zero.
    """
    gain = vectors.shape[-1] ** 0.5 if balanced else 1.0
    return _Unit.apply(vectors, gain)


class _Unit(torch.autograd.Function):
    """One pass to measure and one to scale; autograd's own way takes four and keeps them all."""

    @staticmethod
    def forward(ctx, vectors: Tensor, gain: float) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        wide = torch.promote_types(vectors.dtype, torch.float32)
        length = torch.linalg.vector_norm(vectors, dim=-1, keepdim=True, dtype=wide)
        scale = (gain / length.clamp(min=1e-12)).to(vectors.dtype)
        result = vectors * scale
        ctx.save_for_backward(result, scale)
        ctx.gain = gain
        return result

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        result, scale = ctx.saved_tensors
        # y = g x / |x|:  dx = (dy - y (y . dy) / g^2) g / |x|
        along = (result * grad).sum(-1, keepdim=True) / ctx.gain**2
        return torch.addcmul(grad, result, along, value=-1) * scale, None


class JointNorm(nn.Module):
    """TensorFlow's ``contrib.layers.layer_norm``: one mean and variance for a whole map.

    The same as ``nn.GroupNorm(1, C)``, and not as ``nn.LayerNorm(C)``, which would treat every
    pixel alone.
    """

    def __init__(self, channels: int) -> None:
        """Make a gain (1) and an offset (0) per channel."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, maps: Tensor) -> Tensor:
        """Normalise every (P, C) map of (B, P, C)."""
        size = maps.shape[1:]
        weight, bias = (x.expand(size).contiguous() for x in (self.weight, self.bias))
        return F.layer_norm(maps, size, weight, bias, eps=1e-12)
