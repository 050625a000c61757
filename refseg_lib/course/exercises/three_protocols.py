"""The same logits and truth under three protocols: strict, the older rule, SHNet's (spec §16.2)."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from refseg_lib.course import comparing
from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Finding, Mutant, Outcome, Requirement
from refseg_lib.course.requirements import holds, inputs_kept, right_kind
from refseg_lib.evaluation.protocols import legacy_tf, shnet, strict

Answers = dict[str, tuple[int, int]]


def three_protocols(logits: Tensor, truth: Tensor) -> Answers:
    """Score one sentence three times with the library's own protocols.

    Args:
        logits: float64 (S, S), of a square picture: there are no bars to cut off.
        truth: bool (N, N) at the picture's own size.

    Returns:
        Protocol -> (intersection, union) in pixels; ``shnet`` in cells of the S x S square.
    """
    square = truth.numpy()
    return {
        "strict": strict(logits, square),
        "legacy-tf": legacy_tf(logits, square),
        "shnet": shnet(logits, square, side=len(logits)),
    }


def _resize(cells: Tensor, size: int, corners: bool = False, mode: str = "bilinear") -> Tensor:
    aligned = None if mode == "nearest-exact" else corners
    wide = cells.double()[None, None]
    return functional.interpolate(wide, (size, size), mode=mode, align_corners=aligned)[0, 0]


def _count(mask: Tensor, truth: Tensor) -> tuple[int, int]:
    return int((mask & truth).sum()), int((mask | truth).sum())


Score = Callable[[Tensor, Tensor], tuple[int, int]]


def _strict(logits: Tensor, truth: Tensor) -> tuple[int, int]:
    return _count(_resize(logits, len(truth)) >= 0, truth)


def _legacy(logits: Tensor, truth: Tensor) -> tuple[int, int]:
    return _count(_resize(logits >= 0, len(truth)) > 0, truth)


def _shnet(logits: Tensor, truth: Tensor) -> tuple[int, int]:
    return _count(torch.sigmoid(logits) > 0.4, _resize(truth, len(logits), corners=True) > 0)


def _answer(
    strict: Score = _strict, legacy: Score = _legacy, shnet: Score = _shnet
) -> Callable[[Tensor, Tensor], Answers]:
    return lambda logits, truth: {
        "strict": strict(logits, truth),
        "legacy-tf": legacy(logits, truth),
        "shnet": shnet(logits, truth),
    }


def by_interpolate(logits: Tensor, truth: Tensor) -> Answers:
    """Resize with PyTorch."""
    return _answer()(logits, truth)


def by_matrices(logits: Tensor, truth: Tensor) -> Answers:
    """Resize with two matrices, one for the rows and one for the columns."""

    def resize(cells: Tensor, size: int, corners: bool = False) -> Tensor:
        old, new = len(cells), torch.arange(size, dtype=torch.float64)
        place = new * (old - 1) / (size - 1) if corners else (new + 0.5) * old / size - 0.5
        centres = torch.arange(old, dtype=torch.float64)
        near = 1 - (place.clamp(0, old - 1)[:, None] - centres).abs()
        return near.clamp(min=0) @ cells.double() @ near.clamp(min=0).T

    grown = resize(truth, len(logits), corners=True) > 0
    return {
        "strict": _count(resize(logits, len(truth)) >= 0, truth),
        "legacy-tf": _count(resize(logits >= 0, len(truth)) > 0, truth),
        "shnet": _count(logits > torch.tensor(0.4 / 0.6).log(), grown),
    }


# Sizes whose ratios are whole numbers of quarters: no rounding makes a zero look like a share.
_SIZES = ((5, 10), (9, 18), (9, 36))


def _blob(draw: Draw, name: str, small: int, large: int) -> Case:
    """Draw a round thing, and logits that find it roughly, unsure at its border."""
    y, x = torch.meshgrid(*(torch.linspace(0, 1, large, dtype=torch.float64),) * 2, indexing="ij")
    centre = draw.uniform(2, low=0.4, high=0.6)
    distance = ((y - centre[0]) ** 2 + (x - centre[1]) ** 2).sqrt()
    logits = 14 * (0.28 - _resize(distance, small)) + draw.normal(small, small, scale=0.7)
    # One cell that says 0.45: over 0.40, below 0.5.
    logits[0, 0] = -0.2 + float(draw.uniform(1, high=0.02))
    return Case(
        name, {"logits": logits, "truth": distance + 0.02 * draw.normal(large, large) < 0.25}
    )


def _edge(draw: Draw) -> Case:
    """Draw a thing in the picture's first row of pixels alone, and logits that find it."""
    truth = torch.zeros(36, 36, dtype=torch.bool)
    truth[0] = draw.chance(36, share=0.8)
    logits = draw.uniform(9, 9, low=-6, high=-4)
    logits[0] += 9
    return Case("9 × 9 logits, a thing at the edge of 36 × 36", {"logits": logits, "truth": truth})


def _all(draw: Draw) -> list[Case]:
    shown = [_blob(draw, f"{s} × {s} logits, {n} × {n} pixels", s, n) for s, n in _SIZES]
    return [*shown, _edge(draw)]


def _same_size(draw: Draw) -> list[Case]:
    truth = draw.chance(5, 5)
    truth[0, :2] = torch.tensor([True, False])
    logits = torch.where(truth, 3.0, -3.0).double() + draw.uniform(5, 5)
    return [Case("sure logits of the picture's own size", {"logits": logits, "truth": truth})]


def _perfect(cases: Sequence[Case], values: Sequence[Answers]) -> tuple[int, str] | None:
    area = int(cases[0].inputs["truth"].sum())
    for name, pair in values[0].items():
        if tuple(pair) != (area, area):
            return 0, f"a perfect answer must score {(area, area)} everywhere; {name} gives {pair}"
    return None


def _right(protocol: str, text: str, points: int) -> Requirement:
    def judge(
        cases: Sequence[Case], outcomes: Sequence[Outcome], references: Sequence[Outcome]
    ) -> Finding | None:
        for case, outcome, reference in zip(cases, outcomes, references, strict=True):
            said = comparing.kind_difference(reference.value, outcome.value)
            if said is None and tuple(outcome.value[protocol]) != reference.value[protocol]:
                got, expected = tuple(outcome.value[protocol]), reference.value[protocol]
                said = f"{protocol}: expected (I, U) = {expected}, got {got}"
            if said is not None:
                return Finding(case, said, reference.value, outcome.value)
        return None

    return Requirement(protocol, "value", text, _all, judge, points)


def _binary_first(logits: Tensor, truth: Tensor) -> tuple[int, int]:
    return _count(_resize(logits >= 0, len(truth)) >= 0.5, truth)


EXERCISE = Exercise(
    name="three-protocols",
    title="Three protocols, three answers",
    notebook="01",
    minutes=15,
    objective="You can score the same answer as three code bases do, and say why they differ.",
    reference=three_protocols,
    alternatives=(by_interpolate, by_matrices),
    requirements=(
        right_kind(_all, "a dictionary of the three protocols, two whole numbers each"),
        _right("strict", "strict: resize the logits, then ask for a probability of 0.5", 2),
        _right("legacy-tf", "legacy-tf: make it binary, resize, count all that is not 0", 2),
        _right("shnet", "shnet: over 0.40, on the small square, against a truth shrunk to it", 2),
        holds("perfect", "where nothing is resized, a perfect answer is perfect in all three",
              _same_size, _perfect),
        inputs_kept(_all, "logits and truth are not changed"),
    ),
    mutants=(
        Mutant("strict-binary-first", "strict with the mask made binary before it is resized",
               _answer(strict=_binary_first)),
        Mutant("strict-nearest", "strict with logits resized by nearest cell",
               _answer(strict=lambda x, t: _count(
                   _resize(x, len(t), mode="nearest-exact") >= 0, t))),
        Mutant("strict-corners", "strict with align_corners=True, which moves the mask",
               _answer(strict=lambda x, t: _count(_resize(x, len(t), True) >= 0, t))),
        Mutant("legacy-half", "legacy-tf asking for half of a pixel instead of anything",
               _answer(legacy=_binary_first)),
        Mutant("legacy-resized-first", "legacy-tf with the resize before the threshold, as strict",
               _answer(legacy=_strict)),
        Mutant("shnet-half", "shnet with 0.5 in place of 0.40",
               _answer(shnet=lambda x, t: _count(x > 0, _resize(t, len(x), True) > 0))),
        Mutant("shnet-logits", "shnet comparing logits, not probabilities, with 0.40",
               _answer(shnet=lambda x, t: _count(x > 0.4, _resize(t, len(x), True) > 0))),
        Mutant("shnet-truth-half", "shnet with a truth that does not grow: half a cell is asked",
               _answer(shnet=lambda x, t: _count(
                   torch.sigmoid(x) > 0.4, _resize(t, len(x), True) >= 0.5))),
        Mutant("shnet-centres", "shnet shrinking the truth without align_corners=True",
               _answer(shnet=lambda x, t: _count(
                   torch.sigmoid(x) > 0.4, _resize(t, len(x)) > 0))),
        Mutant("shnet-full-size", "shnet compared at the size of the picture",
               _answer(shnet=lambda x, t: _count(torch.sigmoid(_resize(x, len(t))) > 0.4, t))),
        Mutant("swapped", "the union first, the intersection second",
               lambda logits, truth: {
                   name: pair[::-1] for name, pair in by_interpolate(logits, truth).items()}),
    ),
    hints=(
        "Three orders of two steps. strict: resize, threshold. legacy-tf: threshold, resize. shnet:"
        " threshold the logits where they are, and resize the truth instead.",
        "torch.nn.functional.interpolate wants (1, 1, h, w) and floats; bool masks have to become"
        " double first, and come back by a comparison.",
        "legacy-tf asks the resized mask for > 0, not for half; so does shnet of the shrunk truth,"
        " which it resizes with align_corners=True.",
    ),
)  # fmt: skip
