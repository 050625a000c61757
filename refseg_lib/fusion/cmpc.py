"""Cross-modal progressive comprehension, CMPC (paper 001 §3.2): first what, then which.

Per level, with X the picture (:class:`refseg_lib.fusion.mutan.Lateral`) and q, s two sums over the
words (:mod:`refseg_lib.fusion.cmpc_levels`):

    M = Mutan(q, X)                 entity perception: all that entity and attribute words name
    M' = RelationReasoning(M)       relation words route information between those pixels
    Y = ReLU(conv1x1([s; X; M']))   paper; the released code has [M; M'; q; coordinates]

The ReLU is the released code's; the paper prints none, but without it the baseline below would add
the same to every pixel. Words are divided by their length first, as in the released code.
Table 2 takes parts away. Without entity perception M = ReLU(conv1x1([X; l_T])), l_T being the last
state of the LSTM. Without reasoning M' = M. Without both, the paper's baseline: Y = ReLU(conv1x1(
[l_T; X])). Legend: I images, B sentences, P pixels, T words, C = C_m channels.
"""

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmpc_settings import CMPCSettings
from refseg_lib.fusion.mutan import Lateral, Mutan, with_place
from refseg_lib.fusion.pair_attention import per_sentence
from refseg_lib.fusion.relation_reasoning import RelationReasoning

CONCATS = ("paper", "released")
SPATIAL = ("once", "heads")


@dataclass
class Reading:
    """The sentence as every level needs it.

    Attributes:
        words: (B, T, C_l), zero at padding.
        word_mask: (B, T), True at real words.
        types: (B, T, 4); None where nothing asks for types.
        entity: (B, C_l) what is fused with the picture: q, or l_T.
        sentence: (B, C_l) what Y is told: s (paper) or q (released), or l_T.
    """

    words: Tensor
    word_mask: Tensor
    types: Tensor | None
    entity: Tensor
    sentence: Tensor


class CMPC(nn.Module):
    """CMPC of one level. Traces: those of its relation-aware reasoning."""

    def __init__(
        self,
        *,
        visual: int,
        language: int,
        multimodal: int,
        out: int,
        settings: CMPCSettings,
        balanced: bool = False,
    ) -> None:
        """Make the parts.

        Args:
            visual: Channels of the level.
            language: Channels of a word, C_l.
            multimodal: Channels of X and M (C_v and C_m in the paper, both 1000), and C_h.
            out: Channels of Y.
            settings: How.
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.

        Raises:
            UserError: An unknown setting.
        """
        super().__init__()
        for what, given, known in (
            ("concat", settings.concat, CONCATS),
            ("spatial", settings.spatial, SPATIAL),
        ):
            if given not in known:
                raise UserError(
                    f"unknown {what} {given!r} given to CMPC; choose one of {', '.join(known)}"
                )
        self.settings, self.balanced = settings, balanced
        once = settings.spatial == "once"
        self.lateral = Lateral(visual, multimodal, spatial=once, balanced=balanced)
        self.fusion = self.plain_fusion = self.reasoning = None
        if settings.entity:
            self.fusion = Mutan(
                visual=multimodal,
                language=language,
                out=multimodal,
                heads=settings.heads,
                activation=settings.mutan_activation,
                norm=settings.mutan_norm,
                spatial="none" if once else "heads",
                balanced=balanced,
            )
        elif settings.layers:
            self.plain_fusion = nn.Linear(multimodal + language, multimodal)
        if settings.layers:
            self.reasoning = RelationReasoning(
                multimodal=multimodal,
                language=language,
                affinity=multimodal,
                layers=settings.layers,
                scale=settings.affinity_scale,
                rel_weight=settings.rel_weight,
                norm=settings.gcn_norm,
                balanced=balanced,
            )
        # Which parts Y is told, and how many channels they have: [of the sentence; of the picture;
        # of both].
        released = settings.concat == "released"
        joined = bool(settings.entity or settings.layers)
        self.takes_x = not (released and joined)
        self.takes_place = released
        self.takes_perceived = released and settings.entity and bool(settings.layers)
        self.takes_graph = joined
        self.sizes = (
            language,
            multimodal * self.takes_x + 8 * self.takes_place,
            multimodal * (self.takes_perceived + self.takes_graph),
        )
        self.join = nn.Linear(sum(self.sizes), out)

    def forward(self, feature: Tensor, reading: Reading, image_of: Tensor | None = None) -> Tensor:
        """Fuse one level with the sentence.

        Args:
            feature: (I, C_v, h, w).
            reading: The sentences.
            image_of: (B,) the image of each sentence; None when sentence b looks at image b.

        Returns:
            Y (B, out, h, w).
        """
        size = (feature.shape[-2], feature.shape[-1])
        x = self.lateral(feature)
        of_sentence, of_picture, of_both = self.join.weight.split(self.sizes, 1)
        # Linear in its parts: what only the picture says is computed once per image.
        picture = x.flatten(2).mT[..., : None if self.takes_x else 0]
        if self.takes_place:
            picture = with_place(picture, size, self.balanced)
        y = per_sentence(F.linear(picture, of_picture), image_of)
        y = y + F.linear(reading.sentence, of_sentence, self.join.bias)[:, None].to(y.dtype)
        joint = self._joint(x, reading, image_of)
        if joint:
            for part, weight in zip(joint, of_both.chunk(len(joint), 1), strict=True):
                y = y + F.linear(part.flatten(2).mT, weight)
        return F.relu(y).mT.unflatten(-1, size)

    def _joint(self, x: Tensor, reading: Reading, image_of: Tensor | None) -> list[Tensor]:
        """Return the maps of picture and sentence together that Y is told."""
        if self.fusion is not None:
            perceived = self.fusion(x, reading.entity, image_of)
        elif self.plain_fusion is not None:
            perceived = self._plainly_fused(x, reading.entity, image_of)
        else:
            return []
        if self.reasoning is None:
            return [perceived]
        assert reading.types is not None
        graph = self.reasoning(perceived, reading.words, reading.word_mask, reading.types)
        return [perceived, graph] if self.takes_perceived else [graph]

    def _plainly_fused(self, x: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
        assert self.plain_fusion is not None
        of_x, of_sentence = self.plain_fusion.weight.split([x.shape[1], sentence.shape[1]], 1)
        joint = per_sentence(F.linear(x.flatten(2).mT, of_x), image_of)
        spoken = F.linear(sentence, of_sentence, self.plain_fusion.bias)[:, None]
        return F.relu(joint + spoken.to(joint.dtype)).mT.unflatten(-1, tuple(x.shape[-2:]))
