"""Heads: hair and hats tell people apart."""

import itertools

import numpy as np
from PIL import Image, ImageDraw

from refseg_lib.parkref.canvas import Pen
from refseg_lib.parkref.heads import HAT, draw_hair_behind, draw_head
from refseg_lib.parkref.palette import COLOR_RGB, hair_color
from refseg_lib.parkref.scene import PEOPLE, Thing


def head(category: str, scale: float = 100.0, **looks: object) -> np.ndarray:
    """Return the RGBA canvas (400, 400, 4) of a head of ``scale`` pixels radius in the middle."""
    thing = Thing(category, 0, 0, 1, "red", **{"hair": "brown", **looks})  # pyright: ignore
    image = Image.new("RGBA", (400, 400))
    pen = Pen(ImageDraw.Draw(image), 200, 200, scale, facing=thing.facing, label=4)
    draw_hair_behind(pen, thing, 1.0)
    draw_head(pen, thing, 1.0)
    return np.asarray(image)


def test_the_four_silhouettes_differ() -> None:
    """Without any colour, heads of two kinds of people overlap by less than 97%."""
    masks = {category: head(category)[..., 3] > 0 for category in PEOPLE}
    for one, two in itertools.combinations(PEOPLE, 2):
        both = (masks[one] & masks[two]).sum() / (masks[one] | masks[two]).sum()
        assert both < 0.97, (one, two)


def test_women_have_hair_below_the_chin_and_girls_beside_the_ears() -> None:
    """Men and boys have neither."""
    for category in PEOPLE:
        mask = head(category)[..., 3] > 0
        assert mask[320].any() == (category == "woman")
        assert mask[200, 200 + 150] == (category == "girl")


def test_hair_has_its_colour() -> None:
    """The most frequent colour of the upper third is the hair's."""
    for category, name in itertools.product(PEOPLE, ("black", "yellow", "gray")):
        canvas = head(category, hair=name)[80:150]
        pixels = canvas[canvas[..., 3] > 0][:, :3]
        colors, counts = np.unique(pixels, axis=0, return_counts=True)
        assert tuple(colors[counts.argmax()].tolist()) == hair_color(name)


def test_a_hat_sits_on_top_and_is_labelled_as_hat() -> None:
    """Hat pixels appear with a hat only, lie above the eyes, and most have its very colour."""
    for category in PEOPLE:
        assert not (head(category)[..., 3] % 4 == HAT).any()
        canvas = head(category, hat="purple")
        mask = canvas[..., 3] % 4 == HAT
        rows = np.flatnonzero(mask.any(axis=1))
        assert rows[0] < 90
        assert rows[-1] < 185
        exact = (canvas[mask][:, :3] == COLOR_RGB["purple"]).all(axis=1)
        assert exact.mean() > 0.6


def test_the_face_looks_where_the_person_faces() -> None:
    """The dark pixels of the eyes lie forward of the middle."""
    for facing in (1, -1):
        canvas = head("man", hair="yellow", facing=facing).astype(int)
        dark = canvas[..., :3].sum(axis=2)[180:230] < 170
        inside = dark & (canvas[180:230, :, 3] > 0)
        columns = np.nonzero(inside)[1]
        assert facing * (columns.mean() - 200) > 5


def test_small_heads_leave_out_the_face_and_keep_their_outline() -> None:
    """Below 7 pixels radius eyes would be dirt: no dark pixel is drawn, the mask stays."""
    canvas = head("man", scale=6.0, hair="yellow").astype(int)
    assert (canvas[..., 3] > 0).sum() > 90
    assert not ((canvas[..., :3].sum(axis=2) < 170) & (canvas[..., 3] > 0)).any()
