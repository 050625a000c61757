"""Men, women, boys and girls: standing, sitting on a bench, riding a bike."""

from dataclasses import dataclass

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.heads import draw_hair_behind, draw_head
from refseg_lib.parkref.palette import COLOR_RGB, RGB, SKIN_RGB, darker
from refseg_lib.parkref.scene import PARTS, Thing
from refseg_lib.parkref.shapes import Point, smooth

SHIRT = PARTS.index("shirt") + 1
BOTTOMS = PARTS.index("bottoms") + 1


@dataclass(frozen=True)
class Build:
    """Proportions of one kind of person, in standing heights.

    Attributes:
        head: Radius of the head.
        chin: Height of the chin.
        shoulder: Height of the shoulders.
        shoulder_half: Half the width at the shoulders.
        hip: Height of the hip joints.
        hip_half: Half the width at the hips.
        limb: Width of a leg.
        skirt: Wears a skirt rather than trousers.
        hem: Where the skirt or the trousers end.
    """

    head: float
    chin: float
    shoulder: float
    shoulder_half: float
    hip: float
    hip_half: float
    limb: float
    skirt: bool
    hem: float


BUILDS = {
    "man": Build(0.085, 0.805, 0.785, 0.142, 0.45, 0.108, 0.088, False, 0.05),
    "woman": Build(0.085, 0.805, 0.775, 0.108, 0.50, 0.088, 0.055, True, 0.25),
    "boy": Build(0.135, 0.695, 0.68, 0.132, 0.36, 0.118, 0.082, False, 0.17),
    "girl": Build(0.135, 0.695, 0.68, 0.110, 0.42, 0.100, 0.062, True, 0.17),
}

# Where the upper body goes in each pose: (u and v of the hip, lean). None: at its own height.
POSES: dict[str, tuple[float, float | None, float]] = {
    "standing": (0.0, None, 0.0),
    "sitting": (0.0, 0.245, 0.0),
    "riding": (-0.125, 0.49, 0.2),
}
HALF_WIDTH = {"man": 0.225, "woman": 0.19, "boy": 0.215, "girl": 0.25}


@dataclass(frozen=True)
class Look:
    """The colours a person is drawn in."""

    shirt: RGB
    bottoms: RGB
    skin: RGB
    shoes: RGB


def draw_person(
    pen: Pen, thing: Thing, *, hold: Point | None = None, handlebar: Point | None = None
) -> None:
    """Draw one person.

    Args:
        pen: At the foot point, in standing heights.
        thing: The person.
        hold: Where the holding hand is, in the pen's coordinates; None lets the arm hang.
        handlebar: Where a rider's hands are, in the pen's coordinates.
    """
    build = BUILDS[thing.category]
    look = Look(
        COLOR_RGB[thing.color],
        COLOR_RGB[thing.bottoms or "gray"],
        SKIN_RGB[thing.skin % len(SKIN_RGB)],
        (84, 62, 58) if thing.category in ("man", "woman") else (236, 236, 240),
    )
    # The upper body keeps its own coordinates, from the hip, and is moved and tilted as a whole.
    back, seat, lean = POSES[thing.pose]
    hip = build.hip if seat is None else seat
    upper = pen.moved(back, hip, lean)
    skull = pen.moved(*pen.local(*upper.place(0.0, build.chin + build.head - build.hip)))
    rear = None if handlebar is None else upper.local(*pen.place(*handlebar))
    front = rear if hold is None else upper.local(*pen.place(*hold))

    draw_hair_behind(skull, thing, build.head)
    if thing.pose == "sitting" and front is None:
        front = (0.125, -0.055)
        rear = (-0.125, -0.055)
    _arm(upper, build, look, -1, rear)
    if thing.pose == "riding":
        _riding_legs(pen, build, look, back, hip)
    elif thing.pose == "sitting":
        _sitting_legs(pen, build, look, hip)
    else:
        _standing_legs(pen, build, look)
    _torso(upper, thing, build, look)
    if thing.pose == "sitting":
        _lap(pen, build, look, hip)
    draw_head(skull, thing, build.head)
    _arm(upper, build, look, 1, front)


def local_extent(thing: Thing) -> tuple[float, float, float, float]:
    """Return the box (u0, v0, u1, v1) of a person, in standing heights from the foot point.

    The forward side always has room for an arm that holds something.
    """
    back, seat, lean = POSES[thing.pose]
    build = BUILDS[thing.category]
    lift = 0.0 if seat is None else seat - build.hip
    # A rider's head is farther forward than the hip, never farther back than this.
    behind = HALF_WIDTH[thing.category] - min(0.0, back + 0.4 * lean)
    top = 1.01 + lift + (0.035 if thing.hat else 0.0)
    return -behind, 0.04 if thing.pose == "riding" else -0.005, 0.305, top


def _torso(upper: Pen, thing: Thing, build: Build, look: Look) -> None:
    top = build.shoulder - build.hip
    neck = ((0.0, top - 0.03), (0.0, top + 0.05))
    upper.stroke(neck, 0.5 * build.head + 0.015, darker(look.skin, 0.14), round_ends=False)
    w, h = build.shoulder_half, build.hip_half
    waist = 0.8 * h if build.skirt else 0.47 * (w + h)
    shape = smooth(
        (
            (0.0, top + 0.006), (0.7 * w, top), (w, top - 0.05), (waist, 0.4 * top), (h, 0.0),
            (0.0, -0.012), (-h, 0.0), (-waist, 0.4 * top), (-w, top - 0.05), (-0.7 * w, top),
        ),
        3,
    )  # fmt: skip
    upper.patterned(shape, look.shirt, thing.pattern, SHIRT, spacing=0.088)


def _arm(upper: Pen, build: Build, look: Look, side: int, hand: Point | None) -> None:
    """Draw the forward (``side`` 1) or the rear arm; it hangs when ``hand`` is None."""
    top = build.shoulder - build.hip
    start = (side * (build.shoulder_half - 0.024), top - 0.045)
    if hand is None:
        hand = (side * (build.shoulder_half + 0.04), top - 0.38 * build.shoulder - 0.03)
        elbow = (side * (build.shoulder_half + 0.035), 0.5 * (start[1] + hand[1]))
    else:
        bend = 0.01 if abs(hand[0] - start[0]) > 0.06 else 0.05
        elbow = (0.5 * (start[0] + hand[0]) + side * bend, 0.5 * (start[1] + hand[1]) - 0.04)
    width = 0.056 if build.skirt else 0.068
    shade = 0.12 if side > 0 else 0.24
    cuff = elbow
    if build.skirt:
        cuff = (0.4 * start[0] + 0.6 * elbow[0], 0.4 * start[1] + 0.6 * elbow[1])
    upper.stroke((start, elbow, hand), width * 0.8, darker(look.skin, shade - 0.08))
    upper.stroke((start, cuff), width, darker(look.shirt, shade), SHIRT)
    upper.oval(*hand, 0.036, 0.036, look.skin)


def _foot(pen: Pen, u: float, v: float, look: Look) -> None:
    pen.oval(u + 0.02, v + 0.026, 0.058, 0.026, look.shoes, plain_edge=True)


def _leg(pen: Pen, build: Build, look: Look, joints: tuple[Point, ...], shade: float) -> None:
    """Draw a leg through ``joints`` (hip, maybe knee, ankle) and its shoe."""
    width = build.limb
    bare = build.skirt or build.hem > 0.1
    knee, ankle = joints[-2], joints[-1]
    if bare:
        pen.stroke((knee, ankle), 0.78 * width, darker(look.skin, shade + 0.05), round_ends=False)
    _foot(pen, ankle[0], ankle[1] - 0.03, look)
    if not build.skirt:
        cloth = darker(look.bottoms, shade)
        # Short trousers end where the hem is, on the way from the knee to the ankle.
        t = min(1.0, (knee[1] - build.hem) / (knee[1] - ankle[1])) if bare else 1.0
        end = (knee[0] + t * (ankle[0] - knee[0]), knee[1] + t * (ankle[1] - knee[1]))
        pen.stroke((*joints[:-1], end), width, cloth, BOTTOMS, round_ends=False)


def _standing_legs(pen: Pen, build: Build, look: Look) -> None:
    gap = build.hip_half - 0.5 * build.limb - 0.002
    for side, shade in ((-1, 0.18), (1, 0.0)):
        _leg(pen, build, look, ((side * gap, build.hip), (side * gap, 0.035)), shade)
    h, hip = build.hip_half, build.hip
    if build.skirt:
        flare = h + 0.36 * (hip - build.hem)
        hem = build.hem
        skirt = ((-h, hip), (h, hip), (flare, hem + 0.012), (0.5 * flare, hem - 0.008),
                 (-0.5 * flare, hem - 0.008), (-flare, hem + 0.012))  # fmt: skip
        pen.polygon(skirt, look.bottoms, BOTTOMS)
    else:
        waist = ((-h, hip), (h, hip), (h, hip - 0.08), (-h, hip - 0.08))
        pen.polygon(waist, look.bottoms, BOTTOMS, plain_edge=True)


def _sitting_legs(pen: Pen, build: Build, look: Look, hip: float) -> None:
    for u, shade in ((-0.066, 0.22), (0.076, 0.1)):
        _leg(pen, build, look, ((u, hip - 0.05), (u, 0.035)), shade)


def _lap(pen: Pen, build: Build, look: Look, hip: float) -> None:
    """Draw the thighs of somebody who sits facing us: foreshortened to a block with two knees."""
    h = build.hip_half
    if build.skirt:
        shape = smooth(((-h, hip + 0.01), (h, hip + 0.01), (h + 0.06, hip - 0.09),
                        (0.0, hip - 0.115), (-h - 0.05, hip - 0.09)), 3)  # fmt: skip
        pen.polygon(shape, look.bottoms, BOTTOMS)
        return
    block = ((-h, hip + 0.015), (h, hip + 0.015), (h, hip - 0.07), (-h, hip - 0.07))
    pen.polygon(block, look.bottoms, BOTTOMS, plain_edge=True)
    for u in (-0.066, 0.076):
        pen.oval(u, hip - 0.065, 0.6 * build.limb, 0.046, look.bottoms, BOTTOMS, plain_edge=True)


def _riding_legs(pen: Pen, build: Build, look: Look, back: float, hip: float) -> None:
    for shade, knee, ankle in (
        (0.22, (0.1, 0.28), (0.02, 0.08)),
        (0.0, (0.13, 0.36), (0.06, 0.17)),
    ):
        _leg(pen, build, look, ((back, hip - 0.01), knee, ankle), shade)
        if build.skirt:
            pen.stroke(((back, hip - 0.01), knee), 1.5 * build.limb,
                       darker(look.bottoms, shade), BOTTOMS)  # fmt: skip
