"""Asking a model any sentences about a split's pictures, and looking inside while it answers.

Scoring (:mod:`refseg_lib.evaluation.scoring`) asks a split's own sentences for two numbers each;
here sentences may be made up, and what comes back is the mask and the model's intermediates.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.answering import batches_about, evaluation_mode
from refseg_lib.evaluation.graphs import graph_for, wants_graphs
from refseg_lib.evaluation.grouping import image_windows
from refseg_lib.evaluation.protocols import strict_mask
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.evaluation.scoring import with_bar
from refseg_lib.models.saved import Loaded
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.trace import Trace, trace


@dataclass(frozen=True)
class Question:
    """A sentence about the picture of one of a data set's sentences.

    Attributes:
        place: Position in the data set of a sentence about the same picture.
        sentence: What to ask.
        graph: Its language graph; None has it parsed where the model wants one.
    """

    place: int
    sentence: str
    graph: LanguageGraph | None = None


@dataclass(frozen=True)
class Reply:
    """What a model said to a question.

    Attributes:
        number: Which question, counted from 0.
        mask: bool (H, W) at the picture's size, as the protocol ``strict`` has it.
        logits: float (S, S) of the letterboxed square.
        tokens: The sentence as the model read it.
        graph: The graph it was given; None for a model without.
        row: Its row in the batch that it was answered in.
        inside: The trace of that batch; empty unless asked for.
    """

    number: int
    mask: NDArray[np.bool_] = field(repr=False)
    logits: Tensor = field(repr=False)
    tokens: tuple[str, ...]
    graph: LanguageGraph | None
    row: int
    inside: Trace = field(repr=False)


def ask(
    loaded: Loaded,
    dataset: ReferringDataset,
    questions: Sequence[Question],
    *,
    look_inside: bool = False,
    batch_images: int = 8,
    batch_sentences: int = 32,
    title: str = "asking",
    progress: bool = True,
) -> Iterator[Reply]:
    """Answer questions, those about one picture together.

    Args:
        loaded: The model; asked in evaluation mode, and left in the mode it came in.
        dataset: Where the pictures are; its language is that of the questions.
        questions: In any order.
        look_inside: Collect the model's intermediates.
        batch_images: Pictures whose backbone maps are held at once.
        batch_sentences: Sentences per forward pass.
        title: Of the progress bar.
        progress: Show it, on the error stream.

    Yields:
        A reply per question, in the order in which they are answered.
    """
    replies = _replies(loaded, dataset, questions, look_inside, batch_images, batch_sentences)
    yield from with_bar(replies, len(questions), title, progress)


def first_sentences(dataset: ReferringDataset, limit: int | None) -> list[int]:
    """Return the positions of the first so many sentences, or of all.

    Raises:
        UserError: The limit leaves nothing.
    """
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit} leaves nothing to ask: give 1 or more, or none for all")
    return list(range(len(dataset)))[:limit]


def _replies(
    loaded: Loaded,
    dataset: ReferringDataset,
    questions: Sequence[Question],
    look_inside: bool,
    batch_images: int,
    batch_sentences: int,
) -> Iterator[Reply]:
    about: dict[int, list[int]] = {}
    for number, question in enumerate(questions):
        about.setdefault(dataset[question.place].image_id, []).append(number)
    with evaluation_mode(loaded.model):
        for window in image_windows(list(about.items()), len(questions), batch_images):
            yield from _answer_window(
                loaded, dataset, questions, window, look_inside, batch_sentences
            )


@torch.inference_mode()
def _answer_window(
    loaded: Loaded,
    dataset: ReferringDataset,
    questions: Sequence[Question],
    window: list[list[int]],
    look_inside: bool,
    batch_sentences: int,
) -> list[Reply]:
    model = loaded.model
    numbers = [number for group in window for number in group]
    tokens = {n: read_sentence(loaded, questions[n].sentence, dataset.language) for n in numbers}
    graphs = {}
    if wants_graphs(model):
        for n in numbers:
            given = questions[n].graph
            graphs[n] = given or graph_for(loaded, tokens[n], dataset.language)
    pictures = [dataset.image(questions[group[0]].place) for group in window]
    replies = []
    for chosen, batch in batches_about(
        loaded,
        pictures,
        [[tokens[n] for n in group] for group in window],
        [graphs[n] for n in numbers] if graphs else None,
        batch_sentences,
    ):
        with trace(model) if look_inside else nullcontext({}) as inside:
            logits = model(batch)[:, 0].float().cpu()
        for row, k in enumerate(chosen):
            n = numbers[k]
            mask = strict_mask(logits[row], *dataset.size(questions[n].place))
            replies.append(
                Reply(n, mask, logits[row], tuple(tokens[n]), graphs.get(n), row, inside)
            )
    return replies
