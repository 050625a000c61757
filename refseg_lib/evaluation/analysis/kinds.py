"""Kinds of sentence: by length, relation, location word, size of the referent, and its likes.

Every kind sorts each sentence of a split into one of a few labels that are fixed beforehand, so
that splits, data sets and languages can be laid side by side.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from refseg_lib.data.graph_cache import graphs_of
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.data.unpickling import load_json
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.location import LOCATIONS, location_of
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.tokens import tokenize

LENGTHS = ("1 word", "2 words", "3 words", "4-5 words", "6-8 words", "9 words or more")
_LENGTHS_FROM = (2, 3, 4, 6, 9)
# The relations that led a hundredth of the sentences or more in one of RefCOCO, RefCOCO+, RefCOCOg
# (built-in parser, 2,500 val sentences each) or ParkRef's unc and gref (true graphs); and "above".
RELATIONS = (
    "with", "in", "wearing", "holding", "held by", "on", "of", "at", "next to", "near", "left of",
    "right of", "in front of", "behind", "above", "under", "between", "riding", "sitting on",
    "without",
)  # fmt: skip
NO_RELATION, OTHER_RELATION = "none", "other relation"
_SAME_RELATION = {"holding by": "held by", "closest to": "near"}
SIZES = ("under 1 %", "1-3 %", "3-6 %", "6-12 %", "12-25 %", "over 25 %")
# From 3 % on, an object has twice the area of the label before. ParkRef's objects cover 2.4 to 12 %
# (5th to 95th percentile of val), those of RefCOCO that we have 3.8 to 27 %: with one edge at 10 %,
# nine of ten drawn objects would share a label. Below 3 % lies what COCO calls medium and small
# (under 96 x 96 of 640 x 480 pixels); RefCOCO has next to none of it, ReferIt and stuff do.
_SIZES_FROM = (0.01, 0.03, 0.06, 0.12, 0.25)
LIKES = ("only one", "2", "3", "4 or more", "no categories")


@dataclass(frozen=True)
class Kind:
    """A way to sort the sentences of a split.

    Attributes:
        name: Such as ``"length"``.
        meaning: What it sorts by, in one line.
        labels: All labels there are, in reading order.
        sort: Gives the label of each of the first so many sentences of a split.
    """

    name: str
    meaning: str
    labels: tuple[str, ...]
    sort: Callable[[ReferringDataset, int], list[str]]

    def label(self, dataset: ReferringDataset, limit: int | None = None) -> list[str]:
        """Label the sentences of a split.

        Args:
            dataset: The split, in either language.
            limit: Only the first so many sentences.

        Returns:
            One of :attr:`labels` per sentence, in the order of ``dataset``.

        Raises:
            UserError: Annotations or true graphs are missing, or jieba for Chinese.
        """
        return self.sort(dataset, len(dataset) if limit is None else min(limit, len(dataset)))


def _length(dataset: ReferringDataset, kept: int) -> list[str]:
    labels = []
    for i in range(kept):
        sentence = dataset[i].sentence
        # A comma is no word, and no word is cut off.
        words = tokenize(sentence, dataset.language, len(sentence) + 1, keep_punctuation=False)
        labels.append(LENGTHS[bisect_right(_LENGTHS_FROM, len(words))])
    return labels


def _relation(dataset: ReferringDataset, kept: int) -> list[str]:
    # Only ParkRef has graphs that are true; of all others we know what a parser reads.
    backend = "truth" if dataset.id.startswith("parkref_") else "builtin"
    return [first_relation(graph) for graph in graphs_of(dataset, backend)[:kept]]


def first_relation(graph: LanguageGraph) -> str:
    """Return the label of the relation of the referent's first edge, ``"none"`` without one."""
    for edge in graph.edges:
        if edge.subject == graph.referent:
            relation = _SAME_RELATION.get(edge.relation, edge.relation)
            return relation if relation in RELATIONS else OTHER_RELATION
    return NO_RELATION


def _location(dataset: ReferringDataset, kept: int) -> list[str]:
    return [location_of(dataset[i].sentence, dataset.language) for i in range(kept)]


def _size(dataset: ReferringDataset, kept: int) -> list[str]:
    labels: dict[int, str] = {}
    sizes = []
    for i in range(kept):
        # Several sentences mean one object: its mask is drawn once.
        ann_id = dataset[i].ann_id
        if ann_id not in labels:
            share = float(dataset.mask(i).mean())
            labels[ann_id] = SIZES[bisect_right(_SIZES_FROM, share)]
        sizes.append(labels[ann_id])
    return sizes


def _likes(dataset: ReferringDataset, kept: int) -> list[str]:
    if dataset.id == "referit":
        return [LIKES[-1]] * kept
    path = dataset.folder / "instances.json"
    try:
        # All annotations of the pictures are counted, also those that no sentence speaks of.
        kin = {a["id"]: (a["image_id"], a["category_id"]) for a in load_json(path)["annotations"]}
        there = Counter(kin.values())
        counts = [there[kin[dataset[i].ann_id]] for i in range(kept)]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{path} lacks {error} in its annotations: run `refseg data check` on the folder"
        ) from error
    return [LIKES[min(count, 4) - 1] for count in counts]


KINDS = (
    Kind("length", "words of the sentence, without punctuation", LENGTHS, _length),
    Kind(
        "relation",
        "the first relation of the referent to something else in the language graph"
        " (the true one on ParkRef, parsed elsewhere)",
        (NO_RELATION, *RELATIONS, OTHER_RELATION),
        _relation,
    ),
    Kind("location", "words that say where in the picture the referent is", LOCATIONS, _location),
    Kind("size", "share of the picture that the referent covers", SIZES, _size),
    Kind(
        "same category",
        "objects of the referent's category in the picture, the referent among them",
        LIKES,
        _likes,
    ),
)
