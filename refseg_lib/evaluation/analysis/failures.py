"""Why an answer is wrong: causes from the ground truth.

Paper 004 (§4.4, Fig. 6) names three: ambiguity of the language, similar appearance, occlusion. In
ParkRef no sentence is ambiguous, so what is left of the first is a sentence whose telling words,
those of place, order, size or relation, were not followed. With the scene known, each answer with
IoU < 0.5 gets the first cause of this list that holds:

* ``"outline"``: more of the answer lies on the referent than on any other thing, and IoU >= 0.3:
  the right thing, badly cut out.
* ``"occlusion"``: more than a quarter of the referent is behind something or outside the picture.
* ``"language"``: at least half of the answer lies on another thing, which suits the sentence's noun
  and its colours: only words of place, order, size or relation rule it out.
* ``"similar appearance"``: at least half of the answer lies on another thing of the same look: one
  that some word names as well as the referent (a man and a boy are both a person, a cat and a dog
  both an animal), but which the sentence's noun or colours rule out.
* ``"other"``: all else.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.evaluation.analysis.drawn_truth import PER_IMAGE, DrawnTruth, open_truth
from refseg_lib.evaluation.analysis.questions import Question, ask, first_sentences
from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.protocols import count
from refseg_lib.models.saved import Loaded
from refseg_lib.parkref.drawing import extent, render
from refseg_lib.parkref.meaning import NOUNS, Phrase, denote
from refseg_lib.parkref.scene import STUFF
from refseg_lib.parkref.understanding import understand

Mask = NDArray[np.bool_]
CAUSES = ("language", "similar appearance", "occlusion", "outline", "other")
RIGHT, NEARLY, MOSTLY, VISIBLE = 0.5, 0.3, 0.5, 0.75


@dataclass(frozen=True)
class Failure:
    """A sentence that was answered wrong.

    Attributes:
        place: Its position in the data set.
        image_id: Its picture.
        iou: Of the answer, in [0, 1].
        cause: One of :data:`CAUSES`.
        why: The cause in words.
        answer: bool (H, W).
    """

    place: int
    image_id: int
    iou: float
    cause: str
    why: str
    answer: Mask = field(repr=False)


@dataclass(frozen=True)
class FailureReport:
    """The result.

    Attributes:
        model: The model's name.
        dataset: Data set, split, language.
        sentences: Sentences asked.
        failures: In the order of the data set.
    """

    model: str
    dataset: str
    sentences: int
    failures: tuple[Failure, ...] = field(repr=False)

    def counts(self) -> dict[str, int]:
        """Count the failures of every cause."""
        found = Counter(failure.cause for failure in self.failures)
        return {cause: found[cause] for cause in CAUSES}

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers and strings, ready for ``json.dump``; answers are left out."""
        return {
            "model": self.model,
            "dataset": self.dataset,
            "sentences": self.sentences,
            "failures": len(self.failures),
            "counts": self.counts(),
            "in_words": dict(Counter(failure.why for failure in self.failures).most_common()),
        }

    def markdown(self) -> str:
        """Return a heading, a line, and a table of causes."""
        wrong = len(self.failures)
        lines = [
            "## Failures",
            "",
            f"{self.model}, {self.dataset}: {wrong} of {self.sentences} sentences"
            f" ({100 * wrong / self.sentences:.1f} %) have an IoU below {RIGHT}.",
            "",
            "| cause | n | % of failures | % of sentences |",
            "|---|--:|--:|--:|",
        ]
        lines += [
            f"| {cause} | {n} | {100 * n / max(wrong, 1):.1f} | {100 * n / self.sentences:.1f} |"
            for cause, n in self.counts().items()
        ]
        return "\n".join((*lines, ""))


def find_failures(
    loaded: Loaded, dataset: ReferringDataset, limit: int | None = None, *, progress: bool = True
) -> FailureReport:
    """Ask a split's sentences and say of every wrong answer why.

    Args:
        loaded: Any model; one that reasons along graphs gets those it was trained with.
        dataset: A split of ParkRef.
        limit: Ask only the first so many sentences.
        progress: Show a progress bar.

    Raises:
        UserError: The data are not ParkRef.
    """
    truth, kept = open_truth(dataset), first_sentences(dataset, limit)
    graphs = graphs_for(loaded.model, dataset, loaded.config.get("graphs", "builtin"))
    questions = [
        Question(i, dataset[i].sentence, None if graphs is None else graphs[i]) for i in kept
    ]
    found = []
    for reply in ask(
        loaded,
        dataset,
        questions,
        title=f"failures on {dataset.id} {dataset.split}",
        progress=progress,
    ):
        i = kept[reply.number]
        overlap = float(iou(*count(reply.mask, dataset.mask(i))))
        if overlap < RIGHT:
            why = explain_failure(truth, i, reply.mask)
            found.append(Failure(i, dataset[i].image_id, overlap, *why, reply.mask))
    return FailureReport(
        model=loaded.config["name"],
        dataset=f"{dataset.id} {dataset.split} {dataset.language}",
        sentences=len(kept),
        failures=tuple(sorted(found, key=lambda failure: failure.place)),
    )


def explain_failure(truth: DrawnTruth, i: int, answer: Mask) -> tuple[str, str]:
    """Find the cause of a wrong answer to sentence ``i``: (cause, the same in words)."""
    expression, mask = truth.dataset[i], truth.dataset.mask(i)
    meant = expression.ann_id
    area = int(answer.sum())
    if not area:
        return "other", "nothing found"
    things = truth.things(expression.image_id)
    on = {n: float((answer & seen).sum()) / area for n, seen in things.items()}
    on.setdefault(meant, float((answer & mask).sum()) / area)
    most = max(on, key=lambda number: on[number])
    if not on[most]:
        return "other", "on no thing at all"
    if most == meant and float(iou(*count(answer, mask))) >= NEARLY:
        return "outline", "on the right thing, but badly cut out"
    if expression.category in STUFF:
        return "other", f"does not find the {expression.category}"
    visible = visible_share(truth, i)
    if visible < VISIBLE:
        return "occlusion", f"more than a quarter of the {expression.category} is hidden"
    if most == meant:
        return "other", "touches the right thing, but most of the answer or of the thing is missed"
    if on[most] < MOSTLY:
        return "other", "spread over several things"
    other = truth.category(most)
    phrase = understand(" ".join(truth.told(i, "en").words))
    world, place = truth.draw(i).world, most % PER_IMAGE
    if denote(plain(phrase), world)[1] >> place & 1:
        return "language", f"on another {other}, ruled out by {telling_words(phrase)} alone"
    if look_alike(other, expression.category):
        named = denote(Phrase(phrase.noun), world)[1] >> place & 1
        what = f"another {other}" if other == expression.category else f"a {other}"
        return (
            "similar appearance",
            f"on {what}, ruled out by {'colours or clothes' if named else 'the noun'}",
        )
    return "other", f"on a {other} instead of a {expression.category}"


def plain(phrase: Phrase) -> Phrase:
    """Leave of a phrase its noun and what the thing looks like: its colours and clothes."""
    worn = tuple(clause for clause in phrase.clauses if clause.relation == "wearing")
    return replace(phrase, size=None, place=None, ordinal=1, clauses=worn)


def telling_words(phrase: Phrase) -> str:
    """Say of which sort the words are that :func:`plain` leaves out, e.g. "place and relation"."""
    sorts = {
        "order": phrase.ordinal > 1,
        "place": phrase.place is not None and phrase.ordinal == 1,
        "size": phrase.size is not None,
        "relation": any(clause.relation != "wearing" for clause in phrase.clauses),
    }
    return "words of " + " and ".join(sort for sort, said in sorts.items() if said)


def look_alike(one: str, other: str) -> bool:
    """Say whether some noun of ParkRef names both categories."""
    return any({one, other} <= set(named) for named, _ in NOUNS.values())


def visible_share(truth: DrawnTruth, i: int) -> float:
    """Compute which share of the referent of sentence ``i`` is seen, in [0, 1].

    What it would show alone in the picture is drawn; what of its box lies outside is taken off.
    """
    drawn, mask = truth.draw(i), truth.dataset.mask(i)
    scene = drawn.world.scene
    thing = scene.things[truth.dataset[i].ann_id % PER_IMAGE]
    alone = render(replace(scene, things=(thing,), links=()), mask.shape[0]).things == 1
    x0, y0, x1, y1 = extent(thing)
    width = max(0.0, min(x1, scene.aspect) - max(x0, 0.0))
    height = max(0.0, min(y1, 1.0) - max(y0, 0.0))
    within = width * height / ((x1 - x0) * (y1 - y0))
    return min(1.0, float(mask.sum()) / max(int(alone.sum()), 1)) * within
