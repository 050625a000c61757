"""A figure becomes one small picture with words, always the same, in colours all can tell apart."""

import base64
import io
import warnings
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.figure import CHINESE_FAMILIES, COLORS, LARGE, show, style

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib not installed")
plt = pytest.importorskip("matplotlib.pyplot")

# What people without green cones (first) and without red cones see of linear RGB (Machado,
# Oliveira and Fernandes 2009, severity 1).
DEFICIENCIES = np.array(
    [
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]],
    ]
)  # fmt: skip
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


@pytest.fixture(autouse=True)
def plain() -> Iterator[None]:
    """Draw without a window, and give matplotlib back as it was."""
    with matplotlib.rc_context():
        plt.switch_backend("Agg")
        yield
        plt.close("all")


def line() -> Any:
    figure, axes = plt.subplots(figsize=(4, 3))
    axes.plot([0, 1, 3], label="oIoU")
    axes.set(title="A title", xlabel="steps")
    axes.legend()
    return figure


def picture_of(html: str, read: Any) -> tuple[dict[str, str], Image.Image, int]:
    [(_, attributes)] = read(html).tags
    data = base64.b64decode(attributes["src"].removeprefix("data:image/png;base64,"))
    return attributes, Image.open(io.BytesIO(data)), len(data)


def test_the_same_figure_gives_the_same_bytes_and_no_date_or_program(read: Any) -> None:
    first, second = show(line(), "a line"), show(line(), "a line")
    assert first == second
    _, picture, _ = picture_of(first, read)
    assert not set(picture.info) & {"Software", "Creation Time", "Title", "Author", "date"}


def test_the_figure_is_closed_so_that_no_notebook_shows_it_twice() -> None:
    figure = line()
    assert plt.fignum_exists(figure.number)
    show(figure, "a line")
    assert plt.get_fignums() == []


def test_what_was_drawn_is_what_is_shown_twice_as_dense(read: Any) -> None:
    figure, axes = plt.subplots(figsize=(4, 3))
    figure.set_facecolor("black")
    axes.set_axis_off()
    axes.imshow([[[200, 0, 0], [0, 0, 200]]], interpolation="nearest", aspect="auto")
    attributes, picture, _ = picture_of(show(figure, "red and blue", width=300), read)
    assert picture.width == pytest.approx(2 * int(attributes["width"]), abs=1)
    pixels = np.asarray(picture.convert("RGB"))
    middle = pixels[pixels.shape[0] // 2]
    assert middle[pixels.shape[1] // 4].tolist() == [200, 0, 0]
    assert middle[3 * pixels.shape[1] // 4].tolist() == [0, 0, 200]
    assert pixels[0, 0].tolist() == [255, 255, 255], "the ground is white in a dark notebook too"


def test_text_that_hangs_over_the_edge_is_not_cut_off(read: Any) -> None:
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.set_ylabel("a label\nof several\nlines that\nneed room", labelpad=40)
    _, picture, _ = picture_of(show(figure, "labels"), read)
    pixels = np.asarray(picture.convert("RGB"))
    for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
        assert (edge == 255).all()


def test_a_heavy_figure_is_made_lighter_and_still_looks_the_same(read: Any) -> None:
    noise = np.random.default_rng(0).normal(0, 12, (300, 400, 3))
    waves = 128 + 80 * np.sin(np.arange(400) / 40)[None, :, None]
    pixels = np.clip(waves + noise, 0, 255).astype(np.uint8)
    figure = plt.figure(figsize=(4, 3))
    figure.figimage(pixels, resize=True)
    figure.set_dpi(100)
    stream = io.BytesIO()
    figure.savefig(stream, dpi=160, facecolor="white", bbox_inches="tight", pad_inches=0.08)
    _, picture, size = picture_of(show(figure, "noise"), read)
    assert len(stream.getvalue()) > LARGE
    assert size < 0.6 * len(stream.getvalue())
    before = np.asarray(Image.open(stream).convert("RGB"), int)
    after = np.asarray(picture.convert("RGB"), int)
    assert np.abs(before - after).mean() < 8


@pytest.mark.parametrize("given", [None, "figure.png", [1, 2]])
def test_what_is_not_a_figure_is_told(given: Any) -> None:
    with pytest.raises(UserError, match=r"plt\.subplots"):
        show(given, "a line")


def test_a_figure_without_words_is_refused_and_stays_open() -> None:
    with pytest.raises(UserError, match="alt text"):
        show(line(), "")
    assert len(plt.get_fignums()) == 1


def test_no_two_line_colours_are_alike_for_colour_blind_readers() -> None:
    """At least 12 apart in CIELAB, where 2.3 can just be seen."""
    rgb = np.array([[int(color[i : i + 2], 16) for i in (1, 3, 5)] for color in COLORS]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    for matrix in (np.eye(3), *DEFICIENCIES):
        xyz = (linear @ matrix.T).clip(0, 1) @ TO_XYZ.T / TO_XYZ.sum(1)
        f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
        lab = np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])])
        assert min(np.linalg.norm(a - b) for a, b in combinations(lab.T, 2)) > 12


def test_lines_take_the_colours_and_maps_take_viridis() -> None:
    style()
    axes = plt.figure().add_subplot()
    lines = [axes.plot([0, k])[0].get_color() for k in range(len(COLORS))]
    assert lines == list(COLORS)
    assert axes.imshow([[0.0, 1.0]]).get_cmap().name == "viridis"


@pytest.mark.parametrize("chinese", [True, False])
def test_text_is_drawn_without_complaints_with_and_without_a_chinese_font(
    chinese: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from matplotlib import font_manager

    if chinese and not set(font_manager.get_font_names()) & set(CHINESE_FAMILIES):
        pytest.skip("no Chinese font on this machine")
    if not chinese:
        monkeypatch.setattr("refseg_lib.explain.figure.CHINESE_FAMILIES", ("Absent Sans",))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        style()
        figure, axes = plt.subplots()
        axes.set_title("左边的狗 dog" if chinese else "dog")
        show(figure, "a title")
    assert not [record for record in caplog.records if "font" in record.getMessage()]
