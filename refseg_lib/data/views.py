"""Views of a picture: a part of it, mirrored or not, and where its things lie in them."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

# A cut view keeps this share of either side at least, and is asked for things it shows so much of.
_SMALLEST = 0.65
_SHOWN = 0.75


@dataclass(frozen=True)
class View:
    """A part of a picture of ``width`` x ``height`` pixels, shown mirrored or not.

    Attributes:
        left: First column.
        top: First row.
        right: One behind the last column.
        bottom: One behind the last row.
        flipped: Whether left and right are swapped.
    """

    left: int
    top: int
    right: int
    bottom: int
    flipped: bool

    def of(self, picture: Image.Image) -> Image.Image:
        """Cut the view out of its picture."""
        shown = picture.crop((self.left, self.top, self.right, self.bottom))
        return shown.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if self.flipped else shown

    def shows(self, polygons: Iterable[Sequence[float]]) -> bool:
        """Say whether a thing, or rather its box, lies in the view for the most part.

        Args:
            polygons: Each ``[x0, y0, x1, y1, ...]`` in pixels of the picture.
        """
        points = np.concatenate([np.reshape(polygon, (-1, 2)) for polygon in polygons])
        (left, top), (right, bottom) = points.min(0), points.max(0)
        across = min(right, self.right) - max(left, self.left)
        down = min(bottom, self.bottom) - max(top, self.top)
        seen = max(across, 0.0) * max(down, 0.0)
        return bool(seen >= _SHOWN * (right - left) * (bottom - top))

    def moved(self, polygon: Sequence[float]) -> list[float]:
        """Bring a polygon from pixels of the picture to pixels of the view."""
        points = np.reshape(np.array(polygon, dtype=float), (-1, 2)) - (self.left, self.top)
        if self.flipped:
            points[:, 0] = self.right - self.left - points[:, 0]
        return [round(value, 2) for value in points.ravel().tolist()]


def views(width: int, height: int, cuts: int, mirror: bool, rng: random.Random) -> list[View]:
    """List views of a picture: whole, whole and mirrored, cut, cut and mirrored, ...

    Args:
        width: Of the picture in pixels.
        height: Likewise.
        cuts: How many parts are cut out of it, each elsewhere.
        mirror: Whether there is a mirrored view after each of them; it is cut elsewhere too.
        rng: Chooses the parts.
    """
    found = []
    for number in range(1 + cuts):
        for flipped in (False, True) if mirror else (False,):
            if number == 0:
                found.append(View(0, 0, width, height, flipped))
                continue
            across, down = rng.uniform(_SMALLEST, 1.0), rng.uniform(_SMALLEST, 1.0)
            left, top = rng.uniform(0, 1 - across), rng.uniform(0, 1 - down)
            right, bottom = round((left + across) * width), round((top + down) * height)
            found.append(View(round(left * width), round(top * height), right, bottom, flipped))
    return found
