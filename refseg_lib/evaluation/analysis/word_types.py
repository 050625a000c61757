"""Does CMPC's word classifier find the word types that it was named after?

Paper 001 §3.2, Eq. 1 gives every word a probability of being an entity, attribute, relation or
unnecessary word, and supervises none of them: the names are a hope. ParkRef knows the kind of every
word, so the hope can be checked. As nothing ties a type to its name, agreement is measured as
named, under the best renaming, and by mutual information, which no renaming changes.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import Told, open_truth
from refseg_lib.evaluation.analysis.questions import Question, ask, first_sentences
from refseg_lib.fusion.word_types import TYPES
from refseg_lib.models.saved import Loaded

LETTERS = "".join(name[0] for name in TYPES)
TRACE = "cmpc.word_types"


@dataclass(frozen=True)
class Agreement:
    """How far found types agree with true kinds.

    Attributes:
        confusion: Words, ``confusion[true][found]``, both in the order of
            :data:`refseg_lib.fusion.word_types.TYPES`; found is the most probable type.
        probability: The mean probability of each type, by true kind.
        accuracy: Percent of the words whose type is the one named so.
        chance: Percent that always answering the most frequent kind would get.
        renaming: For each found type the kind that it stands for under the best renaming.
        renamed_accuracy: Percent right under it.
        information: Bits that the found type tells about the kind.
        entropy: Bits that there are to be told.
    """

    confusion: tuple[tuple[int, ...], ...]
    probability: tuple[tuple[float, ...], ...]
    accuracy: float
    chance: float
    renaming: tuple[str, ...]
    renamed_accuracy: float
    information: float
    entropy: float


@dataclass(frozen=True)
class WordTypeReport:
    """The result: who was asked what, and :class:`Agreement` over all words.

    Attributes:
        model: The model's name.
        dataset: Data set, split, language.
        sentences: Sentences asked.
        left_out: Tokens that join words of several kinds, so that no kind is true.
        agreement: Of all other words.
    """

    model: str
    dataset: str
    sentences: int
    left_out: int
    agreement: Agreement

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for ``json.dump``."""
        return asdict(self)

    def markdown(self) -> str:
        """Return a heading, the numbers in words, and a table."""
        found = self.agreement
        words = sum(map(sum, found.confusion))
        renamed = ", ".join(
            f"{name} → {meant}" for name, meant in zip(TYPES, found.renaming, strict=True)
        )
        about = (
            f"{self.model}, {self.dataset}, {self.sentences} sentences, {words} words"
            f" ({self.left_out} tokens of several kinds left out). As named,"
            f" {found.accuracy:.1f} % of the words are right; always answering the most frequent"
            f" kind gets {found.chance:.1f} %. The best renaming ({renamed}) gets"
            f" {found.renamed_accuracy:.1f} %. The type tells {found.information:.2f} of"
            f" {found.entropy:.2f} bits."
        )
        lines = ["| true kind | words |" + "".join(f" {name} |" for name in TYPES)]
        lines.append("|---|--:|" + "--:|" * len(TYPES))
        for name, counts, mean in zip(TYPES, found.confusion, found.probability, strict=True):
            cells = "".join(f" {n} ({p:.2f}) |" for n, p in zip(counts, mean, strict=True))
            lines.append(f"| {name} | {sum(counts)} |{cells}")
        legend = "Columns: the most probable type; in brackets the mean probability."
        return "\n".join(("## Word types", "", about, "", *lines, "", legend, ""))


def compare_word_types(
    loaded: Loaded, dataset: ReferringDataset, limit: int | None = None, *, progress: bool = True
) -> WordTypeReport:
    """Hold CMPC's types of all words against ParkRef's.

    Args:
        loaded: A CMPC.
        dataset: A split of ParkRef.
        limit: Ask only the first so many sentences.
        progress: Show a progress bar.

    Raises:
        UserError: The model gives words no types, or the data are not ParkRef.
    """
    truth, kept = open_truth(dataset), first_sentences(dataset, limit)
    questions = [Question(i, dataset[i].sentence) for i in kept]
    kinds: list[str] = []
    found: list[NDArray[np.float64]] = []
    for reply in ask(
        loaded,
        dataset,
        questions,
        look_inside=True,
        title=f"words on {dataset.id} {dataset.split}",
        progress=progress,
    ):
        if TRACE not in reply.inside:
            raise UserError(
                f"{loaded.config['name']} gives words no types: give a CMPC that perceives"
                " entities or reasons along relations"
            )
        types = reply.inside[TRACE][reply.row, : len(reply.tokens)]
        found.append(types.double().cpu().numpy())
        kinds += token_kinds(reply.tokens, truth.told(kept[reply.number]))
    known = np.array([kind in LETTERS for kind in kinds])
    return WordTypeReport(
        model=loaded.config["name"],
        dataset=f"{dataset.id} {dataset.split} {dataset.language}",
        sentences=len(kept),
        left_out=int((~known).sum()),
        agreement=agreement(
            [kind for kind in kinds if kind in LETTERS], np.concatenate(found)[known]
        ),
    )


def token_kinds(tokens: Sequence[str], told: Told) -> list[str]:
    """Give every token the kind of its characters; ``"?"`` where it joins several kinds.

    Args:
        tokens: As a model reads the sentence: in English the words, in Chinese cut otherwise.
        told: The truth.
    """
    letters = "".join(len(word) * kind for word, kind in zip(told.words, told.kinds, strict=True))
    kinds, start = [], 0
    for token in tokens:
        here = set(letters[start : start + len(token)])
        kinds.append(here.pop() if len(here) == 1 else "?")
        start += len(token)
    return kinds


def agreement(kinds: Sequence[str], found: NDArray[np.float64]) -> Agreement:
    """Compare.

    Args:
        kinds: A letter of :data:`LETTERS` per word.
        found: (words, 4) probability of each type.
    """
    from scipy.optimize import linear_sum_assignment

    true = np.array([LETTERS.index(kind) for kind in kinds])
    confusion = np.zeros((4, 4), np.int64)
    np.add.at(confusion, (true, found.argmax(1)), 1)
    sums = np.zeros((4, 4))
    np.add.at(sums, true, found)
    rows, columns = linear_sum_assignment(-confusion)
    stands_for = dict(zip(columns.tolist(), rows.tolist(), strict=True))
    joint = confusion / len(true)
    apart = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    of_kinds = joint.sum(1)[joint.sum(1) > 0]
    return Agreement(
        confusion=tuple(map(tuple, confusion.tolist())),
        probability=tuple(
            map(tuple, (sums / np.maximum(confusion.sum(1, keepdims=True), 1)).round(4).tolist())
        ),
        accuracy=_percent(np.trace(joint)),
        chance=_percent(joint.sum(1).max()),
        renaming=tuple(TYPES[stands_for[found_type]] for found_type in range(4)),
        renamed_accuracy=_percent(joint[rows, columns].sum()),
        information=round(float((joint[seen] * np.log2(joint[seen] / apart[seen])).sum()), 4),
        entropy=round(float(-(of_kinds * np.log2(of_kinds)).sum()), 4),
    )


def _percent(share: float) -> float:
    return round(100 * float(share), 2)
