"""Pairwise relational shift, paper 000 Eq. 4: two chains instead of six maps."""

import pytest
import torch

from refseg_lib.fusion.node_fusion import Scene
from refseg_lib.fusion.pairwise_shift import ConcatMessage, Edges, PairwiseShift
from refseg_lib.fusion.relation_convolution import SharedRelationConvolution

SIZE = (4, 3, 4)  # D, h, w


def case():
    torch.manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, dtype=torch.float64)

    edges = Edges(
        subject=draw(3, *SIZE),
        object=draw(3, *SIZE),
        subject_phrase=draw(3, 4, 1, 1),
        object_phrase=draw(3, 4, 1, 1),
        image=torch.tensor([1, 0, 1]),
        types=torch.tensor([0, 1, 1]),
        groups=[(0, 1), (1, 2)],
    )
    return edges, Scene(draw(2, *SIZE), draw(1, *SIZE))


def make(iterations):
    torch.manual_seed(1)
    convolution = SharedRelationConvolution(types=2, channels=4, hidden=5)
    return PairwiseShift(convolution, iterations).double()


def six_maps(module, edges, scene):
    """Eq. 4 as printed: both results of every round are fed back."""
    subject, obj = edges.subject, edges.object
    visual = scene.visual[edges.image]
    for _ in range(module.iterations):
        to_subject = torch.tanh(module.convolution(obj, edges, inverse=True))
        to_object = torch.tanh(module.convolution(subject, edges, inverse=False))
        subject = torch.tanh(to_subject * visual + scene.place) * edges.subject_phrase
        obj = torch.tanh(to_object * visual + scene.place) * edges.object_phrase
    return subject, obj, to_subject, to_object


@pytest.mark.parametrize("iterations", [1, 2, 3, 4])
def test_each_end_is_that_of_the_six_maps(iterations):
    module, (edges, scene) = make(iterations), case()
    want = six_maps(module, edges, scene)
    for to_subject, maps, attention in ((True, want[0], want[2]), (False, want[1], want[3])):
        got, seen = module(edges, scene, to_subject)
        torch.testing.assert_close(got, maps, rtol=0, atol=1e-12)
        torch.testing.assert_close(seen, attention[:, 0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("iterations", [1, 2, 3])
def test_an_odd_number_of_rounds_reads_the_other_node_an_even_one_the_node_itself(iterations):
    module, (edges, scene) = make(iterations), case()
    before, _ = module(edges, scene, True)
    odd = iterations % 2 == 1
    for field, matters in (("object", odd), ("subject", not odd)):
        changed = edges._replace(**{field: getattr(edges, field) + 1})
        moved = (module(changed, scene, True)[0] - before).abs().max()
        assert (moved > 1e-8) == matters


def test_gradients_equal_numeric_ones():
    module, (edges, scene) = make(3), case()
    inputs = [edges.object, edges.subject_phrase, edges.object_phrase, *scene]
    inputs = [x.clone().requires_grad_() for x in inputs]

    def run(obj, ps, po, visual, place):
        here = edges._replace(object=obj, subject_phrase=ps, object_phrase=po)
        return module(here, Scene(visual, place), True)[0]

    assert torch.autograd.gradcheck(run, inputs)


def test_concatenation_hears_both_nodes_and_the_edge_and_only_at_the_same_cell():
    torch.manual_seed(2)
    module, (edges, scene) = ConcatMessage(types=2, channels=4).double(), case()
    got, attention = module(edges, scene, True)
    assert attention is None
    weight = torch.cat(
        [module.receiver.weight[:, :, 0, 0], module.sender.weight[:, :, 0, 0], module.edge.weight],
        1,
    )
    for e in range(3):
        for y in range(3):
            for x in range(4):
                together = torch.cat(
                    [
                        edges.subject[e, :, y, x],
                        edges.object[e, :, y, x],
                        module.relation.weight[edges.types[e]],
                    ]
                )
                want = torch.tanh(weight @ together + module.receiver.bias)
                torch.testing.assert_close(got[e, :, y, x], want, rtol=0, atol=1e-12)
    back, _ = module(edges, scene, False)
    swapped = edges._replace(
        subject=edges.object, object=edges.subject, types=edges.types + module.types
    )
    torch.testing.assert_close(back, module(swapped, scene, True)[0], rtol=0, atol=1e-12)
