"""Where a picture of any shape lies in the square that a model reads.

The geometry of the code that papers 001 and 004 released; the papers only say "resized to 320 x
320". The library's own is :class:`refseg_lib.data.letterbox.Letterbox`.
"""

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import holds, right_kind, right_values, whole_numbers
from refseg_lib.data.letterbox import Letterbox

Place = dict[str, float]
WHOLE = ("height", "width", "top", "left")


def letterbox_geometry(height: int, width: int, side: int) -> Place:
    """Say where a picture of height x width pixels lies in a square of side x side.

    Returns:
        ``scale`` (square pixels per picture pixel), ``height`` and ``width`` of the shrunk picture,
        ``top`` and ``left`` (rows and columns of black before it).
    """
    box = Letterbox(height, width, side)
    return {
        "scale": box.scale,
        "height": box.new_height,
        "width": box.new_width,
        "top": box.top,
        "left": box.left,
    }


def _case(name: str, height: int, width: int, side: int) -> Case:
    return Case(f"{name}: {height} × {width} into {side}", _inputs(height, width, side))


def _inputs(height: int, width: int, side: int) -> dict[str, Any]:
    return {"height": height, "width": width, "side": side}


def _drawn(
    draw: Draw, name: str, high: tuple[int, int], wide: tuple[int, int], side: int, up: bool = True
) -> Case:
    """Draw a shape with an odd bar, whose shorter side is rounded up, or else down.

    Never a half: people round those either way.
    """
    while True:
        height, width = draw.number(*high), draw.number(*wide)
        shorter = Fraction(side * min(height, width), max(height, width))
        part, rest = shorter % 1, side - round(shorter)
        if part not in (0, Fraction(1, 2)) and (part > Fraction(1, 2)) is up and rest % 2:
            return Case(name, _inputs(height, width, side))


def _photos(draw: Draw) -> list[Case]:
    return [
        _case("a photo", 480, 640, 320),
        _case("an upright photo", 640, 426, 320),
        _drawn(draw, "a wide picture with an odd bar", (301, 400), (500, 640), 320),
        _drawn(draw, "an upright picture with an odd bar", (500, 640), (301, 400), 320, up=False),
    ]


def _small(draw: Draw) -> list[Case]:
    return [_drawn(draw, "a picture smaller than the square", (21, 40), (60, 99), 128)]


def _thin(draw: Draw) -> list[Case]:
    return [
        _case("a strip one pixel high", 1, 900, 64),
        Case("a strip two pixels wide", _inputs(draw.number(400, 900), 2, 32)),
    ]


def _fits(cases: Sequence[Case], values: Sequence[Place]) -> tuple[int, str] | None:
    for index, (case, place) in enumerate(zip(cases, values, strict=True)):
        side = case.inputs["side"]
        if side not in (place["height"], place["width"]):
            return index, f"neither {place['height']} rows nor {place['width']} columns fill {side}"
        for before, size in (("top", "height"), ("left", "width")):
            after = side - place[before] - place[size]
            if place[before] < 0 or not 0 <= after - place[before] <= 1:
                return index, f"{before} is {place[before]}, and {after} are left on the other side"
    return None


def _empty(cases: Sequence[Case], values: Sequence[Place]) -> tuple[int, str] | None:
    for index, place in enumerate(values):
        if min(place["height"], place["width"]) < 1:
            return index, "nothing is left of the picture: it needs at least 1 row and 1 column"
    return None


def in_whole_numbers(height: int, width: int, side: int) -> Place:
    """The longer side fills the square; the shorter one follows without a floating number."""
    longer = max(height, width)
    sizes = [max(1, round(Fraction(side * n, longer))) for n in (height, width)]
    top, left = ((side - size) // 2 for size in sizes)
    return dict(zip(WHOLE, (*sizes, top, left), strict=True)) | {"scale": side / longer}


def by_cases(height: int, width: int, side: int) -> Place:
    """Wide and upright pictures one after the other."""
    if width >= height:
        across, down = side, max(1, math.floor(height * side / width + 0.5))
        return {"scale": side / width, "height": down, "width": across,
                "top": math.floor((side - down) / 2), "left": 0}  # fmt: skip
    turned = by_cases(width, height, side)
    return {"scale": turned["scale"], "height": turned["width"], "width": turned["height"],
            "top": turned["left"], "left": turned["top"]}  # fmt: skip


def _mutant(
    pick: Callable[[float, float], float] = min,
    whole: Callable[[float], int] = round,
    least: int = 1,
    bar: Callable[[int], float] = lambda rest: rest // 2,
    turned: bool = False,
    inverted: bool = False,
    stretched: bool = False,
) -> Callable[..., Place]:
    def wrong(height: int, width: int, side: int) -> Place:
        scale = pick(side / height, side / width)
        down, across = (max(least, whole(scale * n)) for n in (height, width))
        if stretched:
            down = across = side
        top, left = bar(side - down), bar(side - across)
        if turned:
            top, left = left, top
        shown = 1 / scale if inverted else scale
        return {"scale": shown, "height": down, "width": across, "top": top, "left": left}

    return wrong


EXERCISE = Exercise(
    name="letterbox-geometry",
    title="Where the picture lies in the square",
    notebook="03",
    minutes=6,
    objective="You can fit a picture of any shape into a square without bending it.",
    reference=letterbox_geometry,
    alternatives=(in_whole_numbers, by_cases),
    requirements=(
        right_kind(_photos, "a dictionary with scale, height, width, top and left"),
        whole_numbers(_photos, WHOLE, "rows and columns are whole numbers (int)"),
        right_values(_photos, "the numbers for photographs", points=2),
        right_values(_small, "a small picture is enlarged", points=1, name="enlarged"),
        holds(
            "fits",
            "it fills the square one way; the other way its two bars differ by a pixel at most",
            lambda draw: _photos(draw) + _small(draw),
            _fits,
        ),
        holds("kept", "a thin strip keeps at least one row and one column", _thin, _empty),
    ),
    mutants=(
        Mutant(
            "larger-scale",
            "the larger of the two scales: the picture sticks out",
            _mutant(pick=max),
        ),
        Mutant(
            "stretched",
            "a scale for each axis of its own: dogs become sausages",
            _mutant(stretched=True),
        ),
        Mutant(
            "truncated", "cutting the fraction off instead of rounding", _mutant(whole=int, least=0)
        ),
        Mutant("rounded-up", "always rounding up", _mutant(whole=math.ceil)),
        Mutant(
            "odd-pixel-first",
            "the odd pixel of a bar before the picture instead of after it",
            _mutant(bar=lambda rest: math.ceil(rest / 2)),
        ),
        Mutant(
            "whole-bar",
            "all the black before the picture, none after it",
            _mutant(bar=lambda rest: rest),
        ),
        Mutant(
            "corner", "the picture in the corner, not in the middle", _mutant(bar=lambda rest: 0)
        ),
        Mutant("turned", "top and left swapped", _mutant(turned=True)),
        Mutant(
            "never-larger",
            "never enlarging a small picture",
            _mutant(pick=lambda a, b: min(1.0, a, b)),
        ),
        Mutant(
            "inverted",
            "the scale upside down: picture pixels per square pixel",
            _mutant(inverted=True),
        ),
        Mutant("vanished", "a thin strip rounded away to no pixel at all", _mutant(least=0)),
        Mutant(
            "floating",
            "bars divided with /, which makes floats",
            _mutant(bar=lambda rest: rest / 2),
        ),
    ),
    hints=(
        "One scale for both axes, or circles become eggs. Of side / height and side / width, which"
        " one keeps the whole picture inside?",
        "Multiply both sides by the scale and let Python's round make whole numbers of them; what"
        " is missing to the side of the square is shared between the two bars.",
        "Half of an odd rest does not exist: divide with // and the odd pixel goes to the end. And"
        " think of a strip 1 pixel high: max(1, ...) keeps it.",
    ),
)
