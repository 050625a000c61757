"""Attention over [pixels; words], against one softmax per token written out."""

import pytest
import torch

from refseg_lib.fusion.pair_attention import Parts
from refseg_lib.fusion.synchronous_attention import synchronous_attention, synchronous_weights

HEADS, WIDTH = 2, 6


@pytest.fixture
def parts():
    torch.manual_seed(0)
    made = [
        Parts(
            torch.randn(2, 5, WIDTH, dtype=torch.float64),
            torch.randn(3, 4, WIDTH, dtype=torch.float64),
        )
        for _ in range(3)
    ]
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0], [1, 0, 0, 0]]).bool()
    return made, mask, torch.tensor([1, 0, 1])


def literal(parts, mask, image_of):
    """Every token of every sentence, head by head: values and attention."""
    deep = WIDTH // HEADS
    sentences, weights = [], []
    for b, image in enumerate(image_of.tolist()):
        q, k, v = (torch.cat([part.pixels[image], part.words[b]]) for part in parts)
        real = [True] * len(parts[0].pixels[image]) + mask[b].tolist()
        rows = []
        table = torch.zeros(len(q), len(q), dtype=q.dtype)
        for i in range(len(q)):
            pieces = []
            for head in range(HEADS):
                own = slice(head * deep, (head + 1) * deep)
                scores = [float(q[i, own] @ k[j, own]) / deep**0.5 for j in range(len(k))]
                exponentials = [
                    torch.tensor(s, dtype=q.dtype).exp() if real[j] else 0.0
                    for j, s in enumerate(scores)
                ]
                total = sum(exponentials)
                pieces.append(
                    sum(e / total * v[j, own] for j, e in enumerate(exponentials) if real[j])
                )
                for j, e in enumerate(exponentials):
                    table[i, j] += e / total / HEADS
            rows.append(torch.cat(pieces))
        sentences.append(torch.stack(rows))
        weights.append(table)
    return torch.stack(sentences), torch.stack(weights)


def test_equals_one_softmax_over_pixels_and_words_per_token(parts):
    made, mask, image_of = parts
    got = synchronous_attention(*made, mask, image_of, HEADS)
    want, _ = literal(made, mask, image_of)
    torch.testing.assert_close(torch.cat([*got], 1), want, rtol=0, atol=1e-10)


def test_gradients_equal_numeric_ones(parts):
    made, mask, image_of = parts
    # Sentences of two words and of one, about images of two pixels.
    mask, image_of = mask[1:, :2], image_of[1:]
    tensors = [
        x.clone().requires_grad_()
        for part in made
        for x in (part.pixels[:, :2], part.words[1:, :2])
    ]

    def run(*tensors):
        query, key, value = (Parts(*tensors[i : i + 2]) for i in (0, 2, 4))
        return tuple(synchronous_attention(query, key, value, mask, image_of, HEADS))

    assert torch.autograd.gradcheck(run, tensors)


def test_scores_too_large_for_exponentials_pick_the_winner(parts):
    made, mask, image_of = parts
    query, key = (Parts(part.pixels * 100, part.words * 100) for part in made[:2])
    got = synchronous_attention(query, key, made[2], mask, image_of, 1)
    for b, image in enumerate(image_of.tolist()):
        real = int(mask[b].sum())
        q, k, v = (
            torch.cat([part.pixels[image], part.words[b, :real]]) for part in (query, key, made[2])
        )
        want = v[(q @ k.T).argmax(1)]
        torch.testing.assert_close(got.pixels[b], want[:5], rtol=0, atol=1e-6)
        torch.testing.assert_close(got.words[b, :real], want[5:], rtol=0, atol=1e-6)


def test_weights_are_the_literal_attention_averaged_over_heads(parts):
    made, mask, image_of = parts
    got = synchronous_weights(made[0], made[1], mask, image_of, HEADS)
    _, want = literal(made, mask, image_of)
    torch.testing.assert_close(got.double(), want, rtol=0, atol=1e-6)


def test_padding_may_hold_anything_and_gets_nothing(parts):
    made, mask, image_of = parts
    before = synchronous_attention(*made, mask, image_of, HEADS)
    dirty = [Parts(p.pixels, p.words.masked_fill(~mask[..., None], 50.0)) for p in made]
    after = synchronous_attention(*dirty, mask, image_of, HEADS)
    assert torch.equal(after.pixels, before.pixels)
    assert torch.equal(after.words[mask], before.words[mask])


def test_without_image_of_sentence_b_looks_at_image_b(parts):
    made, mask, image_of = parts
    repeated = [Parts(p.pixels[image_of], p.words) for p in made]
    torch.testing.assert_close(
        synchronous_attention(*repeated, mask, None, HEADS),
        synchronous_attention(*made, mask, image_of, HEADS),
        rtol=0,
        atol=1e-12,
    )
