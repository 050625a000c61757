"""Mask heads and enlargement."""

import pytest
import torch
from torch.nn import functional as F

from refseg_lib.errors import UserError
from refseg_lib.fusion.heads import (
    ConvolutionHead,
    DetailHead,
    SubcellHead,
    enlarge,
    make_head,
)


@pytest.mark.parametrize(
    ("source", "target"), [((3, 4), (24, 32)), ((5, 5), (7, 13)), ((1, 2), (4, 4))]
)
def test_half_pixel_equals_the_library_interpolation(source, target):
    x = torch.randn(2, 1, *source, dtype=torch.float64)
    want = F.interpolate(x, size=target, mode="bilinear", align_corners=False)
    torch.testing.assert_close(enlarge(x, target), want, rtol=0, atol=1e-12)


def test_tf1_by_hand():
    # src = dst / 2: 0, 0.5, 1, 1.5 -> the last beyond the end stays at the last value
    x = torch.tensor([[[[0.0, 8.0]]]])
    assert enlarge(x, (1, 4), "tf1").flatten().tolist() == [0, 4, 8, 8]
    # half pixels: -0.25, 0.25, 0.75, 1.25
    assert enlarge(x, (1, 4)).flatten().tolist() == [0, 2, 6, 8]


def test_tf1_lies_seven_sixteenths_of_a_cell_to_the_right_at_eight_times():
    ramp = torch.arange(40.0)[None, None, None].expand(1, 1, 40, 40).contiguous()
    inside = slice(20, 300)
    shift = enlarge(ramp, (320, 320))[..., inside] - enlarge(ramp, (320, 320), "tf1")[..., inside]
    torch.testing.assert_close(shift, torch.full_like(shift, -0.4375), rtol=0, atol=1e-4)


def test_unknown_mode_is_refused():
    with pytest.raises(UserError, match=r"'nearest'.*half_pixel or tf1"):
        enlarge(torch.zeros(1, 1, 2, 2), (4, 4), "nearest")


def test_subcells_lie_side_by_side_inside_their_cell():
    head = make_head(1, 2)
    assert isinstance(head, SubcellHead)
    torch.nn.init.zeros_(head.score.weight)
    head.score.bias.data = torch.tensor([1.0, 2.0, 3.0, 4.0])
    assert head(torch.zeros(1, 1, 1, 2))[0, 0].tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]


def test_one_logit_per_cell_is_the_papers_head():
    head = make_head(3, 1)
    assert isinstance(head, ConvolutionHead)
    x = torch.randn(2, 3, 4, 5)
    want = F.conv2d(x, head.score.weight, head.score.bias, padding=1)
    torch.testing.assert_close(head(x), want, rtol=1e-4, atol=1e-5)


def literal_detail(head, fused, fine):
    """Ask and answer pixel by pixel, in float64."""
    _, _, height, width = fused.shape
    answers = head.answer(fine)
    out = torch.zeros(len(fused), 4 * height, 4 * width, dtype=fused.dtype)
    around = F.pad(fused, (1, 1, 1, 1))
    for b in range(len(fused)):
        mixed = torch.zeros(len(head.mix.bias), height, width, dtype=fused.dtype)
        for y in range(height):
            for x in range(width):
                window = around[b, :, y : y + 3, x : x + 3]
                mixed[:, y, x] = (head.mix.weight * window).sum((1, 2, 3)) + head.mix.bias
        mixed = mixed.clamp(min=0)
        told = head.tell.weight @ mixed.amax((1, 2)) + head.tell.bias
        for y in range(4 * height):
            for x in range(4 * width):
                hidden = (mixed[:, y // 4, x // 4] + told).relu()
                asked = head.ask.weight[:, :, 0, 0] @ hidden + head.ask.bias
                # Four quarters of a cell, row by row, for each number asked.
                quarter = asked.unflatten(0, (-1, 4))[:, 2 * (y // 2 % 2) + x // 2 % 2]
                # And four quarters of a fine cell, each with its 16 numbers.
                answer = answers[b, :, y // 2, x // 2].unflatten(0, (4, 16))
                out[b, y, x] = quarter[:-1] @ answer[2 * (y % 2) + x % 2] / 4 + quarter[-1]
    return out


def test_every_pixel_answers_the_question_of_its_own_quarter():
    torch.manual_seed(0)
    head = DetailHead(6, "c2", 5).double()
    fused = torch.randn(2, 6, 2, 3, dtype=torch.float64)
    fine = torch.randn(2, 5, 4, 6, dtype=torch.float64)
    got = head(fused, {"c2": fine}, None)[:, 0]
    torch.testing.assert_close(got, literal_detail(head, fused, fine), rtol=0, atol=1e-12)


def test_sentences_about_one_image_share_its_fine_map():
    torch.manual_seed(0)
    head = DetailHead(4, "c2", 3).double()
    fused = torch.randn(3, 4, 2, 2, dtype=torch.float64)
    fine = torch.randn(2, 3, 4, 4, dtype=torch.float64)
    image_of = torch.tensor([1, 0, 1])
    shared = head(fused, {"c2": fine}, image_of)
    torch.testing.assert_close(shared, head(fused, {"c2": fine[image_of]}, None))
