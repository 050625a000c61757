"""Asking a model every sentence of a split: each picture through the backbone once."""

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.evaluation.grouping import image_windows, sentence_batches
from refseg_lib.evaluation.protocols import Mask
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.evaluation.shuffling import shuffle_across_images
from refseg_lib.models.saved import Loaded
from refseg_lib.text.graph import LanguageGraph


@dataclass(frozen=True)
class Asking:
    """Which sentence is asked at which place.

    Attributes:
        read: For each place the index of the sentence that is asked there.
        texts: That sentence.
        control: What was done to the order, if anything.
    """

    read: list[int]
    texts: list[str]
    control: str | None


def ask(dataset: ReferringDataset, limit: int | None, shuffle: int | None) -> Asking:
    """Decide what is asked.

    Args:
        dataset: The split.
        limit: Only its first so many sentences.
        shuffle: A seed: every place gets a sentence written for another image.

    Raises:
        UserError: The limit leaves nothing.
    """
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit} leaves nothing to score: give 1 or more, or none for all")
    kept = len(dataset) if limit is None else min(limit, len(dataset))
    expressions = [dataset[i] for i in range(kept)]
    read, control = list(range(kept)), None
    if shuffle is not None:
        control = f"shuffled sentences, seed {shuffle}"
        read = shuffle_across_images([e.image_id for e in expressions], shuffle)
    return Asking(read, [expressions[source].sentence for source in read], control)


@dataclass(frozen=True)
class Answer:
    """The model's answer to one sentence, with what it is judged by."""

    logits: Tensor
    truth: Mask
    picture: Image.Image


def answer_all(
    loaded: Loaded,
    dataset: ReferringDataset,
    asking: Asking,
    graphs: str | None,
    batch_images: int,
    batch_sentences: int,
) -> tuple[Iterator[tuple[int, Answer]], list[str]]:
    """Prepare to answer all sentences.

    Args:
        loaded: The model; in evaluation mode while it answers, then in the mode it came in.
        dataset: The split.
        asking: What is asked.
        graphs: Where the language graphs come from; None for what the model was trained with.
        batch_images: Images whose backbone maps are held at once.
        batch_sentences: Sentences per forward pass.

    Returns:
        Place and answer, those about one picture one after the other, as they are made; and what
        the notes of a result must say.
    """
    told = []
    backend = graphs or loaded.config.get("graphs", "builtin")
    parsed = graphs_for(loaded.model, dataset, backend)
    if parsed is not None:
        # A graph belongs to its sentence, not to the place where the sentence is asked.
        parsed = [parsed[source] for source in asking.read]
        told.append(f"language graphs: {backend}")
    asked = [read_sentence(loaded, text, dataset.language) for text in asking.texts]
    told += _unknown_words(loaded, asked)
    return _answers(loaded, dataset, asked, parsed, batch_images, batch_sentences), told


def _answers(
    loaded: Loaded,
    dataset: ReferringDataset,
    asked: list[list[str]],
    graphs: list[LanguageGraph] | None,
    batch_images: int,
    batch_sentences: int,
) -> Iterator[tuple[int, Answer]]:
    """Yield position and answer, window by window."""
    with evaluation_mode(loaded.model):
        for window in image_windows(dataset.by_image(), len(asked), batch_images):
            yield from _answer_window(loaded, dataset, asked, graphs, window, batch_sentences)


@contextlib.contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Have a model in evaluation mode inside the block, and as it came in after it."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def batches_about(
    loaded: Loaded,
    pictures: Sequence[Image.Image],
    asked: Sequence[Sequence[list[str]]],
    graphs: Sequence[LanguageGraph] | None,
    batch_sentences: int,
) -> Iterator[tuple[list[int], Batch]]:
    """Cut the sentences about some pictures into batches; each picture passes the backbone once.

    Args:
        loaded: The model.
        pictures: The pictures.
        asked: For each picture the sentences about it, in words as the model reads them.
        graphs: The language graph of each sentence, in the same order, or None.
        batch_sentences: Sentences per batch, at most.

    Yields:
        The numbers of the sentences, counted through all pictures, and their batch.
    """
    model, size = loaded.model, loaded.config["input_size"]
    images = torch.stack([letterbox_image(picture, size) for picture in pictures])
    images = images.to(next(model.parameters()).device)
    sentences = [
        (row, loaded.vocabulary.encode(words)) for row, group in enumerate(asked) for words in group
    ]
    return sentence_batches(images, model.backbone(images), sentences, batch_sentences, graphs)


@torch.inference_mode()
def _answer_window(
    loaded: Loaded,
    dataset: ReferringDataset,
    asked: list[list[str]],
    graphs: list[LanguageGraph] | None,
    window: list[list[int]],
    batch_sentences: int,
) -> list[tuple[int, Answer]]:
    positions = [i for group in window for i in group]
    # Several sentences mean one object: its polygons are drawn once per window.
    objects = {i: dataset[i].ann_id for i in positions}
    one_of = {ann_id: i for i, ann_id in objects.items()}
    truths = {ann_id: dataset.mask(i) for ann_id, i in one_of.items()}
    pictures = [dataset.image(group[0]) for group in window]
    logits_of: dict[int, Tensor] = {}
    for chosen, batch in batches_about(
        loaded,
        pictures,
        [[asked[i] for i in group] for group in window],
        None if graphs is None else [graphs[i] for i in positions],
        batch_sentences,
    ):
        logits = loaded.model(batch)[:, 0].float().cpu()
        logits_of.update(zip((positions[k] for k in chosen), logits, strict=True))
    return [
        (i, Answer(logits_of[i], truths[objects[i]], picture))
        for picture, group in zip(pictures, window, strict=True)
        for i in group
    ]


def _unknown_words(loaded: Loaded, asked: list[list[str]]) -> list[str]:
    """Say how many of the words asked the model has never seen; nothing where it knows them all."""
    words = [word for sentence in asked for word in sentence]
    unknown = loaded.vocabulary.unknown(words)
    if not unknown:
        return []
    share = 100 * len(unknown) / len(words)
    most = ", ".join(word for word, _ in Counter(unknown).most_common(5))
    return [
        f"{len(unknown)} of {len(words)} words ({share:.1f} %), {len(set(unknown))} different"
        f" ones, are unknown to the model (most frequent: {most})"
    ]
