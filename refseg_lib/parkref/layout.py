"""Who stands where: sampling a park scene that makes sentences necessary.

Every scene has groups of the same category whose members share colours, so that a noun alone, or
a colour alone, seldom says which one is meant.
"""

from dataclasses import replace

import numpy as np

from refseg_lib.parkref.belongings import give
from refseg_lib.parkref.drawing import extent
from refseg_lib.parkref.ground import Ground, empty_ground, in_pond, side
from refseg_lib.parkref.scene import ANIMALS, PATTERNS, PEOPLE, Scene, Thing

ASPECT = 1.0
CLOTHES = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white", "black")
COATS = ("black", "white", "brown", "gray", "orange")
CROWNS = ("green", "orange", "yellow", "pink", "red")
HAIR = ("black", "brown", "orange", "yellow", "gray")
PAINTS = CLOTHES

# Height in image heights of a thing halfway between the horizon and the lower edge.
HEIGHTS = {
    "man": (0.55, 0.64),
    "woman": (0.52, 0.61),
    "boy": (0.38, 0.45),
    "girl": (0.37, 0.44),
    "dog": (0.27, 0.35),
    "cat": (0.22, 0.29),
    "duck": (0.18, 0.24),
    "ball": (0.18, 0.27),
    "kite": (0.27, 0.35),
    "balloon": (0.23, 0.30),
    "umbrella": (0.37, 0.45),
    "bench": (0.23, 0.29),
    "tree": (0.56, 0.78),
    "bike": (0.33, 0.40),
    "boat": (0.34, 0.44),
}
# How often a category is the one that the scene is about (its largest group).
OBJECT_THEMES = {
    "dog": 3.0,
    "cat": 2.0,
    "duck": 1.2,
    "ball": 2.0,
    "kite": 1.2,
    "balloon": 1.5,
    "umbrella": 1.8,
    "bench": 1.2,
    "tree": 1.5,
    "bike": 1.5,
    "boat": 1.0,
}
PEOPLE_THEMES = {"man": 1.0, "woman": 1.0, "boy": 0.8, "girl": 0.8}
GROUP_SIZES = ((2, 3, 4), (0.50, 0.37, 0.13))
# What somebody can hold, walk, ride or sit on.
HANDLED = ("balloon", "kite", "umbrella", "dog", "bike", "bench")
TRIES = 20


def sample_scene(rng: np.random.Generator, people: bool, aspect: float = ASPECT) -> Scene:
    """Draw one scene at random.

    Args:
        rng: The only source of randomness.
        people: True for a scene about people (testA), False for one about other things (testB).
        aspect: Width over height of the picture.

    Returns:
        A scene with at least one group of two or more things of one category.
    """
    while True:
        ground = empty_ground(rng, aspect)
        themes = PEOPLE_THEMES if people else OBJECT_THEMES
        main = _pick(rng, themes)
        _add_group(ground, main, int(rng.choice(GROUP_SIZES[0], p=GROUP_SIZES[1])))
        # People scenes get things to hold and to stand beside, object scenes a few people.
        others = dict(OBJECT_THEMES) if people else {**OBJECT_THEMES, **PEOPLE_THEMES}
        others.pop(main, None)
        second = _pick(rng, others)
        _add_group(ground, second, int(rng.integers(1, 3)))
        extra = _pick(rng, {**OBJECT_THEMES, **PEOPLE_THEMES})
        if extra not in (main, second):
            _add_group(ground, extra, int(rng.integers(1, 3)))
        if sum(thing.category == main for thing in ground.things) >= 2:
            break
    return Scene(
        things=tuple(ground.things),
        links=tuple(ground.links),
        aspect=aspect,
        horizon=ground.horizon,
        path=ground.path,
        pond=ground.pond,
        mood=int(rng.integers(2**31)),
    )


def _add_group(ground: Ground, category: str, size: int) -> None:
    """Add up to ``size`` things of one category that share few colours."""
    rng = ground.rng
    pool = _pool(category)
    few = 2 if rng.random() < 0.7 else 3
    colors = list(rng.choice(pool, size=few, replace=False))
    patterns = ["plain"] if rng.random() < 0.35 else list(PATTERNS)
    if category in ("tree", "bike", "boat", "bench"):
        patterns = ["plain"]
    if category in ("duck", "boat") and ground.pond is None:
        ground.pond = (0.3 * ground.aspect, 0.68, 0.32, 0.14)
        ground.path = None
    for _ in range(size):
        for _ in range(TRIES):
            thing = _stand(ground, category, str(rng.choice(colors)), str(rng.choice(patterns)))
            if thing.category in PEOPLE:
                if _add_person(ground, thing):
                    break
            elif _add_thing(ground, thing):
                break


def _pool(category: str) -> tuple[str, ...]:
    if category in ANIMALS:
        return COATS
    if category == "tree":
        return CROWNS
    if category == "bench":
        return ("brown", "red", "blue", "green", "white")
    return CLOTHES if category in PEOPLE else PAINTS


def _stand(ground: Ground, category: str, color: str, pattern: str) -> Thing:
    """Sample one thing of a category somewhere it may be."""
    rng = ground.rng
    low, high = HEIGHTS[category]
    x = float(rng.uniform(0.06, 0.94) * ground.aspect)
    if category in ("kite", "balloon"):
        y = float(rng.uniform(0.24, 0.52))
        height = float(rng.uniform(low, high)) * (1.05 if category == "kite" else 1.0)
        return Thing(category, x, y, height, color, pattern, facing=side(rng))
    y = float(rng.uniform(ground.horizon + 0.14, 0.97))
    if category in ("boat", "duck") and ground.pond is not None:
        if category == "boat" or rng.random() < 0.6:
            centre_x, centre_y, radius_x, radius_y = ground.pond
            x = centre_x + float(rng.uniform(-0.8, 0.8)) * radius_x
            y = centre_y + float(rng.uniform(-0.4, 0.7)) * radius_y
    elif ground.pond is not None and in_pond(ground.pond, x, y):
        # Dry feet: step out of the water at the nearer end.
        y = min(0.97, ground.pond[1] + ground.pond[3] + float(rng.uniform(0.05, 0.2)))
    # Nearer things look larger.
    depth = (y - ground.horizon) / (1 - ground.horizon)
    height = float(rng.uniform(low, high)) * (0.80 + 0.38 * depth)
    thing = Thing(category, x, y, height, color, pattern, facing=side(rng))
    if category in ("dog", "cat"):
        return replace(thing, pose="sitting" if rng.random() < 0.35 else "standing")
    if category == "tree":
        return replace(thing, pose="pine" if rng.random() < 0.3 else "round")
    if category in PEOPLE:
        return replace(
            thing,
            bottoms=str(rng.choice(CLOTHES)),
            hat=str(rng.choice(CLOTHES)) if rng.random() < 0.3 else None,
            hair=str(rng.choice(HAIR)),
            skin=int(rng.integers(4)),
        )
    return thing


def _add_thing(ground: Ground, thing: Thing) -> bool:
    """Put an object down; balloons, kites and umbrellas look for a hand first."""
    rng = ground.rng
    if thing.category in HANDLED and rng.random() < 0.45:
        busy = {link.subject for link in ground.links}
        idle = [
            index
            for index, other in enumerate(ground.things)
            if other.category in PEOPLE and index not in busy
        ]
        if idle and give(ground, int(rng.choice(idle)), thing):
            return True
    if thing.category in ("cat", "dog", "ball", "duck") and rng.random() < 0.35:
        thing = _beside(ground, thing)
    if not ground.free(thing):
        return False
    ground.add(thing)
    return True


def _beside(ground: Ground, thing: Thing) -> Thing:
    """Move a small thing next to, or under, something large."""
    hosts = [other for other in ground.things if other.category in ("tree", "bench", *PEOPLE)]
    if not hosts:
        return thing
    rng = ground.rng
    host = hosts[int(rng.integers(len(hosts)))]
    x0, _, x1, _ = extent(host)
    if host.category == "tree":
        x, y = host.x + float(rng.uniform(-0.3, 0.3)) * (x1 - x0), host.y + 0.03
    else:
        reach = (x1 - x0) / 2 + 0.55 * thing.height
        x, y = host.x + side(rng) * reach, host.y + float(rng.uniform(-0.02, 0.03))
    if ground.pond is not None and in_pond(ground.pond, x, y):
        return thing
    return replace(thing, x=x, y=min(y, 0.97))


def _add_person(ground: Ground, person: Thing) -> bool:
    """Put a person down, and sometimes give the hands something to do."""
    rng = ground.rng
    if not ground.free(person):
        return False
    index = ground.add(person)
    if rng.random() < 0.42:
        kind = _pick(
            rng,
            {"umbrella": 3, "balloon": 3, "kite": 1.5, "dog": 2, "bike": 1.5, "bench": 1.5},
        )
        give(ground, index, _stand(ground, kind, str(rng.choice(_pool(kind))), "plain"))
    return True


def _pick(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    shares = np.array(list(weights.values()))
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]
