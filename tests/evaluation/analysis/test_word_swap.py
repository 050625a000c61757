"""Does the answer follow the changed word?"""

from typing import Any

import numpy as np
import pytest

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis import word_swap
from refseg_lib.evaluation.analysis.drawn_truth import open_truth
from refseg_lib.evaluation.analysis.swapped_sentences import swaps_of
from refseg_lib.evaluation.analysis.word_swap import outcome, summarise, swap_words

LIMIT = 60


def box(left: int, right: int) -> np.ndarray:
    mask = np.zeros((4, 20), bool)
    mask[:, left:right] = True
    return mask


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (box(10, 14), "moves"),
        (box(0, 4), "stays"),
        (box(0, 14), "neither"),
        (box(10, 18), "neither"),  # an IoU of exactly one half is not above it
        (box(10, 17), "moves"),
        (box(20, 20), "neither"),
    ],
)
def test_an_answer_moves_stays_or_does_neither(answer: np.ndarray, expected: str) -> None:
    assert outcome(answer, old=box(0, 4), new=box(10, 14)) == expected


def test_the_table_counts_by_kind_and_among_those_right_before() -> None:
    told = [
        ("colour", "moves", True),
        ("colour", "stays", True),
        ("colour", "neither", True),
        ("colour", "moves", False),
        ("left ↔ right", "stays", False),
    ]
    every, sides, colour = summarise(told)
    assert (every.kind, every.n, every.moves, every.stays, every.neither) == ("all", 5, 40, 40, 20)
    assert (colour.n, colour.moves, colour.n_right) == (4, 50, 3)
    assert (colour.moves_of_right, colour.stays_of_right) == (33.33, 33.33)
    assert (sides.n_right, sides.moves_of_right, sides.stays_of_right) == (0, None, None)


@pytest.fixture
def meant(park: ReferringDataset) -> dict[str, dict[tuple[int, str], Any]]:
    """What every sentence, written and swapped, means now, and what it meant before."""
    truth = open_truth(park)
    now: dict[tuple[int, str], Any] = {}
    before: dict[tuple[int, str], Any] = {}
    for i in range(LIMIT):
        image_id = park[i].image_id
        for swap in swaps_of(truth, i):
            now[image_id, swap.sentence] = truth.mask(swap.new)
            before[image_id, swap.sentence] = truth.mask(swap.old)
    for i in range(LIMIT):
        now[park[i].image_id, park[i].sentence] = park.mask(i)
        before[park[i].image_id, park[i].sentence] = park.mask(i)
    return {"now": now, "before": before}


def test_who_follows_every_word_moves_always(
    park: ReferringDataset, oracle: Any, meant: Any
) -> None:
    report = swap_words(oracle(lambda *key: meant["now"][key]), park, LIMIT, progress=False)
    for row in report.rows:
        assert (row.moves, row.moves_of_right, row.n_right) == (100, 100, row.n)
    assert report.rows[0].n == sum(row.n for row in report.rows[1:]) > 20


def test_who_does_not_hear_the_change_stays(
    park: ReferringDataset, oracle: Any, meant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without swaps to sentences that ParkRef wrote itself, which have a meaning of their own.
    written = {(park[i].image_id, park[i].sentence) for i in range(len(park))}
    monkeypatch.setattr(
        word_swap,
        "swaps_of",
        lambda truth, i: [
            s for s in swaps_of(truth, i) if (park[i].image_id, s.sentence) not in written
        ],
    )
    first = {}
    for key, mask in meant["before"].items():
        first.setdefault(key, mask)
    report = swap_words(oracle(lambda *key: first[key]), park, 12, progress=False)
    everything = report.rows[0]
    assert everything.stays_of_right == 100
    assert everything.moves == 0


def test_who_answers_nothing_does_neither(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    row = swap_words(oracle(nothing), park, LIMIT, progress=False).rows[0]
    assert (row.moves, row.stays, row.neither, row.n_right) == (0, 0, 100, 0)


def test_one_swap_of_each_kind_is_asked_per_sentence_whatever_the_limit(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    def asked(limit: int) -> list[tuple[int, str]]:
        seen: list[tuple[int, str]] = []

        def answer(image_id: int, sentence: str) -> Any:
            seen.append((image_id, sentence))
            return nothing(image_id, sentence)

        swap_words(oracle(answer), park, limit, progress=False)
        return seen

    short, long = asked(20), asked(LIMIT)
    assert set(short) <= set(long)
    truth = open_truth(park)
    kinds = sum(len({swap.kind for swap in swaps_of(truth, i)}) for i in range(20))
    originals = sum(bool(swaps_of(truth, i)) for i in range(20))
    assert len(short) == kinds + originals


def test_the_report_can_be_read_and_stored(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    report = swap_words(oracle(nothing), park, LIMIT, progress=False)
    lines = [line for line in report.markdown().splitlines() if line.startswith("| ")]
    assert len(lines) == 1 + len(report.rows)
    assert report.to_json()["rows"][0]["kind"] == "all"


def test_sentences_without_such_a_word_are_refused(
    park: ReferringDataset, oracle: Any, nothing: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_swap, "swaps_of", lambda truth, i: [])
    with pytest.raises(UserError, match="none of the first 3 sentences"):
        swap_words(oracle(nothing), park, 3, progress=False)
