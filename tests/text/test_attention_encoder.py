"""BUSNet's text encoder against loops over Eq. 1, in float64."""

import math

import pytest
import torch

from refseg_lib.errors import UserError
from refseg_lib.models.initialise import initialise
from refseg_lib.text.attention_encoder import AttentionEncoder, sine_positions
from refseg_lib.trace import trace

MASK = torch.tensor(
    [
        [True, True, True, True],
        [True, True, False, False],
        [False, False, True, True],
        [False, True, False, True],
    ]
)


@pytest.fixture
def words() -> torch.Tensor:
    return torch.randint(4, 12, MASK.shape, generator=torch.Generator().manual_seed(3))


def make(**options) -> AttentionEncoder:
    torch.manual_seed(0)
    encoder = AttentionEncoder(12, embedding=3, width=6, **options)
    initialise(encoder)
    with torch.no_grad():
        encoder.embedding.table.normal_()
        encoder.project.bias.normal_()
    return encoder.double()


def sine(place: int, channel: int, width: int) -> float:
    angle = place / 10000 ** (channel // 2 * 2 / width)
    return math.sin(angle) if channel % 2 == 0 else math.cos(angle)


def literal(
    encoder: AttentionEncoder, sentence: list[int], scale: bool, residual: bool
) -> list[list[float]]:
    def times(layer: torch.nn.Linear, vector: list[float]) -> list[float]:
        bias = [0.0] * len(layer.weight) if layer.bias is None else layer.bias.tolist()
        rows = zip(layer.weight.tolist(), bias, strict=True)
        return [sum(w * x for w, x in zip(row, vector, strict=True)) + b for row, b in rows]

    placed = []
    for t, word in enumerate(sentence):
        vector = times(encoder.project, encoder.embedding.table[word].tolist())
        if encoder.position is None:
            place = [sine(t, channel, 6) for channel in range(6)]
        else:
            place = encoder.position.weight[t].tolist()
        placed.append([a + b for a, b in zip(vector, place, strict=True)])
    queries, keys, values = (
        [times(layer, vector) for vector in placed]
        for layer in (encoder.query, encoder.key, encoder.value)
    )
    out = []
    for t, query in enumerate(queries):
        scores = [sum(q * k for q, k in zip(query, key, strict=True)) for key in keys]
        exps = [math.exp(score / (6**0.5 if scale else 1)) for score in scores]
        heard = [
            sum(e * value[c] for e, value in zip(exps, values, strict=True)) / sum(exps)
            for c in range(6)
        ]
        out.append([h + (w if residual else 0) for h, w in zip(heard, placed[t], strict=True)])
    return out


@pytest.mark.parametrize("position", ["sin", "learned"])
@pytest.mark.parametrize(("scale", "residual"), [(False, False), (True, False), (False, True)])
def test_a_batch_of_unequal_sentences_is_equation_1_of_each_alone(
    words: torch.Tensor, position: str, scale: bool, residual: bool
) -> None:
    encoder = make(position=position, scale=scale, residual=residual)
    got = encoder(words, MASK)
    for b, mask in enumerate(MASK):
        want = literal(encoder, words[b][mask].tolist(), scale, residual)
        # the sines are computed in fp32
        torch.testing.assert_close(
            got[b][mask], torch.tensor(want, dtype=torch.float64), rtol=0, atol=1e-6
        )
        assert got[b][~mask].abs().sum() == 0


def test_what_stands_at_padding_does_not_matter(words: torch.Tensor) -> None:
    encoder = make(residual=True)
    clean = torch.where(MASK, words, torch.zeros_like(words))
    assert torch.equal(encoder(words, MASK), encoder(clean, MASK))


def test_word_order_matters_through_the_positions_alone(words: torch.Tensor) -> None:
    mask = MASK[:1]
    order = torch.tensor([2, 0, 3, 1])
    encoder = make(position="learned")
    straight, shuffled = encoder(words[:1], mask), encoder(words[:1][:, order], mask)
    assert (straight[:, order] - shuffled).abs().max() > 1e-3
    with torch.no_grad():
        encoder.position.weight.zero_()
    straight, shuffled = encoder(words[:1], mask), encoder(words[:1][:, order], mask)
    torch.testing.assert_close(straight[:, order], shuffled, rtol=0, atol=1e-12)


def test_the_trace_is_a_distribution_over_the_real_words(words: torch.Tensor) -> None:
    encoder = make()
    with trace(encoder) as seen:
        encoder(words, MASK)
    attention = seen["self_attention"]
    both = MASK[:, None] & MASK[:, :, None]
    assert attention[~both].abs().sum() == 0
    torch.testing.assert_close(attention.sum(-1), MASK.double())


def test_sines_of_the_first_places_are_those_of_the_formula() -> None:
    got = sine_positions(7, 5)
    want = [[sine(place, channel, 5) for channel in range(5)] for place in range(7)]
    torch.testing.assert_close(got, torch.tensor(want), rtol=0, atol=1e-6)
    assert got[0].tolist() == [0, 1, 0, 1, 0]


def test_a_sentence_of_no_words_gives_zeros_and_finite_gradients() -> None:
    encoder = make(residual=True)
    out = encoder(torch.zeros(1, 3, dtype=torch.long), torch.zeros(1, 3, dtype=torch.bool))
    assert out.abs().sum() == 0
    out.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in encoder.parameters())


def test_a_sentence_beyond_the_learned_positions_is_told(words: torch.Tensor) -> None:
    with pytest.raises(UserError, match=r"4 words.*learned 3 positions.*max_length=4"):
        make(position="learned", max_length=3)(words, MASK)
    # padding is no word
    make(position="learned", max_length=2)(words[1:], MASK[1:])


def test_an_unknown_position_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match=r"'cos'.*sin, learned"):
        make(position="cos")


def test_half_precision_training_gives_finite_gradients(words: torch.Tensor) -> None:
    encoder = make().float()
    with torch.autocast("cpu", torch.bfloat16):
        out = encoder(words, MASK)
    out.float().square().sum().backward()
    assert encoder.embedding.table.grad.isfinite().all()
