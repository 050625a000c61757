"""Word types, Eq. 1, 2 and 11 of paper 001."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.fusion.word_types import WordTypes, entity_context, necessary_words


def make(activation="sigmoid"):
    torch.manual_seed(1)
    module = WordTypes(6, 3, activation).double()
    for parameter in module.parameters():
        torch.nn.init.normal_(parameter)
    return module


def literal(module, word, activation):
    """Eq. 1 of one word, in plain numbers."""
    hidden = [
        sum(w * x for w, x in zip(row, word, strict=True)) + b
        for row, b in zip(module.hidden.weight.tolist(), module.hidden.bias.tolist(), strict=True)
    ]
    act = {"sigmoid": lambda v: 1 / (1 + math.exp(-v)), "relu": lambda v: max(v, 0)}[activation]
    hidden = [act(v) for v in hidden]
    scores = [
        math.exp(sum(w * x for w, x in zip(row, hidden, strict=True)) + b)
        for row, b in zip(module.score.weight.tolist(), module.score.bias.tolist(), strict=True)
    ]
    return [score / sum(scores) for score in scores]


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
def test_equals_equations_1_2_and_11_word_by_word(case, activation):
    module = make(activation)
    types = module(case.words, case.word_mask)
    entity = entity_context(case.words, types)
    necessary = necessary_words(case.words, types).sum(1)
    for b in range(3):
        q, s = [0.0] * 6, [0.0] * 6
        for t in range(int(case.word_mask[b].sum())):
            word = case.words[b, t].tolist()
            p = literal(module, word, activation)
            assert types[b, t].tolist() == pytest.approx(p, abs=1e-10)
            q = [a + (p[0] + p[1]) * x for a, x in zip(q, word, strict=True)]
            s = [a + (p[0] + p[1] + p[2]) * x for a, x in zip(s, word, strict=True)]
        assert entity[b].tolist() == pytest.approx(q, abs=1e-10)
        assert necessary[b].tolist() == pytest.approx(s, abs=1e-10)


def test_padding_has_no_type_and_adds_nothing(case):
    module = make()
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    types = module(dirty, case.word_mask)
    assert types[~case.word_mask].abs().max() == 0
    clean = module(case.words, case.word_mask)
    torch.testing.assert_close(entity_context(dirty, types), entity_context(case.words, clean))
    torch.testing.assert_close(
        necessary_words(dirty, types).sum(1), necessary_words(case.words, clean).sum(1)
    )


def test_a_word_that_is_surely_unnecessary_does_not_count():
    words = torch.randn(1, 2, 6)
    types = torch.tensor([[[0.0, 0, 0, 1], [0.5, 0.5, 0, 0]]])
    torch.testing.assert_close(entity_context(words, types), words[:, 1])
    torch.testing.assert_close(necessary_words(words, types).sum(1), words[:, 1])


def test_an_unknown_activation_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match=r"'tanh'.*sigmoid, relu"):
        make("tanh")
