"""Maps of a model over the picture they belong to, side by side, each with its scale."""

from collections.abc import Mapping
from html import escape

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.evaluation.photograph import open_photograph
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.data_uri import jpeg_uri
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import check_picture, image_tag
from refseg_lib.explain.viridis import viridis

DENSITY = 2
"""Pixels of a picture per pixel of the page."""
COVER = 0.65
"""How much of what one sees is the map's colour; the rest is the picture, grey and dimmed."""

Limits = tuple[float, float]
Map = ArrayLike | torch.Tensor


def map_grid(
    picture: Image.Image | NDArray[np.uint8],
    maps: Mapping[str, Map],
    *,
    alt: str,
    shared_scale: bool = True,
    limits: Limits | Mapping[str, Limits] | None = None,
    width: int = 190,
) -> Fragment:
    """Lay maps over a picture: yellow is much, dark purple little.

    Args:
        picture: A Pillow image, or uint8 (H, W, 3) in RGB.
        maps: Name to numbers (h, w) that cover the whole picture, on any grid. A cell is drawn as
            the rectangle it stands for, not smoothed.
        alt: What the maps are, e.g. ``"Attention of the word dog"``; the name of each and where it
            is high are added.
        shared_scale: One colour, one number in all maps. False: each map has its own scale.
        limits: The numbers of the two ends of the scale: of all maps, or by name of some, which
            then share no other. By default the highest there is, and the lowest, or 0 where
            nothing is below 0.
        width: Pixels across one map on the page.

    Returns:
        As many maps in a row as the page has room for.

    Raises:
        UserError: There is no map, a map is not (h, w) of finite numbers or lies outside of the
            limits, the limits are not ascending, or the alt text is empty.
    """
    check_picture(alt, width)
    if not maps:
        raise UserError("map_grid was given no map: give at least one, e.g. {'c5': attention}")
    numbers = {name: _numbers(name, given) for name, given in maps.items()}
    fixed = limits if isinstance(limits, Mapping) else dict.fromkeys(maps, limits) if limits else {}
    free = [values for name, values in numbers.items() if name not in fixed]
    ground = _dimmed(open_photograph(picture), DENSITY * width)
    tiles = []
    for name, values in numbers.items():
        if name in fixed:
            ends = _checked(name, values, fixed[name])
        else:
            ends = _range(free if shared_scale else [values])
        tiles.append(_tile(name, values, ends, ground, f"{alt}: {name}", width))
    text = "; ".join([alt, *(_in_words(name, values) for name, values in numbers.items())])
    row = '<div style="display:flex;flex-wrap:wrap;gap:16px;margin:6px 0">'
    return Fragment(f"{row}{''.join(tiles)}</div>", text)


def lay_over(
    ground: NDArray[np.float64], values: NDArray[np.float64], limits: Limits
) -> Image.Image:
    """Draw one map translucent over a picture of any size.

    Args:
        ground: (H, W) brightness in 0..255.
        values: (h, w) numbers.
        limits: The numbers that become dark purple and yellow.

    Returns:
        RGB, H x W; pixel (y, x) shows the cell that its centre lies in.
    """
    rows, columns = (
        np.minimum(((np.arange(size) + 0.5) * cells / size).astype(int), cells - 1)
        for size, cells in zip(ground.shape, values.shape, strict=True)
    )
    low, high = limits
    colors = viridis((values - low) / (high - low))[rows][:, columns]
    shown = COVER * colors + (1 - COVER) * ground[..., None]
    return Image.fromarray(np.round(shown).astype(np.uint8))


def _tile(
    name: str,
    values: NDArray[np.float64],
    limits: Limits,
    ground: NDArray[np.float64],
    alt: str,
    width: int,
) -> str:
    shown = jpeg_uri(lay_over(ground, values, limits), quality=80)
    picture = image_tag(shown, f"{alt}; {_in_words('', values)}", width)
    # The colours of the scale are those that one sees, so the picture shows through them too.
    middle = np.full((10, 128), ground.mean())
    bar = lay_over(middle, np.linspace(*limits, 128)[None], limits)
    scale = image_tag(bar, "colour scale")
    # An <img> beside numbers, not a gradient: styles may be stripped, the numbers must stay right.
    scale = scale.replace("height:auto", "height:10px;flex:1 1 0;min-width:0")
    return (
        f'<figure style="margin:0;width:{width}px;max-width:100%">'
        f'<figcaption style="margin:0 0 4px 0;font-weight:600">{escape(name)}</figcaption>'
        f'{picture}<div style="display:flex;align-items:center;gap:7px;margin:4px 0 0 0;'
        f'font-size:12px"><span>{_told(limits[0])}</span> {scale}'
        f" <span>{_told(limits[1])}</span></div></figure>"
    )


def _in_words(name: str, values: NDArray[np.float64]) -> str:
    """Say where a map is high: its highest number, and the cells in the upper half of its range."""
    low, high = float(values.min()), float(values.max())
    before = f"{name}: " if name else ""
    if _told(low) == _told(high):
        return f"{before}{_told(high)} everywhere"
    middle = (low + high) / 2
    return f"{before}up to {_told(high)}, high in {describe_mask(values >= middle)}"


def _told(number: float) -> str:
    """Print a number so that one can compare it: two digits that count, no "e-05" for a zero."""
    if abs(number) >= 100:
        return f"{number:,.0f}"
    return "0" if abs(number) < 1e-6 else f"{number:.2g}".replace("-", "\u2212")


def _range(maps: list[NDArray[np.float64]]) -> Limits:
    low = min(0.0, *(float(values.min()) for values in maps))
    high = max(float(values.max()) for values in maps)
    # A map of zeros only is dark throughout, on a scale that has two ends.
    return (low, high) if high > low else (low, low + 1)


def _checked(name: str, values: NDArray[np.float64], limits: Limits) -> Limits:
    if not limits[0] < limits[1]:
        raise UserError(f"the limits {limits} of {name!r} do not ascend: give (lowest, highest)")
    # Rounding of a sigmoid aside, a colour must not stand for a number that it is not.
    if values.min() < limits[0] - 1e-6 or values.max() > limits[1] + 1e-6:
        raise UserError(
            f"the map {name!r} goes from {values.min():.3g} to {values.max():.3g}, outside of its"
            f" limits {limits}: widen them, or leave them out"
        )
    return limits


def _dimmed(picture: Image.Image, width: int) -> NDArray[np.float64]:
    """Return the picture's brightness, ``width`` across, so that its shapes stay to be seen."""
    height = max(1, round(picture.height * width / picture.width))
    grey = picture.resize((width, height), Image.Resampling.LANCZOS).convert("L")
    return np.asarray(grey, np.float64)


def _numbers(name: str, given: Map) -> NDArray[np.float64]:
    plain = given.detach().cpu() if isinstance(given, torch.Tensor) else given
    values = np.asarray(plain, np.float64)
    if values.ndim != 2 or values.size == 0:
        raise UserError(
            f"the map {name!r} has the shape {values.shape}: map_grid needs (h, w), one number per"
            " cell; index the batch away, e.g. attention[0]"
        )
    if not np.isfinite(values).all():
        raise UserError(f"the map {name!r} holds NaN or infinity: mask before the softmax")
    return values
