"""The papers' operators at their size: as printed, in vectorised PyTorch, and as computed here.

:mod:`operators` measures them, and says there what each of them stands for.
"""

import functools
import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from cmsa import pairs
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.data.batch import Batch
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.claf import CLAF
from refseg_lib.fusion.context import Context
from refseg_lib.fusion.mutan import Mutan
from refseg_lib.fusion.pair_attention import Parts, cross_attention
from refseg_lib.fusion.pairwise_shift import PairwiseShift
from refseg_lib.fusion.relation_convolution import RelationConvolution
from refseg_lib.fusion.relation_reasoning import RelationReasoning
from refseg_lib.models.build import build_model
from refseg_lib.models.busnet import RELATIONS
from refseg_lib.models.presets import get_preset
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.reasoning_order import reasoning_order
from refseg_lib.training.losses import cross_entropy
from refseg_lib.vision.backbone import build_backbone
from refseg_lib.vision.spatial import spatial_coordinates

MODELS = ("cmsa", "cmpc", "bilingual", "shnet", "busnet")
LEVELS = ("c3", "c4", "c5")
VOCABULARY = 12_112  # of the code released with 004
ONE_BY_ONE = "sentence by sentence"


class Scale(NamedTuple):
    """Cells per side, words, and channels of CMSA, of CMPC and 002, of c5, and of BUSNet."""

    grid: int
    words: int
    attention: int
    channels: int
    visual: int
    node: int
    preset: str


SCALES = {
    "paper": Scale(40, 20, 512, 1000, 2048, 512, "paper"),
    "small": Scale(4, 12, 8, 16, 24, 8, "laptop"),
}


class Case(NamedTuple):
    """Forms of one operator on the same inputs, and the gradients of their results.

    ``upstream`` has one for every result; those of ``leaves`` are computed.
    """

    forms: Mapping[str, Callable[[], Tensor | Sequence[Tensor]]]
    leaves: Sequence[Tensor]
    upstream: Sequence[Tensor]


def cmsa_attention(size: Scale, batch: int) -> Case:
    d, cells = size.attention, size.grid**2
    gain = d**-0.25 / 2**0.5  # scores of order one, as at the start of training
    leaves = [gain * torch.randn(batch, n, d) for _ in range(3) for n in (cells, size.words)]
    query, key, value = (Parts(*leaves[i : i + 2]) for i in (0, 2, 4))
    mask = torch.ones(batch, size.words, dtype=torch.bool)

    def literal() -> Tensor:
        q, k, v = pairs(query), pairs(key).mT, pairs(value)
        # In one piece the backward pass would hold three score matrices, 11.4 GiB.
        pieces = 4 if torch.is_grad_enabled() else 1
        seen = [(rows @ k).softmax(-1) @ v for rows in q.chunk(pieces, 1)]
        return torch.cat(seen, 1).unflatten(1, (size.words, -1)).mean(1)

    def ours() -> Tensor:
        return cross_attention(query, key, value, mask)

    return Case({"ours": ours, "literal": literal}, leaves, [torch.randn(batch, cells, d)])


def cmpc_adjacency(size: Scale, batch: int) -> Case:
    maps = torch.randn(batch, size.grid**2, size.channels)
    affinity = torch.randn(batch, size.grid**2, size.words)

    def literal() -> Tensor:
        adjacency = affinity.softmax(2) @ affinity.softmax(1).mT
        return adjacency @ maps

    def ours() -> Tensor:
        return affinity.softmax(2) @ (affinity.softmax(1).mT @ maps)

    forms = {"ours": ours, "literal": literal}
    return Case(forms, [affinity, maps], [torch.randn_like(maps)])


def cmpc_reasoning(size: Scale, batch: int) -> Case:
    c = size.channels
    module = RelationReasoning(multimodal=c, language=c, affinity=c, norm="none")
    joint = torch.randn(batch, c, size.grid, size.grid)
    words = torch.randn(batch, size.words, c)
    types = torch.randn(batch, size.words, 4).softmax(-1)
    mask = torch.ones(batch, size.words, dtype=torch.bool)

    def literal() -> Tensor:
        graph = module.vertices(joint.flatten(2).mT)
        asked = module.of_words(types[..., 2:3] * words)
        affinity = module.of_pixels(graph) @ asked.mT / module.temperature
        adjacency = affinity.softmax(2) @ affinity.softmax(1).mT
        return module.updates[0](adjacency @ graph + graph).mT.unflatten(2, joint.shape[2:])

    forms = {"ours": lambda: module(joint, words, mask, types), "literal": literal}
    return Case(forms, [joint, words, types, *module.parameters()], [torch.randn_like(joint)])


def claf(size: Scale, batch: int) -> Case:
    c = size.channels
    module = CLAF(LEVELS, channels=c, language=c, norm="none", unit_length=False)
    shape = (batch, c, size.grid, size.grid)
    levels = {k: F.normalize(torch.randn(shape), dim=1) for k in LEVELS}
    sentence = torch.randn(batch, c)

    def literal() -> list[Tensor]:
        y = {k: x.flatten(2).mT for k, x in levels.items()}
        query = {k: sentence[:, None] * module.query[k](y[k]) for k in LEVELS}
        key = {k: sentence[:, None] * module.key[k](y[k]) for k in LEVELS}
        value = {k: module.value[k](y[k]) for k in LEVELS}
        z = [sum((query[k] @ key[j].mT @ value[j] for j in LEVELS), y[k]) for k in LEVELS]
        return [x.mT.unflatten(2, shape[2:]) for x in z]

    def ours() -> list[Tensor]:
        return list(module(levels, sentence).values())

    leaves = [*levels.values(), sentence, *module.parameters()]
    return Case({"ours": ours, "literal": literal}, leaves, [torch.randn(shape) for _ in LEVELS])


def mutan(size: Scale, batch: int) -> Case:
    c = size.channels
    module = Mutan(visual=c, language=c, out=c)
    module.initialise()
    feature = F.normalize(torch.randn(batch, c, size.grid, size.grid), dim=1)
    sentence = F.normalize(torch.randn(batch, c), dim=1)
    place = spatial_coordinates(size.grid, size.grid).expand(batch, -1, -1, -1)
    layers = (module.from_picture, module.from_sentence)

    def literal() -> Tensor:
        x, total = torch.cat([feature, place], 1), 0
        parts = (p.chunk(module.heads) for f in layers for p in (f.weight, f.bias))
        for weight, bias, of_sentence, sentence_bias in zip(*parts, strict=True):
            spoken = F.linear(sentence, of_sentence, sentence_bias).tanh()[..., None, None]
            total = total + F.conv2d(x, weight[..., None, None], bias).tanh() * spoken
        return F.normalize(total.tanh(), dim=1)

    forms = {"ours": lambda: module(feature, sentence), "literal": literal}
    return Case(forms, [feature, sentence, *module.parameters()], [torch.randn_like(feature)])


def graphs(batch: int) -> list[LanguageGraph]:
    """Draw graphs of one to three edges: phrases of three words that modify an earlier one."""
    rng = random.Random(0)
    drawn = []
    for sentence in range(batch):
        count = 2 + sentence % 3
        nodes = tuple(Node(f"n{i}", f"n{i}", 3 * i, 3 * i + 3) for i in range(count))
        edges = (Edge(rng.randrange(i), rng.choice(RELATIONS), i) for i in range(1, count))
        drawn.append(LanguageGraph(nodes, tuple(edges), 0))
    return drawn


def prs(size: Scale, batch: int) -> Case:
    d, types, of = size.node, len(RELATIONS) + 1, {name: i for i, name in enumerate(RELATIONS, 1)}
    convolution = RelationConvolution(types=types, channels=d, hidden=d // 4)
    module = BottomUpShift(
        {"c5": size.visual}, lambda: PairwiseShift(convolution), of.__getitem__,
        language=d, width=d,
    )  # fmt: skip
    fusion, drawn = module.fusions["c5"], graphs(batch)
    feature = torch.randn(batch, size.visual, size.grid, size.grid).relu_()
    words, mask = torch.randn(batch, size.words, d), torch.ones(batch, size.words).bool()
    place = spatial_coordinates(size.grid, size.grid)[None]

    def look(picture: Tensor) -> Tensor:
        return torch.tanh(fusion.picture(torch.cat([picture, place], 1)))

    def literal() -> Tensor:
        # Each type's weights apart, as a module per type would have them.
        stacked = convolution.first_bias, convolution.last, convolution.last_bias
        rows = list(zip(convolution.first, *(p.unbind() for p in stacked), strict=True))

        def attend(row: int, maps: Tensor) -> Tensor:
            first, first_bias, last, last_bias = rows[row]
            hidden = F.conv2d(maps, first, first_bias, padding=1).relu()
            return F.conv2d(hidden, last[None], last_bias[None], padding=1).tanh()

        return torch.cat([reason(b, attend) for b in range(batch)])

    def reason(b: int, attend: Callable[[int, Tensor], Tensor]) -> Tensor:
        graph, picture = drawn[b], feature[b : b + 1]
        means = [words[b, node.start : node.stop].mean(0) for node in graph.nodes]
        phrase = [fusion.phrase(mean).tanh()[:, None, None] for mean in means]
        seen = look(picture)
        maps = [seen * spoken for spoken in phrase]
        for n in reasoning_order(graph):
            total = [maps[n]]
            for edge in graph.edges:
                if edge.subject == n:
                    s, o, kind = maps[n], maps[edge.object], of[edge.relation]
                    for _ in range(3):
                        to_s, to_o = attend(types + kind, o), attend(kind, s)
                        s = look(to_s * picture) * phrase[n]
                        o = look(to_o * picture) * phrase[edge.object]
                    total.append(s)
            maps[n] = sum(total) / len(total)
        return maps[graph.referent]

    def ours(sentences: slice = slice(None)) -> Tensor:
        here = (feature[sentences], words[sentences], mask[sentences])
        return module(Context({"c5": here[0]}, here[1], here[2], None, drawn[sentences]))["c5"]

    def one_by_one() -> Tensor:
        return torch.cat([ours(slice(b, b + 1)) for b in range(batch)])

    forms = {"ours": ours, "literal": literal}
    if batch > 1:
        forms[ONE_BY_ONE] = one_by_one
    upstream = torch.randn(batch, d, size.grid, size.grid)
    return Case(forms, [feature, words, *module.parameters()], [upstream])


def whole(name: str, size: Scale, batch: int) -> Case:
    """Build a model and its loss, from the backbone's maps on."""
    preset = get_preset(size.preset, name)
    backbone, side = build_backbone(preset.backbone, "none"), preset.input_size
    model = build_model(name, size.preset, vocabulary_size=VOCABULARY, backbone=backbone)
    features = {}
    for level in model.used_levels():
        cells = side // backbone.strides[level]
        features[level] = torch.randn(batch, backbone.channels[level], cells, cells).relu_()
    words = torch.randint(4, VOCABULARY, (batch, size.words))
    given = Batch(None, words, torch.ones_like(words).bool(), graphs(batch), features=features)
    mask = (torch.rand(batch, 1, side, side) > 0.9).float()
    leaves = [p for p in model.parameters() if p.requires_grad]
    return Case({"ours": lambda: cross_entropy(model(given), mask)}, leaves, [torch.ones(())])


def backbone(size: Scale, batch: int) -> Case:
    preset = get_preset(size.preset)
    network = build_backbone(preset.backbone, "none")
    image = torch.rand(batch, 3, preset.input_size, preset.input_size)
    return Case({"ours": lambda: list(network(image).values())}, [], [])


OPERATORS = (cmsa_attention, cmpc_adjacency, cmpc_reasoning, claf, mutan, prs)
CASES: dict[str, Callable[[Scale, int], Case]] = {
    **{build.__name__: build for build in OPERATORS},
    "backbone": backbone,
    **{name: functools.partial(whole, name) for name in MODELS},
}
