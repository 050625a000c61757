"""Scoring a model on a split: every sentence once, at the protocol's resolution."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from refseg_lib.data.overlap import leaks, shared_pictures
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.answering import Answer, Asking, answer_all, ask
from refseg_lib.evaluation.dense_crf_protocols import Scorer, get_scorer
from refseg_lib.evaluation.protocols import count, get_protocol
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.evaluation.sentence_scores import SentenceScore, score_sentences, write_jsonl
from refseg_lib.evaluation.trivial import get_answer
from refseg_lib.models.saved import Loaded

Step = TypeVar("Step")


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
        protocol: Protocol id, see :mod:`refseg_lib.evaluation.protocols`; for several at once
            :func:`evaluate_under`.
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
    asking = ask(dataset, limit, shuffle_sentences)
    told: list[str] = []
    if loaded is None:
        counts = _count_answer(str(answer), dataset, len(asking.read))
    else:
        scorer, told = get_scorer(protocol, crf, loaded.config["input_size"])
        answers, more = answer_all(loaded, dataset, asking, graphs, batch_images, batch_sentences)
        told += more
        counts = ((i, pair) for i, (pair,) in _judged(answers, [scorer]))
    title = f"{dataset.id} {dataset.split}"
    found = dict(with_bar(counts, len(asking.read), title, progress))
    sentences = _sentence_scores(dataset, asking, found)
    if jsonl is not None:
        write_jsonl(jsonl, sentences)
    about = _who(loaded, answer, dataset, len(asking.read), told)
    return _row(dataset, asking, protocol, crf is not None, sentences, about)


def evaluate_under(
    loaded: Loaded,
    dataset: ReferringDataset,
    protocols: Sequence[str],
    limit: int | None = None,
    batch_images: int = 8,
    progress: bool = True,
    *,
    shuffle_sentences: int | None = None,
    batch_sentences: int = 32,
    graphs: str | None = None,
) -> list[ResultRow]:
    """Score the same answers of a model under several protocols; it answers once.

    Args:
        loaded: As for :func:`evaluate`, and so are all others.
        dataset: The split.
        protocols: Protocol ids.
        limit: Score only the first so many sentences.
        batch_images: Images whose backbone maps are held at once.
        progress: Show a progress bar.
        shuffle_sentences: A seed of the control.
        batch_sentences: Sentences per forward pass.
        graphs: Where the language graphs come from.

    Returns:
        One row for each protocol, in the order asked.

    Raises:
        UserError: As :func:`evaluate`.
    """
    scorers = [get_scorer(name, None, loaded.config["input_size"])[0] for name in protocols]
    asking = ask(dataset, limit, shuffle_sentences)
    answers, told = answer_all(loaded, dataset, asking, graphs, batch_images, batch_sentences)
    counts = _judged(answers, scorers)
    title = f"{dataset.id} {dataset.split}"
    found = dict(with_bar(counts, len(asking.read), title, progress))
    about = _who(loaded, None, dataset, len(asking.read), told)
    rows = []
    for place, name in enumerate(protocols):
        pairs = {i: several[place] for i, several in found.items()}
        sentences = _sentence_scores(dataset, asking, pairs)
        rows.append(_row(dataset, asking, name, False, sentences, about))
    return rows


def _judged(
    answers: Iterator[tuple[int, Answer]], scorers: Sequence[Scorer]
) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield place, and (intersection, union) by each scorer."""
    picture, scores = None, []
    for i, one in answers:
        if one.picture is not picture:
            # A dense CRF looks at a picture once for all its sentences.
            picture, scores = one.picture, [scorer(one.picture) for scorer in scorers]
        yield i, [score(one.logits, one.truth) for score in scores]


def _sentence_scores(
    dataset: ReferringDataset, asking: Asking, found: Mapping[int, tuple[int, int]]
) -> list[SentenceScore]:
    scores = []
    for i, text in enumerate(asking.texts):
        e = dataset[i]
        scores.append(SentenceScore(e.sent_id, e.ref_id, e.image_id, text, *found[i]))
    return scores


def _row(
    dataset: ReferringDataset,
    asking: Asking,
    protocol: str,
    crf: bool,
    sentences: list[SentenceScore],
    about: dict[str, Any],
) -> ResultRow:
    return ResultRow(
        dataset=dataset.id,
        split=dataset.split,
        language=dataset.language,
        protocol=protocol,
        crf=crf,
        control=asking.control,
        limit=None if len(sentences) == len(dataset) else len(sentences),
        scores=score_sentences(sentences),
        **about,
    )


def _count_answer(
    answer: str, dataset: ReferringDataset, kept: int
) -> Iterator[tuple[int, tuple[int, int]]]:
    draw = get_answer(answer)
    for i in range(kept):
        truth = dataset.mask(i)
        yield i, count(draw(*truth.shape), truth)


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


def with_bar(steps: Iterator[Step], total: int, title: str, shown: bool = True) -> Iterator[Step]:
    """Go through the steps of something long, below a progress bar on the error stream.

    Args:
        steps: What to go through.
        total: How many there are.
        title: Stands before the bar.
        shown: False for no bar.
    """
    if not shown:
        return steps
    from rich.console import Console
    from rich.progress import track

    return iter(track(steps, title, total, console=Console(stderr=True)))
