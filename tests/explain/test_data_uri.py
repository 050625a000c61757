"""A picture inside the page is the picture, in the smaller of two codings."""

import base64
import io

import numpy as np
from PIL import Image

from refseg_lib.explain.data_uri import data_uri, jpeg_uri


def decode(uri: str) -> tuple[str, np.ndarray, int]:
    kind, _, text = uri.removeprefix("data:image/").partition(";base64,")
    data = base64.b64decode(text)
    return kind, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")), len(data)


def test_a_drawing_comes_back_exactly() -> None:
    drawing = np.zeros((40, 60, 3), np.uint8)
    drawing[10:30, 20:40] = (200, 30, 30)
    kind, back, _ = decode(data_uri(Image.fromarray(drawing)))
    assert kind == "png"
    assert np.array_equal(back, drawing)


def test_a_photograph_stays_small_and_looks_the_same() -> None:
    noise = np.random.default_rng(0).normal(0, 6, (120, 160, 3))
    waves = 128 + 60 * np.sin(np.arange(160) / 9)[None, :, None]
    photograph = np.clip(waves + noise, 0, 255).astype(np.uint8)
    kind, back, size = decode(data_uri(Image.fromarray(photograph)))
    assert kind == "jpeg"
    assert size < photograph.nbytes / 3
    assert np.abs(back.astype(int) - photograph).mean() < 6


def test_the_quick_coding_keeps_borders_between_colours_sharp() -> None:
    cells = np.zeros((32, 32, 3), np.uint8)
    cells[:, :15] = (230, 30, 30)
    cells[:, 15:] = (30, 30, 230)
    kind, back, _ = decode(jpeg_uri(Image.fromarray(cells)))
    assert kind == "jpeg"
    assert np.abs(back.astype(int) - cells)[:, 14:16].mean() < 12
