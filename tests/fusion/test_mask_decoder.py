import torch
from torch.nn import functional as F

from refseg_lib.fusion.mask_decoder import MaskDecoder


def test_equals_its_layers_written_out():
    torch.manual_seed(0)
    module = MaskDecoder(3, 4, norm="none").double()
    x = torch.randn(2, 3, 2, 3, dtype=torch.float64)
    want = module.aspp(x)
    for step, block in enumerate(module.blocks):
        want = F.conv2d(want, block[0].weight, block[0].bias, padding=1).clamp(min=0)
        if step < 2:
            want = F.interpolate(want, scale_factor=2, mode="bilinear")
    last = module.last[0]
    want = F.conv2d(want, last.weight, last.bias, padding=1).clamp(min=0)
    want = F.conv2d(want, module.score.weight, module.score.bias, padding=1)
    torch.testing.assert_close(module(x), want, rtol=0, atol=1e-12)


def test_18_cells_become_72_logits_that_no_sigmoid_has_bounded():
    torch.manual_seed(0)
    module = MaskDecoder(8, 16)
    with torch.no_grad():
        module.score.weight.mul_(100)
    logits = module(torch.randn(1, 8, 18, 18))
    assert logits.shape == (1, 1, 72, 72)
    assert logits.min() < 0
    assert logits.max() > 1


def test_512_channels_have_8_26_million_weights_beside_aspp():
    module = MaskDecoder(512, 512, norm="batch")
    total = sum(p.numel() for p in module.parameters())
    assert total - sum(p.numel() for p in module.aspp.parameters()) == 8_263_425


def test_the_two_dropouts_are_separate():
    x = torch.randn(2, 8, 2, 2)
    for options in ({"dropout": 0.5}, {"aspp_dropout": 0.5}):
        torch.manual_seed(0)
        module = MaskDecoder(8, 32, **options)
        assert not torch.allclose(module(x), module(x))
        assert torch.equal(module.eval()(x), module(x))
        assert module.aspp.drop.p == options.get("aspp_dropout", 0)
