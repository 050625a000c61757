"""The order in which sentences are learned: image by image, short ones with short ones."""

from collections.abc import Sequence

import numpy as np


def epoch_batches(
    groups: Sequence[Sequence[int]],
    lengths: Sequence[int],
    batch: int,
    per_image: int,
    seed: int,
    epoch: int,
) -> list[list[int]]:
    """Cut one epoch into batches; every sentence appears exactly once.

    Sentences of one image travel in groups of up to ``per_image``, so that the backbone runs once
    for them. Groups of similar length share a batch, so that little time goes into padding; the
    order of the batches is random again.

    Args:
        groups: For each image the indices of its sentences.
        lengths: For each sentence index its number of words.
        batch: Sentences per batch; the last one may be smaller.
        per_image: Largest number of sentences of one image in a batch.
        seed: With ``epoch``, decides the order: the same two numbers give the same batches.
        epoch: Number of the pass over the data.

    Returns:
        Lists of sentence indices.
    """
    rng = np.random.default_rng([seed, epoch])
    pieces: list[list[int]] = []
    for members in groups:
        shuffled = rng.permutation(members)
        # Stable, so that equally long sentences stay shuffled.
        ordered = sorted((int(index) for index in shuffled), key=lambda index: lengths[index])
        pieces += [ordered[i : i + per_image] for i in range(0, len(ordered), per_image)]
    pieces = [pieces[i] for i in rng.permutation(len(pieces))]
    # Sort within windows only: batches stay diverse in everything but length.
    window = max(1, 16 * batch // per_image)
    batches: list[list[int]] = []
    for start in range(0, len(pieces), window):
        part = sorted(pieces[start : start + window], key=lambda piece: lengths[piece[-1]])
        current: list[int] = []
        for piece in part:
            if current and len(current) + len(piece) > batch:
                batches.append(current)
                current = []
            current = current + piece
        if current:
            batches.append(current)
    return [batches[i] for i in rng.permutation(len(batches))]
