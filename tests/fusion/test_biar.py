"""Bidirectional attentive refinement, paper 000 Eq. 5, against its lines written one by one."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.biar import BIAR, MapGate
from refseg_lib.fusion.context import Context
from refseg_lib.trace import trace

RAW = {"c2": 2, "c3": 3, "c4": 4}
REASONED = {"c4": 5, "c5": 5}
STRIDES = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}
IMAGE_OF = torch.tensor([1, 0, 1])


def make(raw=RAW, reasoned=REASONED, **options):
    torch.manual_seed(1)
    module = BIAR(raw, reasoned, STRIDES, 5, **options).double()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(0.15 * torch.randn_like(parameter))
    return module


def inputs(raw=RAW, reasoned=REASONED, size=(3, 4)):
    torch.manual_seed(0)

    def grid(level):
        factor = 8 // STRIDES[level]
        return (factor * size[0], factor * size[1])

    features = {k: torch.randn(2, c, *grid(k), dtype=torch.float64) for k, c in RAW.items()}
    features["c5"] = torch.randn(2, 6, *size, dtype=torch.float64)
    levels = {k: torch.randn(3, c, *grid(k), dtype=torch.float64) for k, c in reasoned.items()}
    words = torch.zeros(3, 2, 1)
    return levels, Context(features, words, torch.ones(3, 2, dtype=torch.bool), IMAGE_OF)


def loop(x, layer):
    """A 3x3 convolution of one map (C, h, w), place by place."""
    height, width = x.shape[1:]
    stride = layer.stride[0]
    out = []
    for y in range(0, height, stride):
        for column in range(0, width, stride):
            value = layer.bias.clone()
            for i in range(3):
                for j in range(3):
                    a, b = y + i - 1, column + j - 1
                    if 0 <= a < height and 0 <= b < width:
                        value = value + layer.weight[:, :, i, j] @ x[:, a, b]
            out.append(value)
    rows = len(range(0, height, stride))
    return torch.stack(out, -1).unflatten(1, (rows, -1))


def gate_of(part, first, second):
    return torch.sigmoid(loop(loop(first, part.a) + loop(second, part.b), part.c))


def enlarged(x, like):
    if x.shape == like.shape:
        return x
    return F.interpolate(x[None], like.shape[1:], mode="bilinear", align_corners=False)[0]


def literal(module, levels, context, b, act=lambda x: x):
    """Eq. 5 for one sentence, and both sets of gates."""
    maps = {}
    for name in module.names:
        raw = name in module.levels
        x = (
            context.features[name][IMAGE_OF[b]]
            if raw
            else levels[name.removesuffix("_reasoned")][b]
        )
        layer = module.enter[name]
        if hasattr(layer, "weight"):
            x = torch.einsum("oc,chw->ohw", layer.weight[:, :, 0, 0], x) + layer.bias[:, None, None]
        maps[name] = x
    gates = {}
    top_down, above = {}, None
    for name in module.names[::-1]:
        own = maps[name]
        up = None if above is None else enlarged(above, own)
        if name in module.levels:
            gates[f"{name}.top_down"] = gate_of(module.top_down_gate[name], own, up)
            own = gates[f"{name}.top_down"] * own
        above = act(loop(own if up is None else own + up, module.top_down[name]))
        top_down[name] = above
    total, below = None, None
    for name in module.names:
        own = top_down[name]
        if below is None:
            below = act(loop(own, module.bottom_up[name]))
            total = below
            continue
        if below.shape != own.shape:
            below = (
                loop(below, module.down[name])
                if name in module.down
                else F.avg_pool2d(below[None], 2)[0]
            )
        if module.gate != "none":
            a = gate_of(module.bottom_up_gate[name], own, below)
            gates[f"{name}.bottom_up"] = a
            own, below = (own, a * below) if module.gate == "lower" else (a * own, below)
        below = act(loop(own + below, module.bottom_up[name]))
        total = total + enlarged(below, total)
    return total, gates


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gate": "self"},
        {"gate": "none"},
        {"down": "pool"},
        {"activation": True},
        {"raw": {"c2": 2}, "reasoned": {"c2": 5, "c3": 5, "c4": 5, "c5": 5}},
        {"raw": {**RAW, "c5": 6}, "reasoned": {"c5": 4}},
    ],
)
def test_every_sentence_gets_what_equation_5_gives_it_alone(options):
    module = make(**options)
    levels, context = inputs(reasoned=options.get("reasoned", REASONED))
    act = torch.relu if options.get("activation") else (lambda x: x)
    with trace(module) as seen:
        got = module(levels, context)
    for b in range(3):
        want, gates = literal(module, levels, context, b, act)
        torch.testing.assert_close(got[b], want, rtol=0, atol=1e-10)
        assert seen.keys() == {f"biar.{name}" for name in gates}
        for name, gate in gates.items():
            torch.testing.assert_close(seen[f"biar.{name}"][b], gate[0], rtol=0, atol=1e-10)


def test_the_gate_is_the_three_convolutions_to_the_border_and_in_its_gradients():
    torch.manual_seed(0)
    part = MapGate(4).double()
    first = torch.randn(2, 4, 4, 5, dtype=torch.float64, requires_grad=True)
    second = torch.randn(3, 4, 4, 5, dtype=torch.float64, requires_grad=True)
    got = part(first, second, IMAGE_OF)
    want = torch.sigmoid(part.c(part.a(first[IMAGE_OF]) + part.b(second)))
    torch.testing.assert_close(got, want, rtol=0, atol=1e-12)
    everything = [first, second, *part.parameters()]
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, everything, upstream),
        torch.autograd.grad(want, everything, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def close(module, which):
    """Shut or open all gates of one way for good."""
    with torch.no_grad():
        for part in module.get_submodule(which).values():
            part.c.weight.zero_()
            part.c.bias.fill_(-1e4)


def test_shut_gates_keep_the_raw_maps_out():
    module = make()
    close(module, "top_down_gate")
    levels, context = inputs()
    before = module(levels, context)
    context.features = {k: v + 1 for k, v in context.features.items()}
    torch.testing.assert_close(module(levels, context), before, rtol=0, atol=1e-12)


def test_shut_gates_bottom_up_keep_the_finer_maps_from_the_coarser():
    module = make()
    close(module, "bottom_up_gate")
    levels, context = inputs()
    before = module(levels, context)
    with torch.no_grad():
        module.bottom_up["c2"].weight.mul_(-3)
        module.bottom_up["c2"].bias.mul_(-3)
    changed = module(levels, context)
    own = literal(module, levels, context, 0)
    # only G_1' itself may differ: the sum moves by exactly its change
    with torch.no_grad():
        module.bottom_up["c2"].weight.zero_()
        module.bottom_up["c2"].bias.zero_()
    rest = module(levels, context)
    torch.testing.assert_close(changed - rest, -3 * (before - rest), rtol=0, atol=1e-10)
    torch.testing.assert_close(changed[0], own[0], rtol=0, atol=1e-10)


def test_a_grid_that_two_does_not_divide_comes_back_whole():
    module = make()
    levels, context = inputs(size=(3, 4))
    context.features["c2"] = torch.randn(2, 2, 5, 7, dtype=torch.float64)
    assert module(levels, context).shape == (3, 5, 5, 7)
    context.features["c2"] = torch.randn(2, 2, 7, 9, dtype=torch.float64)
    assert module(levels, context).isfinite().all()


@pytest.mark.parametrize("options", [{"gate": "both"}, {"down": "skip"}])
def test_unknown_options_are_refused_with_the_known_ones(options):
    with pytest.raises(UserError, match=r"unknown .* for BIAR; choose one of (lower|convolution)"):
        make(**options)
