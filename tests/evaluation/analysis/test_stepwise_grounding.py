"""What the steps of BUSNet look at."""

from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import open_truth
from refseg_lib.evaluation.analysis.grounding_report import Grounding
from refseg_lib.evaluation.analysis.stepwise_grounding import ground_steps
from refseg_lib.models.saved import load_model

LIMIT = 60


@pytest.fixture
def show(park: ReferringDataset, oracle: Any, nothing: Any) -> Any:
    """Score a BUSNet that shows, for node n of a sentence, what ``see`` draws."""
    truth = open_truth(park)
    asked = {(park[i].image_id, park[i].sentence): i for i in range(len(park))}

    def run(see: Any) -> Grounding:
        def inside(batch: Any, images: Any, sentences: Any) -> dict[str, torch.Tensor]:
            nodes, maps = [], {"initial": [], "shifted": []}
            for row, key in enumerate(zip(images, sentences, strict=True)):
                told = truth.told(asked[key])
                masks = [truth.mask(entity) for entity in told.entities]
                for number in range(len(masks)):
                    nodes.append([row, number, 0])
                    for name, kept in maps.items():
                        drawn = see(name, number, told.graph.referent, masks)
                        kept.append(torch.as_tensor(np.array(drawn, np.float32)))
            shown = {f"bus.{name}": torch.stack(kept) for name, kept in maps.items()}
            return {"bus.node": torch.tensor(nodes), **shown}

        answer = nothing
        return ground_steps(oracle(answer, inside, "busnet"), park, LIMIT, progress=False)

    return run


def rows(result: Grounding, which: str) -> list[Any]:
    return [row for row in result.rows if row.map == which]


def blank(mask: Any) -> Any:
    return np.zeros((64, 64)) if mask is None else mask


def test_a_model_that_shows_what_each_phrase_means_scores_all(show: Any) -> None:
    result = show(lambda name, n, referent, masks: blank(masks[n]))
    for row in (*rows(result, "initial"), *rows(result, "shifted")):
        assert (row.pointing, row.auc, row.inside) == (100, 100, 100)
        # Things do overlap a little, and a wearer's map points at the hat now and then.
        assert row.other_pointing is None or row.other_pointing < 40
        assert row.own_pointing in (None, 100)


def test_a_garment_s_map_is_no_rival_of_its_wearer_s(show: Any) -> None:
    result = show(lambda name, n, referent, masks: blank(masks[n]))
    (referents,) = (r for r in rows(result, "initial") if r.group == "referent, modified")
    (garments,) = (r for r in rows(result, "initial") if r.group == "object: garment")
    assert referents.n_others < referents.n
    assert garments.n_others == garments.n


def test_a_map_that_is_the_same_everywhere_scores_chance(show: Any) -> None:
    result = show(lambda name, n, referent, masks: np.full((64, 64), 0.2))
    for row in rows(result, "initial"):
        assert row.pointing == pytest.approx(row.area, abs=0.01)
        assert row.inside == pytest.approx(row.area, abs=0.01)
        assert row.auc == 50
        assert 0 < row.area < 30


def test_a_model_that_always_shows_the_referent_is_found_out(show: Any) -> None:
    result = show(lambda name, n, referent, masks: masks[referent])
    for row in rows(result, "initial"):
        if row.group.startswith("referent"):
            assert row.pointing == 100
        if row.n_others:
            assert row.own_pointing == row.other_pointing
            assert row.own_auc == row.other_auc


def test_before_and_after_the_shift_are_told_apart(show: Any) -> None:
    result = show(
        lambda name, n, referent, masks: blank(masks[n]) if name == "shifted" else np.ones((8, 8))
    )
    assert {row.auc for row in rows(result, "initial")} == {50}
    assert {row.auc for row in rows(result, "shifted")} == {100}
    # What nothing modifies is never shifted.
    assert "referent, alone" in {row.group for row in rows(result, "initial")}
    assert "referent, alone" not in {row.group for row in rows(result, "shifted")}


def test_every_node_of_the_true_graphs_is_counted_once(show: Any, park: ReferringDataset) -> None:
    truth = open_truth(park)
    result = show(lambda name, n, referent, masks: blank(masks[n]))
    entities = [entity for i in range(LIMIT) for entity in truth.told(i).entities]
    unseen = sum(truth.mask(entity) is None for entity in entities)
    by_kind = [r for r in rows(result, "initial") if not r.group.startswith("hops")]
    assert sum(row.n for row in by_kind) == len(entities) - unseen
    assert (result.unmatched, result.unseen) == (0, unseen)


def test_the_answer_is_scored_beside_the_steps(show: Any) -> None:
    result = show(lambda name, n, referent, masks: blank(masks[n]))
    # It answers nothing, the same logit everywhere.
    assert {row.auc for row in rows(result, "answer")} == {50}
    assert {row.n_others for row in rows(result, "answer")} == {0}


def test_the_table_has_a_line_for_every_row(show: Any) -> None:
    result = show(lambda name, n, referent, masks: blank(masks[n]))
    lines = [line for line in result.markdown().splitlines() if line.startswith("| ")]
    steps = [line for line in lines if line.count("|") == 10]
    assert len(steps) == 1 + len(result.rows)
    assert len(result.to_json()["rows"]) == len(result.rows)


def test_a_model_without_steps_is_refused(
    park: ReferringDataset, oracle: Any, nothing: Any
) -> None:
    with pytest.raises(UserError, match="give a BUSNet"):
        ground_steps(oracle(nothing), park, progress=False)
    with pytest.raises(UserError, match="no map of its nodes"):
        ground_steps(
            oracle(nothing, lambda *_: {"bus.node": torch.zeros(1, 3)}, "busnet"),
            park,
            progress=False,
        )


def test_the_attention_of_every_edge_is_counted_once(park: ReferringDataset) -> None:
    loaded = load_model("busnet")
    result = ground_steps(loaded, park, 20, progress=False)
    truth = open_truth(park)
    edges = sum(len(truth.told(i).graph.edges) for i in range(20))
    assert edges > 3
    assert [(row.level, row.edges) for row in result.shifts] == [("c4", edges), ("c5", edges)]
    # The shifted map of the referent is the answer, on a coarser grid.
    by = {row.map: row for row in result.rows if row.group == "referent, modified"}
    assert set(by) == {"initial", "shifted", "answer"}
    assert by["shifted"].auc == pytest.approx(by["answer"].auc, abs=1.5)
