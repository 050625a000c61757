"""How sure a score is: the bootstrap over images.

Sentences about one picture are not independent: a system that misreads the picture misses them
together. So whole pictures are drawn with replacement, each with all its sentences (a cluster
bootstrap; Efron and Tibshirani 1993, ch. 8 and 13).
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.sentence_scores import SentenceScore

DRAWS, SEED = 2000, 0
LEVEL = 95
"""Percent of the draws that an interval holds."""
_AT_ONCE = 200

Interval = tuple[float, float]


@dataclass(frozen=True)
class ImageSums:
    """What the scores need of every image.

    Attributes:
        images: Image ids, in the order of the rows.
        labels: Labels, in the order of the columns; the first column is all sentences.
        sums: float64 (images, 1 + labels, 4): sentences, intersections, unions, and sentences
            whose IoU is 0.5 or more.
    """

    images: tuple[Hashable, ...]
    labels: tuple[str, ...]
    sums: NDArray[np.float64]


def sum_by_image(
    scores: Sequence[SentenceScore], labels: Sequence[str], names: Sequence[str]
) -> ImageSums:
    """Add the sentences of each image and label up.

    Args:
        scores: The sentences.
        labels: The label of each.
        names: All labels, in reading order.

    Returns:
        The sums; images are sorted by their ids, so that two systems' rows correspond.

    Raises:
        UserError: There is no sentence, not one label per sentence, or a label is not in
            ``names``.
    """
    if not scores or len(scores) != len(labels):
        raise UserError(
            f"{len(scores)} sentence scores with {len(labels)} labels: expected one label per"
            " sentence, and one sentence or more; were both made with the same split and limit?"
        )
    strange = sorted(set(labels) - set(names))
    if strange:
        raise UserError(f"label {strange[0]!r} is none of {', '.join(names)}")
    images = sorted({score.image_id for score in scores}, key=lambda one: (str(type(one)), one))
    row = {image: number for number, image in enumerate(images)}
    column = {name: number for number, name in enumerate(names, start=1)}
    rows = [row[score.image_id] for score in scores]
    numbers = np.array(
        [(1, score.intersection, score.union, score.iou >= 0.5) for score in scores], np.float64
    )
    sums = np.zeros((len(images), 1 + len(names), 4))
    np.add.at(sums, (rows, 0), numbers)
    np.add.at(sums, (rows, [column[label] for label in labels]), numbers)
    return ImageSums(tuple(images), tuple(names), sums)


def resample(
    sums: NDArray[np.float64], draws: int = DRAWS, seed: int = SEED
) -> NDArray[np.float64]:
    """Score many drawn splits.

    Two calls with as many images and the same seed draw the same images: the difference of their
    results is paired.

    Args:
        sums: (images, columns, 4), see :class:`ImageSums`.
        draws: Splits to draw, each of as many images as there are.
        seed: Of the drawing.

    Returns:
        float64 (draws, columns, 2): oIoU and P@0.5 in percent, NaN where a drawn split has no
        sentence of the column.
    """
    rng = np.random.default_rng(seed)
    images = len(sums)
    parts = []
    # In pieces: (draws, images) of a whole benchmark would be large.
    for begin in range(0, draws, _AT_ONCE):
        some = min(_AT_ONCE, draws - begin)
        parts.append(score_sums(np.tensordot(draw_images(images, some, rng), sums, 1)))
    return np.concatenate(parts)


def draw_images(images: int, draws: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw as many images as there are, with replacement: how often each, (draws, images)."""
    drawn = rng.multinomial(images, np.full(images, 1 / images), size=draws)
    return drawn.astype(np.float64)


def score_sums(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute oIoU and P@0.5 in percent from sums (..., 4); NaN where there is no sentence."""
    n, intersection, union, found = np.moveaxis(sums, -1, 0)
    some = n > 0
    overall = np.where(some, 100 * iou(intersection, union), np.nan)
    precision = np.where(some, 100 * found / np.where(some, n, 1), np.nan)
    return np.stack([overall, precision], -1)


def interval(drawn: NDArray[np.float64]) -> Interval | None:
    """Return the percentile interval of drawn scores (draws,); None where all are NaN."""
    kept = drawn[~np.isnan(drawn)]
    if len(kept) == 0:
        return None
    return middle(kept)


def middle(drawn: NDArray[np.float64]) -> Interval:
    """Return the range that holds the middle :data:`LEVEL` percent of some draws, none NaN."""
    low, high = np.percentile(drawn, [(100 - LEVEL) / 2, (100 + LEVEL) / 2])
    return float(low), float(high)
