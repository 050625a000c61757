"""Heads: hair, face and hat. What tells men, women, boys and girls apart at a glance."""

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import COLOR_RGB, INK, SKIN_RGB, darker, hair_color, mix
from refseg_lib.parkref.scene import PARTS, Thing
from refseg_lib.parkref.shapes import Shape, arc, smooth

HAT = PARTS.index("hat") + 1

# All outlines are in head radii, from the middle of the head.
LONG_HAIR: Shape = (
    (0.0, 1.14), (0.85, 0.82), (1.18, 0.1), (1.16, -0.9), (1.28, -1.75), (0.6, -1.95),
    (0.0, -1.7), (-0.6, -1.95), (-1.28, -1.75), (-1.16, -0.9), (-1.18, 0.1), (-0.85, 0.82),
)  # fmt: skip
SIDE_PARTING: Shape = (
    (-1.06, -0.02), (-0.98, 0.66), (-0.35, 1.12), (0.45, 1.1), (1.0, 0.62), (1.06, 0.06),
    (0.9, 0.28), (0.5, 0.52), (-0.2, 0.62), (-0.72, 0.42), (-0.9, 0.1),
)  # fmt: skip
MESSY: Shape = (
    (-1.04, 0.0), (-1.2, 0.45), (-0.92, 0.6), (-0.95, 1.02), (-0.5, 0.95), (-0.22, 1.28),
    (0.1, 1.02), (0.55, 1.22), (0.66, 0.9), (1.08, 0.88), (1.0, 0.5), (1.16, 0.3), (0.98, 0.06),
    (0.72, 0.5), (0.42, 0.28), (0.1, 0.55), (-0.3, 0.3), (-0.62, 0.52), (-0.9, 0.25),
)  # fmt: skip
CENTRE_PARTING: Shape = (
    (-1.08, -0.35), (-1.08, 0.5), (-0.55, 1.06), (0.1, 1.14), (0.65, 1.02), (1.08, 0.5),
    (1.08, -0.35), (0.88, 0.15), (0.6, 0.5), (0.12, 0.78), (-0.5, 0.5), (-0.85, 0.15),
)  # fmt: skip
FRINGE: Shape = (
    (-1.06, -0.15), (-1.02, 0.6), (-0.5, 1.06), (0.0, 1.13), (0.5, 1.06), (1.02, 0.6),
    (1.06, -0.15), (0.88, 0.3), (0.45, 0.36), (0.0, 0.32), (-0.45, 0.36), (-0.88, 0.3),
)  # fmt: skip
PIGTAIL: Shape = ((0.95, 0.35), (1.3, 0.5), (1.62, 0.2), (1.72, -0.4), (1.5, -0.85),
                  (1.28, -0.45), (1.1, -0.05))  # fmt: skip


def _scaled(shape: Shape, r: float, mirror: int = 1) -> list[tuple[float, float]]:
    return [(mirror * r * u, r * v) for u, v in shape]


def draw_hair_behind(pen: Pen, thing: Thing, r: float) -> None:
    """Draw what of the hair lies behind the shoulders.

    Args:
        pen: At the middle of the head.
        thing: The person.
        r: Radius of the head in the pen's units.
    """
    hair = darker(hair_color(thing.hair), 0.12)
    if thing.category == "woman":
        pen.polygon(_scaled(smooth(LONG_HAIR, 3), r), hair)
    elif thing.category == "girl":
        for mirror in (1, -1):
            pen.polygon(_scaled(smooth(PIGTAIL, 3), r, mirror), hair)


def draw_head(pen: Pen, thing: Thing, r: float) -> None:
    """Draw head, face, hair and hat.

    Args:
        pen: At the middle of the head.
        thing: The person.
        r: Radius of the head in the pen's units.
    """
    skin = SKIN_RGB[thing.skin % len(SKIN_RGB)]
    hair = hair_color(thing.hair)
    for side in (-0.98, 0.94):
        pen.oval(side * r, -0.06 * r, 0.2 * r, 0.24 * r, darker(skin, 0.12))
    pen.oval(0.0, 0.0, r, r, skin)
    if pen.scale * r > 7:
        _face(pen, skin, r)
    top = {"man": SIDE_PARTING, "woman": CENTRE_PARTING, "boy": MESSY, "girl": FRINGE}
    cap = top[thing.category]
    pen.polygon(_scaled(cap if cap is MESSY else smooth(cap, 3), r), hair)
    if thing.category == "girl":
        for side in (-1.12, 1.12):
            pen.oval(side * r, 0.36 * r, 0.17 * r, 0.17 * r, (240, 240, 244), plain_edge=True)
    if thing.hat is not None:
        _hat(pen, thing, r)


def _face(pen: Pen, skin: tuple[int, int, int], r: float) -> None:
    ahead = 0.14 * r
    for side in (-1, 1):
        pen.oval(ahead + side * 0.36 * r, -0.02 * r, 0.105 * r, 0.125 * r, INK)
        pen.oval(ahead + side * 0.58 * r, -0.36 * r, 0.17 * r, 0.12 * r,
                 mix(skin, (236, 96, 96), 0.32))  # fmt: skip
    if pen.scale * r > 14:
        smile = arc(0.14, -0.34, 0.26, 0.2, 200, 340, 6)
        pen.stroke(_scaled(smile, r), 0.075 * r, mix(skin, (120, 30, 40), 0.7))


def _hat(pen: Pen, thing: Thing, r: float) -> None:
    color = COLOR_RGB[thing.hat or "white"]
    band = darker(color, 0.35) if max(color) > 90 else mix(color, (255, 255, 255), 0.35)
    if thing.category == "boy":
        pen.polygon(_scaled(arc(0.0, 0.34, 1.1, 1.08, 0, 180), r), color, HAT)
        visor = ((0.5, 0.5), (1.3, 0.42), (1.75, 0.3), (1.6, 0.2), (0.4, 0.22))
        pen.polygon(_scaled(visor, r), darker(color, 0.12), HAT)
        pen.oval(0.0, 1.4 * r, 0.13 * r, 0.1 * r, band, HAT)
        return
    brim = 1.5 if thing.category == "man" else 1.8
    crown = ((-0.86, 0.42), (-0.76, 1.22), (-0.4, 1.52), (0.0, 1.42), (0.4, 1.52), (0.76, 1.22),
             (0.86, 0.42))  # fmt: skip
    if thing.category != "man":
        crown = arc(0.0, 0.42, 0.98, 1.02, 0, 180)
    pen.polygon(_scaled(crown, r), color, HAT)
    side = 0.9 if thing.category == "man" else 0.98
    pen.polygon(_scaled(((-side, 0.44), (side, 0.44), (side - 0.04, 0.68), (-side + 0.04, 0.68)),
                        r), band, HAT)  # fmt: skip
    pen.oval(0.0, 0.42 * r, brim * r, 0.2 * r, color, HAT)
