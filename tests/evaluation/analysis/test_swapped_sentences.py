"""Swapping a word so that another thing is meant."""

from typing import Any

import pytest

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.evaluation.analysis.drawn_truth import open_truth
from refseg_lib.evaluation.analysis.swapped_sentences import KINDS, Swap, swaps_of
from refseg_lib.parkref.scene import Scene, Thing


def scene(*things: Thing) -> Scene:
    return Scene(things, (), aspect=1.0, horizon=0.3, path=None, pond=None, mood=1)


# From left to right: an orange, a brown and a white cat on one line, far apart.
CATS = scene(
    Thing("cat", 0.15, 0.8, 0.2, "orange"),
    Thing("cat", 0.50, 0.8, 0.2, "brown"),
    Thing("cat", 0.85, 0.8, 0.2, "white"),
)


def made(truth: Any) -> set[tuple[str, str, int]]:
    swaps = swaps_of(truth, 0)
    assert all(swap.old == truth.dataset[0].ann_id for swap in swaps)
    return {(swap.kind, swap.sentence, swap.new - 700) for swap in swaps}


def test_a_place_is_said_in_the_manner_of_the_old_one(staged: Any) -> None:
    truth = staged(CATS, 0, en=("far left cat", "aae"))
    assert made(truth) == {
        ("left ↔ right", "far right cat", 2),
        ("to another place", "center cat", 1),
        # On one line, the last is also the one in the corner.
        ("to another place", "lower right cat", 2),
    }
    truth = staged(CATS, 2, en=("cat on the right side", "eaaaa"))
    assert made(truth) == {
        ("left ↔ right", "cat on the left side", 0),
        ("to another place", "cat in the center", 1),
        ("to another place", "cat in the lower left", 0),
    }


def test_what_is_counted_is_counted_from_the_other_side(staged: Any) -> None:
    four = scene(*(Thing("dog", 0.1 + 0.27 * k, 0.8, 0.12, "black") for k in range(4)))
    truth = staged(four, 1, en=("second dog from the left", "aeaaa"))
    assert made(truth) == {("left ↔ right", "second dog from the right", 2)}


def test_a_colour_takes_its_article_along(staged: Any) -> None:
    truth = staged(CATS, 0, en=("an orange cat", "uae"))
    assert made(truth) == {("colour", "a brown cat", 1), ("colour", "a white cat", 2)}
    truth = staged(CATS, 1, en=("a brown cat", "uae"))
    assert ("colour", "an orange cat", 0) in made(truth)


def test_nothing_is_kept_that_describes_several_things_or_none(staged: Any) -> None:
    twins = scene(*CATS.things[:2], Thing("cat", 0.85, 0.8, 0.2, "brown"))
    assert made(staged(twins, 0, en=("orange cat", "ae"))) == set()


def test_a_landmark_s_colour_is_told_from_the_thing_s_own(staged: Any) -> None:
    pairs = scene(
        Thing("dog", 0.2, 0.8, 0.15, "black"),
        Thing("ball", 0.33, 0.8, 0.1, "red"),
        Thing("dog", 0.7, 0.8, 0.15, "black"),
        Thing("ball", 0.83, 0.8, 0.1, "blue"),
    )
    truth = staged(pairs, 0, en=("dog next to red ball", "errae"))
    assert made(truth) == {("landmark's colour", "dog next to blue ball", 2)}


def test_only_the_place_is_swapped_and_not_the_same_word_in_a_relation(staged: Any) -> None:
    row = scene(
        *(Thing("dog", 0.12 + 0.25 * k, 0.8, 0.12, "black") for k in range(3)),
        Thing("tree", 0.9, 0.85, 0.5, "green"),
    )
    truth = staged(row, 0, en=("left dog left of tree", "aerre"))
    sentences = {sentence for _, sentence, _ in made(truth)}
    assert sentences
    assert all(sentence.endswith("dog left of tree") for sentence in sentences)
    assert made(staged(CATS, 0, en=("cat left of the brown cat", "erruae"))) == set()


def test_chinese_says_the_same_in_its_own_words(staged: Any) -> None:
    truth = staged(CATS, 0, "zh", en=("far left cat", "aae"), zh=("最左边 的 猫", "aue"))
    assert made(truth) == {
        ("left ↔ right", "最右边的猫", 2),
        ("to another place", "中间的猫", 1),
        ("to another place", "右下角的猫", 2),
    }
    truth = staged(CATS, 0, "zh", en=("orange cat", "ae"), zh=("橙色 的 猫", "aue"))
    assert made(truth) == {("colour", "棕色的猫", 1), ("colour", "白色的猫", 2)}


@pytest.fixture(scope="module")
def every(park: ReferringDataset) -> list[Swap]:
    truth = open_truth(park)
    return [swap for i in range(len(park)) for swap in swaps_of(truth, i)]


def test_a_swapped_sentence_means_what_parkref_wrote_the_same_sentence_for(
    park: ReferringDataset, every: list[Swap]
) -> None:
    written = {(park[i].image_id, park[i].sentence): park[i].ann_id for i in range(len(park))}
    met = 0
    for swap in every:
        key = (park[swap.place].image_id, swap.sentence)
        if key in written:
            assert written[key] == swap.new
            met += 1
    assert met >= 5


def test_a_swap_changes_the_sentence_and_the_thing(
    park: ReferringDataset, every: list[Swap]
) -> None:
    truth = open_truth(park)
    assert {swap.kind for swap in every} >= set(KINDS[:3]) | {"to another place", "colour"}
    for swap in every:
        assert swap.sentence != park[swap.place].sentence
        assert swap.old == park[swap.place].ann_id != swap.new
        assert truth.mask(swap.new) is not None
