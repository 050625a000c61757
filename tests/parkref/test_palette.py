"""Colours that can be told apart."""

import itertools

import numpy as np
import pytest

from refseg_lib.parkref.background import FAR_GRASS, NEAR_GRASS, SAND, SKIES, WATER
from refseg_lib.parkref.palette import (
    COLOR_RGB,
    HAIR_RGB,
    SKIN_RGB,
    contrast,
    darker,
    hair_color,
    lighter,
    mix,
    outline,
)
from refseg_lib.parkref.scene import COLORS


def test_there_is_a_colour_for_every_name_and_no_other() -> None:
    """The table and the scene's names are the same."""
    assert tuple(COLOR_RGB) == COLORS


def test_named_colours_are_far_from_each_other_and_from_the_ground() -> None:
    """At least 60 of 441 apart in RGB, so that shading cannot turn one into another."""
    for one, two in itertools.combinations(COLORS, 2):
        assert np.linalg.norm(np.subtract(COLOR_RGB[one], COLOR_RGB[two])) > 60, (one, two)
    for name in ("green", "blue", "yellow"):
        for ground in (FAR_GRASS, NEAR_GRASS, SAND, WATER, *itertools.chain(*SKIES)):
            assert np.linalg.norm(np.subtract(COLOR_RGB[name], ground)) > 80, (name, ground)


@pytest.mark.parametrize("name", COLORS)
def test_stripes_are_clearly_lighter_or_darker(name: str) -> None:
    """Stripe and ground differ by 45 or more of 255 in luminance: seen at 128 pixels."""
    luminance = np.array([0.30, 0.59, 0.11])
    difference = np.subtract(contrast(COLOR_RGB[name]), COLOR_RGB[name]) @ luminance
    assert abs(difference) >= 45


def test_mixing_ends_at_its_ends() -> None:
    """Share 0 is the first colour, share 1 the second, a half is between."""
    assert mix((0, 100, 200), (200, 100, 0), 0.0) == (0, 100, 200)
    assert mix((0, 100, 200), (200, 100, 0), 1.0) == (200, 100, 0)
    assert mix((0, 100, 200), (200, 100, 0), 0.5) == (100, 100, 100)
    assert sum(darker((90, 90, 90))) < 270 < sum(lighter((90, 90, 90)))


def test_only_white_needs_an_outline() -> None:
    """Of all names white alone has an outline, darker than itself."""
    assert [name for name in COLORS if outline(COLOR_RGB[name])] == ["white"]
    assert sum(outline(COLOR_RGB["white"]) or (999,)) < sum(COLOR_RGB["white"])


def test_skin_grows_darker_with_its_tone() -> None:
    """Tone 0 is the lightest of four."""
    sums = [sum(tone) for tone in SKIN_RGB]
    assert len(sums) == 4
    assert sums == sorted(sums, reverse=True)


def test_hair_has_a_colour_for_every_name() -> None:
    """Natural where there is one, else the named colour itself; None is brown."""
    assert hair_color(None) == HAIR_RGB["brown"]
    assert hair_color("purple") == COLOR_RGB["purple"]
    assert all(len(hair_color(name)) == 3 for name in COLORS)
    with pytest.raises(KeyError):
        hair_color("plaid")
