"""Cross-level attentive fusion, CLAF (paper 002 §3.5, Eq. 16-17).

Every level k asks every level j, itself included, and the sentence gates questions and answers:

    Z_kj = (l_s * Q(Y_k)) (l_s * K(Y_j))^T V(Y_j),    Z_k = Y_k + sum_j Z_kj.

As printed there is neither a softmax nor a scale, and a sum over 1600 pixels of products of 1000
channels does not train. The paper leaves open what was done; ``norm`` has the three readings:
``"softmax"`` over the pixels of level j after division by sqrt(C_l) (our choice), ``"linear"``: the
printed product divided by the number of pixels, ``"none"``: the printed product. Without a softmax
(Q K^T) V = Q (K^T V) and all levels j are one sum: nine products of pixels by pixels become three
of channels by channels, exactly.
Legend: B sentences, P pixels, C = C_m channels of a level, D = C_l channels of the sentence.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.released_norms import unit
from refseg_lib.trace import emit

NORMS = ("softmax", "linear", "none")
SHARES = ("per_level", "per_pair", "all")


class CLAF(nn.Module):
    """Levels ask levels, gated by the sentence.

    Traces (h x w is the grid of level k, P_j the pixels of level j):
        claf.<k>.from_<j>.strength (B, h, w): length of Z_kj at every pixel of level k.
        claf.<k>.from_<j>.received (B, P_j as h' x w'): attention that every pixel of level j
            gets from level k, averaged over the pixels that ask; sums to one. With
            ``norm="softmax"`` only.
    """

    trace_name = "claf"

    def __init__(
        self,
        levels: Sequence[str],
        *,
        channels: int,
        language: int,
        norm: str = "softmax",
        share: str = "per_level",
        unit_length: bool = True,
        balanced: bool = False,
    ) -> None:
        """Make the 1x1 convolutions Q, K and V.

        Args:
            levels: Names of the levels.
            channels: Channels of each Y_k.
            language: Channels of the sentence, and so of Q and K, which it gates.
            norm: One of ``"softmax"``, ``"linear"``, ``"none"``, see the module's docstring.
            share: Whose weights are the same, which the paper does not say: ``"per_level"`` Q of
                level k, K and V of level j; ``"per_pair"`` of every pair (k, j) its own;
                ``"all"`` one Q, one K, one V.
            unit_length: Bring every pixel of Y_k to length one first (our choice, not printed).
            balanced: With ``unit_length``, to length sqrt(C) instead, so that values are around 1.

        Raises:
            UserError: An unknown ``norm`` or ``share``.
        """
        super().__init__()
        if norm not in NORMS:
            raise UserError(
                f"unknown norm {norm!r} given to CLAF; choose one of {', '.join(NORMS)}"
            )
        if share not in SHARES:
            raise UserError(
                f"unknown share {share!r} given to CLAF; choose one of {', '.join(SHARES)}"
            )
        self.levels = tuple(levels)
        self.norm, self.share, self.unit_length = norm, share, unit_length
        self.balanced = balanced
        pairs = [(k, j) for k in levels for j in levels]
        asking = dict.fromkeys(self._weights_of(k, j)[0] for k, j in pairs)
        answering = dict.fromkeys(self._weights_of(k, j)[1] for k, j in pairs)
        self.query = nn.ModuleDict({name: nn.Linear(channels, language) for name in asking})
        # A bias of K adds the same to all scores of a question: a softmax does not notice.
        self.key = nn.ModuleDict(
            {name: nn.Linear(channels, language, bias=norm != "softmax") for name in answering}
        )
        self.value = nn.ModuleDict({name: nn.Linear(channels, channels) for name in answering})

    def forward(self, levels: Mapping[str, Tensor], sentence: Tensor) -> dict[str, Tensor]:
        """Fuse.

        Args:
            levels: Level name to Y_k (B, C, h, w).
            sentence: l_s (B, D).

        Returns:
            Level name to Z_k (B, C, h, w).
        """
        maps = {}
        for name in self.levels:
            y = levels[name].flatten(2).mT
            maps[name] = unit(y, self.balanced) if self.unit_length else y
        queries, keys, values = self._projected(maps, sentence)
        gather = self._attend if self.norm == "softmax" else self._multiply
        seen = gather(queries, keys, values)
        for k in self.levels:
            for j in self.levels:
                self._emit(k, j, queries, keys, values, levels)
        return {
            k: (maps[k] + seen[k]).mT.unflatten(-1, tuple(levels[k].shape[-2:]))
            for k in self.levels
        }

    def _weights_of(self, k: str, j: str) -> tuple[str, str]:
        """Name the weights that make Q, and those that make K and V, when k asks j."""
        if self.share == "per_pair":
            return f"{k}_{j}", f"{k}_{j}"
        return (k, j) if self.share == "per_level" else ("all", "all")

    def _projected(
        self, maps: Mapping[str, Tensor], sentence: Tensor
    ) -> tuple[dict[tuple[str, str], Tensor], ...]:
        """Make Q, K and V, each once: (weights' name, level) to (B, P, D) or (B, P, C)."""
        queries, keys, values = {}, {}, {}
        # (l Q) (l K)^T = (l^2 Q) K^T: one gating instead of two.
        gate = sentence.square()[:, None]
        for k in self.levels:
            for j in self.levels:
                asking, answering = self._weights_of(k, j)
                if (asking, k) not in queries:
                    query = self.query[asking](maps[k])
                    queries[asking, k] = query * gate.to(query.dtype)
                if (answering, j) not in keys:
                    keys[answering, j] = self.key[answering](maps[j])
                    values[answering, j] = self.value[answering](maps[j])
        return queries, keys, values

    def _attend(self, queries: dict, keys: dict, values: dict) -> dict[str, Tensor]:
        """Sum over j of softmax(Q_k K_j^T / sqrt(D)) V_j, for every k."""
        seen: dict[str, Tensor] = {}
        for (answering, j), key in keys.items():
            # Whoever asks with the same answers is asked in one call.
            asking = [
                (k, queries[self._weights_of(k, j)[0], k])
                for k in self.levels
                if self._weights_of(k, j)[1] == answering
            ]
            together = torch.cat([query for _, query in asking], 1)
            answers = _attended(together, key, values[answering, j])
            sizes = [query.shape[1] for _, query in asking]
            for (k, _), part in zip(asking, answers.split(sizes, 1), strict=True):
                seen[k] = seen[k] + part if k in seen else part
        return seen

    def _multiply(self, queries: dict, keys: dict, values: dict) -> dict[str, Tensor]:
        """Sum over j of Q_k (K_j^T V_j), for every k."""
        memory = {
            name: torch.bmm(key.mT, values[name]) / (key.shape[1] if self.norm == "linear" else 1)
            for name, key in keys.items()
        }
        seen = {}
        for k in self.levels:
            # Grouped by who asks: with one Q per level the answers of all levels are added first.
            by_query: dict[str, Tensor] = {}
            for j in self.levels:
                asking, answering = self._weights_of(k, j)
                answer = memory[answering, j]
                by_query[asking] = by_query[asking] + answer if asking in by_query else answer
            for asking, answer in by_query.items():
                part = torch.bmm(queries[asking, k], answer)
                seen[k] = seen[k] + part if k in seen else part
        return seen

    def _emit(
        self, k: str, j: str, queries: dict, keys: dict, values: dict, levels: Mapping[str, Tensor]
    ) -> None:
        asking, answering = self._weights_of(k, j)
        query, key, value = queries[asking, k], keys[answering, j], values[answering, j]
        emit(
            self,
            f"{k}.from_{j}.strength",
            lambda: (
                _taken(query, key, value, self.norm)
                .norm(dim=-1)
                .unflatten(-1, tuple(levels[k].shape[-2:]))
            ),
        )
        if self.norm == "softmax":
            emit(
                self,
                f"{k}.from_{j}.received",
                lambda: (
                    _weights(query, key, self.norm)
                    .mean(1)
                    .unflatten(-1, tuple(levels[j].shape[-2:]))
                ),
            )


def _attended(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Compute softmax(Q K^T / sqrt(D)) V: (B, P_k, D), (B, P_j, D), (B, P_j, C) to (B, P_k, C)."""
    language, channels = query.shape[-1], value.shape[-1]
    if query.device.type == "cpu" and query.dtype == torch.bfloat16:
        # The fused kernel gains nothing from bf16 there: a training step of the laptop preset takes
        # 17.4 ms per sentence with it and 14.0 with these three lines.
        with torch.autocast("cpu", enabled=False):
            scores = torch.bmm(query / language**0.5, key.mT)
            return torch.bmm(scores.softmax(-1), value)
    # The fused kernels never keep the weights, but want all vectors of one length: zeros add none.
    size = max(language, channels)
    query, key = (F.pad(x, (0, size - language)) for x in (query, key))
    value = F.pad(value, (0, size - channels))
    query, key, value = query[:, None], key[:, None], value[:, None]
    answers = F.scaled_dot_product_attention(query, key, value, scale=language**-0.5)
    return answers[:, 0, :, :channels]


def _weights(query: Tensor, key: Tensor, norm: str) -> Tensor:
    """Build what each pixel of k takes from each pixel of j: (B, P_k, P_j)."""
    full = torch.promote_types(query.dtype, torch.float32)
    scores = query.to(full) @ key.to(full).mT
    if norm == "softmax":
        return (scores / query.shape[-1] ** 0.5).softmax(-1)
    return scores / (key.shape[1] if norm == "linear" else 1)


def _taken(query: Tensor, key: Tensor, value: Tensor, norm: str) -> Tensor:
    """Build Z_kj (B, P_k, C)."""
    weights = _weights(query, key, norm)
    return weights @ value.to(weights.dtype)
