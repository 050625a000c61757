"""The facts of a scene in three values: surely true, surely false, or open to argument.

"Left of" and "next to" have no sharp edge. A sentence is only ever written when its claim surely
holds for the referent and surely fails for everything else, so every relation here comes as two
sets: the objects for which it *surely* holds and those for which it *may* hold. Sets of things
are integers used as bit masks.
"""

from dataclasses import dataclass, field

import numpy as np

from refseg_lib.parkref.drawing import STUFF_CODES, extent
from refseg_lib.parkref.scene import STUFF, Scene

SPATIAL = ("left of", "right of", "next to", "in front of", "behind", "above", "under")
LINKED = ("holding", "walking", "riding", "sitting on")
# The same link told from the other end: "the umbrella that the woman is holding".
INVERSE = {f"{relation} by": relation for relation in LINKED}
SKY_THINGS = ("kite", "balloon")
# A thing that shows fewer pixels than this (at 128 px) is not worth, or fair, to be meant.
FEWEST_PIXELS = 70


@dataclass(frozen=True)
class World:
    """A scene with everything a speaker needs to know about it.

    Attributes:
        scene: The scene.
        boxes: (n, 4) x0, y0, x1, y1 of the things, in image heights.
        pixels: (n,) visible pixels of each thing, scaled to a picture 128 pixels high.
        stuff: Names of the stuff that is visible, in the order of :data:`scene.STUFF`.
        sure: ``sure[relation][i]``: the set of things j for which "i relation j" surely holds.
        maybe: The same for "may hold"; always a superset of ``sure``.
    """

    scene: Scene
    boxes: np.ndarray
    pixels: np.ndarray
    stuff: tuple[str, ...]
    sure: dict[str, list[int]]
    maybe: dict[str, list[int]]
    _found: dict[tuple, int] = field(default_factory=dict, compare=False, repr=False)

    @property
    def everything(self) -> int:
        """The set of all things."""
        return (1 << len(self.scene.things)) - 1

    def which(self, attribute: str, values: tuple[str, ...]) -> int:
        """Return the set of things whose ``attribute`` is one of ``values``."""
        key = (attribute, values)
        if key not in self._found:
            self._found[key] = sum(
                1 << index
                for index, thing in enumerate(self.scene.things)
                if getattr(thing, attribute) in values
            )
        return self._found[key]


def members(bits: int) -> list[int]:
    """List the indices in a set, smallest first."""
    return [index for index in range(bits.bit_length()) if bits >> index & 1]


def observe(scene: Scene, labels: np.ndarray) -> World:
    """Work out the facts of a scene.

    Args:
        scene: The scene.
        labels: (H, W) label map of its drawing: thing index + 1, or a stuff code.

    Returns:
        The world a speaker talks about.
    """
    boxes = np.array([extent(thing) for thing in scene.things])
    counts = np.bincount(labels.ravel(), minlength=256)
    scale = (128 / labels.shape[0]) ** 2
    pixels = counts[1 : len(scene.things) + 1] * scale
    stuff = tuple(name for name in STUFF if counts[STUFF_CODES[name]] * scale > 4 * FEWEST_PIXELS)
    sure: dict[str, list[int]] = {}
    maybe: dict[str, list[int]] = {}
    for relation, (surely, possibly) in _spatial(scene, boxes).items():
        sure[relation], maybe[relation] = _as_sets(surely), _as_sets(surely | possibly)
    for relation in LINKED:
        holds = np.zeros((len(boxes), len(boxes)), dtype=bool)
        for link in scene.links:
            holds[link.subject, link.object] = link.relation == relation
        sure[relation] = maybe[relation] = _as_sets(holds)
        sure[f"{relation} by"] = maybe[f"{relation} by"] = _as_sets(holds.T)
    return World(scene, boxes, pixels, stuff, sure, maybe)


def _as_sets(holds: np.ndarray) -> list[int]:
    powers = 1 << np.arange(holds.shape[1], dtype=np.int64)
    return [int(row) for row in holds @ powers]


def _spatial(scene: Scene, boxes: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return (n, n) matrices (surely, possibly) for each spatial relation of row to column."""
    x0, y0, x1, y1 = boxes.T
    middle_x, middle_y, width = (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0
    foot = np.array([thing.y for thing in scene.things])
    names = [thing.category for thing in scene.things]
    sky = np.array([name in SKY_THINGS for name in names])
    held = np.zeros(len(names), dtype=bool)
    partners = np.eye(len(names), dtype=bool)
    for link in scene.links:
        partners[link.subject, link.object] = partners[link.object, link.subject] = True
        held[link.object] |= link.relation == "holding"
    standing = ~(sky | held)
    on_ground = standing[:, None] & standing[None, :]
    # Positive where the row's thing is left of, above, or nearer to us than the column's.
    to_right = middle_x[None, :] - middle_x[:, None]
    to_below = middle_y[None, :] - middle_y[:, None]
    nearer = foot[:, None] - foot[None, :]
    reach = (width[:, None] + width[None, :]) / 2
    gap = np.abs(to_right) - reach

    left_sure = (to_right > 0.8 * reach + 0.02) & (np.abs(to_below) < 0.3)
    left_maybe = to_right > 0.02
    beside_sure = (
        on_ground & (gap < 0.09) & (gap > -0.25 * reach) & (np.abs(nearer) < 0.08)
    )
    beside_maybe = (gap < 0.2) & (np.abs(nearer) < 0.2)
    front_sure = (
        on_ground & (nearer > 0.05) & (nearer < 0.4) & (np.abs(to_right) < 0.65 * reach)
    )
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
    return {name: (s & ~partners, (m | s) & ~np.eye(len(names), dtype=bool) | partners)
            for name, (s, m) in found.items()}


def on_stuff(world: World, index: int, name: str) -> bool | None:
    """Say whether a thing is on the path or the pond; None where one could argue."""
    scene, thing = world.scene, world.scene.things[index]
    if thing.category in SKY_THINGS or any(
        link.object == index and link.relation == "holding" for link in scene.links
    ):
        return False
    if name == "pond" and scene.pond is not None:
        centre_x, centre_y, radius_x, radius_y = scene.pond
        distance = np.hypot((thing.x - centre_x) / radius_x, (thing.y - centre_y) / radius_y)
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
    boxes = world.boxes
    centre = (boxes[:, 0] + boxes[:, 2]) / 2
    level = (boxes[:, 1] + boxes[:, 3]) / 2
    left, right = (one, two) if centre[one] < centre[two] else (two, one)
    room = centre[right] - centre[left]
    share = (centre[index] - centre[left]) / max(room, 1e-6)
    if not -0.05 < share < 1.05:
        return False
    height = level[left] + share * (level[right] - level[left])
    off = abs(level[index] - height)
    if off > 0.35:
        return False
    return True if 0.2 < share < 0.8 and off < 0.18 and room < 0.9 else None
