"""The one among several: the biggest, the leftmost, the second from the right.

Like every fact of :mod:`world`, a selection is made only where it is beyond argument.
"""

from refseg_lib.parkref.world import World, members

SIZES = ("biggest", "smallest", "tallest", "shortest")
PLACES = (
    "left",
    "right",
    "middle",
    "front",
    "back",
    "top",
    "bottom",
    "bottom left",
    "bottom right",
    "top left",
    "top right",
)
# Two centres nearer than this (image heights) are not told apart by a location word.
MARGIN = 0.07
# So much bigger (visible area), or taller, must the biggest be than the next.
BIGGER, TALLER = 1.5, 1.18


def extreme(size: str, sure: int, maybe: int, world: World) -> tuple[int, int]:
    """Keep the biggest, smallest, tallest or shortest; undecided when it is a close call.

    Args:
        size: One of :data:`SIZES`.
        sure: The things surely described so far.
        maybe: The things possibly described so far.
        world: The facts.

    Returns:
        (sure, maybe), the same single thing twice when there is one, else (nothing, ``maybe``).
    """
    if sure != maybe or sure.bit_count() < 2:
        return 0, maybe
    candidates = members(sure)
    if size in ("tallest", "shortest"):
        measure = {i: float(world.boxes[i, 3] - world.boxes[i, 1]) for i in candidates}
        margin = TALLER
    else:
        measure = {i: max(world.pixels[i], 1.0) for i in candidates}
        margin = BIGGER
    ranked = sorted(candidates, key=lambda index: measure[index])
    if size in ("biggest", "tallest"):
        ranked.reverse()
    ratio = measure[ranked[0]] / measure[ranked[1]]
    if max(ratio, 1 / ratio) < margin:
        return 0, maybe
    return 1 << ranked[0], 1 << ranked[0]


def located(place: str, ordinal: int, sure: int, maybe: int, world: World) -> tuple[int, int]:
    """Keep the one at ``place``; undecided when it is a close call.

    Args:
        place: One of :data:`PLACES`.
        ordinal: 2 for "second from the left", with left and right only.
        sure: The things surely described so far.
        maybe: The things possibly described so far.
        world: The facts.

    Returns:
        (sure, maybe), the same single thing twice when there is one, else (nothing, ``maybe``).
    """
    if sure != maybe or not sure:
        return 0, maybe
    if place in ("front", "back") and sure & world.afloat:
        # How near is a balloon?
        return 0, maybe
    candidates = members(sure)
    aspect = world.scene.aspect
    x = {index: world.centres[index][0] for index in candidates}
    y = {index: world.centres[index][1] for index in candidates}
    if place in ("front", "back"):
        y = {index: world.scene.things[index].y for index in candidates}
    if len(candidates) == 1:
        # "the man on the left" when there is only one man: he must at least be there.
        share = x[candidates[0]] / aspect
        fits = {"left": share < 0.4, "right": share > 0.6, "middle": abs(share - 0.5) < 0.1}
        return (sure, sure) if ordinal == 1 and fits.get(place, False) else (0, maybe)
    if place == "middle":
        chosen = _middle(x, aspect)
    else:
        chosen = _ranked(place, ordinal, x, y, aspect)
    return (0, maybe) if chosen is None else (1 << chosen, 1 << chosen)


def _middle(x: dict[int, float], aspect: float) -> int | None:
    """Return the middle one of a row, if it is in the middle of the picture as well."""
    if len(x) % 2 == 0:
        return None
    ranked = sorted(x, key=lambda index: x[index])
    chosen = ranked[len(ranked) // 2]
    if not 0.2 < x[chosen] / aspect < 0.8:
        return None
    off = {index: abs(x[index] - aspect / 2) for index in ranked}
    for other in ranked:
        if other != chosen and (
            abs(x[chosen] - x[other]) <= MARGIN or off[other] < off[chosen] + MARGIN / 2
        ):
            return None
    return chosen


def _ranked(
    place: str, ordinal: int, x: dict[int, float], y: dict[int, float], aspect: float
) -> int | None:
    """Return the ``ordinal``-th thing in a direction; two directions for a corner."""
    rightward = ("right" in place) - ("left" in place)
    downward = (place in ("front",) or "bottom" in place) - (place == "back" or "top" in place)
    score = {index: rightward * x[index] + downward * y[index] for index in x}
    ranked = sorted(x, key=lambda index: -score[index])
    if ordinal > len(ranked) or (ordinal > 1 and len(ranked) < 3):
        return None
    chosen = ranked[ordinal - 1]
    corner = rightward and downward
    margin = 1.6 * MARGIN if corner else MARGIN
    if any(abs(score[chosen] - score[i]) <= margin for i in ranked if i != chosen):
        return None
    if ordinal == 1 and not _there(place, x[chosen] / aspect, y[chosen], bool(corner)):
        return None
    if corner:
        # A corner is an extreme in both directions, or nearly so.
        for way, line in ((rightward, x), (downward, y)):
            if sum(way * line[other] > way * line[chosen] for other in ranked) > 1:
                return None
    return chosen


def _there(place: str, x: float, y: float, corner: bool) -> bool:
    """Say whether the words are not plainly false of a spot, both coordinates from 0 to 1.

    The leftmost of three is "on the left" at the picture's middle, but not at its right side.
    """
    slack = 0.0 if corner else 0.06
    return (
        ("left" not in place or x < 0.5 + slack)
        and ("right" not in place or x > 0.5 - slack)
        and ("top" not in place or y < 0.62)
        and ("bottom" not in place or y > 0.42)
    )
