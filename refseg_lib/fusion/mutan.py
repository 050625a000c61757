"""MUTAN-style bilinear fusion of a picture with a sentence (001 §3.2, Eq. 3-4; 002 §3.2, Eq. 3-4).

M = sum over r heads of (q W_i) * (X W'_i), element by element: every head is a low-rank piece of a
bilinear map from (sentence, pixel) to channels. X W' is one product for all heads, made once per
image, not once per sentence. The released code of 001 puts a tanh behind every product and, behind
the sum, a tanh and a division by the Euclidean length; the papers print neither. It also shows the
cells' places to every head, where the papers join them to the picture once, before.
Legend: I images, B sentences, P pixels, r heads, C channels.
"""

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.fusion.released_norms import unit
from refseg_lib.vision.spatial import spatial_coordinates

ACTIVATIONS = ("tanh", "none")
NORMS = ("tanh_l2", "none")
SPATIAL = ("heads", "none")


def with_place(maps: Tensor, size: tuple[int, int], balanced: bool = False) -> Tensor:
    """Lay the 8-D coordinate of its cell beside every pixel's vector.

    Args:
        maps: (I, P, C) with P = h w.
        size: (h, w).
        balanced: Multiply the coordinates by sqrt(8), see
            :func:`refseg_lib.fusion.cmsa.picture_vectors`.

    Returns:
        (I, P, C + 8).
    """
    place = spatial_coordinates(*size, device=maps.device, dtype=maps.dtype)
    place = place.flatten(1).mT.expand(len(maps), -1, -1)
    return torch.cat([maps, place * 8**0.5 if balanced else place], -1)


class Lateral(nn.Module):
    """A level of the backbone brought to the width of the fusion: X of 001 §3.1, V~ of 002 Eq. 1.

    X = conv1x1([V; S]) in the papers. The released code of 001 has conv1x1(V), then divides every
    pixel's vector by its length.
    """

    def __init__(
        self,
        visual: int,
        out: int,
        *,
        spatial: bool = True,
        normalised: bool = True,
        balanced: bool = False,
    ) -> None:
        """Make the convolution.

        Args:
            visual: Channels of the level, C_v.
            out: Channels of X.
            spatial: Fuse the coordinates S here.
            normalised: Divide by the length.
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.
        """
        super().__init__()
        self.layer = nn.Linear(visual + 8 * spatial, out)
        self.spatial, self.normalised, self.balanced = spatial, normalised, balanced

    def forward(self, feature: Tensor) -> Tensor:
        """Turn (I, C_v, h, w) into X (I, out, h, w)."""
        size = (feature.shape[-2], feature.shape[-1])
        x = feature.flatten(2).mT
        x = self.layer(with_place(x, size, self.balanced) if self.spatial else x)
        return (unit(x, self.balanced) if self.normalised else x).mT.unflatten(-1, size)


class Mutan(nn.Module):
    """Bilinear fusion of one level with a sentence's vector."""

    def __init__(
        self,
        *,
        visual: int,
        language: int,
        out: int,
        heads: int = 5,
        activation: str = "tanh",
        norm: str = "tanh_l2",
        spatial: str = "heads",
        balanced: bool = False,
    ) -> None:
        """Make the products of all heads.

        Args:
            visual: Channels of the picture.
            language: Channels of the sentence.
            out: Channels of M, C_m.
            heads: r.
            activation: ``"tanh"`` behind every product (released, with a bias before it), or
                ``"none"`` (papers).
            norm: ``"tanh_l2"`` behind the sum (released) or ``"none"`` (papers).
            spatial: ``"heads"``: coordinates beside the picture in every head (released);
                ``"none"``: the picture given knows its places already (papers; see
                :class:`Lateral`).
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.

        Raises:
            UserError: An unknown ``activation``, ``norm`` or ``spatial``.
        """
        super().__init__()
        for what, given, known in (
            ("activation", activation, ACTIVATIONS),
            ("norm", norm, NORMS),
            ("spatial", spatial, SPATIAL),
        ):
            if given not in known:
                raise UserError(
                    f"unknown {what} {given!r} given to Mutan; choose one of {', '.join(known)}"
                )
        self.heads, self.activation, self.norm = heads, activation, norm
        self.spatial, self.balanced = spatial, balanced
        bias = activation != "none"
        self.from_picture = nn.Linear(visual + 8 * (spatial == "heads"), heads * out, bias=bias)
        self.from_sentence = nn.Linear(language, heads * out, bias=bias)

    def initialise(self) -> None:
        """Glorot per head: the heads stand in one matrix only for speed."""
        for layer in (self.from_picture, self.from_sentence):
            for head in layer.weight.chunk(self.heads):
                nn.init.xavier_uniform_(head)

    def forward(self, feature: Tensor, sentence: Tensor, image_of: Tensor | None = None) -> Tensor:
        """Fuse.

        Args:
            feature: (I, C, h, w).
            sentence: (B, C_l).
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            M (B, out, h, w).
        """
        size = (feature.shape[-2], feature.shape[-1])
        picture = feature.flatten(2).mT
        if self.spatial == "heads":
            picture = with_place(picture, size, self.balanced)
        picture, spoken = self.from_picture(picture), self.from_sentence(sentence)
        if self.activation == "tanh":
            picture, spoken = picture.tanh(), spoken.tanh()
        if image_of is None:
            image_of = torch.arange(len(sentence), device=sentence.device)
        shape = (self.heads, -1)
        joint = sum_of_products(picture.unflatten(-1, shape), spoken.unflatten(-1, shape), image_of)
        if self.norm == "tanh_l2":
            joint = unit(joint.tanh(), self.balanced)
        return joint.mT.unflatten(-1, size)


def sum_of_products(picture: Tensor, spoken: Tensor, image_of: Tensor) -> Tensor:
    """Compute M[b, p] = sum over i of picture[image_of[b], p, i] * spoken[b, i].

    Args:
        picture: (I, P, r, C).
        spoken: (B, r, C).
        image_of: (B,).

    Returns:
        (B, P, C).
    """
    return _SumOfProducts.apply(picture, spoken.to(picture.dtype), image_of)


class _SumOfProducts(torch.autograd.Function):
    """Sentence by sentence, head by head: repeated pictures and products are never stored."""

    @staticmethod
    def forward(ctx, picture: Tensor, spoken: Tensor, image_of: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx.save_for_backward(picture, spoken)
        ctx.images = images = image_of.tolist()
        joint = picture.new_empty(len(spoken), picture.shape[1], picture.shape[3])
        for b, image in enumerate(images):
            torch.mul(picture[image, :, 0], spoken[b, 0], out=joint[b])
            for i in range(1, spoken.shape[1]):
                joint[b].addcmul_(picture[image, :, i], spoken[b, i])
        return joint

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        picture, spoken = ctx.saved_tensors
        of_picture, of_spoken = torch.zeros_like(picture), torch.empty_like(spoken)
        for b, image in enumerate(ctx.images):
            for i in range(spoken.shape[1]):
                of_picture[image, :, i].addcmul_(grad[b], spoken[b, i])
                of_spoken[b, i] = (grad[b] * picture[image, :, i]).sum(0)
        return of_picture, of_spoken, None
