"""One vector for a whole sentence."""

import torch
from torch import nn

from refseg_lib.fusion.sentence import SentenceAsWord, last_word, max_pooled


def test_max_pooling_by_hand_never_sees_padding():
    words = torch.tensor([[[1.0, -5.0], [3.0, -7.0], [9.0, 9.0]]])
    mask = torch.tensor([[True, True, False]])
    assert max_pooled(words, mask).tolist() == [[3, -5]]


def test_max_pooling_does_not_care_for_word_order(case):
    _, words, mask = case.single(0)
    order = torch.tensor([2, 0, 3, 1])
    assert torch.equal(max_pooled(words, mask), max_pooled(words[:, order], mask))


def test_balanced_words_all_have_length_sqrt_of_channels_before_the_maximum(case):
    got = max_pooled(case.words, case.word_mask, balanced=True)
    for b in range(3):
        scaled = [e * 6**0.5 / e.square().sum().sqrt() for e in case.single(b)[1][0]]
        want = [max(float(e[c]) for e in scaled) for c in range(6)]
        torch.testing.assert_close(got[b], torch.tensor(want, dtype=torch.float64))


def test_the_last_word_is_the_last_real_one(case):
    got = last_word(case.words, case.word_mask)
    for b, count in enumerate((4, 2, 1)):
        assert torch.equal(got[b], case.words[b, count - 1])


def test_a_fusion_behind_the_wrapper_sees_one_word_the_last_state(case):
    class Spy(nn.Module):
        def forward(self, features, words, word_mask, image_of):
            assert word_mask.tolist() == [[True]] * 3
            assert features == {"c5": 1}
            assert image_of is None
            return {"c5": words}

    got = SentenceAsWord(Spy(), ("c5",))({"c5": 1}, case.words, case.word_mask)
    assert torch.equal(got["c5"], last_word(case.words, case.word_mask)[:, None])
