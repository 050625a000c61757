"""Why an answer is wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.evaluation.analysis.failures import (
    CAUSES,
    explain_failure,
    find_failures,
    look_alike,
    plain,
    telling_words,
    visible_share,
)
from refseg_lib.parkref.scene import Scene, Thing
from refseg_lib.parkref.understanding import understand


def scene(*things: Thing) -> Scene:
    return Scene(things, (), aspect=1.0, horizon=0.3, path=None, pond=None, mood=1)


# Two orange cats, a white one, a dog, a ball; nothing covers anything.
PARK = scene(
    Thing("cat", 0.12, 0.85, 0.2, "orange"),
    Thing("cat", 0.40, 0.85, 0.2, "orange"),
    Thing("cat", 0.70, 0.85, 0.2, "white"),
    Thing("dog", 0.30, 0.55, 0.15, "black"),
    Thing("ball", 0.80, 0.55, 0.12, "red"),
)
LEFT_CAT = {"en": ("left orange cat", "aae")}


def on(truth: Any, *things: int) -> np.ndarray:
    return np.logical_or.reduce([truth.mask(700 + thing) for thing in things])


def test_a_thing_that_only_words_of_place_rule_out_is_a_failure_of_language(staged: Any) -> None:
    truth = staged(PARK, 0, **LEFT_CAT)
    cause, why = explain_failure(truth, 0, on(truth, 1))
    assert cause == "language"
    assert why == "on another cat, ruled out by words of place alone"


def test_a_thing_that_its_colour_or_name_rules_out_is_similar_in_appearance(staged: Any) -> None:
    truth = staged(PARK, 0, **LEFT_CAT)
    assert explain_failure(truth, 0, on(truth, 2)) == (
        "similar appearance",
        "on another cat, ruled out by colours or clothes",
    )
    # A dog and a cat are both an animal.
    assert explain_failure(truth, 0, on(truth, 3)) == (
        "similar appearance",
        "on a dog, ruled out by the noun",
    )


def test_a_thing_of_another_kind_is_neither(staged: Any) -> None:
    truth = staged(PARK, 0, **LEFT_CAT)
    cause, why = explain_failure(truth, 0, on(truth, 4))
    assert (cause, why) == ("other", "on a ball instead of a cat")


def test_a_rough_answer_on_the_right_thing_is_one_of_outline(staged: Any) -> None:
    truth = staged(PARK, 0, **LEFT_CAT)
    rows = np.flatnonzero(truth.dataset.mask(0).any(1))
    upper = on(truth, 0)
    upper[(rows[0] + rows[-1]) // 2 :] = False
    assert explain_failure(truth, 0, upper)[0] == "outline"
    tip = on(truth, 0)
    tip[rows[0] + 3 :] = False
    assert explain_failure(truth, 0, tip)[0] == "other"


def test_nothing_everything_and_the_sky_are_other(staged: Any) -> None:
    truth = staged(PARK, 0, **LEFT_CAT)
    sky = np.zeros((128, 128), bool)
    assert explain_failure(truth, 0, sky) == ("other", "nothing found")
    sky[:20] = True
    assert explain_failure(truth, 0, sky) == ("other", "on no thing at all")
    assert explain_failure(truth, 0, on(truth, 1, 2, 3, 4))[1] == "spread over several things"


def test_a_thing_mostly_behind_another_fails_by_occlusion(staged: Any) -> None:
    hidden = scene(
        Thing("cat", 0.40, 0.80, 0.2, "orange"),
        Thing("tree", 0.45, 0.90, 0.7, "green"),
        Thing("cat", 0.85, 0.85, 0.2, "white"),
    )
    truth = staged(hidden, 0, en=("orange cat", "ae"))
    assert 0 < visible_share(truth, 0) < 0.75
    assert explain_failure(truth, 0, on(truth, 2))[0] == "occlusion"


def test_what_is_alone_is_seen_whole_and_what_sticks_out_in_part(staged: Any) -> None:
    alone = Thing("ball", 0.5, 0.8, 0.2, "red")
    assert visible_share(staged(scene(alone), 0), 0) == pytest.approx(1)
    # A ball whose middle is on the border shows one half.
    assert visible_share(staged(scene(replace(alone, x=0.0)), 0), 0) == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("sentence", "kept", "told"),
    [
        ("second man from left in red shirt", "man in red shirt", "words of order"),
        ("biggest white dog next to the tree", "white dog", "words of size and relation"),
        ("kite on the left", "kite", "words of place"),
    ],
)
def test_looks_are_told_from_the_words_about_place_order_size_and_relation(
    sentence: str, kept: str, told: str
) -> None:
    assert plain(understand(sentence)) == understand(kept)
    assert telling_words(understand(sentence)) == told


def test_what_one_word_names_looks_alike() -> None:
    assert look_alike("man", "girl")
    assert look_alike("duck", "dog")
    assert look_alike("ball", "ball")
    assert not look_alike("ball", "balloon")
    assert not look_alike("man", "dog")


def test_only_wrong_answers_are_explained(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    asked = {(park[i].image_id, park[i].sentence): i for i in range(len(park))}
    perfect = find_failures(oracle(lambda *key: park.mask(asked[key])), park, 40, progress=False)
    assert perfect.failures == ()
    assert set(perfect.counts().values()) == {0}
    blind = find_failures(oracle(nothing), park, 40, progress=False)
    assert [failure.place for failure in blind.failures] == list(range(40))
    assert blind.counts() == {**dict.fromkeys(CAUSES, 0), "other": 40}
    assert blind.to_json()["in_words"] == {"nothing found": 40}
    assert "40 of 40 sentences (100.0 %)" in blind.markdown()


def test_who_always_takes_another_thing_fails_by_a_cause_with_a_name(
    park: ReferringDataset, oracle: Any
) -> None:
    from refseg_lib.evaluation.analysis.drawn_truth import open_truth

    truth = open_truth(park)
    asked = {(park[i].image_id, park[i].sentence): i for i in range(len(park))}

    def rival(*key: Any) -> np.ndarray:
        expression = park[asked[key]]
        things = truth.things(expression.image_id)
        same = [n for n in things if truth.category(n) == expression.category]
        return things[next((n for n in same if n != expression.ann_id), min(things))]

    report = find_failures(oracle(rival), park, 80, progress=False)
    counts = report.counts()
    assert counts["language"] > 0
    assert counts["similar appearance"] > 0
    assert counts["outline"] == 0
    assert counts["language"] + counts["similar appearance"] > 0.8 * len(report.failures)
