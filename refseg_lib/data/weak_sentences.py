"""Sentences for objects that nobody described: category, place and size, checked to be true.

Of an image's annotated objects each one gets the phrases people use in RefCOCO ("guy on left",
"biggest pizza", "second cup from right") that hold for it and for no other annotated object of
its category. People write for the picture, not for the camera: "left" is the picture's left.
"""

import itertools
import random
import re
from dataclasses import dataclass

NAMES: dict[str, tuple[str, ...]] = {
    "person": ("person", "man", "guy", "woman", "lady", "girl", "boy", "kid", "dude", "player"),
    "motorcycle": ("motorcycle", "bike", "motorbike"),
    "bicycle": ("bicycle", "bike"),
    "car": ("car", "vehicle"),
    "airplane": ("airplane", "plane", "jet"),
    "couch": ("couch", "sofa"),
    "tv": ("tv", "screen", "monitor", "television"),
    "cell phone": ("cell phone", "phone"),
    "dining table": ("table",),
    "potted plant": ("plant", "potted plant", "flowers"),
    "wine glass": ("wine glass", "glass"),
    "cup": ("cup", "glass", "mug"),
    "donut": ("donut", "doughnut"),
    "teddy bear": ("teddy bear", "bear", "teddy"),
    "refrigerator": ("fridge", "refrigerator"),
    "suitcase": ("suitcase", "bag", "luggage"),
    "handbag": ("bag", "purse", "handbag"),
    "backpack": ("backpack", "bag"),
    "elephant": ("elephant",),
    "boat": ("boat", "ship"),
    "bowl": ("bowl", "dish"),
    "sandwich": ("sandwich", "food"),
    "cow": ("cow", "bull"),
    "sheep": ("sheep", "lamb"),
    "dog": ("dog", "puppy"),
    "cat": ("cat", "kitty"),
    "bird": ("bird", "duck"),
    "book": ("book",),
    "broccoli": ("broccoli",),
    "microwave": ("microwave",),
    "oven": ("oven", "stove"),
    "sports ball": ("ball",),
}
"""How people call a COCO category; a category that is not listed keeps its name."""

_ORDINALS = ("second", "third", "fourth")


@dataclass(frozen=True)
class Thing:
    """One annotated object: its category, its box in pixels, its area in pixels."""

    category: str
    left: float
    top: float
    width: float
    height: float
    area: float

    @property
    def centre_x(self) -> float:
        """Horizontal centre in pixels."""
        return self.left + self.width / 2

    @property
    def centre_y(self) -> float:
        """Vertical centre in pixels."""
        return self.top + self.height / 2


def places(thing: Thing, rivals: list[Thing], width: float, height: float) -> list[str]:
    """List the phrases of place and size that hold for ``thing`` and for none of its rivals.

    A phrase is only given with a clear margin: an eighth of the picture between centres, or one
    and a half times the area.

    Args:
        thing: The object meant.
        rivals: The other objects of its category in the image.
        width: The image's width in pixels.
        height: The image's height in pixels.

    Returns:
        Keys such as ``"left"``, ``"bottom right"``, ``"biggest"``, ``"middle"`` or
        ``"second left"``; empty when nothing sets the object apart. Without rivals all places
        that hold for the picture itself.
    """
    gap_x, gap_y = width / 8, height / 8
    found = []
    left = all(thing.centre_x < other.centre_x - gap_x for other in rivals)
    right = all(thing.centre_x > other.centre_x + gap_x for other in rivals)
    top = all(thing.centre_y < other.centre_y - gap_y for other in rivals)
    bottom = all(thing.centre_y > other.centre_y + gap_y for other in rivals)
    x, y = thing.centre_x / width, thing.centre_y / height
    if not rivals:
        left, right, top, bottom = x < 0.35, x > 0.65, y < 0.35, y > 0.65
    found += [name for name, holds in (("left", left), ("right", right)) if holds]
    found += [name for name, holds in (("top", top), ("bottom", bottom)) if holds]
    # "bottom left" needs a clear win in one direction and no loss in the other.
    for down, low in (("top", y < 0.5), ("bottom", y > 0.5)):
        for across, side in (("left", left and x < 0.5), ("right", right and x > 0.5)):
            beats = all(
                (thing.centre_y <= o.centre_y if down == "top" else thing.centre_y >= o.centre_y)
                for o in rivals
            )
            if low and side and beats:
                found.append(f"{down} {across}")
    if rivals and all(thing.area > 1.5 * other.area for other in rivals):
        found.append("biggest")
        foot = thing.top + thing.height
        if all(foot >= other.top + other.height for other in rivals):
            found.append("closest")
    if rivals and all(1.5 * thing.area < other.area for other in rivals):
        found.append("smallest")
    row = sorted([*rivals, thing], key=lambda one: one.centre_x)
    clear = all(b.centre_x - a.centre_x > width / 12 for a, b in itertools.pairwise(row))
    if len(row) >= 3 and clear:
        rank = row.index(thing)
        if len(row) == 3 and rank == 1:
            found.append("middle")
        for index, ordinal in enumerate(_ORDINALS, start=1):
            if rank == index and rank < len(row) - 1:
                found.append(f"{ordinal} left")
            if rank == len(row) - 1 - index and rank > 0:
                found.append(f"{ordinal} right")
    return found


_PHRASES: dict[str, tuple[str, ...]] = {
    "left": ("left {}", "{} on left", "{} on the left", "{} left", "far left {}", "leftmost {}"),
    "right": (
        "right {}",
        "{} on right",
        "{} on the right",
        "{} right",
        "far right {}",
        "rightmost {}",
    ),
    "top": ("top {}", "{} at top", "upper {}", "{} on top", "{} at the top"),
    "bottom": ("bottom {}", "{} at bottom", "lower {}", "{} on bottom", "bottom most {}"),
    "biggest": ("biggest {}", "big {}", "largest {}", "the large {}"),
    "closest": ("closest {}", "front {}", "{} in front", "{} closest to us", "nearest {}"),
    "smallest": ("smallest {}", "small {}", "little {}"),
    "middle": ("middle {}", "{} in middle", "{} in the middle", "center {}", "middle"),
}


def _phrases(place: str, name: str) -> list[str]:
    words = place.split()
    if words[0] in _ORDINALS:
        side = words[1]
        return [
            f"{words[0]} {name} from {side}",
            f"{words[0]} from {side}",
            f"{words[0]} {name} from the {side}",
        ]
    if len(words) == 2:
        down, across = words
        return [
            f"{down} {across} {name}",
            f"{name} {down} {across}",
            f"{name} on the {down} {across}",
            f"{name} in {down} {across} corner",
        ]
    return [pattern.format(name) for pattern in _PHRASES[place]]


def sentences(
    thing: Thing,
    others: list[Thing],
    width: float,
    height: float,
    rng: random.Random,
    most: int = 4,
) -> list[str]:
    """Write up to ``most`` different sentences that mean ``thing`` and nothing else annotated.

    Args:
        thing: The object meant.
        others: All other annotated objects of the image.
        width: The image's width in pixels.
        height: The image's height in pixels.
        rng: Chooses names and phrases.
        most: How many at most.

    Returns:
        Lower-case sentences; empty when nothing simple sets the object apart.
    """
    # Nobody says "left dog" because of a speck of a dog in the distance.
    rivals = [
        other
        for other in others
        if other.category == thing.category and other.area >= 0.1 * thing.area
    ]
    names = NAMES.get(thing.category, (thing.category,))
    # The neutral name first and often: "man" is a guess where nobody looked.
    weights = [len(names)] + [1] * (len(names) - 1)
    candidates = []
    for place in places(thing, rivals, width, height):
        for _ in range(2):
            name = rng.choices(names, weights)[0]
            candidates.append(rng.choice(_phrases(place, name)))
    if not rivals:
        name = rng.choices(names, weights)[0]
        candidates += [name, f"the {names[0]}", names[0]]
    rng.shuffle(candidates)
    return list(dict.fromkeys(candidates))[:most]


_OTHER_SIDE = {"left": "right", "right": "left"}


def mirrored(sentence: str) -> str:
    """Say the same of the mirror image: swap left and right, also in "leftmost", "righthand"."""
    return re.sub(
        r"(?i)(?<![a-z])(left|right)(?=(?:most|hand|side|er)?(?![a-z]))",
        lambda found: _OTHER_SIDE[found[0].lower()],
        sentence,
    )
