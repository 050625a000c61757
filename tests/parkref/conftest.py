"""Parks for the tests: hand-made ones, and a few dozen sampled ones with what is said of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.drawing import render
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.meaning import Phrase
from refseg_lib.parkref.pages import make_scene
from refseg_lib.parkref.scene import Link, Scene, Thing
from refseg_lib.parkref.speaking import FLAVOURS, describe, worth_meaning
from refseg_lib.parkref.utterance import Utterance
from refseg_lib.parkref.world import World, observe
from refseg_lib.parkref.writing import plan


@dataclass(frozen=True)
class Told:
    """One expression about thing ``index``."""

    world: World
    index: int
    phrase: Phrase
    english: Utterance
    chinese: Utterance


@pytest.fixture(scope="session")
def worlds() -> list[World]:
    """Sampled parks: half about people, half about other things."""
    return [make_scene(job)[0] for job in plan(100, seed=11)[:100]]


@pytest.fixture(scope="session")
def told(worlds: list[World]) -> dict[str, list[Told]]:
    """What is said, per flavour, about everything worth meaning in the sampled parks."""
    rng = np.random.default_rng(3)
    found: dict[str, list[Told]] = {flavour: [] for flavour in FLAVOURS}
    for flavour, world in ((flavour, world) for flavour in FLAVOURS for world in worlds):
        for index in worth_meaning(world):
            phrase = describe(world, flavour, index, rng)
            if phrase is not None:
                long = flavour == "gref"
                spoken = in_english(phrase, rng, long), in_chinese(phrase, rng, long)
                found[flavour].append(Told(world, index, phrase, *spoken))
    return found


@pytest.fixture(scope="session")
def look() -> Callable[..., World]:
    """A function that puts things into a park and observes it."""

    def observed(*things: Thing, links: tuple[Link, ...] = (), **changes: object) -> World:
        place = {"aspect": 1.5, "horizon": 0.3, "path": None, "pond": None, "mood": 7, **changes}
        scene = Scene(things, links, **place)  # type: ignore[arg-type]
        drawn = render(scene, 128)
        return observe(scene, drawn.things, drawn.parts)

    return observed
