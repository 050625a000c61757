"""Published beside measured: gains, signs and ranks, with what chance could have done to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.bootstrap import draw_images, middle

DRAWS = 1000


@dataclass(frozen=True)
class Entry:
    """One row of one column: what was printed, and the runs.

    Attributes:
        method: The row as printed.
        published: oIoU in percent, None where nothing was printed.
        runs: For each seed the intersections and the unions of each image, in the same order of
            images in all entries.
    """

    method: str
    published: float | None
    runs: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def scores(self) -> list[float]:
        """OIoU of each seed, in percent."""
        return [100 * float(found.sum() / union.sum()) for found, union in self.runs]

    @property
    def mean(self) -> float:
        """Mean over the seeds, in percent."""
        return float(np.mean(self.scores))


@dataclass(frozen=True)
class Gain:
    """By how much one row is better than another, in points of oIoU.

    Attributes:
        published: As printed.
        measured: Mean over seeds.
        low: Lower end of the 95 % interval of what was measured.
        high: Its upper end.
    """

    published: float
    measured: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """``holds``, ``the other way``, or ``cannot be told`` where zero is in the interval."""
        if self.low <= 0 <= self.high:
            return "cannot be told"
        return "holds" if (self.measured > 0) == (self.published > 0) else "the other way"


@dataclass(frozen=True)
class Ranks:
    """How far two orders of the same rows agree.

    Attributes:
        tau: Kendall's τ-b between published and measured, in [-1, 1].
        low: Lower end of its 95 % interval.
        high: Its upper end.
        same: Pairs of rows whose difference has the same sign.
        pairs: Pairs whose published values differ.
    """

    tau: float
    low: float
    high: float
    same: int
    pairs: int


def draw_scores(entries: Sequence[Entry], seed: int = 0, draws: int = DRAWS) -> np.ndarray:
    """Draw the scores that other pictures and other seeds might have given.

    Pictures are drawn with replacement, the same for all rows, since rows are compared on the same
    pictures; sentences about one picture stay together. Of each row one of its seeds is drawn, so
    that a row with one seed shows only the chance that lies in the pictures.

    Args:
        entries: Rows with at least one run.
        seed: Of the draws.
        draws: How many.

    Returns:
        (draws, rows) oIoU in percent.

    Raises:
        UserError: The runs were not scored on the same pictures.
    """
    counts = {len(found) for entry in entries for found, _ in entry.runs}
    if len(counts) != 1:
        raise UserError(
            f"runs of one column were scored on different numbers of pictures ({sorted(counts)}):"
            " remove the records of the wrong ones and run them again"
        )
    pictures = counts.pop()
    rng = np.random.default_rng(seed)
    weights = draw_images(pictures, draws, rng)
    columns = []
    for entry in entries:
        by_seed = np.stack([(weights @ found) / (weights @ union) for found, union in entry.runs])
        chosen = rng.integers(len(entry.runs), size=draws)
        columns.append(100 * by_seed[chosen, np.arange(draws)])
    return np.stack(columns, axis=1)


def same_runs(one: Entry, other: Entry) -> bool:
    """Say whether two rows stand on the same answers, picture by picture."""
    both = zip(one.runs, other.runs, strict=False)
    return len(one.runs) == len(other.runs) and all(
        np.array_equal(a, b) for first, second in both for a, b in zip(first, second, strict=True)
    )


def gain(entries: Sequence[Entry], drawn: np.ndarray, better: int, worse: int) -> Gain | None:
    """Compare two rows; None where one of them was not printed."""
    first, second = entries[better], entries[worse]
    if first.published is None or second.published is None:
        return None
    low, high = middle(drawn[:, better] - drawn[:, worse])
    return Gain(first.published - second.published, first.mean - second.mean, low, high)


def ranks(entries: Sequence[Entry], drawn: np.ndarray) -> Ranks | None:
    """Compare the order of all printed rows; None where fewer than three can be ordered.

    Of rows that are one network here (see :func:`same_runs`) the first one counts.
    """
    places: list[int] = []
    for n, entry in enumerate(entries):
        if entry.published is not None and not any(same_runs(entries[k], entry) for k in places):
            places.append(n)
    if len(places) < 3:
        return None
    published = np.array([entries[n].published for n in places], dtype=float)
    measured = np.array([entries[n].mean for n in places])
    tau = _tau(published, measured)
    taus = [_tau(published, draw) for draw in drawn[:, places]]
    low, high = middle(np.array(taus))
    i, j = np.triu_indices(len(places), 1)
    printed, found = np.sign(published[i] - published[j]), np.sign(measured[i] - measured[j])
    differ = printed != 0
    return Ranks(tau, low, high, int((printed == found)[differ].sum()), int(differ.sum()))


def _tau(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import kendalltau

    found: Any = kendalltau(first, second)
    return float(found.statistic)
