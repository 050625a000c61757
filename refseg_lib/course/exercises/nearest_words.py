"""Which words are near each other: cosine similarity of word vectors.

The measure of word2vec's and GloVe's authors (Mikolov et al. 2013, §4; Pennington et al. 2014,
§4.1): the angle counts, not the length, which follows how frequent a word is.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_kind,
    right_shape,
    right_values,
)

Nearest = Callable[[Tensor, int, int], Tensor]
Measure = Callable[[Tensor, int], Tensor]


def nearest_words(vectors: Tensor, row: int, k: int) -> Tensor:
    """Find the words nearest to one word.

    Args:
        vectors: (V, C), one row per word; a row of zeros (padding) is like no word.
        row: Which word.
        k: How many to return, at most V - 1.

    Returns:
        (k,) int64, rows of the words of the highest cosine similarity, the nearest first, never
        ``row`` itself.
    """
    units = F.normalize(vectors, dim=-1)
    similarity = units @ units[row]
    similarity[row] = -torch.inf
    return similarity.topk(k).indices


def by_loop(vectors: Tensor, row: int, k: int) -> Tensor:
    """One word after the other, in plain Python."""
    table = vectors.tolist()

    def cosine(one: list[float], other: list[float]) -> float:
        lengths = math.hypot(*one) * math.hypot(*other)
        return sum(a * b for a, b in zip(one, other, strict=True)) / lengths if lengths else 0.0

    others = [index for index in range(len(table)) if index != row]
    others.sort(key=lambda index: -cosine(table[index], table[row]))
    return torch.tensor(others[:k])


def by_torch(vectors: Tensor, row: int, k: int) -> Tensor:
    """The same with torch's cosine, sorted, the word itself struck out."""
    order = F.cosine_similarity(vectors, vectors[row, None], dim=1).argsort(descending=True)
    return order[order != row][:k]


# Degrees from the word asked about, and lengths: so that each mistake answers otherwise.
ANGLES = (0.0, 20.0, -35.0, 60.0, -80.0, 120.0, 175.0)
LENGTHS = (1.0, 0.2, 3.0, 9.0, 0.7, 1.5, 2.0)


def _plane(draw: Draw, name: str, k: int, words: int = 7, word: int = 0, ruler: int = 2) -> Case:
    """Words in a plane of ``ruler`` dimensions, turned and shuffled; ``word`` is asked about."""
    angles = torch.tensor(ANGLES[:words], dtype=torch.float64) + draw.uniform(words, high=3)
    angles = torch.deg2rad(angles + draw.uniform(1, high=360))
    lengths = torch.tensor(LENGTHS[:words], dtype=torch.float64)[:, None]
    flat = lengths * torch.stack([angles.cos(), angles.sin()], 1)
    # Two orthonormal directions of the larger space: angles stay what they are.
    directions = torch.linalg.qr(draw.normal(ruler, 2)).Q
    order = draw.permutation(words)
    row = int((order == word).nonzero()[0, 0])
    return Case(name, {"vectors": (flat @ directions.T)[order], "row": row, "k": k})


def _few(draw: Draw) -> list[Case]:
    return [
        _plane(draw, "three words, the nearest", 1, words=3),
        _plane(draw, "seven words in the plane, the nearest", 1),
        _plane(draw, "seven words in the plane, the nearest three", 3),
    ]


def _many(draw: Draw) -> list[Case]:
    return [
        _plane(draw, "seven words of five numbers, all six others", 6, ruler=5),
        _plane(draw, "the nearest four of another word", 4, word=3, ruler=5),
    ]


def _types(draw: Draw) -> list[Case]:
    return [_plane(draw, "three words, the nearest two", 2, words=3)]


def _padding(draw: Draw) -> list[Case]:
    case = _plane(draw, "row 0 is padding, a vector of zeros", 3)
    vectors = torch.cat([torch.zeros(1, 2, dtype=torch.float64), case.inputs["vectors"]])
    return [Case(case.name, {"vectors": vectors, "row": case.inputs["row"] + 1, "k": 3})]


def _twin(draw: Draw) -> list[Case]:
    """Another word of just the same direction stands before the word asked about."""
    case = _plane(draw, "row 0 has twice the vector of the word asked about", 2)
    vectors, row = case.inputs["vectors"], case.inputs["row"]
    vectors = torch.cat([2 * vectors[row, None], vectors])
    return [Case(case.name, {"vectors": vectors, "row": row + 1, "k": 2})]


def _stretched(draw: Draw) -> list[Case]:
    """The same words, each vector longer or shorter: a power of two leaves no rounding."""
    case = _plane(draw, "five words", 4, words=5)
    powers = torch.pow(2.0, draw.integers(5, low=-3, high=6).double())[:, None]
    longer = {**case.inputs, "vectors": powers * case.inputs["vectors"]}
    return [case, Case("the same five, their vectors longer and shorter", longer)]


def _everything(draw: Draw) -> list[Case]:
    return [*_few(draw), *_many(draw), *_padding(draw)]


def _alike(_cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    if torch.equal(values[0], values[1]):
        return None
    return 1, "other neighbours, though every vector still points the same way"


def _never(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, near) in enumerate(zip(cases, values, strict=True)):
        if case.inputs["row"] in near.tolist():
            return index, f"word {case.inputs['row']} is among its own neighbours"
    return None


def _dot(vectors: Tensor, row: int) -> Tensor:
    return vectors @ vectors[row]


def _straight(vectors: Tensor, row: int) -> Tensor:
    return -(vectors - vectors[row]).norm(dim=1)


def _columns(vectors: Tensor, row: int) -> Tensor:
    units = F.normalize(vectors, dim=0)
    return units @ units[row]


def _cosine(vectors: Tensor, row: int) -> Tensor:
    return F.cosine_similarity(vectors, vectors[row, None], dim=1)


def _by_hand(vectors: Tensor, row: int) -> Tensor:
    lengths = vectors.norm(dim=1)
    return (vectors @ vectors[row]) / (lengths * lengths[row])


def _ranked(measure: Measure, strike: bool = True, more: int = 0) -> Nearest:
    def wrong(vectors: Tensor, row: int, k: int) -> Tensor:
        similarity = measure(vectors, row)
        if strike:
            similarity[row] = -torch.inf
        return similarity.argsort(descending=True, stable=True)[: k + more]

    return wrong


def _first_struck(vectors: Tensor, row: int, k: int) -> Tensor:
    return _cosine(vectors, row).argsort(descending=True, stable=True)[1 : k + 1]


def _values(vectors: Tensor, row: int, k: int) -> Tensor:
    near = nearest_words(vectors, row, k)
    return _cosine(vectors, row)[near]


def _sorted(vectors: Tensor, row: int, k: int) -> Tensor:
    return nearest_words(vectors, row, k).sort().values


def _in_place(vectors: Tensor, row: int, k: int) -> Tensor:
    near = nearest_words(vectors, row, k)
    vectors /= vectors.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return near


EXERCISE = Exercise(
    name="nearest-words",
    title="The nearest words",
    notebook="02",
    minutes=6,
    objective="You can ask a table of word vectors which words it holds to be alike.",
    reference=nearest_words,
    alternatives=(by_loop, by_torch),
    requirements=(
        right_kind(_types, "one tensor of int64: rows, not similarities"),
        right_shape(_types, "k rows, no fewer and no more"),
        right_values(_few, "the nearest words by cosine, the nearest first", 3),
        right_values(_many, "any number of dimensions, any word", 1, "many"),
        right_values(_padding, "a row of zeros is like no word", 1, "padding"),
        holds("itself", "never the word itself, not even beside a twin", _twin, _never),
        holds("length", "longer and shorter vectors change nothing", _stretched, _alike),
        inputs_kept(_everything, "the vectors that came in are not changed"),
    ),
    mutants=(
        Mutant("dot", "the dot product, which prefers long vectors", _ranked(_dot)),
        Mutant("straight", "the straight distance instead of the angle", _ranked(_straight)),
        Mutant("columns", "columns brought to length one instead of rows", _ranked(_columns)),
        Mutant("zero-length", "a division by the length 0 of the padding", _ranked(_by_hand)),
        Mutant(
            "opposite",
            "the absolute value of the cosine, which takes opposites for alike",
            _ranked(lambda v, r: _cosine(v, r).abs()),
        ),
        Mutant("farthest", "the farthest words", _ranked(lambda v, r: -_cosine(v, r))),
        Mutant("itself", "the word itself among its neighbours", _ranked(_cosine, strike=False)),
        Mutant("one-more", "one word too many", _ranked(_cosine, more=1)),
        Mutant("first-struck", "the first of the ranking left out, whoever it is", _first_struck),
        Mutant("values", "similarities instead of rows", _values),
        Mutant("sorted", "the right words in the order of their rows", _sorted),
        Mutant("in-place", "the input itself brought to length one", _in_place),
    ),
    hints=(
        "The cosine of two vectors is their dot product after both were divided by their lengths.",
        "One matrix product gives the similarity of all words to one. Take care that the word"
        " itself cannot win, and that a vector of zeros is not divided by zero.",
        "F.normalize makes all rows unit vectors, zeros stay zeros. Multiply with the one row, set"
        " its own entry to -inf, and ask topk for indices.",
    ),
)
