from itertools import pairwise
from typing import Any

import pytest

from refseg_lib.errors import UserError
from refseg_lib.evaluation.answering import answer_all, ask


def test_sentences_about_one_picture_are_answered_one_after_the_other(
    boxes: Any, listener: Any
) -> None:
    answers, told = answer_all(listener, boxes, ask(boxes, None, None), None, 2, 3)
    images = [boxes[i].image_id for i, _ in answers]
    changes = sum(a != b for a, b in pairwise(images))
    assert len(images) == len(boxes)
    assert changes == len(set(images)) - 1
    assert told == []


def test_shuffled_every_place_is_asked_a_sentence_of_another_picture(boxes: Any) -> None:
    asking = ask(boxes, None, 0)
    assert asking.control == "shuffled sentences, seed 0"
    assert sorted(asking.read) == list(range(len(boxes)))
    for place, source in enumerate(asking.read):
        assert boxes[place].image_id != boxes[source].image_id
        assert asking.texts[place] == boxes[source].sentence


def test_a_limit_of_nothing_is_refused(boxes: Any) -> None:
    with pytest.raises(UserError, match="limit 0 leaves nothing to score"):
        ask(boxes, 0, None)
