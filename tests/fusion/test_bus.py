"""Bottom-up shift, paper 000 Eq. 2-4, against one loop over sentences, nodes and edges."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.pairwise_shift import ConcatMessage, PairwiseShift
from refseg_lib.fusion.relation_convolution import RelationConvolution, SharedRelationConvolution
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.trace import trace
from refseg_lib.vision.spatial import spatial_coordinates

RELATIONS = {"on": 0, "left of": 1, "with": 2}
WIDTH, LANGUAGE, HEIGHT, COLUMNS = 4, 3, 3, 5


def graph(spans, edges, referent=0):
    return LanguageGraph(
        tuple(Node(f"n{i}", f"n{i}", *span) for i, span in enumerate(spans)),
        tuple(Edge(*edge) for edge in edges),
        referent,
    )


ALONE = graph([(0, 2)], [])
PAIR = graph([(0, 1), (2, 4)], [(0, "on", 1)])
CHAIN = graph([(4, 5), (0, 1), (2, 3)], [(1, "left of", 2), (0, "with", 1)])
# spec: the node c stands nearer to the referent by one path and modifies it through a by another
DIAMOND = graph(
    [(0, 1), (1, 2), (2, 3), (3, 4)],
    [(0, "on", 1), (0, "left of", 2), (2, "with", 3), (3, "on", 1)],
)
DOUBLE = graph([(0, 2), (1, 2), (3, 4)], [(0, "on", 1), (0, "left of", 1)])
BEYOND = graph([(0, 1), (7, 9)], [(0, "with", 1)])
TWELVE = graph(
    [(i % 4, i % 4 + 1) for i in range(12)],
    [(i // 2, list(RELATIONS)[i % 3], i) for i in range(1, 12)],
)
GRAPHS = [ALONE, PAIR, CHAIN, DIAMOND, DOUBLE, BEYOND, TWELVE]
LENGTHS = [2, 4, 5, 4, 4, 3, 5]
IMAGES = [0, 1, 1, 0, 1, 0, 1]


@pytest.fixture
def context():
    torch.manual_seed(0)
    mask = torch.arange(5)[None] < torch.tensor(LENGTHS)[:, None]
    features = {
        level: torch.randn(2, visual, HEIGHT, COLUMNS, dtype=torch.float64)
        for level, visual in (("c4", 2), ("c5", 3))
    }
    words = torch.randn(len(GRAPHS), 5, LANGUAGE, dtype=torch.float64) * mask[..., None]
    return Context(features, words, mask, torch.tensor(IMAGES), GRAPHS)


def make(kind="per_type", iterations=3, **options):
    torch.manual_seed(1)

    def make_shift():
        if kind == "concat":
            return ConcatMessage(types=3, channels=WIDTH)
        convolution = {"per_type": RelationConvolution, "lowrank": SharedRelationConvolution}[kind]
        return PairwiseShift(convolution(types=3, channels=WIDTH, hidden=6), iterations)

    module = BottomUpShift(
        {"c4": 2, "c5": 3}, make_shift, RELATIONS.__getitem__, language=LANGUAGE, width=WIDTH,
        **options,
    ).double()  # fmt: skip
    with torch.no_grad():
        # Biases too: one multiplied by an attention map is the easiest mistake of all. Sizes at
        # which a message still tells what it was made of after three rounds.
        for name, parameter in module.named_parameters():
            size = 2.0 if "phrase" in name else 0.5 if "picture" in name else 0.4
            parameter.copy_(size * torch.randn_like(parameter))
    return module


def fusion(module, level, feature, phrase):
    """Eq. 2, cell by cell: F(V, P, o)."""
    part = module.fusions[level]
    place = spatial_coordinates(HEIGHT, COLUMNS, dtype=torch.float64)
    weight = part.picture.weight[:, :, 0, 0]
    spoken = torch.tanh(part.phrase.weight @ phrase)
    rows = []
    for y in range(HEIGHT):
        row = []
        for x in range(COLUMNS):
            seen = torch.cat([feature[:, y, x], place[:, y, x]])
            row.append(torch.tanh(weight @ seen + part.picture.bias) * spoken)
        rows.append(torch.stack(row, -1))
    return torch.stack(rows, 1)


def convolution(module, level, relation, inverse, x):
    """Conv_r or Conv_{r^-1}: two layers, one edge."""
    part = module.shifts[module.shift_of[level]].convolution
    row = relation + 3 * inverse
    if isinstance(part, RelationConvolution):
        first, bias = part.first[row], part.first_bias[row]
    else:
        first, bias = part.first.weight, part.first.bias
    hidden = F.conv2d(x[None], first, bias, padding=1).relu()
    return F.conv2d(hidden, part.last[row][None], part.last_bias[row][None], padding=1)[0, 0]


def shift(module, level, feature, relation, xs, xo, ps, po):
    """Eq. 4, both directions in every round, fed back: PRS^(k)."""
    part = module.shifts[module.shift_of[level]]
    if isinstance(part, ConcatMessage):
        messages = []
        for a, b, row in ((xs, xo, relation), (xo, xs, relation + 3)):
            together = (
                part.receiver.weight[:, :, 0, 0] @ a.flatten(1)
                + part.receiver.bias[:, None]
                + part.sender.weight[:, :, 0, 0] @ b.flatten(1)
                + (part.edge.weight @ part.relation.weight[row])[:, None]
            )
            messages.append(torch.tanh(together).unflatten(1, (HEIGHT, COLUMNS)))
        return messages[0], messages[1], None
    seen = None
    for _ in range(part.iterations):
        to_subject = torch.tanh(convolution(module, level, relation, True, xo))
        to_object = torch.tanh(convolution(module, level, relation, False, xs))
        seen = to_subject
        xs, xo = (
            fusion(module, level, to_subject * feature, ps),
            fusion(module, level, to_object * feature, po),
        )
    return xs, xo, seen


def literal(module, level, feature, words, graph, order, update_object=False):
    """§3.2.2 for one sentence: all nodes' initial and last maps."""
    phrases = []
    for node in graph.nodes:
        inside = words[node.start : node.stop]
        phrases.append((inside if len(inside) else words).mean(0))
    initial = [fusion(module, level, feature, phrase) for phrase in phrases]
    last = list(initial)
    for n in order:
        edges = [edge for edge in graph.edges if edge.subject == n]
        if not edges:
            continue
        got = {n: [last[n]]}
        for edge in edges:
            m = edge.object
            to_subject, to_object, _ = shift(
                module, level, feature, RELATIONS[edge.relation],
                last[n], last[m], phrases[n], phrases[m],
            )  # fmt: skip
            got[n].append(to_subject)
            if update_object:
                got.setdefault(m, [last[m]]).append(to_object)
        for node, maps in got.items():
            last[node] = sum(maps) / len(maps)
    return initial, last


# by hand, for the seven graphs
TOPOLOGICAL = [[0], [1, 0], [2, 1, 0], [1, 3, 2, 0], [1, 2, 0], [1, 0], list(range(11, -1, -1))]


@pytest.mark.parametrize("kind", ["per_type", "lowrank", "concat"])
@pytest.mark.parametrize("update_object", [False, True])
def test_mixed_graphs_in_one_batch_equal_the_loop_over_sentences_nodes_and_edges(
    context, kind, update_object
):
    module = make(kind, update_object=update_object)
    answers, maps = module(context), module.node_maps(context)
    for level in ("c4", "c5"):
        row = 0
        for b, one in enumerate(GRAPHS):
            initial, last = literal(
                module, level, context.features[level][IMAGES[b]],
                context.words[b, : LENGTHS[b]], one, TOPOLOGICAL[b], update_object,
            )  # fmt: skip
            want = last[one.referent]
            torch.testing.assert_close(answers[level][b], want, rtol=0, atol=1e-10)
            for i in range(len(one.nodes)):
                torch.testing.assert_close(maps[level][0][row], initial[i], rtol=0, atol=1e-10)
                torch.testing.assert_close(maps[level][1][row], last[i], rtol=0, atol=1e-10)
                row += 1


def test_gradients_equal_those_of_the_loop(context):
    module = make(update_object=True)
    inputs = [context.features["c5"].requires_grad_(), context.words.requires_grad_()]
    inputs += [p for name, p in module.named_parameters() if "c4" not in name]
    got = module(context)["c5"]
    want = torch.stack(
        [
            literal(
                module, "c5", context.features["c5"][IMAGES[b]],
                context.words[b, : LENGTHS[b]], GRAPHS[b], TOPOLOGICAL[b], True,
            )[1][0]
            for b in range(len(GRAPHS))
        ]
    )  # fmt: skip
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_the_papers_order_answers_the_same_where_only_leaves_come_late(context):
    """In the diamond 3 is handled before its modifier 1, which nothing modifies in turn."""
    got = make(order="reverse_bfs")(context)["c5"]
    torch.testing.assert_close(got, make()(context)["c5"], rtol=0, atol=1e-12)


def test_a_node_handled_before_its_modifier_meets_its_initial_map(context):
    """The specification's graph: ref <- a, ref <- b, b <- c, c <- a, with a modified by d."""
    late = graph(
        [(0, 1), (1, 2), (2, 3), (3, 4), (0, 2)],
        [(0, "on", 1), (0, "on", 2), (2, "with", 3), (3, "left of", 1), (1, "with", 4)],
    )
    one = Context(
        {k: v[:1] for k, v in context.features.items()}, context.words[2:3],
        context.word_mask[2:3], None, [late],
    )  # fmt: skip
    answers = {}
    for order, nodes in (("topological", [4, 1, 3, 2, 0]), ("reverse_bfs", [3, 4, 2, 1, 0])):
        module = make(order=order, iterations=1)
        _, last = literal(module, "c5", one.features["c5"][0], one.words[0], late, nodes)
        answers[order] = module.node_maps(one)["c5"][1]
        torch.testing.assert_close(answers[order], torch.stack(last), rtol=0, atol=1e-10)
    differs = (answers["topological"] - answers["reverse_bfs"]).abs().amax((1, 2, 3))
    assert differs[3] > 1e-5  # c met a before it was ready
    assert not differs[[1, 4]].any()  # a and d do not depend on c


@pytest.mark.parametrize("iterations", [1, 2, 4])
def test_any_number_of_rounds_is_the_loop_with_that_number(context, iterations):
    module = make(iterations=iterations)
    got = module(context)["c4"]
    for b in (2, 3):
        _, last = literal(
            module, "c4", context.features["c4"][IMAGES[b]],
            context.words[b, : LENGTHS[b]], GRAPHS[b], TOPOLOGICAL[b],
        )  # fmt: skip
        torch.testing.assert_close(got[b], last[0], rtol=0, atol=1e-10)


def test_a_single_phrase_is_the_fusion_alone(context):
    module = make()
    want = fusion(module, "c5", context.features["c5"][0], context.words[0, :2].mean(0))
    torch.testing.assert_close(module(context)["c5"][0], want, rtol=0, atol=1e-12)


def test_padding_and_words_outside_of_all_phrases_change_nothing(context):
    module = make()
    before = module(context)["c5"]
    words = context.words.clone()
    words[1, 4] = 9.0  # padding
    words[1, 1] = -7.0  # "on": between the two phrases
    context.words = words
    torch.testing.assert_close(module(context)["c5"], before, rtol=0, atol=0)


def test_the_order_of_words_inside_a_phrase_does_not_matter(context):
    module = make()
    before = module(context)["c5"]
    context.words = context.words.clone()
    context.words[1, 2:4] = context.words[1, 2:4].flip(0)
    torch.testing.assert_close(module(context)["c5"], before, rtol=0, atol=1e-12)


def test_no_sentence_hears_of_another(context):
    module = make()
    before = module(context)["c5"]
    context.words = context.words.clone()
    context.words[6] += 1
    after = module(context)["c5"]
    torch.testing.assert_close(after[:6], before[:6], rtol=0, atol=0)
    assert (after[6] - before[6]).abs().max() > 1e-3


def test_levels_may_share_one_shift(context):
    shared, apart = make(share_levels=True), make()
    assert list(shared.shifts) == ["all"]
    assert list(apart.shifts) == ["c4", "c5"]
    _, last = literal(
        shared, "c4", context.features["c4"][1], context.words[2], CHAIN, TOPOLOGICAL[2]
    )
    torch.testing.assert_close(shared(context)["c4"][2], last[0], rtol=0, atol=1e-10)


def test_traces_show_steps_edges_and_where_attention_went(context):
    module = make()
    with trace(module) as seen:
        module(context)
    first = sum(len(one.nodes) for one in GRAPHS[:2])
    assert seen["bus.node"][first : first + 3].tolist() == [[2, 0, 2], [2, 1, 1], [2, 2, 0]]
    edges = seen["bus.edge"].tolist()
    assert len(edges) == sum(len(one.edges) for one in GRAPHS)
    mine = edges.index([first + 1, first + 2, RELATIONS["left of"], 1])
    attention = seen["bus.c5.attention"]
    assert attention.shape == (len(edges), HEIGHT, COLUMNS)
    initial, _ = literal(
        module, "c5", context.features["c5"][1], context.words[2], CHAIN, TOPOLOGICAL[2]
    )
    phrases = [context.words[2, node.start : node.stop].mean(0) for node in CHAIN.nodes]
    _, _, want = shift(
        module, "c5", context.features["c5"][1], RELATIONS["left of"],
        initial[1], initial[2], phrases[1], phrases[2],
    )  # fmt: skip
    torch.testing.assert_close(attention[mine], want, rtol=0, atol=1e-10)


def test_a_batch_without_any_edge_has_no_attention_to_show(context):
    context.graphs = [ALONE] * len(GRAPHS)
    module = make()
    with trace(module) as seen:
        module(context)
    assert set(seen) == {"bus.node", "bus.edge"}
    assert seen["bus.edge"].shape == (0, 4)


def test_no_graphs_and_an_unknown_order_are_one_clear_line_each(context):
    context.graphs = None
    with pytest.raises(UserError, match=r"batch has none: fill Batch\.graphs"):
        make()(context)
    with pytest.raises(UserError, match=r"'random'.*topological, reverse_bfs"):
        make(order="random")
