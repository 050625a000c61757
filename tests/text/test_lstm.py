"""The LSTM encoder against its equations, one sentence at a time, in float64."""

import pytest
import torch

from refseg_lib.models.initialise import initialise
from refseg_lib.text.lstm import LSTMEncoder

MASK = torch.tensor(
    [
        [True, True, True, True, True],
        [True, True, False, False, False],
        [False, False, True, True, True],
        [False, True, False, True, False],
    ]
)


@pytest.fixture
def words() -> torch.Tensor:
    return torch.randint(4, 12, MASK.shape, generator=torch.Generator().manual_seed(3))


def make(**options) -> LSTMEncoder:
    torch.manual_seed(0)
    encoder = LSTMEncoder(12, embedding=3, width=4, **options)
    with torch.no_grad():
        encoder.embedding.table.normal_()
        encoder.lstm.bias_ih_l0.normal_()
    return encoder.double()


def literal(encoder: LSTMEncoder, sentence: list[int]) -> torch.Tensor:
    """TensorFlow's BasicLSTMCell, written out; 1 is added to the forget gate."""
    kernel = torch.cat([encoder.lstm.weight_ih_l0, encoder.lstm.weight_hh_l0], 1)
    bias = encoder.lstm.bias_ih_l0
    state = memory = torch.zeros(4, dtype=torch.float64)
    states = []
    for word in sentence:
        pre = kernel @ torch.cat([encoder.embedding.table[word], state]) + bias
        gate_in, forget, new, gate_out = pre.split(4)
        memory = memory * torch.sigmoid(forget + 1) + torch.sigmoid(gate_in) * torch.tanh(new)
        state = torch.tanh(memory) * torch.sigmoid(gate_out)
        states.append(state)
    return torch.stack(states)


@pytest.mark.parametrize("normalised", [False, True])
def test_a_batch_of_unequal_sentences_is_the_equations_of_each_alone(
    words: torch.Tensor, normalised: bool
) -> None:
    encoder = make(normalised=normalised)
    got = encoder(words, MASK)
    for b, mask in enumerate(MASK):
        want = literal(encoder, words[b][mask].tolist())
        if normalised:
            want = want / want.norm(dim=-1, keepdim=True)
        torch.testing.assert_close(got[b][mask], want, rtol=0, atol=1e-12)
        assert got[b][~mask].abs().sum() == 0


def test_what_stands_at_padding_and_who_else_is_in_the_batch_do_not_matter(
    words: torch.Tensor,
) -> None:
    encoder = make().float()
    got = encoder(words, MASK)
    dirty = encoder(torch.where(MASK, words, torch.zeros_like(words)), MASK)
    torch.testing.assert_close(got, dirty, rtol=0, atol=0)
    for b, mask in enumerate(MASK):
        alone = encoder(words[b][mask][None], torch.ones(1, int(mask.sum()), dtype=torch.bool))
        torch.testing.assert_close(got[b][mask], alone[0], rtol=0, atol=1e-6)


def test_gradients_reach_the_table_and_not_the_rows_of_padding(words: torch.Tensor) -> None:
    encoder = make()
    encoder(words, MASK).sum().backward()
    used = set(words[MASK].tolist())
    moved = encoder.embedding.table.grad.abs().sum(1)
    assert {row for row in range(12) if moved[row] > 0} == used


def test_a_word_knows_those_before_it_and_none_after(words: torch.Tensor) -> None:
    encoder = make()
    changed = words.clone()
    changed[0, 2] = (words[0, 2] - 3) % 8 + 4
    same = (encoder(words, MASK)[0] - encoder(changed, MASK)[0]).abs().sum(-1) == 0
    assert same.tolist() == [True, True, False, False, False]


def test_a_sentence_of_no_words_gives_zeros_and_no_error() -> None:
    encoder = make(normalised=True)
    out = encoder(torch.zeros(2, 3, dtype=torch.long), torch.zeros(2, 3, dtype=torch.bool))
    assert out.abs().sum() == 0
    out.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_the_start_is_tensorflows_and_survives_the_models_initialisation() -> None:
    encoder = LSTMEncoder(12, embedding=30, width=50)
    for _ in range(2):
        # One kernel of (input + hidden) x (4 hidden), Glorot uniform.
        limit = (6 / (30 + 50 + 200)) ** 0.5
        for weight in (encoder.lstm.weight_ih_l0, encoder.lstm.weight_hh_l0):
            assert 0.98 * limit < weight.abs().max() <= limit
        bias = (encoder.lstm.bias_ih_l0 + encoder.lstm.bias_hh_l0).tolist()
        assert bias == [0.0] * 50 + [1.0] * 50 + [0.0] * 100
        encoder.lstm.bias_ih_l0.data.fill_(7)
        initialise(encoder)


def test_the_constant_of_the_forget_gate_is_not_learned_and_a_frozen_table_neither() -> None:
    learned = {name for name, p in LSTMEncoder(12, width=4).named_parameters() if p.requires_grad}
    rest = {"lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0"}
    assert learned == {*rest, "embedding.table"}
    frozen = LSTMEncoder(12, width=4, trainable=False)
    assert {name for name, p in frozen.named_parameters() if p.requires_grad} == rest


def test_half_precision_training_gives_finite_gradients(words: torch.Tensor) -> None:
    encoder = make().float()
    with torch.autocast("cpu", torch.bfloat16):
        out = encoder(words, MASK)
    out.float().square().sum().backward()
    assert encoder.embedding.table.grad.isfinite().all()
    torch.testing.assert_close(out.float(), make().float()(words, MASK), rtol=0, atol=0.03)
