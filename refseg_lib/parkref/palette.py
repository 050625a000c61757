"""The colours of ParkRef: one table for the names, and how shades are made from them."""

from functools import lru_cache

RGB = tuple[int, int, int]

COLOR_RGB: dict[str, RGB] = {
    "red": (216, 40, 48),
    "orange": (245, 130, 28),
    "yellow": (252, 212, 46),
    # Grass is light and yellowish, so the colour called green is a dark emerald; likewise blue is
    # far deeper than the sky and the pond.
    "green": (14, 132, 90),
    "blue": (38, 84, 202),
    "purple": (130, 62, 178),
    "pink": (248, 142, 188),
    "white": (249, 247, 242),
    "black": (40, 40, 48),
    "brown": (130, 80, 44),
    "gray": (140, 144, 152),
}
"""The colour of each of :data:`refseg_lib.parkref.scene.COLORS`, RGB, 0 to 255."""

SKIN_RGB: tuple[RGB, ...] = ((252, 214, 184), (232, 180, 140), (186, 126, 86), (116, 74, 50))
"""Skin tones 0 (light) to 3 (dark)."""

HAIR_RGB: dict[str, RGB] = {
    "black": (44, 38, 42),
    "brown": (104, 64, 38),
    "yellow": (238, 196, 98),
    "blond": (238, 196, 98),
    "orange": (204, 98, 40),
    "red": (170, 60, 34),
    "gray": (166, 166, 172),
    "white": (236, 234, 230),
}
"""Natural versions of the hair colours; a name not in here falls back to :data:`COLOR_RGB`."""

_DARK_CONTRAST: dict[RGB, RGB] = {
    COLOR_RGB["yellow"]: (190, 132, 18),
    COLOR_RGB["pink"]: (196, 74, 134),
    COLOR_RGB["white"]: (124, 130, 150),
}
"""Stripes on light colours are darker; on all others they are lighter."""

INK: RGB = (52, 46, 54)
"""Eyes, noses, tyres: almost black."""

WOOD: RGB = (142, 98, 66)
METAL: RGB = (92, 98, 110)


@lru_cache(maxsize=4096)
def mix(color: RGB, other: RGB, share: float) -> RGB:
    """Return ``color`` with ``share`` (0 to 1) of ``other`` mixed in."""
    red, green, blue = (round(a + share * (b - a)) for a, b in zip(color, other, strict=True))
    return red, green, blue


def darker(color: RGB, share: float = 0.18) -> RGB:
    """Return a shade of ``color``: what lies away from the sun."""
    return mix(color, (30, 20, 50), share)


def lighter(color: RGB, share: float = 0.3) -> RGB:
    """Return a tint of ``color``: what the sun falls on."""
    return mix(color, (255, 255, 255), share)


def contrast(color: RGB) -> RGB:
    """Return the colour of stripes and dots on ``color``: the same hue, clearly lighter or darker.

    The hue is kept so that "the striped red shirt" has no second colour that could be named.
    """
    return _DARK_CONTRAST.get(color) or mix(color, (255, 255, 255), 0.72)


def outline(color: RGB) -> RGB | None:
    """Return the colour of the thin line that keeps a nearly white area visible, else None."""
    return mix(color, (70, 70, 96), 0.36) if min(color) > 225 else None


def hair_color(name: str | None) -> RGB:
    """Return the RGB of a hair colour's name; None is brown."""
    name = name or "brown"
    return HAIR_RGB.get(name) or COLOR_RGB[name]
