"""The failure gallery: wrong answers, a few for every cause (paper 004 §4.4, Fig. 6)."""

from collections.abc import Sequence

import numpy as np

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.evaluation.analysis.failures import CAUSES, Failure, FailureReport
from refseg_lib.explain.page import Answer, Case, result_page

PER_CAUSE = 6
MEANING = {
    "language": "the answer lies on a thing that suits the noun and the colours; only words of"
    " place, order, size or relation rule it out",
    "similar appearance": "it lies on a thing of the same look, which the noun or the colours rule"
    " out",
    "occlusion": "more than a quarter of the thing meant is hidden",
    "outline": "the right thing, badly cut out (IoU of 30 % or more)",
    "other": "no other cause holds",
}


def failure_page(
    report: FailureReport, dataset: ReferringDataset, per_cause: int = PER_CAUSE, seed: int = 0
) -> str:
    """Compose the page.

    Args:
        report: The failures of a model on ``dataset``.
        dataset: Where the pictures are.
        per_cause: Examples of every cause, at most.
        seed: Draws them; the same seed draws the same ones.

    Returns:
        A whole HTML document, cause after cause.
    """
    counts, wrong = report.counts(), len(report.failures)
    told = ", ".join(f"{counts[cause]} {cause}" for cause in CAUSES)
    introduction = (
        f"{wrong} of {report.sentences} answers of {report.model} on {report.dataset} have an IoU"
        f" below 50 %. The drawn scene tells why: {told}. Where several causes hold, the first of"
        " outline, occlusion, language and similar appearance counts. Shown are up to"
        f" {per_cause} of each, of different pictures, drawn at random."
    )
    cases = [
        _case(failure, report, dataset, counts[failure.cause])
        for failure in draw_examples(report.failures, per_cause, seed)
    ]
    return result_page(cases, f"Where {report.model} fails", introduction)


def draw_examples(failures: Sequence[Failure], per_cause: int, seed: int) -> list[Failure]:
    """Draw some failures of every cause, each about another picture, in the order of the causes."""
    rng = np.random.default_rng(seed)
    drawn = []
    for cause in CAUSES:
        here = [failure for failure in failures if failure.cause == cause]
        # The last of a picture's sentences in the drawn order stays, which is drawn as well.
        one_of = {here[int(k)].image_id: here[int(k)] for k in rng.permutation(len(here))}
        drawn += sorted(list(one_of.values())[:per_cause], key=lambda failure: failure.place)
    return drawn


def _case(
    failure: Failure, report: FailureReport, dataset: ReferringDataset, of_cause: int
) -> Case:
    expression = dataset[failure.place]
    return Case(
        sentence=expression.sentence,
        image=dataset.image(failure.place),
        answers=(Answer(report.model, failure.answer, (failure.why,)),),
        truth=dataset.mask(failure.place),
        language=dataset.language,
        about=f"Cause: {failure.cause} ({of_cause} of {len(report.failures)} failures):"
        f" {MEANING[failure.cause]}. Image {expression.image_id}, sentence {expression.sent_id}.",
    )
