"""CMPC's word types against the kinds of words."""

from math import log2
from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import Told, open_truth
from refseg_lib.evaluation.analysis.word_types import (
    TRACE,
    agreement,
    compare_word_types,
    token_kinds,
)
from refseg_lib.text.graph import LanguageGraph

EYE = np.eye(4)
KINDS = "eeeaaru"


def found(kinds: str) -> np.ndarray:
    return 0.6 * EYE[["earu".index(kind) for kind in kinds]] + 0.1


def test_by_hand() -> None:
    result = agreement(KINDS, found("eeaauru"))
    assert result.confusion == ((2, 1, 0, 0), (0, 1, 0, 1), (0, 0, 1, 0), (0, 0, 0, 1))
    assert result.accuracy == pytest.approx(100 * 5 / 7, abs=0.01)
    assert result.chance == pytest.approx(100 * 3 / 7, abs=0.01)
    # Of an entity's three words two have 0.7 for entity and one 0.1.
    assert result.probability[0][0] == pytest.approx(1.5 / 3, abs=1e-4)
    assert result.entropy == pytest.approx(
        -sum(n / 7 * log2(n / 7) for n in (3, 2, 1, 1)), abs=1e-4
    )


def test_types_that_are_right_under_other_names_are_found_by_renaming() -> None:
    renamed = agreement(KINDS, found(KINDS.translate(str.maketrans("earu", "urea"))))
    assert renamed.accuracy == 0
    assert renamed.renamed_accuracy == 100
    assert renamed.information == renamed.entropy
    # The type called "unnecessary" stands for entities, and so on.
    assert renamed.renaming == ("relation", "unnecessary", "attribute", "entity")


def test_one_type_for_all_words_gets_what_that_kind_is_worth_and_tells_nothing() -> None:
    result = agreement(KINDS, found("a" * 7))
    assert result.accuracy == pytest.approx(100 * 2 / 7, abs=0.01)
    assert result.renamed_accuracy == result.chance
    assert result.information == 0


def test_the_information_is_what_the_sum_over_all_pairs_gives() -> None:
    rng = np.random.default_rng(0)
    true = "".join(rng.choice(list("earu"), 300))
    said = "".join(kind if rng.random() < 0.6 else "e" for kind in true)
    told = sum(
        (n := sum((a, b) == pair for pair in zip(true, said, strict=True)) / 300)
        and n * log2(n / (true.count(a) / 300 * said.count(b) / 300))
        for a in "earu"
        for b in "earu"
    )
    assert agreement(true, found(said)).information == pytest.approx(told, abs=1e-4)


def test_a_token_that_joins_words_of_several_kinds_has_none() -> None:
    graph = LanguageGraph((), (), 0)
    told = Told(("最", "左边", "的", "红色", "狗"), "aauae", graph, ())
    assert token_kinds(["最左边", "的", "红色狗"], told) == ["a", "u", "?"]
    assert token_kinds(["最", "左", "边", "的红", "色", "狗"], told) == list("aaa?ae")


def test_a_classifier_that_knows_every_word_is_right_about_all(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    truth = open_truth(park)
    asked = {park[i].sentence: truth.told(i).kinds for i in range(len(park))}

    def inside(batch: Any, images: Any, sentences: list[str]) -> dict[str, torch.Tensor]:
        types = torch.zeros(*batch.words.shape, 4)
        for row, sentence in enumerate(sentences):
            types[row, : len(asked[sentence])] = torch.tensor(found(asked[sentence])).float()
        return {TRACE: types}

    report = compare_word_types(oracle(nothing, inside, "cmpc"), park, 50, progress=False)
    words = sum(len(park[i].sentence.split()) for i in range(50))
    assert report.agreement.accuracy == 100
    assert sum(map(sum, report.agreement.confusion)) == words
    assert f"{words} words" in report.markdown()
    assert report.to_json()["agreement"]["accuracy"] == 100


def test_a_model_without_word_types_is_refused(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    with pytest.raises(UserError, match="gives words no types"):
        compare_word_types(oracle(nothing), park, 5, progress=False)
