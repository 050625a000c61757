"""The closed lists of Chinese words do not contradict one another."""

import itertools

from refseg_lib.text import chinese_words as words

LISTS = {
    "describing": words.DESCRIBING, "places": words.PLACES, "suffixes": words.SUFFIXES,
    "counted": words.COUNTED, "verbs": words.VERBS, "at": words.AT, "of": words.OF,
    "with": words.WITH, "also": words.ALSO, "nouns": words.NOUNS, "pictured": words.PICTURED,
}  # fmt: skip


def test_no_word_is_on_two_lists() -> None:
    for (one, first), (two, second) in itertools.combinations(LISTS.items(), 2):
        assert not set(first) & set(second), (one, two)


def test_left_and_right_words_come_in_pairs_with_mirrored_relations() -> None:
    for word, relation in words.PLACES.items():
        if "左" in word:
            mirrored = relation.replace("left", "right")
            assert words.PLACES[word.replace("左", "右")] == mirrored


def test_a_verb_may_stand_with_and_without_its_aspect_particle_and_mean_the_same() -> None:
    for word, relation in words.VERBS.items():
        bare = word.removesuffix("着")
        assert words.VERBS.get(bare, relation) == relation


def test_postures_are_relations_of_verbs() -> None:
    assert words.POSTURES <= set(words.VERBS.values())
