"""The park itself: sky, sun, clouds, hills, grass, path and pond.

Stuff that can be named carries its code; clouds, hills and sun carry 0.
"""

import math
import random
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import STUFF_CODES, new_canvas
from refseg_lib.parkref.palette import RGB, mix
from refseg_lib.parkref.scene import Scene

SKIES: tuple[tuple[RGB, RGB], ...] = (
    ((126, 194, 240), (226, 243, 250)),
    ((142, 204, 240), (250, 240, 222)),
    ((112, 186, 236), (214, 238, 248)),
)
FAR_GRASS: RGB = (190, 222, 138)
NEAR_GRASS: RGB = (142, 196, 98)
SAND: RGB = (238, 218, 176)
WATER: RGB = (112, 186, 216)
SUN: RGB = (255, 240, 178)


@lru_cache(maxsize=64)
def _gradient(top: RGB, bottom: RGB, rows: int, code: int) -> np.ndarray:
    """Return uint8 (rows, 4), from ``top`` to ``bottom`` with ``code`` as the label."""
    t = np.linspace(0, 1, max(rows, 1))[:rows, None]
    colors = np.array(top) * (1 - t) + np.array(bottom) * t
    return np.concatenate([colors, np.full((rows, 1), code)], axis=1).round().astype(np.uint8)


@lru_cache(maxsize=8)
def _glow(radius: int) -> Image.Image:
    """Return an L mask (2 radius, 2 radius) that fades from the middle outwards."""
    axis = (np.arange(2 * radius) + 0.5) / radius - 1
    distance = np.hypot(axis[:, None], axis[None, :])
    return Image.fromarray((150 * np.clip(1 - distance, 0, 1) ** 1.6).astype(np.uint8))


@lru_cache(maxsize=32)
def _tufts(variant: int) -> tuple[tuple[float, float, float, int], ...]:
    """Return (x share, depth share 0 far to 1 near, size, kind) of the tufts of one meadow."""
    rng = random.Random(variant)
    meadow = []
    for _ in range(70):
        depth = rng.random() ** 0.8
        meadow.append((rng.random(), depth, 0.006 + 0.012 * depth, rng.randrange(9)))
    return tuple(meadow)


def draw_background(scene: Scene, height: int, width: int) -> Image.Image:
    """Return the RGBA canvas of an empty park.

    Args:
        scene: Gives horizon, path, pond and mood.
        height: Canvas height in pixels.
        width: Canvas width in pixels.
    """
    rng = random.Random(scene.mood)
    sky_top, sky_low = SKIES[rng.randrange(len(SKIES))]
    rows = min(max(round(scene.horizon * height), 0), height)
    sky = _gradient(sky_top, sky_low, rows, STUFF_CODES["sky"])
    grass = _gradient(FAR_GRASS, NEAR_GRASS, height - rows, STUFF_CODES["grass"])
    image = new_canvas(np.concatenate([sky, grass]), width)
    draw = ImageDraw.Draw(image)
    if rows > 0:
        _draw_sun(image, draw, rng, height, width, rows)
        for _ in range(rng.randint(2, 3)):
            _draw_cloud(draw, rng, height, width, rows)
        _draw_hills(draw, rng, height, width, rows)
    if rows < height:
        # Clouds and hills of a low sky may hang over the horizon: the meadow is laid over them.
        image.paste(new_canvas(grass, width), (0, rows))
        _draw_tufts(draw, rng, height, width, rows)
    if scene.path is not None:
        _draw_path(draw, scene.path, rng, height, rows)
    if scene.pond is not None:
        _draw_pond(draw, scene.pond, rng, height)
    return image


def _draw_sun(
    image: Image.Image,
    draw: ImageDraw.ImageDraw,
    rng: random.Random,
    height: int,
    width: int,
    rows: int,
) -> None:
    x, y = rng.uniform(0.1, 0.9) * width, rng.uniform(0.2, 0.45) * rows
    glow, radius = max(round(0.13 * height), 1), 0.045 * height
    # The glow lies on the sky and stays sky: its ink has the sky's code.
    mask = _glow(glow)
    image.paste((*SUN, STUFF_CODES["sky"]), (round(x) - glow, round(y) - glow), mask)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*SUN, 0))


def _draw_cloud(
    draw: ImageDraw.ImageDraw, rng: random.Random, height: int, width: int, rows: int
) -> None:
    x, y = rng.uniform(0, 1) * width, rng.uniform(0.12, 0.6) * rows
    size = rng.uniform(0.035, 0.06) * height
    lobes = (
        (-1.75, 0.12, 0.62), (-0.85, -0.25, 0.95), (0.35, -0.55, 1.2), (1.35, -0.02, 0.85),
        (2.1, 0.2, 0.5), (0.2, 0.1, 0.8),
    )  # fmt: skip
    # First the shaded underside, then the white top a little higher.
    for tint, drop in (((218, 230, 241, 0), 0.2), ((255, 255, 255, 0), 0.0)):
        for dx, dy, r in lobes:
            u, v = x + dx * size, y + (0.8 * dy + drop) * size
            draw.ellipse(
                (u - r * size, v - 0.72 * r * size, u + r * size, v + 0.72 * r * size), fill=tint
            )


def _draw_hills(
    draw: ImageDraw.ImageDraw, rng: random.Random, height: int, width: int, rows: int
) -> None:
    for color, rise in (((176, 214, 196), 0.105), ((158, 206, 152), 0.06)):
        phase, waves = rng.uniform(0, 6.28), rng.uniform(1.1, 2.0)
        flat = []
        for i in range(25):
            a = phase + waves * 6.28 * i / 24
            lift = rise * (0.55 + 0.3 * math.sin(a) + 0.15 * math.sin(2.3 * a + 1))
            flat += [width * i / 24, rows - lift * height]
        flat += [width, rows - 1, 0, rows - 1]
        draw.polygon(flat, fill=(*color, 0))


def _draw_tufts(
    draw: ImageDraw.ImageDraw, rng: random.Random, height: int, width: int, rows: int
) -> None:
    code = STUFF_CODES["grass"]
    shift = rng.random()
    for share, depth, size, kind in _tufts(rng.randrange(6)):
        x = (share + shift) % 1.0 * width
        s = size * height
        y = max(rows + (0.03 + 0.97 * depth) * (height - rows), rows + 1.5 * s)
        blade = mix(mix(FAR_GRASS, NEAR_GRASS, depth), (70, 140, 60), 0.32)
        if kind == 0 and depth > 0.25:
            # A daisy: too small and too pale to be taken for a thing.
            r = max(0.3 * s, 1)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 252, 240, code))
            draw.point((x, y), fill=(250, 206, 90, code))
            continue
        draw.polygon(
            (x - 0.5 * s, y, x - 0.8 * s, y - 0.9 * s, x - 0.1 * s, y - 0.4 * s, x, y - 1.4 * s,
             x + 0.2 * s, y - 0.4 * s, x + 0.8 * s, y - 1.0 * s, x + 0.5 * s, y),
            fill=(*blade, code),
        )  # fmt: skip


def path_edges(path: tuple[float, float, float], share: float) -> tuple[float, float]:
    """Return the path's left and right x where ``share`` runs from 0 (horizon) to 1 (bottom).

    Args:
        path: ``Scene.path``.
        share: (y - horizon) / (1 - horizon).
    """
    far, near, width = path
    middle = far + share * (near - far)
    half = 0.5 * width * (0.12 + 0.88 * share)
    return middle - half, middle + half


def _draw_path(
    draw: ImageDraw.ImageDraw,
    path: tuple[float, float, float],
    rng: random.Random,
    height: int,
    rows: int,
) -> None:
    code = STUFF_CODES["path"]
    (a, b), (c, d) = path_edges(path, 0.0), path_edges(path, 1.0)
    quad = [v * height for v in (a, b, d, c)]
    ys = (rows, rows, height, height)
    draw.polygon([c for p in zip(quad, ys, strict=True) for c in p], fill=(214, 188, 140, code))
    inner = (
        quad[0] + 0.06 * (quad[1] - quad[0]),
        quad[1] - 0.06 * (quad[1] - quad[0]),
        quad[2] - 0.06 * (quad[2] - quad[3]),
        quad[3] + 0.06 * (quad[2] - quad[3]),
    )
    draw.polygon([c for p in zip(inner, ys, strict=True) for c in p], fill=(*SAND, code))
    for _ in range(14):
        share = rng.random() ** 0.7
        left, right = path_edges(path, share)
        x = (left + rng.uniform(0.15, 0.85) * (right - left)) * height
        y, r = rows + share * (height - rows), (0.003 + 0.006 * share) * height
        tint = (222, 198, 152, code) if rng.random() < 0.6 else (248, 232, 198, code)
        draw.ellipse((x - r, y - 0.55 * r, x + r, y + 0.55 * r), fill=tint)


def _draw_pond(
    draw: ImageDraw.ImageDraw,
    pond: tuple[float, float, float, float],
    rng: random.Random,
    height: int,
) -> None:
    code = STUFF_CODES["pond"]
    x, y, a, b = (v * height for v in pond)
    draw.ellipse((x - a, y - b, x + a, y + b), fill=(146, 182, 140, code))
    rim = 0.012 * height
    a, b = a - rim, b - 0.7 * rim
    draw.ellipse((x - a, y - b, x + a, y + b), fill=(92, 168, 202, code))
    draw.ellipse((x - a, y - b + 0.9 * rim, x + a, y + b), fill=(*WATER, code))
    for _ in range(9):
        angle, r = rng.uniform(0, 6.28), rng.random() ** 0.5 * 0.75
        u, v = x + a * r * math.cos(angle), y + b * r * math.sin(angle)
        half = rng.uniform(0.06, 0.16) * a
        half = min(half, 0.9 * a * math.sqrt(max(0.0, 1 - ((v - y) / b) ** 2)) - abs(u - x))
        if half <= 0:
            continue
        width = max(1, round(0.006 * height))
        draw.line((u - half, v, u + half, v), fill=(176, 222, 238, code), width=width)
