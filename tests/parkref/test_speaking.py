"""Every sentence means one thing, says a judge who was not there when it was made.

The judge below reads a phrase against the things' boxes, with eyes of its own: plain loops,
two-valued, generous. What a generous reader would accept, of any other thing, makes a sentence
ambiguous.
"""

import itertools
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from refseg_lib.parkref.drawing import extent
from refseg_lib.parkref.meaning import Clause, Phrase, describes_only
from refseg_lib.parkref.scene import PEOPLE, Scene, Thing
from refseg_lib.parkref.speaking import FLAVOURS, describe, stuff_phrases, worth_meaning
from refseg_lib.parkref.world import World

CALLED = {
    "guy": ("man",),
    "lady": ("woman",),
    "kid": ("boy", "girl"),
    "person": PEOPLE,
    "animal": ("dog", "cat", "duck"),
}
LOCATION_WORDS = set(
    "left right top bottom front back middle center closest nearest farthest leftmost rightmost"
    " upper lower highest lowest second third 2nd 3rd far above behind".split()
)


def box(thing: Thing) -> tuple[float, float, float, float]:
    """Centre x, centre y, width, foot."""
    x0, y0, x1, y1 = extent(thing)
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, thing.y


def flies(scene: Scene, index: int) -> bool:
    held = any(link.object == index and link.relation == "holding" for link in scene.links)
    return held or scene.things[index].category in ("kite", "balloon")


def over(scene: Scene, one: int, two: int) -> bool:
    (x, y, width, _), (x2, y2, width2, _) = box(scene.things[one]), box(scene.things[two])
    flying = scene.things[one].category in ("kite", "balloon")
    return flying and y < y2 - 0.06 and abs(x - x2) < 0.55 * (width + width2)


def stands(scene: Scene, one: int, relation: str, two: int) -> bool:
    """Would a generous reader let "one relation two" pass?"""
    (x, _, width, foot), (x2, _, width2, foot2) = (box(scene.things[i]) for i in (one, two))
    if relation.endswith(" by"):
        return stands(scene, two, relation.removesuffix(" by"), one)
    if relation in ("holding", "walking", "riding", "sitting on"):
        return any(
            (link.subject, link.relation, link.object) == (one, relation, two)
            for link in scene.links
        )
    tied = any({link.subject, link.object} == {one, two} for link in scene.links)
    grounded = not flies(scene, one) and not flies(scene, two)
    gap = abs(x - x2) - (width + width2) / 2
    tree = scene.things[two].category == "tree" and scene.things[one].category != "tree"
    return (
        not tied
        and {
            "left of": x < x2 - 0.03,
            "right of": x > x2 + 0.03,
            "next to": grounded and gap < 0.12 and abs(foot - foot2) < 0.12,
            "in front of": grounded
            and foot > foot2 + 0.03
            and abs(x - x2) < 0.5 * (width + width2),
            "behind": grounded and foot < foot2 - 0.03 and abs(x - x2) < 0.5 * (width + width2),
            "above": over(scene, one, two),
            "under": over(scene, two, one)
            or (tree and grounded and abs(x - x2) < width2 / 2 and -0.05 < foot - foot2 < 0.15),
        }[relation]
    )


def lies_between(scene: Scene, index: int, one: int, two: int) -> bool:
    (x, y, _, _), (x1, y1, _, _), (x2, y2, _, _) = (box(scene.things[i]) for i in (index, one, two))
    if x1 == x2:
        return False
    share = (x - x1) / (x2 - x1)
    return 0.05 < share < 0.95 and abs(y - y1 - share * (y2 - y1)) < 0.25


def is_on(scene: Scene, index: int, stuff: str) -> bool:
    thing = scene.things[index]
    if flies(scene, index):
        return False
    if stuff == "pond" and scene.pond:
        x, y, a, b = scene.pond
        return ((thing.x - x) / a) ** 2 + ((thing.y - y) / b) ** 2 < 1.1**2
    if stuff == "path" and scene.path:
        top, bottom, width = scene.path
        depth = (thing.y - scene.horizon) / (1 - scene.horizon)
        return abs(thing.x - top - (bottom - top) * depth) < 1.2 * width * depth / 2
    return False


def wears(thing: Thing, garment: Phrase) -> bool:
    if thing.category not in PEOPLE:
        return False
    kind = "skirt" if thing.category in ("woman", "girl") else "trousers"
    colors = {"shirt": thing.color, "hat": thing.hat, kind: thing.bottoms}
    color = colors.get(garment.noun)
    return (
        color is not None
        and garment.color in (None, color)
        and garment.pattern in (None, thing.pattern)
    )


def suits(scene: Scene, index: int, clause: Clause) -> bool:
    objects = clause.objects
    if clause.relation == "wearing":
        return wears(scene.things[index], objects[0])
    if clause.relation == "on":
        return is_on(scene, index, objects[0].noun)
    found = [[i for i in read(scene, target) if i != index] for target in objects]
    if clause.relation == "between":
        pairs = itertools.product(*found)
        return any(lies_between(scene, index, a, b) for a, b in pairs if a != b)
    return any(stands(scene, index, clause.relation, other) for other in found[0])


def read(scene: Scene, phrase: Phrase) -> list[int]:
    """Everything a generous reader might take the phrase for."""
    found = [
        index
        for index, thing in enumerate(scene.things)
        if thing.category in CALLED.get(phrase.noun, (phrase.noun,))
        and phrase.color in (None, thing.color)
        and phrase.pattern in (None, thing.pattern)
        and all(suits(scene, index, clause) for clause in phrase.clauses)
    ]
    if phrase.size in ("tallest", "shortest") and found:
        tall = [extent(scene.things[i])[3] - extent(scene.things[i])[1] for i in found]
        found = [found[int(np.argmax(tall) if phrase.size == "tallest" else np.argmin(tall))]]
    return pick_place(scene, phrase, found) if phrase.place else found


def pick_place(scene: Scene, phrase: Phrase, found: Sequence[int]) -> list[int]:
    assert phrase.place is not None
    spots = {index: box(scene.things[index]) for index in found}
    words = phrase.place.split()
    if phrase.place == "middle":
        return sorted(found, key=lambda i: spots[i][0])[len(found) // 2 :][:1]
    ways: dict[str, Callable[[int], float]] = {
        "left": lambda i: spots[i][0],
        "right": lambda i: -spots[i][0],
        "top": lambda i: spots[i][1],
        "bottom": lambda i: -spots[i][1],
        "back": lambda i: spots[i][3],
        "front": lambda i: -spots[i][3],
    }
    ranked = sorted(found, key=lambda i: sum(ways[word](i) for word in words))
    return ranked[phrase.ordinal - 1 :][:1]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_every_sentence_is_unambiguous_to_an_independent_judge(told: dict, flavour: str) -> None:
    items = [item for item in told[flavour] if item.phrase.size not in ("biggest", "smallest")]
    assert len(items) > 200
    for item in items:
        found = read(item.world.scene, item.phrase)
        assert found == [item.index], (item.english.sentence, found, item.index)


def test_the_biggest_is_the_one_with_the_most_pixels(told: dict) -> None:
    sized = [i for f in FLAVOURS for i in told[f] if i.phrase.size in ("biggest", "smallest")]
    assert len(sized) > 5
    for item in sized:
        rest = Phrase(item.phrase.noun, item.phrase.color, item.phrase.pattern)
        others = read(item.world.scene, rest)
        if not item.phrase.clauses and not item.phrase.place:
            pixels = {i: item.world.pixels[i] for i in others}
            best = max if item.phrase.size == "biggest" else min
            assert best(pixels, key=pixels.__getitem__) == item.index


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_without_its_telling_part_most_sentences_would_be_ambiguous(
    told: dict, flavour: str
) -> None:
    """The head noun alone gives the referent away in few cases."""
    bare = [read(item.world.scene, Phrase(item.phrase.noun)) for item in told[flavour]]
    assert sum(len(found) > 1 for found in bare) > 0.9 * len(bare)


def test_a_phrase_the_judge_finds_ambiguous_is_refused(worlds: list[World]) -> None:
    """The other direction, on random phrases instead of chosen ones."""
    rng = np.random.default_rng(0)
    refused = accepted = 0
    for world in worlds:
        for index in worth_meaning(world):
            thing = world.scene.things[index]
            phrase = Phrase(
                thing.category,
                color=None if thing.category in PEOPLE or rng.random() < 0.5 else thing.color,
                place=("left", "right", None)[int(rng.integers(3))],
            )
            only = read(world.scene, phrase) == [index]
            if describes_only(phrase, index, world):
                accepted += 1
                assert only
            elif not only:
                refused += 1
    assert min(refused, accepted) > 30


def test_uncplus_names_no_place_and_unc_mostly_does(told: dict) -> None:
    located = {
        flavour: np.mean([bool(LOCATION_WORDS & set(item.english.words)) for item in items])
        for flavour, items in told.items()
    }
    assert located["uncplus"] == 0
    assert located["unc"] > 0.7
    chinese = set("左右前后中起数")
    assert not any(chinese & set(item.chinese.sentence) for item in told["uncplus"])


def test_each_flavour_has_its_length(told: dict) -> None:
    lengths = {f: np.array([len(i.english.words) for i in items]) for f, items in told.items()}
    assert 3 < lengths["unc"].mean() < 6
    assert 3 < lengths["uncplus"].mean() < 6
    # 10.2 over the whole data set, 11.0 in this sample of it.
    assert 7 <= lengths["gref"].mean() <= 11.5
    assert np.mean(lengths["gref"] > 12) < 0.5
    # Those are never written (test_pages); few enough may be said for that to cost nothing.
    assert np.mean(lengths["gref"] > 20) < 0.03


def test_gref_is_about_relations(told: dict) -> None:
    related = [
        any(clause.relation != "wearing" for clause in item.phrase.clauses) for item in told["gref"]
    ]
    assert np.mean(related) >= 0.9
    needed = [
        len(read(item.world.scene, Phrase(item.phrase.noun, item.phrase.color))) > 1
        for item in told["gref"]
    ]
    assert np.mean(needed) > 0.6
    kinds = {clause.relation for item in told["gref"] for clause in item.phrase.clauses}
    assert len(kinds) >= 12


def test_a_location_word_and_a_relation_of_place_are_not_piled_up(told: dict) -> None:
    for items in told.values():
        for item in items:
            relations = {clause.relation for clause in item.phrase.clauses}
            if item.phrase.place:
                assert not relations & {"left of", "right of", "behind", "above", "between"}


def test_and_leads_back_to_the_referent(told: dict) -> None:
    """Of two modifiers the first has a bare landmark: "next to a tree and …"."""
    pairs = 0
    for item in told["gref"]:
        clauses = [clause for clause in item.phrase.clauses if clause.relation != "wearing"]
        if len(clauses) > 1:
            pairs += 1
            assert not any(target.clauses for target in clauses[0].objects)
            assert clauses[0].relation != "between"
    assert pairs > 5


def test_referents_are_visible_and_not_the_only_ones_of_their_kind(worlds: list[World]) -> None:
    for world in worlds:
        names = [thing.category for thing in world.scene.things]
        for index in worth_meaning(world):
            assert world.pixels[index] >= 70
            people = sum(name in PEOPLE for name in names)
            assert names.count(names[index]) >= 2 or (names[index] in PEOPLE and people >= 2)


def test_stuff_is_named_once_and_only_where_it_is_seen(worlds: list[World]) -> None:
    for world in worlds:
        named = [phrase.noun for phrase in stuff_phrases(world)]
        assert named == list(world.stuff)
        assert "pond" not in named or world.scene.pond is not None


def test_the_same_generator_state_finds_the_same_words(worlds: list[World]) -> None:
    for flavour in FLAVOURS:
        index = worth_meaning(worlds[0])[0]
        one, two = (describe(worlds[0], flavour, index, np.random.default_rng(4)) for _ in range(2))
        assert one == two
