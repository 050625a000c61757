"""RMI's LSTM at every pixel, held against itself written out pixel by pixel and word by word."""

import torch
from torch.nn import functional as F

from refseg_lib.fusion.multimodal_lstm import MultimodalLSTM, WordsAndStates
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.vision.spatial import spatial_coordinates

OUT = 3


def make(balanced=False):
    torch.manual_seed(1)
    module = MultimodalLSTM(visual=5, language=6, reduced=4, out=OUT, balanced=balanced).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def literal(module, feature, words):
    """The released code's equations for one sentence: the whole input at every step."""
    height, width = feature.shape[-2:]
    place = spatial_coordinates(height, width, dtype=feature.dtype)
    weight = torch.cat(
        [module.from_picture.weight, module.from_words.weight, module.from_state.weight], 1
    )
    out = feature.new_zeros(1, OUT, height, width)
    for y in range(height):
        for x in range(width):
            v = module.lateral.layer.weight @ feature[0, :, y, x] + module.lateral.layer.bias
            v = v / v.norm()
            h = c = feature.new_zeros(OUT)
            for word in words[0]:
                z = torch.cat([v, place[:, y, x], word, h])
                i, f, g, o = (weight @ z + module.from_picture.bias).split(OUT)
                c = torch.sigmoid(f + 1) * c + torch.sigmoid(i) * torch.tanh(g)
                h = torch.sigmoid(o) * torch.tanh(c)
            h = 0.5 * (torch.log(1.001 + h) - torch.log(1.001 - h))
            out[0, :, y, x] = h.relu()
    return out


def test_equals_the_literal_lstm_for_every_sentence_of_a_padded_batch(case):
    module = make()
    # A turn that is not its own inverse, so that sorting has something to undo.
    turn = torch.tensor([2, 0, 1])
    got = module(case.feature, case.words[turn], case.word_mask[turn], case.image_of[turn])
    for row, b in enumerate(turn.tolist()):
        want = literal(module, *case.single(b)[:2])
        torch.testing.assert_close(got[row : row + 1], want, rtol=0, atol=1e-10)


def test_gradients_equal_those_of_the_literal_lstm(case):
    module = make()
    inputs = [case.feature.requires_grad_(), case.words.requires_grad_(), *module.parameters()]
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    want = torch.cat([literal(module, *case.single(b)[:2]) for b in range(3)])
    upstream = torch.randn_like(got)
    for mine, theirs in zip(
        torch.autograd.grad(got, inputs, upstream),
        torch.autograd.grad(want, inputs, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-10)


def test_word_order_matters_and_padding_does_not(case):
    module = make()
    straight = module(case.feature, case.words, case.word_mask, case.image_of)
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    same = module(case.feature, dirty, case.word_mask, case.image_of)
    assert torch.equal(same, straight)
    turned = case.words.clone()
    turned[0] = turned[0].flip(0)
    other = module(case.feature, turned, case.word_mask, case.image_of)
    assert not torch.allclose(other[0], straight[0])
    assert torch.equal(other[1:], straight[1:])


def test_balanced_words_and_places_have_values_around_one(case):
    balanced, printed = make(balanced=True), make()
    with torch.no_grad():
        balanced.from_picture.weight /= torch.tensor([4.0] * 4 + [8.0] * 8).sqrt()
        balanced.from_words.weight /= 6**0.5
    words = F.normalize(case.words, dim=-1)
    torch.testing.assert_close(
        balanced(case.feature, words, case.word_mask, case.image_of),
        printed(case.feature, words, case.word_mask, case.image_of),
        rtol=0,
        atol=1e-6,
    )


def test_the_text_encoder_lays_every_state_beside_its_word(case):
    torch.manual_seed(0)
    lstm = LSTMEncoder(9, embedding=2, width=3)
    encoder = WordsAndStates(lstm, 2)
    words = torch.tensor([[4, 5, 6], [7, 0, 0]])
    mask = words > 0
    got = encoder(words, mask)
    assert encoder.width == 5
    assert encoder.embedding is lstm.embedding
    torch.testing.assert_close(got[..., :2], lstm.embedding.table[words] * mask[..., None])
    states = lstm(words, mask)
    assert got[1, 1:].abs().max() == 0
    for b, t in ((0, 0), (0, 1), (0, 2), (1, 0)):
        torch.testing.assert_close(got[b, t, 2:], states[b, t] / states[b, t].norm())


def test_a_full_state_stays_finite_in_half_precision(case):
    module = make().float()
    with torch.no_grad():
        module.from_picture.bias.fill_(50)
    feature, words = case.feature.float().requires_grad_(), case.words.float()
    with torch.autocast("cpu", torch.bfloat16):
        out = module(feature, words, case.word_mask, case.image_of)
    # The state is 1: 0.5 log(2.001 / 0.001).
    assert 3.5 < out.max() < 4
    out.float().sum().backward()
    assert feature.grad is not None
    assert torch.isfinite(feature.grad).all()
