"""ConvLSTM, held against its equations written out gate by gate over padded maps."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.convlstm import ConvLSTM, ConvLSTMCell

LEVELS = ("c3", "c4", "c5")
CELLS = [
    {},
    {"peephole": "spatial", "size": (4, 5)},
    {"kernel": 3, "peephole": "none", "norm": "none", "forget_bias": 0.0},
    {"kernel": 3},
    {"norm": "none"},
]


def make(**options):
    torch.manual_seed(1)
    module = ConvLSTM(LEVELS, 2, 3, **options).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


@pytest.fixture
def levels():
    torch.manual_seed(0)
    return {name: torch.randn(2, 2, 4, 5, dtype=torch.float64) for name in LEVELS}


def whole_map(values, norm):
    """Mean and variance over cells and channels of each sentence, by loops."""
    out = torch.empty_like(values)
    for b, one in enumerate(values):
        mean = sum(one.flatten().tolist()) / one.numel()
        variance = sum((v - mean) ** 2 for v in one.flatten().tolist()) / one.numel()
        for c in range(len(one)):
            out[b, c] = (one[c] - mean) / variance**0.5 * norm.weight[c] + norm.bias[c]
    return out


def literal(cell, x, c, h):
    """One step on (B, C, h, w) maps; zeros before the first."""
    hidden, (height, width) = 3, x.shape[-2:]
    both, side = torch.cat([x, h], 1), cell.gates.kernel_size[0]
    padded = F.pad(both, [side // 2] * 4)
    y = torch.zeros(len(x), 4 * hidden, height, width, dtype=x.dtype)
    for row in range(height):
        for column in range(width):
            seen = padded[:, None, :, row : row + side, column : column + side]
            y[:, :, row, column] = (seen * cell.gates.weight).sum((2, 3, 4))
    if cell.gates.bias is not None:
        y = y + cell.gates.bias[:, None, None]
    gates = dict(zip("jifo", y.split(hidden, 1), strict=True))

    def peep(gate, state):
        if cell.peepholes is None:
            return 0
        weight = cell.peepholes[gate]
        if weight.dim() == 1:
            return weight[:, None, None] * state
        return weight.T.unflatten(1, (height, width)) * state

    def norm(gate, value):
        return value if cell.norms is None else whole_map(value, cell.norms[gate])

    i = norm("i", gates["i"] + peep("i", c)).sigmoid()
    f = (norm("f", gates["f"] + peep("f", c)) + cell.forget_bias).sigmoid()
    c = c * f + i * norm("j", gates["j"]).tanh()
    o = norm("o", gates["o"] + peep("o", c)).sigmoid()
    c = norm("c", c)
    return c, o * c.tanh()


@pytest.mark.parametrize("options", CELLS)
def test_equals_the_literal_steps(options, levels):
    module = make(**options)
    with torch.no_grad():
        c = h = torch.zeros(2, 3, 4, 5, dtype=torch.float64)
        for name in LEVELS:
            c, h = literal(module.cell, levels[name], c, h)
        torch.testing.assert_close(module(levels), h, rtol=0, atol=1e-8)


def test_gradients_equal_numeric_ones(levels):
    module = make()
    inputs = [x[:1, :, :2, :2].clone().requires_grad_() for x in levels.values()]
    assert torch.autograd.gradcheck(
        lambda *maps: module(dict(zip(LEVELS, maps, strict=True))), inputs
    )


def test_levels_are_read_in_the_order_asked_for_whatever_order_they_come_in(levels):
    straight, turned = make(), make(order=("c5", "c4", "c3"))
    swapped = {"c3": levels["c5"], "c4": levels["c4"], "c5": levels["c3"]}
    torch.testing.assert_close(straight(levels), turned(swapped), rtol=0, atol=1e-12)
    assert (straight(levels) - turned(levels)).abs().max() > 1e-3
    shuffled = {name: levels[name] for name in ("c4", "c5", "c3")}
    torch.testing.assert_close(straight(shuffled), straight(levels), rtol=0, atol=0)


@pytest.mark.parametrize("options", CELLS)
def test_sentences_of_a_batch_never_meet(options, levels):
    module = make(**options)
    together = module(levels)
    for b in range(2):
        alone = module({name: x[b : b + 1] for name, x in levels.items()})
        torch.testing.assert_close(together[b : b + 1], alone, rtol=0, atol=1e-12)


def test_a_closed_input_gate_lets_no_level_in(levels):
    module = make(norm="none", peephole="none")
    with torch.no_grad():
        module.cell.gates.bias[3:6] = -1e6
    assert module(levels).abs().max() == 0


def test_an_open_forget_gate_remembers_the_first_level(levels):
    module = make(norm="none", peephole="none", forget_bias=1e6)
    with torch.no_grad():
        module.cell.gates.weight[:, 2:] = 0
    before = module(levels)
    after = module({**levels, "c3": levels["c3"] + 1})
    assert (after - before).abs().max() > 1e-3
    forgetful = make(norm="none", peephole="none", forget_bias=-1e6)
    before = forgetful.cell(levels["c5"].flatten(2).mT, None, (4, 5))[0]
    old = torch.randn_like(before)
    kept = forgetful.cell(levels["c5"].flatten(2).mT, (old, torch.zeros_like(old)), (4, 5))[0]
    torch.testing.assert_close(kept, before, rtol=0, atol=1e-12)


def test_a_coarser_level_is_enlarged_first(levels):
    module = make()
    coarse = {**levels, "c5": levels["c5"][..., ::2, :]}
    fine = F.interpolate(coarse["c5"], size=(4, 5), mode="bilinear", align_corners=False)
    torch.testing.assert_close(module(coarse), module({**levels, "c5": fine}))


def test_spatial_peepholes_start_as_in_the_released_code():
    torch.manual_seed(0)
    cell = ConvLSTMCell(1, 50, peephole="spatial", size=(40, 40))
    cell.initialise()
    limit = (6 / (40 * 40 + 40 * 50)) ** 0.5
    assert cell.peepholes["i"].abs().max().item() == pytest.approx(limit, rel=1e-3)
    assert sum(p.numel() for p in cell.peepholes.values()) == 3 * 40 * 40 * 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"peephole": "full"}, "unknown peephole 'full'.*channel, spatial, none"),
        ({"norm": "layer"}, "unknown norm 'layer'.*joint, none"),
        ({"peephole": "spatial"}, "without a size"),
        ({"kernel": 2}, "kernel 2 .*odd"),
        ({"order": ("c3", "c2")}, "order c3, c2 .*c3, c4, c5"),
    ],
)
def test_what_cannot_be_built_is_one_clear_error(options, message):
    with pytest.raises(UserError, match=message):
        make(**options)


def test_spatial_peepholes_refuse_another_grid(levels):
    module = make(peephole="spatial", size=(5, 4))
    with pytest.raises(UserError, match=r"4x5 cells .* for 5x4"):
        module(levels)
