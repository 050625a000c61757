"""Sampled scenes make sentences necessary, and can be seen."""

import numpy as np
import pytest

from refseg_lib.parkref.drawing import extent, render
from refseg_lib.parkref.ground import MOST_THINGS
from refseg_lib.parkref.layout import sample_scene
from refseg_lib.parkref.scene import ANIMALS, PEOPLE, Scene, hand

SHEET = 60


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [sample_scene(np.random.default_rng([5, i]), people=i % 2 == 0) for i in range(SHEET)]


def test_the_same_generator_state_gives_the_same_scene() -> None:
    one, two = (sample_scene(np.random.default_rng(8), True) for _ in range(2))
    assert one == two
    assert one != sample_scene(np.random.default_rng(9), True)


def test_scenes_about_people_have_several_people_and_others_several_others(
    scenes: list[Scene],
) -> None:
    for place, scene in enumerate(scenes):
        names = [thing.category for thing in scene.things]
        about = [name for name in names if (name in PEOPLE) == (place % 2 == 0)]
        assert max(about.count(name) for name in about) >= 2


def test_a_noun_and_a_colour_often_fit_several_things(scenes: list[Scene]) -> None:
    """Otherwise "the red ball" would do, and no relation would ever be needed."""
    looks = [[(t.category, t.color, t.pattern) for t in scene.things] for scene in scenes]
    doubled = sum(len(set(look)) < len(look) for look in looks)
    assert doubled > 0.4 * SHEET


def test_everything_is_seen(scenes: list[Scene]) -> None:
    """Nothing hides behind anything, and nothing hangs out of the picture."""
    for scene in scenes:
        drawn = render(scene, 128)
        shown = np.bincount(drawn.things.ravel(), minlength=256)[1 : len(scene.things) + 1]
        assert shown.min() >= 40
        for thing in scene.things:
            x0, y0, x1, y1 = extent(thing)
            assert -0.021 < x0 < x1 < scene.aspect + 0.021
            assert -0.021 < y0 < y1 < 1.021


def test_people_alone_do_things_and_one_thing_at_a_time(scenes: list[Scene]) -> None:
    poses = {"riding": "riding", "sitting on": "sitting"}
    seen = set()
    for scene in scenes:
        assert len({link.subject for link in scene.links}) == len(scene.links)
        assert len({link.object for link in scene.links}) == len(scene.links)
        busy = {link.subject: poses.get(link.relation, "standing") for link in scene.links}
        for index, thing in enumerate(scene.things):
            if thing.category in PEOPLE:
                assert thing.pose == busy.get(index, "standing")
            else:
                assert index not in busy
        seen |= {link.relation for link in scene.links}
    assert seen == {"holding", "walking", "riding", "sitting on"}


def test_an_umbrella_is_held_by_the_hand(scenes: list[Scene]) -> None:
    held = [
        (scene.things[link.object], scene.things[link.subject])
        for scene in scenes
        for link in scene.links
        if scene.things[link.object].category == "umbrella"
    ]
    assert held
    for umbrella, person in held:
        assert (umbrella.x, umbrella.y) == hand(person)


def test_a_scene_stays_surveyable(scenes: list[Scene]) -> None:
    assert all(2 <= len(scene.things) <= MOST_THINGS for scene in scenes)
    assert len({repr(scene) for scene in scenes}) == SHEET


def test_nearer_animals_are_drawn_larger(scenes: list[Scene]) -> None:
    animals = [(t.y, t.height) for s in scenes for t in s.things if t.category in ANIMALS]
    near = [height for y, height in animals if y > 0.8]
    far = [height for y, height in animals if y < 0.6]
    assert np.mean(near) > 1.1 * np.mean(far)
