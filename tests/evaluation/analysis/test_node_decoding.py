"""What BUSNet would answer if it stopped at a node."""

from typing import Any

import pytest
import torch

from refseg_lib.data.batch import Batch
from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.evaluation.analysis.node_decoding import decode_nodes
from refseg_lib.evaluation.analysis.questions import Question, ask
from refseg_lib.models.saved import Loaded, load_model
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.trace import trace


@pytest.fixture(scope="module")
def busnet() -> Loaded:
    return load_model("busnet")


@torch.no_grad()
def test_at_the_referent_the_decoder_gives_the_answer_itself(
    busnet: Loaded, park: ReferringDataset
) -> None:
    questions = [Question(i, park[i].sentence) for i in range(12)]
    shifted = 0
    for reply in ask(
        busnet, park, questions, look_inside=True, further=decode_nodes, progress=False
    ):
        assert reply.graph is not None
        own = reply.inside["bus.node"][:, 0] == reply.row
        answered = torch.sigmoid(busnet.model.head(reply.inside["fused"])[reply.row, 0])
        decoded = reply.inside["bus.all.shifted"][own]
        assert len(decoded) == len(reply.graph.nodes)
        torch.testing.assert_close(decoded[reply.graph.referent], answered, atol=1e-4, rtol=1e-3)
        initial = reply.inside["bus.all.initial"][own][reply.graph.referent]
        if reply.graph.edges:
            shifted += not torch.allclose(initial, answered, atol=1e-2)
        else:
            torch.testing.assert_close(initial, answered, atol=1e-4, rtol=1e-3)
    assert shifted


@torch.no_grad()
def test_a_node_that_nothing_modifies_is_answered_as_if_it_were_the_sentence_s_referent(
    busnet: Loaded, park: ReferringDataset
) -> None:
    words = ["dog", "next", "to", "tree"]
    dog, tree = Node("dog", "dog", 0, 1), Node("tree", "tree", 3, 4)
    whole = LanguageGraph((dog, tree), (Edge(0, "next to", 1),), 0)
    alone = LanguageGraph((tree,), (), 0)
    image = letterbox_image(park.image(0), busnet.config["input_size"])[None]
    numbers = torch.tensor([busnet.vocabulary.encode(words)] * 2)
    batch = Batch(
        image=image,
        words=numbers,
        word_mask=torch.ones_like(numbers, dtype=torch.bool),
        graphs=[whole, alone],
        image_of=torch.zeros(2, dtype=torch.long),
    )
    with trace(busnet.model) as inside:
        busnet.model(batch)
    found = decode_nodes(busnet.model, batch)
    # Nodes in order: the dog, the tree modifying it, the tree alone.
    torch.testing.assert_close(found["bus.all.shifted"][1], found["bus.all.shifted"][2])
    torch.testing.assert_close(found["bus.all.initial"][1], found["bus.all.shifted"][1])
    answered = torch.sigmoid(busnet.model.head(inside["fused"])[1, 0])
    torch.testing.assert_close(found["bus.all.shifted"][1], answered, atol=1e-4, rtol=1e-3)


def test_a_model_without_nodes_has_nothing_to_decode(park: ReferringDataset, oracle: Any) -> None:
    loaded = oracle(lambda *_: None)
    words = torch.ones(1, 2, dtype=torch.long)
    batch = Batch(image=torch.zeros(1, 3, 8, 8), words=words, word_mask=words > 0)
    assert decode_nodes(loaded.model, batch) == {}
