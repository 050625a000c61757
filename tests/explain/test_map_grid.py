"""A map shows each number in the place it belongs to, in a colour that the scale explains."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.explain.map_grid import COVER, lay_over, map_grid
from refseg_lib.explain.viridis import viridis

GREY = np.full((40, 60, 3), 120, np.uint8)


def drawn(html: str, read: Any) -> dict[str, np.ndarray]:
    """Alt text to pixels of the maps, without their scales."""
    found = {}
    for tag, attributes in read(html).tags:
        if tag == "img" and attributes["alt"] != "colour scale":
            data = base64.b64decode(attributes["src"].partition(";base64,")[2])
            pixels = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
            found[attributes["alt"]] = pixels.astype(int)
    return found


def seen(share: float) -> np.ndarray:
    """What is seen on the grey picture where a map is at ``share`` of its scale."""
    return COVER * viridis(share) + (1 - COVER) * 120


def scales(html: str, read: Any) -> list[list[str]]:
    numbers = re.findall(r"<span>([^<]*)</span>", html)
    return [numbers[i : i + 2] for i in range(0, len(numbers), 2)]


@pytest.mark.parametrize(("height", "width"), [(8, 12), (7, 11), (3, 4), (2, 2), (1, 5)])
def test_a_pixel_shows_the_cell_that_its_centre_lies_in(height: int, width: int) -> None:
    values = np.linspace(0, 1, 12).reshape(3, 4)
    ground = np.linspace(0, 255, height * width).reshape(height, width)
    shown = np.asarray(lay_over(ground, values, (0.0, 1.0)))
    for y in range(height):
        for x in range(width):
            cell = values[int((y + 0.5) / height * 3), int((x + 0.5) / width * 4)]
            color = COVER * viridis(cell) + (1 - COVER) * ground[y, x]
            assert np.abs(shown[y, x] - color).max() <= 0.5


def test_yellow_is_the_highest_number_and_purple_zero(read: Any) -> None:
    html = map_grid(GREY, {"a": [[0.0, 0.25], [0.5, 0.125]]}, alt="Test", width=60)
    [pixels] = drawn(html, read).values()
    assert pixels.shape == (80, 120, 3)
    corners = pixels[20, 30], pixels[20, 90], pixels[60, 30], pixels[60, 90]
    for corner, share in zip(corners, (0, 0.5, 1, 0.25), strict=True):
        assert np.abs(corner - seen(share)).max() < 6
    assert scales(html, read) == [["0", "0.5"]]


def test_on_a_shared_scale_equal_numbers_have_equal_colours(read: Any) -> None:
    maps = {"a": [[0.0, 0.2]], "b": [[0.2, 1.0]]}
    first, second = drawn(map_grid(GREY, maps, alt="T", width=60), read).values()
    assert np.abs(first[40, 90] - second[40, 30]).max() < 6
    assert np.abs(first[40, 90] - seen(0.2)).max() < 6


def test_on_its_own_scale_each_map_reaches_yellow(read: Any) -> None:
    maps = {"a": [[0.0, 0.2]], "b": [[0.2, 1.0]]}
    html = map_grid(GREY, maps, alt="T", width=60, shared_scale=False)
    for pixels in drawn(html, read).values():
        assert np.abs(pixels[40, 90] - seen(1)).max() < 6
    assert scales(html, read) == [["0", "0.2"], ["0", "1"]]


def test_maps_with_limits_of_their_own_do_not_stretch_the_others(read: Any) -> None:
    maps = {"attention": [[0.01, 0.02]], "gate": [[0.4, 0.6]]}
    html = map_grid(GREY, maps, alt="T", limits={"gate": (0, 1)})
    assert scales(html, read) == [["0", "0.02"], ["0", "1"]]
    assert scales(map_grid(GREY, maps, alt="T", limits=(-1, 1)), read) == [["−1", "1"]] * 2


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ([[0.0, 0.0]], ["0", "1"]),
        ([[1.0, 1.0]], ["0", "1"]),
        ([[-2.0, -1.0]], ["−2", "−1"]),
        ([[-0.5, 0.25]], ["−0.5", "0.25"]),
        ([[1e-12, 0.000123]], ["0", "0.00012"]),
        ([[0.0, 12345.6]], ["0", "12,346"]),
    ],
)
def test_the_scale_goes_from_the_lowest_or_zero_to_the_highest(
    values: list, ends: list, read: Any
) -> None:
    assert scales(map_grid(GREY, {"a": values}, alt="T"), read) == [ends]


def test_the_alt_text_says_how_much_and_where(read: Any) -> None:
    values = np.zeros((10, 10))
    values[9, 0] = 0.25
    maps = {"c5": values, "gate": np.ones((2, 2))}
    first, second = drawn(map_grid(GREY, maps, alt="Attention of dog"), read)
    assert first == ("Attention of dog: c5; up to 0.25, high in 1 % of the picture, lower left")
    assert second == "Attention of dog: gate; 1 everywhere"
    text = map_grid(GREY, maps, alt="Attention of dog").text
    assert "c5: up to 0.25" in text
    assert "gate: 1 everywhere" in text


def test_every_name_stands_at_its_map_and_is_never_run_as_html(read: Any) -> None:
    page = read(map_grid(GREY, {"<script>": [[1.0]], "b": [[0.5]]}, alt='"<i>'))
    assert {"script", "i", "style"}.isdisjoint(tag for tag, _ in page.tags)
    assert page.text == "<script>0  1b0  1"


def test_a_picture_that_is_not_square_keeps_its_shape(read: Any) -> None:
    tall = Image.new("RGB", (20, 50))
    [pixels] = drawn(map_grid(tall, {"a": [[1.0]]}, alt="T", width=40), read).values()
    assert pixels.shape == (200, 80, 3)


def test_the_picture_is_seen_through_the_map(read: Any) -> None:
    half = GREY.copy()
    half[:, :30] = 0
    [pixels] = drawn(map_grid(half, {"a": [[0.5]]}, alt="T", width=60), read).values()
    difference = pixels[40, 100] - pixels[40, 20]
    assert np.abs(difference - (1 - COVER) * 120).max() < 6


def test_a_tensor_inside_a_graph_of_gradients_will_do() -> None:
    weights = torch.zeros(2, 2, requires_grad=True).softmax(0)
    assert "0.5 everywhere" in map_grid(GREY, {"a": weights}, alt="T")


@pytest.mark.parametrize(
    ("maps", "options", "said"),
    [
        ({}, {}, "no map"),
        ({"a": np.zeros((1, 4, 4))}, {}, "index the batch away"),
        ({"a": [[np.nan]]}, {}, "NaN"),
        ({"a": [[2.0]]}, {"limits": (0, 1)}, "outside of its limits"),
        ({"a": [[2.0]]}, {"limits": (3, 3)}, "do not ascend"),
        ({"a": [[2.0]]}, {"alt": ""}, "alt text"),
        ({"a": [[2.0]]}, {"width": 0}, "0 pixels"),
    ],
)
def test_what_cannot_be_drawn_is_told(maps: dict, options: dict, said: str) -> None:
    with pytest.raises(UserError, match=said):
        map_grid(GREY, maps, **{"alt": "T", **options})
