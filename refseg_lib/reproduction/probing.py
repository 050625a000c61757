"""`refseg probe`: ask a trained model what the papers show on a few pictures, over a whole split.

What fits the model is asked: BUSNet's reasoning steps, CMPC's word types, and of every model
whether its answers follow a changed word, and why those fail that do.
"""

import json
import os
from pathlib import Path
from typing import Any

from refseg_lib.data.refer import open_dataset
from refseg_lib.evaluation.analysis.failures import find_failures
from refseg_lib.evaluation.analysis.stepwise_grounding import ground_steps
from refseg_lib.evaluation.analysis.word_swap import swap_words
from refseg_lib.evaluation.analysis.word_types import compare_word_types
from refseg_lib.evaluation.graphs import wants_graphs
from refseg_lib.explain.page import write_page
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import load_model
from refseg_lib.reproduction.gallery import failure_page


def probe(
    model: str,
    data_id: str,
    root: str | os.PathLike[str],
    split: str,
    out: str | os.PathLike[str],
    language: str = "en",
    limit: int | None = None,
    *,
    device: str = "auto",
    progress: bool = True,
) -> Path:
    """Run the probes that fit a model, print their tables and write them down.

    Args:
        model: A shipped model's name or a run's folder.
        data_id: A ParkRef data set: ``"parkref_unc"``, ...
        root: Folder of the data sets.
        split: Such as ``"val"``.
        out: Folder for ``probes.json``, ``probes.md`` and ``failures.html``.
        language: ``"en"`` or ``"zh"``.
        limit: Ask only the first so many sentences.
        device: Where to answer: ``auto``, ``cpu``, ``cuda``, …
        progress: Show progress bars on the error stream.

    Returns:
        The page of failures.

    Raises:
        UserError: There is no such model or split, or the data are not ParkRef.
    """
    from rich.console import Console
    from rich.markdown import Markdown

    loaded, dataset = load_model(model, device=device), open_dataset(data_id, root, split, language)
    reports: dict[str, Any] = {}
    if wants_graphs(loaded.model):
        reports["steps"] = ground_steps(loaded, dataset, limit, progress=progress)
    if loaded.config["name"] == "cmpc":
        reports["word_types"] = compare_word_types(loaded, dataset, limit, progress=progress)
    reports["word_swap"] = swap_words(loaded, dataset, limit, progress=progress)
    failures = find_failures(loaded, dataset, limit, progress=progress)
    reports["failures"] = failures
    title = f"# Probes of {loaded.config['name']} on {dataset.id} {split} {language}"
    text = "\n".join((title, "", *(report.markdown() for report in reports.values())))
    about = {
        "model": loaded.config["name"],
        "trained_on": loaded.config.get("trained_on"),
        "dataset": dataset.id,
        "split": split,
        "language": language,
        "limit": limit,
    }
    told = {**about, **{name: report.to_json() for name, report in reports.items()}}
    folder = Path(out)
    page = folder / "failures.html"
    write_atomically(folder / "probes.json", json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    write_atomically(folder / "probes.md", text)
    write_page(page, failure_page(failures, dataset))
    Console().print(Markdown(text))
    print(f"open {page.resolve()} in a browser to see the failures")
    return page
