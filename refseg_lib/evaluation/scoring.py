"""Scoring a model on a split: every sentence once, at the protocol's resolution."""

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.data.overlap import leaks, shared_pictures
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.dense_crf_protocols import Scorer, get_scorer
from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.evaluation.grouping import image_windows, sentence_batches
from refseg_lib.evaluation.protocols import count, get_protocol
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.evaluation.sentence_scores import SentenceScore, score_sentences, write_jsonl
from refseg_lib.evaluation.shuffling import shuffle_across_images
from refseg_lib.evaluation.trivial import get_answer
from refseg_lib.models.saved import Loaded
from refseg_lib.text.graph import LanguageGraph


def evaluate(
    loaded: Loaded | None,
    dataset: ReferringDataset,
    protocol: str = "strict",
    limit: int | None = None,
    batch_images: int = 8,
    progress: bool = True,
    jsonl: str | os.PathLike[str] | None = None,
    *,
    shuffle_sentences: int | None = None,
    answer: str | None = None,
    batch_sentences: int = 32,
    graphs: str | None = None,
    crf: str | None = None,
) -> ResultRow:
    """Score a model, or a trivial answer, on one split.

    Args:
        loaded: The model with its configuration and vocabulary; it is scored on the device it
            is on, in evaluation mode, and left in the mode it came in.
        dataset: The split.
        protocol: Protocol id, see :mod:`refseg_lib.evaluation.protocols`.
        limit: Score only the first so many sentences; the row says so.
        batch_images: Images whose backbone maps are held at once.
        progress: Show a progress bar on the error stream.
        jsonl: Where to write I and U of every sentence, in the data set's order.
        shuffle_sentences: A seed: give every sentence's place to one written for another image.
        answer: ``"whole"`` or ``"ellipse"``: score this instead of a model.
        batch_sentences: Sentences per forward pass.
        graphs: Where the language graphs come from, for a model that wants them:
            ``"builtin"``, ``"spacy"`` or ``"truth"``; None for what it was trained with. The
            row's notes say which.
        crf: Refine every mask with a dense CRF: ``"pydensecrf"``, ``"torch"``, or ``"auto"`` for
            the first of them that is installed; None for no CRF. Only under ``strict`` and
            ``legacy-tf``. The row's notes say which it was.

    Returns:
        The result row.

    Raises:
        UserError: Unknown protocol, answer or CRF, an empty split, unreadable data.
    """
    if (loaded is None) == (answer is None):
        raise UserError("evaluate takes a model or a trivial answer: give exactly one of the two")
    if limit is not None and limit < 1:
        raise UserError(f"limit {limit} leaves nothing to score: give 1 or more, or none for all")
    get_protocol(protocol)
    if answer is not None and protocol != "strict":
        raise UserError(
            f"a trivial answer is a mask, not logits, so protocol {protocol!r} has nothing to"
            " threshold: score it under strict"
        )
    if answer is not None and crf is not None:
        raise UserError(
            "a trivial answer is a mask, so a dense CRF has no probability to refine: score it"
            " without one"
        )
    kept = len(dataset) if limit is None else min(limit, len(dataset))
    expressions = [dataset[i] for i in range(kept)]
    read, control = list(range(kept)), None
    if shuffle_sentences is not None:
        control = f"shuffled sentences, seed {shuffle_sentences}"
        read = shuffle_across_images([e.image_id for e in expressions], shuffle_sentences)
    texts = [expressions[source].sentence for source in read]
    told: list[str] = []
    if loaded is None:
        counts = _count_answer(str(answer), dataset, kept)
    else:
        scorer, told = get_scorer(protocol, crf, loaded.config["input_size"])
        backend = graphs or loaded.config.get("graphs", "builtin")
        parsed = graphs_for(loaded.model, dataset, backend)
        if parsed is not None:
            # A graph belongs to its sentence, not to the place where the sentence is asked.
            parsed = [parsed[source] for source in read]
            told.append(f"language graphs: {backend}")
        asked = [read_sentence(loaded, text, dataset.language) for text in texts]
        told += _unknown_words(loaded, asked)
        counts = _count_model(loaded, dataset, asked, parsed, scorer, batch_images, batch_sentences)
    found: dict[int, tuple[int, int]] = {}
    for i, pair in _with_bar(counts, kept, f"{dataset.id} {dataset.split}", progress):
        found[i] = pair
    sentences = [
        SentenceScore(e.sent_id, e.ref_id, e.image_id, texts[i], *found[i])
        for i, e in enumerate(expressions)
    ]
    if jsonl is not None:
        write_jsonl(jsonl, sentences)
    return ResultRow(
        dataset=dataset.id,
        split=dataset.split,
        language=dataset.language,
        protocol=protocol,
        crf=crf is not None,
        control=control,
        limit=None if kept == len(dataset) else kept,
        scores=score_sentences(sentences),
        **_who(loaded, answer, dataset, kept, told),
    )


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


def _count_answer(
    answer: str, dataset: ReferringDataset, kept: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    draw = get_answer(answer)
    for i in range(kept):
        truth = dataset.mask(i)
        yield i, count(draw(*truth.shape), truth)


def _count_model(
    loaded: Loaded,
    dataset: ReferringDataset,
    asked: list[list[str]],
    graphs: list[LanguageGraph] | None,
    scorer: Scorer,
    batch_images: int,
    batch_sentences: int,
) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield position and (intersection, union), window by window."""
    training = loaded.model.training
    loaded.model.eval()
    try:
        for window in image_windows(dataset.by_image(), len(asked), batch_images):
            yield from _count_window(
                loaded, dataset, asked, graphs, scorer, window, batch_sentences
            )
    finally:
        loaded.model.train(training)


@torch.inference_mode()
def _count_window(
    loaded: Loaded,
    dataset: ReferringDataset,
    asked: list[list[str]],
    graphs: list[LanguageGraph] | None,
    scorer: Scorer,
    window: list[list[int]],
    batch_sentences: int,
) -> list[tuple[int, tuple[int, int]]]:
    model, size = loaded.model, loaded.config["input_size"]
    positions = [i for group in window for i in group]
    sentences = [
        (row, loaded.vocabulary.encode(asked[i])) for row, group in enumerate(window) for i in group
    ]
    # Several sentences mean one object: its polygons are drawn once per window.
    objects = {i: dataset[i].ann_id for i in positions}
    one_of = {ann_id: i for i, ann_id in objects.items()}
    truths = {ann_id: dataset.mask(i) for ann_id, i in one_of.items()}
    pictures = [dataset.image(group[0]) for group in window]
    images = torch.stack([letterbox_image(picture, size) for picture in pictures])
    images = images.to(next(model.parameters()).device)
    answers: dict[int, Tensor] = {}
    for chosen, batch in sentence_batches(
        images,
        model.backbone(images),
        sentences,
        batch_sentences,
        None if graphs is None else [graphs[i] for i in positions],
    ):
        logits = model(batch)[:, 0].float().cpu()
        answers.update(zip((positions[k] for k in chosen), logits, strict=True))
    found = []
    for picture, group in zip(pictures, window, strict=True):
        score = scorer(picture)
        found += [(i, score(answers[i], truths[objects[i]])) for i in group]
    return found


def _who(
    loaded: Loaded | None,
    answer: str | None,
    dataset: ReferringDataset,
    kept: int,
    told: list[str],
) -> dict[str, Any]:
    """Fill in who answered, and the notes."""
    notes = [*dataset.notes, *told]
    if kept < len(dataset):
        notes.append(f"first {kept} of {len(dataset)} sentences only: an approximation")
    if loaded is None:
        nothing = dict.fromkeys(("variant", "preset", "backbone", "pretraining"), "none")
        return {"model": f"trivial answer: {answer}", "notes": tuple(notes), **nothing}
    config, backbone = loaded.config, loaded.model.backbone
    trained_on = config.get("language", "en")
    if trained_on != dataset.language:
        notes.append(f"trained on {trained_on}, asked in {dataset.language}")
    seen = leaks(str(getattr(backbone, "weights", "")), dataset.id)
    shared = shared_pictures(config.get("data", ""), dataset.id)
    notes += [told for told in (seen, shared) if told]
    return {
        "model": config["name"],
        "variant": config["variant"],
        "preset": config["preset"],
        # The backbone that answered, not the one that was saved: a caller may have swapped it.
        "backbone": getattr(backbone, "name", type(backbone).__name__),
        "pretraining": str(getattr(backbone, "weights", "unknown")),
        "seed": config.get("seed"),
        "vectors": config.get("vectors"),
        "notes": (*notes, *config.get("notes", ())),
    }


def _with_bar(
    counts: Iterator[tuple[int, tuple[int, int]]], total: int, title: str, shown: bool
) -> Iterator[tuple[int, tuple[int, int]]]:
    if not shown:
        return counts
    from rich.console import Console
    from rich.progress import track

    return iter(track(counts, title, total, console=Console(stderr=True)))
