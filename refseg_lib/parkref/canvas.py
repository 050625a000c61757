"""The canvas: a picture and its labels in one four-band image, and pens that draw things on it.

The fourth band carries the label, so that one drawing call paints colour and label together: the
label map cannot disagree with the picture, and costs nothing.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from refseg_lib.parkref.palette import RGB, contrast, outline
from refseg_lib.parkref.shapes import Point, Shape, bands, dots

SUPERSAMPLING = 2
"""Canvas pixels per picture pixel, along each side."""

STUFF_CODES = {"sky": 251, "grass": 252, "path": 253, "pond": 254}
"""Value of each kind of stuff in ``Rendering.things``."""

MAX_THINGS = 61
"""Label = 4 * (thing + 1) + part, below the stuff's codes."""


Box = tuple[float, float, float, float]
"""Left, top, right, bottom in canvas pixels."""


class Pen:
    """Draws one thing in its own coordinates.

    (0, 0) is the foot point, u points where the thing faces, v upwards, both in heights of the
    thing. ``lean`` moves points forward by that much per height above the origin.

    Attributes:
        scale: Canvas pixels per height of the thing.
    """

    __slots__ = ("_draw", "_facing", "_label", "_lean", "_x", "_y", "scale")

    def __init__(
        self,
        draw: ImageDraw.ImageDraw,
        x: float,
        y: float,
        scale: float,
        *,
        facing: int = 1,
        label: int = 0,
        lean: float = 0.0,
    ) -> None:
        """Put the pen at canvas pixel (``x``, ``y``)."""
        self._draw = draw
        self._x = x
        self._y = y
        self.scale = scale
        self._facing = facing * scale
        self._label = label
        self._lean = lean * facing * scale

    def moved(self, u: float, v: float, lean: float = 0.0) -> "Pen":
        """Return a pen whose origin is at (``u``, ``v``) of this one."""
        return Pen(
            self._draw,
            *self.place(u, v),
            self.scale,
            facing=1 if self._facing > 0 else -1,
            label=self._label,
            lean=lean,
        )

    def local(self, x: float, y: float) -> Point:
        """Return the pen's own coordinates of canvas pixel (``x``, ``y``)."""
        v = (self._y - y) / self.scale
        return (x - self._x - self._lean * v) / self._facing, v

    def place(self, u: float, v: float) -> Point:
        """Return the canvas pixel of a point of the pen's coordinates."""
        return self._x + self._facing * u + self._lean * v, self._y - self.scale * v

    def _flat(self, points: Sequence[Point]) -> list[float]:
        x, y, forward, lean, up = self._x, self._y, self._facing, self._lean, self.scale
        return [c for u, v in points for c in (x + forward * u + lean * v, y - up * v)]

    def polygon(
        self, points: Sequence[Point], color: RGB, part: int = 0, *, plain_edge: bool = False
    ) -> None:
        """Fill a polygon; an almost white one gets a thin darker edge unless ``plain_edge``."""
        flat = self._flat(points)
        self._draw.polygon(flat, fill=(*color, self._label + part))
        edge = None if plain_edge else outline(color)
        if edge is not None:
            flat += flat[:2]
            width = max(1, round(0.012 * self.scale))
            self._draw.line(flat, fill=(*edge, self._label + part), width=width)

    def oval(
        self,
        u: float,
        v: float,
        radius_u: float,
        radius_v: float,
        color: RGB,
        part: int = 0,
        *,
        plain_edge: bool = False,
    ) -> None:
        """Fill an upright ellipse; ``plain_edge`` leaves out the edge of an almost white one."""
        x, y = self.place(u, v)
        dx, dy = radius_u * self.scale, radius_v * self.scale
        edge = None if plain_edge else outline(color)
        self._draw.ellipse(
            (x - dx, y - dy, x + dx, y + dy),
            fill=(*color, self._label + part),
            outline=None if edge is None else (*edge, self._label + part),
            width=max(1, round(0.012 * self.scale)),
        )

    def stroke(
        self,
        points: Sequence[Point],
        width: float,
        color: RGB,
        part: int = 0,
        *,
        round_ends: bool = True,
    ) -> None:
        """Draw a thick line through ``points`` with round joints and, by default, round ends."""
        flat = self._flat(points)
        ink = (*color, self._label + part)
        pixels = max(1, round(width * self.scale))
        self._draw.line(flat, fill=ink, width=pixels)
        if pixels < 3:
            return
        r = (pixels - 1) / 2
        ends = range(0, len(flat), 2) if round_ends else range(2, len(flat) - 2, 2)
        for i in ends:
            x, y = flat[i], flat[i + 1]
            self._draw.ellipse((x - r, y - r, x + r, y + r), fill=ink)

    def patterned(
        self,
        shape: Shape,
        color: RGB,
        pattern: str,
        part: int = 0,
        *,
        spacing: float = 0.1,
        upright: bool = False,
    ) -> None:
        """Fill ``shape`` and lay stripes or dots over it, ``spacing`` apart."""
        self.polygon(shape, color, part)
        if pattern == "striped":
            for band in bands(shape, spacing, upright):
                self._draw.polygon(self._flat(band), fill=(*contrast(color), self._label + part))
        elif pattern == "dotted":
            radius = 0.27 * spacing
            for u, v in dots(shape, spacing, radius):
                self.oval(u, v, radius, radius, contrast(color), part, plain_edge=True)


def new_canvas(column: np.ndarray, width: int) -> Image.Image:
    """Return an RGBA canvas whose every column is ``column``.

    Args:
        column: uint8 (canvas height, 4): red, green, blue and label from top to bottom.
        width: Canvas width in pixels.
    """
    image = Image.fromarray(np.ascontiguousarray(column)[:, None, :])
    return image.resize((width, column.shape[0]), Image.Resampling.NEAREST)


def line_without_label(image: Image.Image, flat: list[float], width: int, color: RGB) -> None:
    """Draw a line that is seen in the picture and leaves the labels as they are.

    Args:
        image: The RGBA canvas, changed in place.
        flat: x0, y0, x1, y1, … in canvas pixels.
        width: In canvas pixels.
        color: RGB.
    """
    labels = image.getchannel("A")
    ImageDraw.Draw(image).line(flat, fill=(*color, 0), width=width)
    image.putalpha(labels)


def shade(image: Image.Image, shadows: list[Box], ripples: list[Box]) -> Image.Image:
    """Return the canvas with soft shadows and ripples in its picture, labels unchanged.

    Args:
        image: The RGBA canvas.
        shadows: Where things stand.
        ripples: Where things swim.
    """
    labels = image.getchannel("A")
    picture = image.convert("RGB")
    draw = ImageDraw.Draw(picture, "RGBA")
    for boxes, ink in ((shadows, (30, 40, 60, 36)), (ripples, (230, 246, 255, 90))):
        for left, top, right, bottom in boxes:
            draw.ellipse((left, top, right, bottom), fill=ink)
            du, dv = 0.12 * (right - left), 0.14 * (bottom - top)
            draw.ellipse((left + du, top + dv, right - du, bottom - dv), fill=(30, 60, 90, 40))
    picture.putalpha(labels)
    return picture


def split(image: Image.Image) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the finished canvas as picture, thing map and part map at picture resolution.

    Returns:
        uint8 (H, W, 3) RGB, uint8 (H, W) thing or stuff codes, uint8 (H, W) part codes.
    """
    picture = np.array(image.convert("RGB").reduce(SUPERSAMPLING))
    labels = np.asarray(image.getchannel("A"))[::SUPERSAMPLING, ::SUPERSAMPLING]
    first_stuff = min(STUFF_CODES.values())
    codes = np.arange(256, dtype=np.uint8)
    things = np.where(codes < first_stuff, codes // 4, codes)
    parts = np.where(codes < first_stuff, codes % 4, 0).astype(np.uint8)
    return picture, things[labels], parts[labels]
