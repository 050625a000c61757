"""Text-guided feature exchange, TGFE (paper 001 §3.3, Eq. 12-14).

In every round each level i looks for what it lacks in the other levels j, channel by channel:

    L_i = (s W8)(Y_i W9)^T,  g_i = L_i Y_i,  c_i = FC([s; g_i]),
    Y_i <- Y_i + sum over j != i of sigmoid(c_i) * Y_j          (all levels at once).

Printed like this, L is an unnormalised sum over channels, and g one over pixels: it explodes. Our
default ``norm="softmax_l2"`` is the released code's: L / sqrt(C_h) and softmax over pixels, and
every pixel's vector divided by its length after a round. With ``source_transform`` as in that code
c is divided by its length, and each source j has a gate of its own, sigmoid(conv(c)) *
ReLU(conv(Y_j)). There c is divided by the length over the *whole batch*, so that sentences of a
batch change one another (its batches hold one): here over channels only.
(s W8)(Y W9)^T = Y (W9 W8^T s): W9 meets one vector per sentence instead of every pixel.
The paper does not say whether rounds share weights; by default they do not, as released.
Legend: B sentences, P pixels, C channels of a level, D = C_l channels of the sentence.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.cmsa import word_vectors
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.levels import same_size
from refseg_lib.fusion.released_norms import unit
from refseg_lib.trace import emit

NORMS = ("softmax_l2", "none")


class Question(nn.Module):
    """What one level asks the others for in one round, and how it takes it in."""

    def __init__(
        self,
        sources: Sequence[str],
        channels: int,
        language: int,
        *,
        norm: str,
        source_transform: bool,
        balanced: bool,
    ) -> None:
        """Make the maps; arguments as in :class:`TGFE`."""
        super().__init__()
        self.normalised, self.balanced = norm != "none", balanced
        self.query = nn.Linear(language, channels, bias=self.normalised)
        # No bias: a softmax over pixels would not notice it, and Eq. 13 has none.
        self.key = nn.Linear(channels, channels, bias=False)
        self.context = nn.Linear(language + channels, channels)
        self.gates, self.transforms = nn.ModuleDict(), nn.ModuleDict()
        if source_transform:
            for source in sources:
                self.gates[source] = nn.Linear(channels, channels)
                self.transforms[source] = nn.Linear(channels, channels)

    def pooling(self, own: Tensor, sentence: Tensor) -> Tensor:
        """Weigh the pixels: L (B, P) of Y_i (B, P, C) and s (B, D)."""
        asked = F.linear(self.query(sentence), self.key.weight.mT)
        if self.normalised:
            asked = asked / self.key.out_features**0.5
        weights = (own @ asked[..., None].to(own.dtype))[..., 0]
        return weights.softmax(-1) if self.normalised else weights

    def wish(self, own: Tensor, sentence: Tensor, pooling: Tensor) -> Tensor:
        """Find c (B, C)."""
        found = (pooling[:, None].to(own.dtype) @ own)[:, 0]
        c = self.context(torch.cat([sentence.to(found.dtype), found], -1))
        return unit(c, self.balanced) if self.gates and self.normalised else c

    def answer(self, source: str, wish: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gate (B, C) and what it is put on, both for Y_j (B, P, C)."""
        if not self.gates:
            return wish.sigmoid(), other
        return self.gates[source](wish).sigmoid(), F.relu(self.transforms[source](other))


class TGFE(nn.Module):
    """All rounds.

    Traces, of round k = 1, 2, ... (h x w is the finest level's grid):
        tgfe.<k>.<level>.pooling (B, h, w): L_i; sums to one, except with ``norm="none"``.
        tgfe.<k>.<level>.gate.<source> (B, C): which channels of the source are let in; the same
            for all sources without ``source_transform``.
    """

    trace_name = "tgfe"

    def __init__(
        self,
        levels: Sequence[str],
        channels: int,
        language: int,
        *,
        rounds: int = 3,
        share_rounds: bool = False,
        norm: str = "softmax_l2",
        source_transform: bool = False,
        balanced: bool = False,
    ) -> None:
        """Make the questions.

        Args:
            levels: Names of the levels.
            channels: Channels of each level, and C_h.
            language: Channels of the sentence.
            rounds: n: 3 in the paper, 2 in the released code, 1 in Table 2.
            share_rounds: The same weights in every round.
            norm: ``"softmax_l2"`` (released) or ``"none"`` (Eq. 12-14 as printed).
            source_transform: Gates and convolutions per source (released).
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.

        Raises:
            UserError: An unknown ``norm``, no round, or fewer than two levels.
        """
        super().__init__()
        if norm not in NORMS:
            raise UserError(
                f"unknown norm {norm!r} given to TGFE; choose one of {', '.join(NORMS)}"
            )
        if rounds < 1 or len(levels) < 2:
            raise UserError(
                f"{rounds} rounds and {len(levels)} levels given to TGFE; expected 1 round or more"
                " between 2 levels or more"
            )
        self.rounds, self.normalised, self.balanced = rounds, norm != "none", balanced
        self.questions = nn.ModuleList(
            nn.ModuleDict(
                {
                    level: Question(
                        [other for other in levels if other != level],
                        channels,
                        language,
                        norm=norm,
                        source_transform=source_transform,
                        balanced=balanced,
                    )
                    for level in levels
                }
            )
            for _ in range(1 if share_rounds else rounds)
        )

    def forward(
        self, levels: Mapping[str, Tensor], sentences: Mapping[str, Tensor]
    ) -> dict[str, Tensor]:
        """Exchange.

        Args:
            levels: Level name to Y (B, C, h, w).
            sentences: Level name to s (B, D).

        Returns:
            Level name to (B, C, h, w), all on the finest grid.
        """
        same = same_size(list(levels.values()))
        size = (same[0].shape[-2], same[0].shape[-1])
        maps = {name: x.flatten(2).mT for name, x in zip(levels, same, strict=True)}
        for index in range(self.rounds):
            questions = self.questions[index % len(self.questions)]
            maps = self._round(index + 1, questions, maps, sentences, size)
        return {name: x.mT.unflatten(-1, size) for name, x in maps.items()}

    def _round(
        self,
        number: int,
        questions: nn.Module,
        maps: Mapping[str, Tensor],
        sentences: Mapping[str, Tensor],
        size: tuple[int, int],
    ) -> dict[str, Tensor]:
        assert isinstance(questions, nn.ModuleDict)
        after = {}
        for level, question in questions.items():
            assert isinstance(question, Question)
            pooling = question.pooling(maps[level], sentences[level])
            wish = question.wish(maps[level], sentences[level], pooling)
            emit(self, f"{number}.{level}.pooling", lambda p=pooling: p.unflatten(-1, size))
            total = maps[level]
            for source, other in maps.items():
                if source != level:
                    gate, offered = question.answer(source, wish, other)
                    emit(self, f"{number}.{level}.gate.{source}", gate)
                    total = torch.addcmul(total, gate[:, None].to(total.dtype), offered)
            after[level] = unit(total, self.balanced) if self.normalised else total
        return after


class ExchangeThenMerge(nn.Module):
    """Across-level fusion: TGFE, then one map of all levels.

    Attributes:
        wants_context: True, see :class:`refseg_lib.fusion.context.Context`.
    """

    wants_context = True

    def __init__(
        self,
        exchange: TGFE,
        merge: nn.Module,
        *,
        unit_sentence: bool = False,
        balanced: bool = False,
    ) -> None:
        """Join the two.

        Args:
            exchange: TGFE.
            merge: Level name to (B, C, h, w) -> (B, C', h, w).
            unit_sentence: Divide s by its length (released).
            balanced: See :func:`refseg_lib.fusion.released_norms.unit`.
        """
        super().__init__()
        self.exchange, self.merge = exchange, merge
        self.unit_sentence, self.balanced = unit_sentence, balanced

    def forward(self, levels: Mapping[str, Tensor], context: Context) -> Tensor:
        """Exchange and merge (B, C, h, w) per level into one map.

        The sentence of a level is the sum of its words as the per-level fusion left them, or, where
        it left none, of all words divided by their length.
        """
        spoken = word_vectors(context.words, context.word_mask, self.balanced)
        sentences = {level: context.level_words.get(level, spoken).sum(1) for level in levels}
        if self.unit_sentence:
            sentences = {level: unit(s, self.balanced) for level, s in sentences.items()}
        return self.merge(self.exchange(levels, sentences))
