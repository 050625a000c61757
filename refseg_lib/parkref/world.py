"""The facts of a scene in three values: surely true, surely false, or open to argument.

"Left of" and "next to" have no sharp edge. A sentence is only ever written when its claim surely
holds for the referent and surely fails for everything else, so every relation here comes as two
sets: the objects for which it *surely* holds and those for which it *may* hold. Sets of things
are integers used as bit masks.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from refseg_lib.parkref.drawing import STUFF_CODES, extent
from refseg_lib.parkref.scene import PARTS, PEOPLE, STUFF, Scene

SPATIAL = ("left of", "right of", "next to", "in front of", "behind", "above", "under")
LINKED = ("holding", "walking", "riding", "sitting on")
# The same link told from the other end: "the umbrella that the woman is holding".
INVERSE = {f"{relation} by": relation for relation in LINKED}
# What can be on the other end of each link: a stray one close to a person may look linked.
HANDLES = {
    "holding": ("umbrella", "balloon", "kite"),
    "walking": ("dog",),
    "riding": ("bike",),
    "sitting on": ("bench",),
}
SKY_THINGS = ("kite", "balloon")
# A thing that shows fewer pixels than this (at 128 px) is not worth, or fair, to be meant.
FEWEST_PIXELS = 70
# A garment that shows fewer is hidden: nobody can say which colour it has.
FEWEST_GARMENT_PIXELS = 10


@dataclass(frozen=True)
class World:
    """A scene with everything a speaker needs to know about it.

    Attributes:
        scene: The scene.
        boxes: (n, 4) x0, y0, x1, y1 of the things, in image heights.
        centres: The middle (x, y) of each box.
        afloat: The set of things that do not stand on the ground: in the sky, or in a hand.
        pixels: Visible pixels of each thing, scaled to a picture 128 pixels high.
        garments: Likewise, for each thing, of each of :data:`scene.PARTS`.
        stuff: Names of the stuff that is visible, in the order of :data:`scene.STUFF`.
        sure: ``sure[relation][i]``: the set of things j for which "i relation j" surely holds.
        maybe: The same for "may hold"; always a superset of ``sure``.
        cache: What was worked out already, so that it need not be again.
    """

    scene: Scene
    boxes: np.ndarray
    centres: list[tuple[float, float]]
    afloat: int
    pixels: list[float]
    garments: list[list[float]]
    stuff: tuple[str, ...]
    sure: dict[str, list[int]]
    maybe: dict[str, list[int]]
    cache: dict[tuple, Any] = field(default_factory=dict, compare=False, repr=False)

    def which(self, attribute: str, values: tuple[str, ...]) -> int:
        """Return the set of things whose ``attribute`` is one of ``values``."""
        key = (attribute, values)
        if key not in self.cache:
            self.cache[key] = sum(
                1 << index
                for index, thing in enumerate(self.scene.things)
                if getattr(thing, attribute) in values
            )
        return self.cache[key]


def members(bits: int) -> list[int]:
    """List the indices in a set, smallest first."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found


def observe(scene: Scene, labels: np.ndarray, parts: np.ndarray) -> World:
    """Work out the facts of a scene.

    Args:
        scene: The scene.
        labels: (H, W) label map of its drawing: thing index + 1, or a stuff code.
        parts: (H, W) garments of its drawing: place in :data:`scene.PARTS` + 1, or 0.

    Returns:
        The world a speaker talks about.
    """
    boxes = np.array([extent(thing) for thing in scene.things])
    kinds = len(PARTS) + 1
    counts = np.bincount((labels.astype(np.int64) * kinds + parts).ravel(), minlength=256 * kinds)
    counts = counts.reshape(256, kinds) * (128 / labels.shape[0]) ** 2
    of_things = counts[1 : len(scene.things) + 1]
    sums = counts.sum(1)
    held = {link.object for link in scene.links if link.relation == "holding"}
    sure: dict[str, list[int]] = {}
    maybe: dict[str, list[int]] = {}
    afloat = np.array(
        [thing.category in SKY_THINGS or index in held for index, thing in enumerate(scene.things)]
    )
    for facts in (_spatial(scene, boxes, afloat), _linked(scene, boxes)):
        for relation, (surely, possibly) in facts.items():
            sure[relation], maybe[relation] = _as_sets(surely), _as_sets(surely | possibly)
    return World(
        scene=scene,
        boxes=boxes,
        centres=[((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes.tolist()],
        afloat=_as_sets(afloat[None])[0],
        pixels=of_things.sum(1).tolist(),
        garments=of_things[:, 1:].tolist(),
        stuff=tuple(name for name in STUFF if sums[STUFF_CODES[name]] > 4 * FEWEST_PIXELS),
        sure=sure,
        maybe=maybe,
    )


def _as_sets(holds: np.ndarray) -> list[int]:
    powers = 1 << np.arange(holds.shape[1], dtype=np.int64)
    return [int(row) for row in holds @ powers]


Fact = tuple[np.ndarray, np.ndarray]
"""(n, n) bool (surely, possibly): the row's thing is in the relation to the column's."""


def _linked(scene: Scene, boxes: np.ndarray) -> dict[str, Fact]:
    """Return the links, from both ends; what nobody holds but is close to a hand is possible."""
    x0, y0, x1, y1 = boxes.T
    close = (np.maximum(x0[:, None], x0) - np.minimum(x1[:, None], x1) < 0.03) & (
        np.maximum(y0[:, None], y0) - np.minimum(y1[:, None], y1) < 0.03
    )
    names = [thing.category for thing in scene.things]
    person = np.array([name in PEOPLE for name in names])
    free = np.ones(len(names), dtype=bool)
    for link in scene.links:
        free[link.object] = False
    found = {}
    for relation, handles in HANDLES.items():
        surely = np.zeros((len(names), len(names)), dtype=bool)
        for link in scene.links:
            surely[link.subject, link.object] = link.relation == relation
        fitting = free & [name in handles for name in names]
        possibly = person[:, None] & fitting[None, :] & close
        found[relation] = (surely, possibly)
        found[f"{relation} by"] = (surely.T, possibly.T)
    return found


def _spatial(scene: Scene, boxes: np.ndarray, afloat: np.ndarray) -> dict[str, Fact]:
    """Return each spatial relation."""
    x0, y0, x1, y1 = boxes.T
    middle_x, middle_y, width = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0
    foot = np.array([thing.y for thing in scene.things])
    names = [thing.category for thing in scene.things]
    sky = np.array([name in SKY_THINGS for name in names])
    partners = np.zeros((len(names), len(names)), dtype=bool)
    for link in scene.links:
        partners[link.subject, link.object] = partners[link.object, link.subject] = True
    standing = ~afloat
    on_ground = standing[:, None] & standing[None, :]
    # Positive where the row's thing is left of, above, or nearer to us than the column's.
    to_right = middle_x[None, :] - middle_x[:, None]
    to_below = middle_y[None, :] - middle_y[:, None]
    nearer = foot[:, None] - foot[None, :]
    reach = (width[:, None] + width[None, :]) / 2
    gap = np.abs(to_right) - reach

    left_sure = (to_right > 0.8 * reach + 0.02) & (np.abs(to_below) < 0.3)
    left_maybe = to_right > 0.02
    beside_sure = on_ground & (gap < 0.09) & (gap > -0.25 * reach) & (np.abs(nearer) < 0.08)
    # Near on the ground, or near in the picture: an eye may judge by either.
    apart = np.maximum(y0[:, None], y0[None, :]) - np.minimum(y1[:, None], y1[None, :])
    beside_maybe = (gap < 0.2) & ((np.abs(nearer) < 0.2) | (apart < 0.0))
    front_sure = on_ground & (nearer > 0.05) & (nearer < 0.4) & (np.abs(to_right) < 0.65 * reach)
    front_maybe = (nearer > 0.015) & (np.abs(to_right) < 1.3 * reach)
    above_sure = (
        sky[:, None] & (y1[:, None] < y0[None, :] + 0.02) & (np.abs(to_right) < 0.8 * reach)
    )
    above_maybe = (to_below > 0.05) & (np.abs(to_right) < 1.5 * reach + 0.04)
    tree = np.array([name == "tree" for name in names])
    inside = (middle_x[:, None] > x0[None, :] + 0.12 * width[None, :]) & (
        middle_x[:, None] < x1[None, :] - 0.12 * width[None, :]
    )
    around = (middle_x[:, None] > x0[None, :] - 0.03) & (middle_x[:, None] < x1[None, :] + 0.03)
    shaded = tree[None, :] & ~tree[:, None]
    under_sure = (shaded & on_ground & inside & (nearer > -0.03) & (nearer < 0.12)) | above_sure.T
    under_maybe = (tree[None, :] & around & (np.abs(nearer) < 0.25)) | above_maybe.T
    found = {
        "left of": (left_sure, left_maybe),
        "right of": (left_sure.T, left_maybe.T),
        "next to": (beside_sure, beside_maybe),
        "in front of": (front_sure, front_maybe),
        "behind": (front_sure.T, front_maybe.T),
        "above": (above_sure, above_maybe),
        "under": (under_sure, under_maybe),
    }
    # What is held or ridden is not said to be "next to" its person, nor clearly not so.
    return {
        name: (s & ~partners, (m | s) & ~np.eye(len(names), dtype=bool) | partners)
        for name, (s, m) in found.items()
    }


def on_stuff(world: World, index: int, name: str) -> bool | None:
    """Say whether a thing is on the path or the pond; None where one could argue."""
    scene, thing = world.scene, world.scene.things[index]
    if world.afloat >> index & 1 or name not in world.stuff:
        return False
    if name == "pond" and scene.pond is not None:
        centre_x, centre_y, radius_x, radius_y = scene.pond
        distance = math.hypot((thing.x - centre_x) / radius_x, (thing.y - centre_y) / radius_y)
        return True if distance < 0.85 else (False if distance > 1.25 else None)
    if name == "path" and scene.path is not None:
        top, bottom, width = scene.path
        depth = (thing.y - scene.horizon) / (1 - scene.horizon)
        centre = top + (bottom - top) * depth
        half = width * depth / 2
        away = abs(thing.x - centre)
        return True if away < 0.7 * half else (False if away > 1.5 * half + 0.03 else None)
    return False


def between(world: World, index: int, one: int, two: int) -> bool | None:
    """Say whether a thing stands between two others; None where one could argue."""
    key = ("between", index, min(one, two), max(one, two))
    if key not in world.cache:
        world.cache[key] = _between(*(world.centres[i] for i in (index, one, two)))
    return world.cache[key]


def _between(
    own: tuple[float, float], one: tuple[float, float], two: tuple[float, float]
) -> bool | None:
    (left_x, left_y), (right_x, right_y) = sorted((one, two))
    room, drop = right_x - left_x, right_y - left_y
    share = (own[0] - left_x) / max(room, 1e-6)
    off = abs(own[1] - left_y - share * drop)
    if 0.2 < share < 0.8 and off < 0.18 and room < 0.9:
        return True
    # How far along the line from one to the other, and how far beside it: two things may also be
    # one above the other.
    length = math.hypot(room, drop) + 1e-6
    along = ((own[0] - left_x) * room + (own[1] - left_y) * drop) / length**2
    beside = abs((own[0] - left_x) * drop - (own[1] - left_y) * room) / length
    near_the_line = -0.05 < along < 1.05 and beside < 0.2
    return None if near_the_line or (-0.05 < share < 1.05 and off < 0.35) else False
