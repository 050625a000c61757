"""Made sentences are true, and true of one object only."""

import random

import pytest

from refseg_lib.data.weak_sentences import Thing, mirrored, places, sentences

WIDTH, HEIGHT = 320, 240


def _thing(x: float, y: float, size: float = 30.0, category: str = "dog") -> Thing:
    return Thing(category, x - size / 2, y - size / 2, size, size, size * size)


def _scenes(count: int = 300) -> list[list[Thing]]:
    rng = random.Random(7)
    return [
        [
            _thing(rng.uniform(20, 300), rng.uniform(20, 220), rng.uniform(15, 80))
            for _ in range(rng.randint(2, 5))
        ]
        for _ in range(count)
    ]


def test_no_two_rivals_ever_get_the_same_place():
    for scene in _scenes():
        given = [
            set(places(thing, scene[:i] + scene[i + 1 :], WIDTH, HEIGHT))
            for i, thing in enumerate(scene)
        ]
        for i, mine in enumerate(given):
            for other in given[i + 1 :]:
                assert not mine & other


@pytest.mark.parametrize("word", ["left", "right", "top", "bottom", "biggest", "smallest"])
def test_extremes_are_what_sorting_says(word: str):
    """Whoever is called so stands at that end of the sorted list; and somebody is."""
    key = {
        "left": lambda t: t.centre_x,
        "right": lambda t: -t.centre_x,
        "top": lambda t: t.centre_y,
        "bottom": lambda t: -t.centre_y,
        "biggest": lambda t: -t.area,
        "smallest": lambda t: t.area,
    }[word]
    named = 0
    for scene in _scenes():
        for i, thing in enumerate(scene):
            if word in places(thing, scene[:i] + scene[i + 1 :], WIDTH, HEIGHT):
                assert thing == sorted(scene, key=key)[0]
                named += 1
    assert named > 30


def test_a_row_of_four_is_counted_from_both_ends():
    row = [_thing(x, 120) for x in (40, 120, 200, 280)]
    given = [places(t, row[:i] + row[i + 1 :], WIDTH, HEIGHT) for i, t in enumerate(row)]
    assert {"second left", "third right"} <= set(given[1])
    assert {"third left", "second right"} <= set(given[2])
    assert "left" in given[0]
    assert not [place for place in given[0] + given[3] if place.startswith(("second", "third"))]


def test_the_middle_of_three_is_the_middle():
    row = [_thing(x, 120) for x in (60, 160, 260)]
    assert "middle" in places(row[1], [row[0], row[2]], WIDTH, HEIGHT)
    assert "middle" not in places(row[0], row[1:], WIDTH, HEIGHT)


def test_side_by_side_within_the_margin_nobody_is_left():
    one, other = _thing(150, 120), _thing(165, 120)
    assert places(one, [other], WIDTH, HEIGHT) == places(other, [one], WIDTH, HEIGHT) == []


def test_twins_that_nothing_sets_apart_get_no_sentence():
    one, other = _thing(150, 120), _thing(165, 120)
    assert sentences(one, [other], WIDTH, HEIGHT, random.Random(0)) == []


def test_the_only_one_of_its_category_is_called_by_its_name():
    dog, cat = _thing(160, 120), _thing(60, 60, category="cat")
    said = sentences(dog, [cat], WIDTH, HEIGHT, random.Random(0), most=20)
    assert "the dog" in said
    assert not any("cat" in text.split() for text in said)


def test_with_a_rival_the_bare_name_is_never_said():
    one, other = _thing(60, 120), _thing(260, 120)
    for seed in range(20):
        said = sentences(one, [other], WIDTH, HEIGHT, random.Random(seed), most=20)
        assert said
        assert not {"dog", "the dog", "puppy"} & set(said)


def test_a_speck_far_away_is_no_rival():
    dog, speck = _thing(60, 120, 80), _thing(300, 20, 5)
    assert "the dog" in sentences(dog, [speck], WIDTH, HEIGHT, random.Random(0), most=20)


def test_sentences_are_different_and_no_more_than_asked_for():
    one, other = _thing(60, 220), _thing(260, 30)
    said = sentences(one, [other], WIDTH, HEIGHT, random.Random(1), most=3)
    assert len(said) == len(set(said)) == 3


def test_the_same_seed_says_the_same():
    one, other = _thing(60, 220), _thing(260, 30)
    first = sentences(one, [other], WIDTH, HEIGHT, random.Random(5))
    assert first == sentences(one, [other], WIDTH, HEIGHT, random.Random(5))


@pytest.mark.parametrize(
    ("sentence", "mirror"),
    [
        ("left guy", "right guy"),
        ("leftmost dog on the right", "rightmost dog on the left"),
        ("right-hand cup", "left-hand cup"),
        ("man w/ righthand up", "man w/ lefthand up"),
        ("second from left", "second from right"),
        ("Left one", "right one"),
        ("bright leftovers", "bright leftovers"),
        ("top dog", "top dog"),
    ],
)
def test_the_mirror_image_is_told_with_left_and_right_swapped(sentence: str, mirror: str):
    assert mirrored(sentence) == mirror


def test_mirroring_a_scene_mirrors_its_places():
    """What is said of the mirrored object is the mirrored saying."""
    for scene in _scenes(60):
        flipped = [
            Thing(t.category, WIDTH - t.left - t.width, t.top, t.width, t.height, t.area)
            for t in scene
        ]
        for i, (thing, twin) in enumerate(zip(scene, flipped, strict=True)):
            given = places(thing, scene[:i] + scene[i + 1 :], WIDTH, HEIGHT)
            mirror = places(twin, flipped[:i] + flipped[i + 1 :], WIDTH, HEIGHT)
            assert {mirrored(place) for place in given} == set(mirror)
