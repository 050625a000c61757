"""`refseg analyse`: where systems fail, by kind of sentence, side by side."""

import hashlib
import io
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.bootstrap import DRAWS, LEVEL, SEED
from refseg_lib.evaluation.analysis.comparison import Comparison, compare
from refseg_lib.evaluation.analysis.kinds import KINDS
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.evaluation.sentence_scores import SentenceScore, read_jsonl
from refseg_lib.explain.kind_bars import HATCHES, describe_bars, kind_bars
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import Loaded, load_model

PROTOCOL = "strict"
PICTURE = "by_kind.png"


def analyse(
    models: Sequence[str],
    data_id: str,
    root: Path,
    split: str,
    out: Path,
    language: str | None = None,
    limit: int | None = None,
    *,
    scores: Path | None = None,
    draws: int = DRAWS,
    seed: int = SEED,
    device: str = "auto",
    progress: bool = True,
) -> Path:
    """Score models on a split, break the scores down by kind of sentence, and write tables.

    A model whose scores lie in ``scores`` already is not scored again.

    Args:
        models: Names of shipped models or folders of runs; the others are held to the first.
        data_id: The data set.
        root: Folder of the data sets.
        split: The split.
        out: Folder for ``analysis.json``, ``analysis.md`` and ``by_kind.png``.
        language: ``"en"`` or ``"zh"``; None asks every model in the language it was trained in, so
            that English can be held to Chinese. The kinds of a sentence are then read from the
            language of the first model, so that the same sentences are compared.
        limit: Only the first so many sentences.
        scores: Folder for each model's scores of every sentence; by default ``out/scores``.
        draws: Splits drawn for the intervals.
        seed: Of the drawing.
        device: Where to answer: ``auto``, ``cpu``, ``cuda``, …
        progress: Show progress bars.

    Returns:
        ``analysis.json``.

    Raises:
        UserError: No model, one given twice, one that does not exist, or unreadable data.
    """
    names = _names(models)
    _require_matplotlib()
    loaded = {
        name: load_model(given, device=device) for name, given in zip(names, models, strict=True)
    }
    asked = {name: language or one.config.get("language", "en") for name, one in loaded.items()}
    datasets = {
        spoken: open_dataset(data_id, root, split, spoken)
        for spoken in dict.fromkeys(asked.values())
    }
    place = out / "scores" if scores is None else scores
    rows: dict[str, ResultRow] = {}
    systems: dict[str, list[SentenceScore]] = {}
    for name, model in loaded.items():
        told = name if len(datasets) == 1 else f"{name} ({asked[name]})"
        dataset = datasets[asked[name]]
        rows[told], systems[told] = keep_scores(name, model, dataset, place, limit, progress)
    first = next(iter(datasets.values()))
    compared = []
    for kind in KINDS:
        labels = kind.label(first, limit)
        given = {name: (found, labels) for name, found in systems.items()}
        compared.append(compare(given, kind, draws, seed))
    report = {
        "data": first.id,
        "split": split,
        "limit": limit,
        "kinds are read from": first.language,
        "intervals": {"percent": LEVEL, "resampled": "images", "draws": draws, "seed": seed},
        "systems": {name: row.to_dict() for name, row in rows.items()},
        "kinds": [one.to_json() for one in compared],
    }
    text = json.dumps(report, ensure_ascii=False, indent=1)
    write_atomically(out / "analysis.json", text + "\n")
    title = f"{first.id} {split}" + ("" if limit is None else f", first {limit} sentences")
    bars = {name: [one.breakdowns[name] for one in compared] for name in systems}
    write_atomically(out / PICTURE, _png(kind_bars(bars, title)))
    page = _page(title, first.language, compared, describe_bars(bars))
    write_atomically(out / "analysis.md", page)
    print(page)
    return out / "analysis.json"


def keep_scores(
    name: str,
    model: Loaded,
    dataset: ReferringDataset,
    folder: Path,
    limit: int | None = None,
    progress: bool = True,
) -> tuple[ResultRow, list[SentenceScore]]:
    """Score a model, or read the scores that it was given before.

    Args:
        name: How the files begin.
        model: The model.
        dataset: The split.
        folder: Where the scores of every sentence and the result row lie.
        limit: Only the first so many sentences.
        progress: Show a progress bar.

    Returns:
        The result row and the scores, in the order of ``dataset``.

    Raises:
        UserError: The data are unreadable, or the kept scores are damaged.
    """
    asked = [dataset.id, dataset.split, dataset.language, limit, PROTOCOL]
    stem = f"{name}_{dataset.language}_{_fingerprint(model, asked)}"
    lines, about = folder / f"{stem}.jsonl", folder / f"{stem}.json"
    if lines.is_file() and about.is_file():
        kept = read_jsonl(lines)
        amount = len(dataset) if limit is None else min(limit, len(dataset))
        now = [(dataset[i].sent_id, dataset[i].sentence) for i in range(amount)]
        if [(one.sent_id, one.sentence) for one in kept] == now:
            return ResultRow.load(about), kept
        print(f"{lines} is of other sentences: scoring {name} again", file=sys.stderr, flush=True)
    row = evaluate(model, dataset, PROTOCOL, limit, progress=progress, jsonl=lines)
    # Written last: where the row is, its sentences are.
    row.save(about)
    return row, read_jsonl(lines)


def _fingerprint(model: Loaded, asked: list[Any]) -> str:
    """Digest what a score depends on: all weights, the description, the words and the question."""
    import torch

    digest = hashlib.sha256(json.dumps([asked, model.config], sort_keys=True).encode())
    digest.update("\n".join(model.vocabulary.words).encode())
    for name, tensor in sorted(model.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()[:12]


def _names(models: Sequence[str]) -> list[str]:
    """Name the models after the last part of what was given, where that tells them apart."""
    short = [Path(given).name for given in models]
    names = short if len(set(short)) == len(short) else [one.strip("/") for one in models]
    if not 1 <= len(names) <= len(HATCHES) or len(set(names)) < len(names):
        raise UserError(
            f"analyse takes 1 to {len(HATCHES)} different models, got {', '.join(models) or 'none'}"
        )
    return [name.replace("/", "-") for name in names]


def _require_matplotlib() -> None:
    if find_spec("matplotlib") is None:
        raise UserError(
            "analyse draws a figure with matplotlib, which is not installed:"
            " run `pip install 'refseg-lib[notebooks]'`"
        )


def _png(figure: Any) -> bytes:
    """Render a figure; the same numbers give the same bytes, no date and no program's name."""
    drawn, smaller = io.BytesIO(), io.BytesIO()
    figure.savefig(drawn, format="png", dpi=100)
    # Flat colours: a palette holds them in a third of the bytes.
    Image.open(drawn).convert("RGB").quantize(64).save(smaller, "PNG", optimize=True)
    return smaller.getvalue()


def _page(title: str, language: str, compared: Sequence[Comparison], alt: str) -> str:
    """Lay out what people read."""
    names = list(compared[0].breakdowns)
    spoken = {"en": "English", "zh": "Chinese"}[language]
    about = [
        f"# By kind of sentence: {title}",
        f"Percent, protocol {PROTOCOL}. In brackets the {LEVEL} % interval of a bootstrap over"
        " images: the sentences of one image are drawn together. Kinds are read from the"
        f" {spoken} sentences.",
    ]
    if len(names) > 1:
        about.append(
            f"In round brackets: points ahead of {names[0]}, with the interval of that on the same"
            " drawn images. Of twenty such intervals around no difference at all, one leaves 0 out:"
            " look at the patterns, not at single cells."
        )
    about.append(f"![{alt}]({PICTURE})")
    for one in compared:
        tables = one.markdown() if len(names) > 1 else one.breakdowns[names[0]].markdown()
        about += [f"## By {one.kind}", f"{one.meaning[0].upper()}{one.meaning[1:]}.", tables]
    return "\n\n".join(about) + "\n"
