"""The shuffled control: every sentence used once, none with an image it was written for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.evaluation.shuffling import shuffle_across_images

IMAGES = st.lists(st.integers(0, 6), min_size=2, max_size=60).filter(
    lambda ids: max(ids.count(i) for i in ids) * 2 <= len(ids)
)


@given(IMAGES, st.integers(0, 2**32 - 1))
def test_every_sentence_goes_to_another_image_exactly_once(image_ids: list[int], seed: int) -> None:
    source = shuffle_across_images(image_ids, seed)
    assert sorted(source) == list(range(len(image_ids)))
    assert all(image_ids[s] != image_ids[i] for i, s in enumerate(source))


def test_the_seed_decides_and_nothing_else() -> None:
    image_ids = [i // 3 for i in range(30)]
    assert shuffle_across_images(image_ids, 1) == shuffle_across_images(image_ids, 1)
    assert shuffle_across_images(image_ids, 1) != shuffle_across_images(image_ids, 2)


def test_two_images_with_the_same_number_of_sentences_swap_all() -> None:
    source = shuffle_across_images(["a", "a", "b", "b"], seed=0)
    assert {source[0], source[1]} == {2, 3}


@pytest.mark.parametrize("image_ids", [[], [1], [1, 1, 1, 2]])
def test_a_split_of_mostly_one_image_is_refused(image_ids: list[int]) -> None:
    with pytest.raises(UserError, match="more images"):
        shuffle_across_images(image_ids, 0)
