"""Balls, kites, balloons, umbrellas and benches."""

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.palette import COLOR_RGB, METAL, contrast, darker, lighter
from refseg_lib.parkref.scene import Thing
from refseg_lib.parkref.shapes import Shape, arc, smooth

EXTENTS = {
    "ball": (-0.51, 0.0, 0.51, 1.0),
    "kite": (-0.41, -0.41, 0.41, 1.0),
    "balloon": (-0.41, -0.06, 0.41, 1.0),
    "umbrella": (-0.70, -0.02, 0.70, 1.04),
    "bench": (-0.87, 0.0, 0.87, 1.0),
}
"""Box (u0, v0, u1, v1) of an object by category, in heights."""

KITE: Shape = ((0.0, 1.0), (0.40, 0.62), (0.0, 0.0), (-0.40, 0.62))
KITE_TAIL: Shape = ((0.0, 0.0), (0.09, -0.10), (-0.05, -0.22), (0.09, -0.34), (0.0, -0.47))


def draw_object(pen: Pen, thing: Thing) -> None:
    """Draw a ball, kite, balloon, umbrella or bench with ``pen`` at its foot point."""
    {
        "ball": _ball,
        "kite": _kite,
        "balloon": _balloon,
        "umbrella": _umbrella,
        "bench": _bench,
    }[thing.category](pen, thing)


def _ball(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.oval(0.0, 0.5, 0.5, 0.5, darker(color, 0.22), plain_edge=thing.color != "white")
    # The light comes from above: the body is a disc a little smaller, moved up.
    body = arc(-0.02, 0.53, 0.455, 0.45, 0, 360, 24)
    pen.patterned(body, color, thing.pattern, spacing=0.32)
    pen.oval(-0.18, 0.74, 0.10, 0.075, lighter(color, 0.65), plain_edge=True)


def _kite(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.stroke(KITE_TAIL, 0.035, darker(color, 0.1))
    for u, v in KITE_TAIL[1:]:
        pen.polygon(((u - 0.1, v + 0.05), (u, v), (u - 0.1, v - 0.05)), color)
        pen.polygon(((u + 0.1, v + 0.05), (u, v), (u + 0.1, v - 0.05)), color)
    pen.patterned(KITE, color, thing.pattern, spacing=0.22)
    if thing.pattern == "plain":
        pen.polygon(((0.0, 1.0), (0.40, 0.62), (0.0, 0.62)), lighter(color, 0.22))
        pen.polygon(((0.0, 0.62), (0.0, 0.0), (-0.40, 0.62)), darker(color, 0.14))
    spar = darker(color, 0.4)
    pen.stroke(((0.0, 0.98), (0.0, 0.02)), 0.022, spar, round_ends=False)
    pen.stroke(((-0.38, 0.62), (0.38, 0.62)), 0.022, spar, round_ends=False)


def _balloon(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.polygon(((0.0, 0.04), (0.075, -0.05), (-0.075, -0.05)), darker(color, 0.2))
    body = smooth(((0.0, 1.0), (0.29, 0.9), (0.395, 0.62), (0.25, 0.22), (0.0, 0.03),
                   (-0.25, 0.22), (-0.395, 0.62), (-0.29, 0.9)), 3)  # fmt: skip
    pen.patterned(body, color, thing.pattern, spacing=0.24)
    pen.oval(-0.17, 0.76, 0.07, 0.11, lighter(color, 0.6), plain_edge=True)


def _umbrella(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    pen.stroke(((0.0, 0.98), (0.0, 0.06), (0.035, 0.02), (0.075, 0.05)), 0.035, METAL)
    pen.stroke(((0.0, 1.0), (0.0, 0.9)), 0.03, METAL)
    canopy = _canopy()
    pen.patterned(canopy, color, thing.pattern, spacing=0.13)
    if pen.scale > 50:
        for u, v in ((-0.225, 0.62), (0.225, 0.62)):
            rib = ((0.0, 0.975), (0.75 * u, 0.84), (u, v + 0.02))
            pen.stroke(rib, 0.014, darker(color, 0.3), round_ends=False)


def _canopy() -> Shape:
    """Return the open umbrella: a dome whose lower edge hangs in three scallops."""
    dome = arc(0.0, 0.60, 0.675, 0.38, 0, 180, 16)
    scallops = [arc(u, 0.60, 0.225, 0.06, 180, 0, 6)[1:] for u in (-0.45, 0.0, 0.45)]
    return dome + tuple(point for scallop in scallops for point in scallop[:-1])


def _bench(pen: Pen, thing: Thing) -> None:
    color = COLOR_RGB[thing.color]
    for u in (-0.66, 0.66):
        pen.stroke(((u, 0.98), (u, 0.45)), 0.07, darker(METAL, 0.15), round_ends=False)
        pen.stroke(((u, 0.5), (u, 0.0)), 0.085, METAL, round_ends=False)
        pen.stroke(((1.14 * u, 0.44), (1.14 * u, 0.0)), 0.085, METAL, round_ends=False)
    slats = ((0.84, 0.98, 0.80), (0.64, 0.78, 0.80), (0.34, 0.52, 0.86))
    for i, (low, high, half) in enumerate(slats):
        board = ((-half, low), (half, low), (half, high), (-half, high))
        is_second = thing.pattern == "striped" and i == 1
        pen.polygon(board, contrast(color) if is_second else color)
        if thing.pattern == "dotted":
            for k in range(-3, 4):
                pen.oval(0.23 * k, (low + high) / 2, 0.045, 0.045, contrast(color), plain_edge=True)
    edge = ((-0.86, 0.34), (0.86, 0.34), (0.86, 0.40), (-0.86, 0.40))
    pen.polygon(edge, darker(color, 0.2))
