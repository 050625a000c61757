"""Trees, bikes and boats."""

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import COLOR_RGB, INK, METAL, WOOD, contrast, darker, lighter
from refseg_lib.parkref.scene import Thing
from refseg_lib.parkref.shapes import Point, Shape, arc, smooth

EXTENTS = {
    ("tree", "round"): (-0.40, -0.015, 0.40, 1.0),
    ("tree", "pine"): (-0.31, 0.0, 0.31, 1.0),
    ("bike", "standing"): (-0.81, 0.0, 0.81, 1.02),
    ("boat", "standing"): (-0.66, -0.015, 0.66, 1.0),
}
"""Box (u0, v0, u1, v1) by category and pose, in heights."""

HANDLEBAR: Point = (0.40, 0.97)
"""Where a rider's hands are on a bike, in heights of the bike."""

CROWN: Shape = (
    (0.0, 1.0), (0.15, 0.965), (0.27, 0.91), (0.315, 0.80), (0.38, 0.70), (0.385, 0.56),
    (0.30, 0.45), (0.20, 0.39), (0.08, 0.36), (-0.06, 0.375), (-0.18, 0.37), (-0.30, 0.43),
    (-0.375, 0.53), (-0.375, 0.68), (-0.31, 0.79), (-0.275, 0.90), (-0.14, 0.96),
)  # fmt: skip


def draw_landmark(pen: Pen, thing: Thing) -> None:
    """Draw a tree, bike or boat with ``pen`` at its foot point."""
    if thing.category == "tree":
        (_pine if thing.pose == "pine" else _round_tree)(pen, thing)
    else:
        (_bike if thing.category == "bike" else _boat)(pen, thing)


def _round_tree(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    trunk = smooth(((-0.075, 0.0), (0.0, 0.008), (0.075, 0.0), (0.042, 0.2), (0.05, 0.5),
                    (-0.05, 0.5), (-0.042, 0.2)), 2)  # fmt: skip
    pen.polygon(trunk, WOOD)
    pen.stroke(((0.0, 0.33), (0.13, 0.46)), 0.035, WOOD)
    pen.polygon(smooth(CROWN, 2), darker(color, 0.2))
    # Lobes catch the light from the upper left.
    for u, v, r in (
        (-0.19, 0.62, 0.175),
        (0.15, 0.60, 0.16),
        (0.10, 0.80, 0.165),
        (-0.1, 0.82, 0.15),
    ):
        pen.oval(u - 0.008, v + 0.008, r, r * 0.95, color, plain_edge=True)
    body = arc(-0.01, 0.68, 0.27, 0.22, 0, 360, 20)
    pen.patterned(body, color, thing.pattern, spacing=0.17)
    if thing.pattern == "plain":
        for u, v, r in ((-0.16, 0.80, 0.07), (-0.24, 0.64, 0.05), (0.06, 0.86, 0.045)):
            pen.oval(u, v, r, 0.7 * r, lighter(color, 0.22), plain_edge=True)


def _pine(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.polygon(((-0.05, 0.0), (0.05, 0.0), (0.04, 0.25), (-0.04, 0.25)), WOOD)
    for low, high, half in ((0.14, 0.56, 0.30), (0.36, 0.77, 0.245), (0.58, 1.0, 0.185)):
        tier = ((0.0, high), (half, low), (0.5 * half, low - 0.02), (0.0, low),
                (-0.5 * half, low - 0.02), (-half, low))  # fmt: skip
        pen.patterned(tier, color, thing.pattern, spacing=0.13)
        if thing.pattern == "plain":
            pen.polygon(((0.0, high), (half, low), (0.5 * half, low - 0.02), (0.16 * half, low)),
                        darker(color, 0.16))  # fmt: skip


def _bike(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    crank, seat, head, rear, front = (
        (-0.06, 0.33), (-0.22, 0.78), (0.34, 0.80), (-0.46, 0.34), (0.46, 0.34),
    )  # fmt: skip
    for u, v in (rear, front):
        # Wheels are closed discs: at 128 pixels thin spokes would leave nothing to find.
        pen.oval(u, v, 0.34, 0.34, INK)
        pen.oval(u, v, 0.275, 0.275, (214, 220, 228))
        if pen.scale > 60:
            for du, dv in ((0.26, 0.0), (0.13, 0.225), (-0.13, 0.225)):
                spoke = ((u - du, v - dv), (u + du, v + dv))
                pen.stroke(spoke, 0.012, (160, 166, 176), round_ends=False)
        pen.oval(u, v, 0.05, 0.05, METAL)
    tube = 0.085
    pen.stroke((rear, crank, seat, rear), tube * 0.8, darker(color, 0.15))
    pen.stroke((seat, head, crank), tube, color)
    pen.stroke(((0.31, 0.9), head, front), tube, color)
    pen.stroke(((0.31, 0.9), HANDLEBAR, (0.48, 0.92)), 0.055, INK)
    pen.stroke((seat, (-0.25, 0.88)), 0.05, METAL)
    pen.stroke(((-0.36, 0.91), (-0.14, 0.90)), 0.085, INK)
    pen.oval(*crank, 0.085, 0.085, METAL)
    pen.stroke((crank, (0.06, 0.2)), 0.045, METAL)
    pen.stroke(((0.0, 0.2), (0.13, 0.2)), 0.05, INK)
    if thing.pattern != "plain":
        for t in (0.2, 0.5, 0.8):
            u, v = seat[0] + t * (head[0] - seat[0]), seat[1] + t * (head[1] - seat[1])
            pen.oval(u, v, 0.04, 0.04, contrast(color), plain_edge=True)


def _boat(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.stroke(((0.0, 0.96), (0.0, 0.3)), 0.04, WOOD, round_ends=False)
    pen.polygon(((0.04, 0.93), (0.46, 0.42), (0.04, 0.42)), (249, 247, 242))
    pen.polygon(((-0.04, 0.82), (-0.34, 0.42), (-0.04, 0.42)), (232, 232, 236))
    pen.polygon(((0.0, 1.0), (-0.2, 0.94), (0.0, 0.88)), color)
    hull = smooth(((-0.64, 0.36), (0.0, 0.32), (0.65, 0.38), (0.46, 0.06), (0.2, 0.0),
                   (-0.26, 0.0), (-0.5, 0.08)), 3)  # fmt: skip
    pen.patterned(hull, color, thing.pattern, spacing=0.14)
    if thing.pattern == "plain":
        pen.stroke(((-0.55, 0.27), (0.0, 0.235), (0.56, 0.285)), 0.035, lighter(color, 0.5))
