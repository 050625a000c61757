"""The word-swap test: does the answer follow when one word of the sentence changes?

Paper 001 (§4.4, Fig. 5e) changes "donut at the bottom" to "donut at the left" and sees the response
move. Here every sentence that can be swapped is (:mod:`.swapped_sentences`), and the answer to the
swapped sentence is held against both things: it *moves* when its IoU with the thing now meant is
above 0.5, it *stays* when that with the old one is, and else does neither.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import DrawnTruth, open_truth
from refseg_lib.evaluation.analysis.questions import Question, ask, first_sentences
from refseg_lib.evaluation.analysis.swapped_sentences import KINDS, Swap, swaps_of
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.protocols import count
from refseg_lib.evaluation.scoring import with_bar
from refseg_lib.models.saved import Loaded

FOUND = 0.5


@dataclass(frozen=True)
class SwapRow:
    """What became of the swaps of one kind.

    Attributes:
        kind: One of :data:`.swapped_sentences.KINDS`, or ``"all"``.
        n: Swaps.
        moves: Percent whose answer moved to the thing now meant.
        stays: Percent whose answer stayed on the old one.
        neither: Percent of the rest.
        n_right: Swaps whose original sentence was answered right.
        moves_of_right: Percent of these whose answer moved; None where there is none.
        stays_of_right: Percent of these whose answer stayed.
    """

    kind: str
    n: int
    moves: float
    stays: float
    neither: float
    n_right: int
    moves_of_right: float | None
    stays_of_right: float | None


@dataclass(frozen=True)
class SwapReport:
    """The result.

    Attributes:
        model: The model's name.
        dataset: Data set, split, language.
        sentences: Sentences looked through.
        rows: First all swaps, then kind by kind.
    """

    model: str
    dataset: str
    sentences: int
    rows: tuple[SwapRow, ...]

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for ``json.dump``."""
        return asdict(self)

    def markdown(self) -> str:
        """Return a heading, what was done, and a table."""
        about = (
            f"{self.model}, {self.dataset}, from {self.sentences} sentences; percent. One word"
            " of the sentence is changed so that it means exactly one other thing: the answer"
            f" moves (IoU with that > {FOUND}), stays (IoU with the old one > {FOUND}), or neither."
            " Right before: only where the original sentence was answered right."
        )
        lines = [
            "| swap | n | moves | stays | neither | n right before | of these moves | stays |",
            "|---|--:|--:|--:|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {row.kind} | {row.n} | {row.moves:.1f} | {row.stays:.1f} | {row.neither:.1f} |"
            f" {row.n_right} | {_or_dash(row.moves_of_right)} | {_or_dash(row.stays_of_right)} |"
            for row in self.rows
        ]
        return "\n".join(("## Word swap", "", about, "", *lines, ""))


def swap_words(
    loaded: Loaded, dataset: ReferringDataset, limit: int | None = None, *, progress: bool = True
) -> SwapReport:
    """Swap words in the sentences of a split and see whether the answers follow.

    Of several swaps of one kind in one sentence one is drawn, always the same.

    Args:
        loaded: Any model.
        dataset: A split of ParkRef.
        limit: Swap only in the first so many sentences.
        progress: Show progress bars.

    Raises:
        UserError: Nothing can be swapped, or the data are not ParkRef.
    """
    truth, kept = open_truth(dataset), first_sentences(dataset, limit)
    made = with_bar(
        (swap for i in kept for swap in _one_of_each(truth, i)),
        len(kept),
        f"swapping words on {dataset.id} {dataset.split}",
        progress,
    )
    swaps = list(made)
    if not swaps:
        raise UserError(
            f"none of the first {len(kept)} sentences of {dataset.id} {dataset.split} has a word"
            " that can be swapped: take more sentences, or parkref_unc"
        )
    asked = sorted({swap.place for swap in swaps})
    questions = [Question(i, dataset[i].sentence) for i in asked]
    questions += [Question(swap.place, swap.sentence) for swap in swaps]
    right: dict[int, bool] = {}
    outcomes: dict[int, str] = {}
    for reply in ask(
        loaded,
        dataset,
        questions,
        title=f"swapped words on {dataset.id} {dataset.split}",
        progress=progress,
    ):
        if reply.number < len(asked):
            place = asked[reply.number]
            right[place] = float(iou(*count(reply.mask, dataset.mask(place)))) > FOUND
            continue
        number = reply.number - len(asked)
        old, new = (truth.mask(ann) for ann in (swaps[number].old, swaps[number].new))
        assert old is not None
        assert new is not None
        outcomes[number] = outcome(reply.mask, old, new)
    told = [(swap.kind, outcomes[number], right[swap.place]) for number, swap in enumerate(swaps)]
    return SwapReport(
        model=loaded.config["name"],
        dataset=f"{dataset.id} {dataset.split} {dataset.language}",
        sentences=len(kept),
        rows=summarise(told),
    )


def outcome(answer: NDArray[np.bool_], old: NDArray[np.bool_], new: NDArray[np.bool_]) -> str:
    """Say whether an answer moved to the new thing; all are bool (H, W)."""
    if float(iou(*count(answer, new))) > FOUND:
        return "moves"
    return "stays" if float(iou(*count(answer, old))) > FOUND else "neither"


def summarise(told: Sequence[tuple[str, str, bool]]) -> tuple[SwapRow, ...]:
    """Count (kind, outcome, whether the original was answered right): all, then by kind."""
    rows = [_row("all", told)]
    for kind in KINDS:
        here = [one for one in told if one[0] == kind]
        if here:
            rows.append(_row(kind, here))
    return tuple(rows)


def _row(kind: str, told: Sequence[tuple[str, str, bool]]) -> SwapRow:
    every = [result for _, result, _ in told]
    of_right = [result for _, result, right in told if right]

    def percent(results: list[str], name: str) -> float:
        return round(100 * results.count(name) / len(results), 2)

    return SwapRow(
        kind=kind,
        n=len(every),
        moves=percent(every, "moves"),
        stays=percent(every, "stays"),
        neither=percent(every, "neither"),
        n_right=len(of_right),
        moves_of_right=percent(of_right, "moves") if of_right else None,
        stays_of_right=percent(of_right, "stays") if of_right else None,
    )


def _one_of_each(truth: DrawnTruth, i: int) -> list[Swap]:
    """Draw one swap of each kind; by the sentence's own number, so that a limit changes none."""
    rng = np.random.default_rng(truth.dataset[i].sent_id)
    by_kind: dict[str, list[Swap]] = {}
    for swap in swaps_of(truth, i):
        by_kind.setdefault(swap.kind, []).append(swap)
    return [swaps[int(rng.integers(len(swaps)))] for swaps in by_kind.values()]


def _or_dash(percent: float | None) -> str:
    return "–" if percent is None else f"{percent:.1f}"
