"""Batches for scoring: the backbone sees every image once, sentences of like length together.

A window is a handful of images with all their sentences. The frozen backbone runs once per
window; then the window's sentences, sorted by length, are cut into batches that share its maps.
RefCOCO has seven sentences per image, so this saves six backbone passes of seven, and sorting
leaves hardly any padding.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from refseg_lib.data.batch import Batch, pad_words
from refseg_lib.text.graph import LanguageGraph


def image_windows(
    groups: Sequence[tuple[object, list[int]]], kept: int, batch_images: int
) -> Iterator[list[list[int]]]:
    """Cut a data set into windows of a few images.

    Args:
        groups: ``dataset.by_image()``.
        kept: Sentences to score: those with a position below this.
        batch_images: Images per window.

    Yields:
        Per window, per image, the positions of its sentences; never an image without any.
    """
    window: list[list[int]] = []
    for _, positions in groups:
        wanted = [i for i in positions if i < kept]
        if wanted:
            window.append(wanted)
        if len(window) == batch_images:
            yield window
            window = []
    if window:
        yield window


def sentence_batches(
    images: Tensor,
    features: dict[str, Tensor],
    sentences: Sequence[tuple[int, list[int]]],
    batch_sentences: int,
    graphs: Sequence[LanguageGraph] | None = None,
) -> Iterator[tuple[list[int], Batch]]:
    """Batch the sentences of one window, short ones with short ones.

    Args:
        images: (I, 3, S, S) of the window.
        features: The backbone's maps of these images, level -> (I, C, h, w).
        sentences: Per sentence its row in ``images`` and its word numbers.
        batch_sentences: Sentences per batch, at most.
        graphs: The language graph of each sentence, for a model that wants them.

    Yields:
        Positions in ``sentences``, and the batch of these, with only the images it needs.
    """
    order = sorted(range(len(sentences)), key=lambda k: (len(sentences[k][1]), sentences[k][0]))
    for start in range(0, len(order), batch_sentences):
        chosen = order[start : start + batch_sentences]
        rows = torch.tensor([sentences[k][0] for k in chosen])
        used, image_of = torch.unique(rows, return_inverse=True)
        words, word_mask = pad_words([sentences[k][1] for k in chosen])
        here = used.to(images.device)
        batch = Batch(
            image=images[here],
            words=words,
            word_mask=word_mask,
            graphs=None if graphs is None else [graphs[k] for k in chosen],
            image_of=image_of,
            features={level: maps[here] for level, maps in features.items()},
        )
        yield chosen, batch.to(images.device)
