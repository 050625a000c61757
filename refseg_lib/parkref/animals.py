"""Dogs, cats and ducks, seen from the side."""

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import COLOR_RGB, INK, contrast, darker, lighter
from refseg_lib.parkref.scene import Thing
from refseg_lib.parkref.shapes import Point, Shape, smooth

EXTENTS = {
    ("dog", "standing"): (-0.79, 0.0, 0.81, 1.0),
    ("dog", "sitting"): (-0.52, 0.0, 0.60, 1.0),
    ("cat", "standing"): (-0.86, 0.0, 0.68, 1.0),
    ("cat", "sitting"): (-0.50, 0.0, 0.39, 1.015),
    ("duck", "standing"): (-0.66, 0.0, 0.64, 1.0),
}
"""Box (u0, v0, u1, v1) of an animal by category and pose, in heights."""

NECK: dict[str, Point] = {"standing": (0.34, 0.60), "sitting": (0.16, 0.56)}
"""Where a leash is fastened to a dog."""

DOG_BODY: Shape = ((-0.52, 0.50), (-0.35, 0.60), (0.1, 0.60), (0.32, 0.72), (0.46, 0.62),
                   (0.42, 0.36), (0.2, 0.26), (-0.2, 0.28), (-0.46, 0.26))  # fmt: skip
DOG_SITTING: Shape = ((0.06, 0.70), (0.30, 0.62), (0.32, 0.30), (0.22, 0.06), (-0.30, 0.03),
                      (-0.42, 0.18), (-0.30, 0.42), (-0.10, 0.60))  # fmt: skip
CAT_BODY: Shape = ((-0.50, 0.44), (-0.40, 0.58), (-0.1, 0.56), (0.2, 0.58), (0.40, 0.60),
                   (0.42, 0.34), (0.1, 0.27), (-0.2, 0.30), (-0.44, 0.26))  # fmt: skip
CAT_SITTING: Shape = ((0.02, 0.64), (0.22, 0.60), (0.27, 0.30), (0.27, 0.04), (-0.20, 0.02),
                      (-0.30, 0.16), (-0.24, 0.38), (-0.12, 0.56))  # fmt: skip
DUCK_BODY: Shape = ((-0.64, 0.56), (-0.40, 0.50), (0.0, 0.50), (0.28, 0.56), (0.40, 0.40),
                    (0.28, 0.18), (-0.05, 0.10), (-0.36, 0.20))  # fmt: skip
DUCK_WING: Shape = ((-0.46, 0.42), (-0.1, 0.46), (0.16, 0.42), (0.12, 0.27), (-0.12, 0.20))


def draw_animal(pen: Pen, thing: Thing, *, swims: bool = False) -> None:
    """Draw a dog, a cat or a duck with ``pen`` at its foot point; a duck that swims has no legs."""
    if thing.category == "duck":
        _duck(pen.moved(0.0, -0.1) if swims else pen, thing, swims)
    elif thing.pose == "sitting":
        (_sitting_dog if thing.category == "dog" else _sitting_cat)(pen, thing)
    else:
        (_standing_dog if thing.category == "dog" else _standing_cat)(pen, thing)


def _legs(pen: Pen, thing: Thing, places: tuple[tuple[float, float], ...], width: float) -> None:
    """Draw legs at (u, shade); paws are a little lighter."""
    coat = COLOR_RGB[thing.color]
    for u, shade in places:
        color = darker(coat, shade)
        pen.stroke(((u, 0.42), (u, 0.05)), width, color, round_ends=False)
        pen.oval(u + 0.02, 0.045, 0.6 * width + 0.012, 0.045, lighter(color, 0.18))


def _standing_dog(pen: Pen, thing: Thing) -> None:
    coat = COLOR_RGB[thing.color]
    pen.stroke(((-0.47, 0.50), (-0.62, 0.58), (-0.72, 0.76)), 0.10, coat)
    _legs(pen, thing, ((-0.30, 0.25), (0.22, 0.25)), 0.12)
    _legs(pen, thing, ((-0.42, 0.06), (0.34, 0.06)), 0.13)
    pen.patterned(smooth(DOG_BODY, 3), coat, thing.pattern, spacing=0.2, upright=True)
    _dog_head(pen.moved(0.45, 0.78), thing)


def _sitting_dog(pen: Pen, thing: Thing) -> None:
    coat = COLOR_RGB[thing.color]
    pen.stroke(((-0.3, 0.08), (-0.42, 0.12), (-0.46, 0.26)), 0.09, coat)
    _legs(pen, thing, ((0.14, 0.25),), 0.12)
    pen.patterned(smooth(DOG_SITTING, 3), coat, thing.pattern, spacing=0.2)
    _legs(pen, thing, ((0.24, 0.06),), 0.12)
    pen.oval(-0.16, 0.16, 0.20, 0.15, darker(coat, 0.1))
    pen.oval(-0.02, 0.045, 0.14, 0.045, lighter(coat, 0.1))
    _dog_head(pen.moved(0.24, 0.78), thing)


def _dog_head(pen: Pen, thing: Thing) -> None:
    """Draw a dog's head with its middle at the pen's origin."""
    coat = COLOR_RGB[thing.color]
    snout = lighter(coat, 0.3) if thing.color != "white" else darker(coat, 0.06)
    pen.oval(0.0, 0.0, 0.21, 0.2, coat)
    pen.oval(0.19, -0.06, 0.15, 0.105, snout)
    pen.oval(0.31, -0.01, 0.042, 0.04, INK)
    pen.oval(0.08, 0.06, 0.032, 0.036, INK if thing.color != "black" else (240, 240, 240))
    ear = smooth(((-0.16, 0.20), (-0.02, 0.19), (0.0, 0.02), (-0.08, -0.16), (-0.19, -0.12),
                  (-0.22, 0.05)), 3)  # fmt: skip
    shade = 0.2 if thing.color == "white" else 0.32
    pen.polygon(ear, darker(coat, shade) if thing.color != "black" else lighter(coat, 0.2))


def _standing_cat(pen: Pen, thing: Thing) -> None:
    coat = COLOR_RGB[thing.color]
    tail = ((-0.46, 0.50), (-0.64, 0.52), (-0.74, 0.66), (-0.72, 0.84), (-0.80, 0.94))
    pen.stroke(tail, 0.085, coat)
    _legs(pen, thing, ((-0.32, 0.25), (0.24, 0.25)), 0.095)
    _legs(pen, thing, ((-0.43, 0.06), (0.34, 0.06)), 0.10)
    pen.patterned(smooth(CAT_BODY, 3), coat, thing.pattern, spacing=0.17, upright=True)
    _cat_head(pen.moved(0.42, 0.70), thing)


def _sitting_cat(pen: Pen, thing: Thing) -> None:
    coat = COLOR_RGB[thing.color]
    pen.stroke(((-0.2, 0.06), (-0.38, 0.08), (-0.45, 0.22), (-0.40, 0.34)), 0.085, coat)
    pen.patterned(smooth(CAT_SITTING, 3), coat, thing.pattern, spacing=0.17)
    _legs(pen, thing, ((0.10, 0.16), (0.20, 0.06)), 0.085)
    pen.oval(-0.1, 0.13, 0.17, 0.12, darker(coat, 0.1))
    _cat_head(pen.moved(0.13, 0.72), thing)


def _cat_head(pen: Pen, thing: Thing) -> None:
    """Draw a cat's head with its middle at the pen's origin."""
    coat = COLOR_RGB[thing.color]
    inner = (244, 170, 176)
    for side in (-1, 1):
        pen.polygon(((side * 0.21, 0.06), (side * 0.19, 0.29), (side * 0.03, 0.17)), coat)
        pen.polygon(((side * 0.17, 0.10), (side * 0.165, 0.22), (side * 0.075, 0.15)), inner)
    pen.oval(0.0, 0.0, 0.235, 0.195, coat)
    if thing.pattern == "striped":
        for u in (-0.07, 0.0, 0.07):
            pen.stroke(((u, 0.18), (0.8 * u, 0.09)), 0.028, contrast(coat))
    eye = INK if thing.color not in ("black", "brown", "purple", "blue") else (240, 236, 190)
    for u in (-0.05, 0.12):
        pen.oval(u, 0.02, 0.03, 0.042, eye)
    pen.oval(0.04, -0.05, 0.028, 0.02, (226, 110, 124))
    if pen.scale > 60:
        for side in (-1, 1):
            for dv in (0.015, -0.025):
                pen.stroke(((0.04 + side * 0.08, -0.06), (0.03 + side * 0.21, -0.06 + dv)), 0.012,
                           contrast(coat), round_ends=False)  # fmt: skip


def _duck(pen: Pen, thing: Thing, swims: bool) -> None:
    coat = COLOR_RGB[thing.color]
    bill = (250, 150, 40) if thing.color != "orange" else (214, 84, 30)
    for u, shade in () if swims else ((-0.08, 0.2), (0.06, 0.0)):
        pen.stroke(((u, 0.18), (u, 0.03)), 0.045, darker(bill, shade), round_ends=False)
        pen.oval(u + 0.04, 0.025, 0.085, 0.026, darker(bill, shade))
    pen.patterned(smooth(DUCK_BODY, 3), coat, thing.pattern, spacing=0.17, upright=True)
    pen.stroke(((0.22, 0.46), (0.25, 0.74)), 0.22, coat, round_ends=False)
    wing = smooth(DUCK_WING, 3)
    if thing.pattern == "plain":
        pen.polygon(wing, darker(coat, 0.14))
    bill_shape = smooth(((0.40, 0.84), (0.62, 0.76), (0.60, 0.70), (0.40, 0.70)), 3)
    pen.polygon(bill_shape, bill)
    pen.oval(0.27, 0.80, 0.20, 0.20, coat)
    pen.oval(0.34, 0.85, 0.034, 0.04, INK if thing.color != "black" else (240, 240, 240))
