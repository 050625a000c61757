"""Drawing a park scene: the picture and, from the same vectors, the labels of its pixels."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from refseg_lib.parkref import animals, landmarks, objects, people
from refseg_lib.parkref.background import draw_background
from refseg_lib.parkref.canvas import (
    MAX_THINGS,
    STUFF_CODES,
    SUPERSAMPLING,
    Box,
    Pen,
    line_without_label,
    shade,
    split,
)
from refseg_lib.parkref.palette import COLOR_RGB
from refseg_lib.parkref.scene import ANIMALS, PEOPLE, Scene, Thing, hand, paint_order
from refseg_lib.parkref.shapes import Point

__all__ = ["COLOR_RGB", "STUFF_CODES", "Rendering", "extent", "render"]

AFLOAT = ("kite", "balloon")
STRING = (70, 70, 84)


@dataclass(frozen=True)
class Rendering:
    """A drawn scene.

    Attributes:
        image: uint8 (H, W, 3), RGB.
        things: uint8 (H, W); k + 1 where thing k is visible, 251 to 254 on visible stuff
            (:data:`STUFF_CODES`), 0 on what has no name (clouds, hills, the sun).
        parts: uint8 (H, W); on people 1 shirt, 2 bottoms, 3 hat (place in ``scene.PARTS`` + 1),
            else 0.
    """

    image: np.ndarray
    things: np.ndarray
    parts: np.ndarray


def render(scene: Scene, height: int) -> Rendering:
    """Draw a scene.

    The same scene gives the same bytes. Labels hold visible pixels only: the nearest thing wins.
    Shadows, strings and leashes are seen in the picture and change no label.

    Args:
        scene: What to draw.
        height: Picture height in pixels; the width is ``round(scene.aspect * height)``.

    Raises:
        ValueError: More things than labels fit.
    """
    if len(scene.things) > MAX_THINGS:
        raise ValueError(f"a scene holds at most {MAX_THINGS} things, got {len(scene.things)}")
    tall = SUPERSAMPLING * height
    wide = SUPERSAMPLING * round(scene.aspect * height)
    image = draw_background(scene, tall, wide)
    image = shade(image, *_shadows(scene, tall))
    draw = ImageDraw.Draw(image)
    painted: set[int] = set()
    for index in paint_order(scene):
        for line in _strings(scene, index):
            _draw_line(image, line, tall)
        _draw_thing(draw, scene, index, tall)
        painted.add(index)
        for line in _leashes(scene, index, painted):
            _draw_line(image, line, tall)
    return Rendering(*split(image))


def extent(thing: Thing) -> tuple[float, float, float, float]:
    """Return the box (x0, y0, x1, y1) a thing is drawn in, in scene units.

    A person's box has room for an arm that holds something, whether or not it does.
    """
    u0, v0, u1, v1 = _local_extent(thing)
    if thing.facing < 0:
        u0, u1 = -u1, -u0
    h = thing.height
    return thing.x + u0 * h, thing.y - v1 * h, thing.x + u1 * h, thing.y - v0 * h


def _local_extent(thing: Thing) -> tuple[float, float, float, float]:
    if thing.category in PEOPLE:
        return people.local_extent(thing)
    if thing.category in ANIMALS:
        return animals.EXTENTS[thing.category, thing.pose]
    if thing.category in objects.EXTENTS:
        return objects.EXTENTS[thing.category]
    pose = thing.pose
    if thing.category == "tree" and pose != "pine":
        pose = "round"
    return landmarks.EXTENTS[thing.category, pose]


def _draw_thing(draw: ImageDraw.ImageDraw, scene: Scene, index: int, tall: int) -> None:
    thing = scene.things[index]
    pen = Pen(
        draw,
        thing.x * tall,
        thing.y * tall,
        thing.height * tall,
        facing=thing.facing,
        label=4 * (index + 1),
    )
    if thing.category in PEOPLE:
        hold = handlebar = None
        if any(x.subject == index and x.relation in ("holding", "walking") for x in scene.links):
            hold = pen.local(*(c * tall for c in hand(thing)))
        if thing.pose == "riding":
            handlebar = pen.local(*(c * tall for c in _handlebar(scene, index)))
        people.draw_person(pen, thing, hold=hold, handlebar=handlebar)
    elif thing.category in ANIMALS:
        animals.draw_animal(pen, thing, swims=_swims(scene, thing))
    elif thing.category in objects.EXTENTS:
        objects.draw_object(pen, thing)
    else:
        landmarks.draw_landmark(pen, thing)


def _handlebar(scene: Scene, rider: int) -> Point:
    """Return where a rider's hands are, in scene units."""
    ridden = scene.linked(rider, "riding")
    if ridden is None:
        return hand(scene.things[rider])
    bike = scene.things[ridden]
    u, v = landmarks.HANDLEBAR
    return bike.x + bike.facing * u * bike.height, bike.y - v * bike.height


def _swims(scene: Scene, thing: Thing) -> bool:
    if scene.pond is None or thing.category not in ("duck", "boat"):
        return False
    x, y, a, b = scene.pond
    return ((thing.x - x) / a) ** 2 + ((thing.y - y) / b) ** 2 < 1


def _shadows(scene: Scene, tall: int) -> tuple[list[Box], list[Box]]:
    """Return the boxes of all shadows on the ground and all ripples on the pond, in pixels."""
    held = {link.object for link in scene.links if link.relation == "holding"}
    shadows, ripples = [], []
    for index, thing in enumerate(scene.things):
        if thing.category in AFLOAT or index in held:
            continue
        x0, _, x1, _ = extent(thing)
        middle, half = (x0 + x1) / 2, 0.47 * (x1 - x0)
        if thing.category == "tree" or thing.category in PEOPLE:
            middle, half = thing.x, (0.3 if thing.category == "tree" else 0.19) * thing.height
        deep = min(0.22 * half, 0.03)
        box = (middle - half, thing.y - 1.2 * deep, middle + half, thing.y + 0.8 * deep)
        boxes = ripples if _swims(scene, thing) else shadows
        boxes.append((box[0] * tall, box[1] * tall, box[2] * tall, box[3] * tall))
    return shadows, ripples


def _strings(scene: Scene, index: int) -> list[list[Point]]:
    """Return the strings to draw just before a kite or balloon, from its bottom to the hand."""
    thing = scene.things[index]
    if thing.category not in AFLOAT:
        return []
    return [
        _sagging((thing.x, thing.y), hand(scene.things[link.subject]), 0.12)
        for link in scene.links
        if link.object == index and link.relation == "holding"
    ]


def _leashes(scene: Scene, index: int, painted: set[int]) -> list[list[Point]]:
    """Return the leashes to draw once both ends, dog and person, have been painted."""
    lines = []
    for link in scene.links:
        ends = {link.subject, link.object}
        if link.relation == "walking" and index in ends and ends <= painted:
            dog = scene.things[link.object]
            u, v = animals.NECK[dog.pose]
            neck = (dog.x + dog.facing * u * dog.height, dog.y - v * dog.height)
            lines.append(_sagging(hand(scene.things[link.subject]), neck, 0.2))
    return lines


def _sagging(start: Point, stop: Point, sag: float) -> list[Point]:
    """Return a curve that hangs below the straight line by up to ``sag`` / 2 of its width."""
    (x0, y0), (x1, y1) = start, stop
    drop = sag * abs(x1 - x0)
    return [
        (x0 + t * (x1 - x0), y0 + t * (y1 - y0) + 2 * drop * t * (1 - t))
        for t in (i / 8 for i in range(9))
    ]


def _draw_line(image: Image.Image, points: list[Point], tall: int) -> None:
    flat = [c * tall for point in points for c in point]
    line_without_label(image, flat, max(1, round(0.005 * tall)), STRING)
