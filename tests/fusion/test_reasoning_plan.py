"""Steps of a batch of language graphs, laid out by hand."""

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.reasoning_plan import plan_reasoning
from refseg_lib.text.graph import Edge, LanguageGraph, Node

TYPES = {"with": 0, "on": 1}


def graph(spans, edges, referent=0):
    nodes = tuple(Node(f"n{i}", f"n{i}", *span) for i, span in enumerate(spans))
    return LanguageGraph(nodes, tuple(Edge(*edge) for edge in edges), referent)


# the referent (0) with a hat (1) on a bench (2) with a cat (3); and a second sentence of two nodes
PERSON = graph([(0, 1), (2, 3), (4, 5), (6, 7)], [(0, "on", 2), (0, "with", 1), (2, "with", 3)])
DOG = graph([(0, 2), (3, 5)], [(0, "on", 1)])
MASK = torch.arange(7)[None] < torch.tensor([7, 5])[:, None]


def plan(graphs=(PERSON, DOG), mask=MASK, **options):
    return plan_reasoning(list(graphs), mask, TYPES.__getitem__, **options)


def test_edges_whose_objects_are_ready_stand_in_one_step_whatever_their_sentence():
    got = plan()
    # rows 0 to 3 and 4, 5 are initial maps; bench' = 6 and dog' = 7 come first, person' = 8 last
    first, second = got.steps
    assert first.subject.tolist() == [2, 4]
    assert first.object.tolist() == [3, 5]
    assert first.groups == [(0, 1), (1, 1)]
    assert first.own.tolist() == [2, 4]
    assert first.receiver.tolist() == [0, 1]
    assert first.parts.tolist() == [2, 2]
    assert second.subject.tolist() == [0, 0]
    assert second.object.tolist() == [1, 6]  # the hat as it was, the bench as it has become
    assert second.subject_node.tolist() == [0, 0]
    assert second.object_node.tolist() == [1, 2]
    assert second.types.tolist() == [0, 1]
    assert second.parts.tolist() == [3]
    assert got.final.tolist() == [8, 1, 6, 3, 7, 5]
    assert got.referent.tolist() == [8, 7]
    assert got.sentence.tolist() == [0, 0, 0, 0, 1, 1]
    assert got.step_of.tolist() == [2, 0, 1, 0, 1, 0]


def test_an_updated_object_gets_a_row_of_its_own_and_the_message_of_its_edge():
    got = plan([DOG], MASK[1:], update_object=True)
    (only,) = got.steps
    assert only.own.tolist() == [0, 1]
    assert only.receiver.tolist() == [0, 1]  # to the subject, then to the object
    assert only.parts.tolist() == [2, 2]
    assert got.final.tolist() == [2, 3]


def test_one_object_of_two_subjects_is_updated_by_one_after_the_other():
    shared = graph([(0, 1), (1, 2), (2, 3)], [(0, "on", 1), (0, "on", 2), (1, "with", 2)])
    got = plan([shared], MASK[:1], update_object=True)
    first, second = got.steps
    assert (first.subject.tolist(), first.object.tolist()) == ([1], [2])
    # the referent meets 1 and 2 as the first step left them, in rows 3 and 4
    assert second.object.tolist() == [3, 4]
    assert second.own.tolist() == [0, 3, 4]
    assert got.final.tolist() == [5, 6, 7]


def test_a_phrase_is_its_words_and_a_lost_one_the_whole_sentence():
    cut = MASK[:, :5]  # the model reads five words: the cat at 6 is behind them
    spans = plan(mask=cut).spans
    assert spans[2].nonzero().flatten().tolist() == [4]
    assert spans[3].tolist() == [True] * 5
    assert spans[5].nonzero().flatten().tolist() == [3, 4]
    short = torch.tensor([[True] * 4 + [False]])
    assert plan([DOG], short).spans[1].nonzero().flatten().tolist() == [3]


def test_graphs_without_relations_need_no_step():
    alone = graph([(0, 3)], [])
    got = plan([alone, alone])
    assert got.steps == []
    assert got.referent.tolist() == [0, 1]


def test_no_graphs_say_where_to_get_them():
    with pytest.raises(UserError, match=r"fill Batch\.graphs, one .*parse"):
        plan_reasoning(None, MASK, TYPES.__getitem__)


def test_a_cycle_is_told_and_not_walked():
    circle = graph([(0, 1), (1, 2), (2, 3)], [(1, "on", 2), (2, "on", 1)])
    with pytest.raises(UserError, match="cycle"):
        plan([circle], MASK[:1])
