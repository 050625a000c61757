"""The sentence that every model of this library is: a referring segmenter.

backbone -> text encoder -> per-level fusion -> across-level fusion -> mask head. The five systems
differ only in what stands at the third and fourth place (and one in the second), so a student's
module can take any place in any of them.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.errors import UserError
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.heads import enlarge
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.trace import emit
from refseg_lib.vision.backbone import Backbone


class ReferringSegmenter(nn.Module):
    """A whole system.

    Traces:
        fused (B, C, h, w): the last map before the head.
        heat_map (B, h, w): its most strongly activated channel, scaled to [0, 1] (paper 004 §4.4,
            Fig. 5).

    Attributes:
        config: What :func:`refseg_lib.models.build.build_model` was asked for; empty for a system
            put together by hand.
        levels: Backbone levels that are handed to the per-level fusion.
    """

    def __init__(
        self,
        backbone: Backbone,
        text_encoder: nn.Module,
        level_fusion: nn.Module,
        across_fusion: nn.Module,
        head: nn.Module,
        *,
        upsample: str = "half_pixel",
    ) -> None:
        """Join the five parts.

        Args:
            backbone: image (I, 3, H, W) -> level name to (I, C, h, w); has ``strides``.
            text_encoder: (words (B, T), word_mask (B, T)) -> (B, T, C), zero at padding.
            level_fusion: (features, words (B, T, C), word_mask) -> level name to (B, C', h, w).
                With an attribute ``shares_images = True`` it is called with a fourth argument
                ``image_of`` and features of each image once; otherwise the features are repeated
                so that sentence b looks at row b. With ``wants_context = True`` it is called
                with a :class:`refseg_lib.fusion.context.Context` alone.
            across_fusion: level name to (B, C', h, w) -> (B, C'', h, w). With ``wants_context =
                True`` the context is its second argument.
            head: (B, C'', h, w) -> logits (B, 1, h, w). With an attribute
                ``wants_features = True`` it is also given the features and ``image_of``.
            upsample: See :func:`refseg_lib.fusion.heads.enlarge`.
        """
        super().__init__()
        self.backbone = backbone
        self.text_encoder = text_encoder
        self.level_fusion = level_fusion
        self.across_fusion = across_fusion
        self.head = head
        self.upsample = upsample
        self.config: dict[str, Any] = {}

    def forward(self, batch: Batch) -> Tensor:
        """Segment what every sentence of the batch means.

        Args:
            batch: Images, or the backbone's cached maps in ``batch.features``, and sentences.

        Returns:
            Logits (B, 1, H, W) at input resolution; above 0 = the thing meant.

        Raises:
            UserError: The batch has neither images nor features.
        """
        return self.forward_with_sides(batch)[0]

    def forward_with_sides(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        """Segment, and return the further answers that training may look at too.

        Returns:
            The logits of :meth:`forward`, and level name to (B, 1, H, W) logits of the side heads
            of the systems that have them (empty for the others).
        """
        features = self.features(batch)
        words = self.text_encoder(batch.words, batch.word_mask)
        image_of = _many_to_one(batch.image_of, len(next(iter(features.values()))))
        context = Context(features, words, batch.word_mask, image_of, batch.graphs)
        if getattr(self.level_fusion, "wants_context", False):
            levels = self.level_fusion(context)
        elif getattr(self.level_fusion, "shares_images", False):
            levels = self.level_fusion(features, words, batch.word_mask, image_of)
        else:
            repeated = {name: per_sentence(x, image_of) for name, x in features.items()}
            levels = self.level_fusion(repeated, words, batch.word_mask)
        logits = self.decode(levels, context)
        size = self._input_size(batch, features)
        sides = {level: self._enlarged(x, size) for level, x in context.side_logits.items()}
        return self._enlarged(logits, size), sides

    def decode(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Merge the fused levels and let the head answer: (B, 1, h, w) logits on its own grid."""
        if getattr(self.across_fusion, "wants_context", False):
            fused = self.across_fusion(levels, context)
        else:
            fused = self.across_fusion(levels)
        emit(self, "fused", fused)
        emit(self, "heat_map", lambda: heat_map(fused))
        if getattr(self.head, "wants_features", False):
            return self.head(fused, context.features, context.image_of)
        return self.head(fused)

    def features(self, batch: Batch) -> Mapping[str, Tensor]:
        """Compute the backbone's maps of every image of the batch, or take the cached ones."""
        if batch.features is not None:
            return batch.features
        if batch.image is None:
            raise UserError(
                "a batch without image and without features was given to the model; fill one"
            )
        return self.backbone(batch.image)

    def used_levels(self) -> tuple[str, ...]:
        """Name the backbone levels that anything here looks at: those worth caching."""
        levels = tuple(getattr(self.level_fusion, "levels", ("c2", "c3", "c4", "c5")))
        detail = getattr(self.head, "detail", None)
        return levels if detail is None or detail in levels else (detail, *levels)

    def _enlarged(self, logits: Tensor, size: tuple[int, int]) -> Tensor:
        # The enlargement is a weighted mean over cells: full precision costs nothing there.
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        return enlarge(logits, size, self.upsample)

    def _input_size(self, batch: Batch, features: Mapping[str, Tensor]) -> tuple[int, int]:
        """Say how large the input is, or was when its features were cached."""
        for pixels in (batch.image, batch.mask):
            if pixels is not None:
                return pixels.shape[-2], pixels.shape[-1]
        level, feature = next(iter(features.items()))
        stride = self.backbone.strides[level]
        return feature.shape[-2] * stride, feature.shape[-1] * stride


def _many_to_one(image_of: Tensor, images: int) -> Tensor | None:
    """Return None where sentence b looks at image b, so that nothing need be repeated."""
    if len(image_of) == images and torch.equal(
        image_of, torch.arange(images, device=image_of.device)
    ):
        return None
    return image_of


def heat_map(fused: Tensor) -> Tensor:
    """Show the most strongly activated channel of each map (paper 004 §4.4).

    Args:
        fused: (B, C, h, w).

    Returns:
        (B, h, w), each map scaled to [0, 1].
    """
    strongest = fused.flatten(2).amax(-1).argmax(1)
    chosen = fused[torch.arange(len(fused), device=fused.device), strongest]
    low, high = chosen.amin((1, 2), keepdim=True), chosen.amax((1, 2), keepdim=True)
    return (chosen - low) / (high - low).clamp(min=1e-12)
