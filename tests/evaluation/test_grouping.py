"""Batches for scoring: each sentence once, beside its own image, with little padding."""

import torch

from refseg_lib.evaluation.grouping import image_windows, sentence_batches

GROUPS = [("a", [0, 3]), ("b", [1]), ("c", [2, 4, 5]), ("d", [6])]


def test_windows_hold_every_kept_sentence_once_and_few_images() -> None:
    windows = list(image_windows(GROUPS, 7, batch_images=2))
    assert windows == [[[0, 3], [1]], [[2, 4, 5], [6]]]


def test_a_limit_drops_sentences_and_images_left_without_any() -> None:
    assert list(image_windows(GROUPS, 2, batch_images=8)) == [[[0], [1]]]


def test_every_sentence_meets_its_own_image_and_map() -> None:
    images = torch.arange(4.0).reshape(4, 1, 1, 1).expand(4, 3, 2, 2)
    features = {"c5": 100 + images[:, :1]}
    # Word number = 10 * image row + something, so that words and picture can be compared.
    sentences = [(k % 4, [10 * (k % 4) + 1] * (1 + k % 3)) for k in range(11)]
    met = []
    for chosen, batch in sentence_batches(images, features, sentences, batch_sentences=3):
        assert batch.image is not None
        assert batch.features is not None
        assert len(chosen) == len(batch) <= 3
        needed = len(set(batch.image_of.tolist()))
        assert len(batch.image) == len(batch.features["c5"]) == needed
        for k, words, mask, row in zip(
            chosen, batch.words, batch.word_mask, batch.image_of, strict=True
        ):
            assert words[mask].tolist() == sentences[k][1]
            assert batch.image[row, 0, 0, 0] == sentences[k][0]
            assert batch.features["c5"][row, 0, 0, 0] == 100 + sentences[k][0]
        met += chosen
    assert sorted(met) == list(range(11))


def test_one_long_sentence_does_not_pad_all_the_short_ones() -> None:
    sentences = [(0, [5] * 20)] + [(0, [5, 6])] * 15
    images = torch.zeros(1, 3, 2, 2)
    padding = sum(
        int((~batch.word_mask).sum())
        for _, batch in sentence_batches(images, {}, sentences, batch_sentences=5)
    )
    assert padding == 0


def test_every_sentence_keeps_its_language_graph() -> None:
    sentences = [(k % 4, [k] * (1 + k % 3)) for k in range(11)]
    graphs = [f"graph of {k}" for k in range(11)]
    met = []
    for _, batch in sentence_batches(torch.zeros(4, 3, 2, 2), {}, sentences, 3, graphs):  # type: ignore
        for words, graph in zip(batch.words, batch.graphs or [], strict=True):
            assert graph == f"graph of {int(words[0])}"
            met.append(graph)
    assert sorted(met) == sorted(graphs)
    (_, batch), *_ = sentence_batches(torch.zeros(4, 3, 2, 2), {}, sentences, 3)
    assert batch.graphs is None
