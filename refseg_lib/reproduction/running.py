"""One run of a published row: train, score, and write down everything about it as JSON."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.evaluation.sentence_scores import read_jsonl
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import Loaded, load_model
from refseg_lib.reproduction.planning import KUMO_WIDTH, Task
from refseg_lib.text.vectors import KUMO
from refseg_lib.training.recipes import get_recipe
from refseg_lib.training.starting import start_run


@dataclass(frozen=True)
class Places:
    """Where things lie.

    Attributes:
        root: Folder of the data sets.
        results: Folder of the JSON files; small, to be committed.
        runs: Folder of weights and logs; large, and not to be committed.
        device: Where to train and score: ``auto``, ``cpu``, ``cuda``, …
    """

    root: Path = Path("data")
    results: Path = Path("results/reproduction")
    runs: Path = Path("runs/reproduction")
    device: str = "auto"

    def record(self, task: Task) -> Path:
        """Name the JSON file of a run."""
        return self.results / "runs" / task.data / f"{task.name}.json"

    def weights(self, task: Task) -> Path:
        """Name the folder of a run's weights."""
        return self.runs / task.data / task.name


@dataclass(frozen=True)
class Record:
    """What one run gave.

    Attributes:
        about: Model, settings, minutes, machine.
        rows: The result rows: each split, without and with CRF.
        images: For each row its intersections and unions summed over each image, in the order of
            the images, for resampling.
    """

    about: Mapping[str, Any]
    rows: tuple[ResultRow, ...]
    images: tuple[tuple[np.ndarray, np.ndarray], ...]

    def find(self, split: str, crf: bool) -> int | None:
        """Find the row of a split, without or with CRF."""
        for place, row in enumerate(self.rows):
            if (row.split, row.crf) == (split, crf):
                return place
        return None

    def text(self) -> str:
        """Write it as JSON, a row a paragraph and its images a line."""
        rows = []
        for row, (found, union) in zip(self.rows, self.images, strict=True):
            told = json.dumps(row.to_dict(), ensure_ascii=False)
            sums = json.dumps({"I": found.tolist(), "U": union.tolist()}, separators=(",", ":"))
            rows.append(f'  {{"row": {told},\n   "images": {sums}}}')
        about = json.dumps(self.about, ensure_ascii=False, indent=1)
        return f'{{"about": {about},\n "scored": [\n' + ",\n".join(rows) + "\n ]}\n"


def read_record(path: Path) -> Record | None:
    """Read a run's JSON file, or None where there is none yet.

    Raises:
        UserError: The file holds something else.
    """
    try:
        flat = json.loads(path.read_text(encoding="utf-8"))
        scored = [(ResultRow.from_dict(one["row"]), one["images"]) for one in flat["scored"]]
        images = tuple((np.array(i["I"]), np.array(i["U"])) for _, i in scored)
        return Record(flat["about"], tuple(row for row, _ in scored), images)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, UserError) as error:
        raise UserError(
            f"{path} is no record of a run ({error}): remove it, and it is made again"
        ) from error


def missing_parts(task: Task, record: Record | None) -> list[tuple[str, bool]]:
    """List what of a task is not scored yet: (split, with CRF)."""
    wanted = [(split, False) for split in task.splits]
    wanted += [(split, True) for split in task.splits if task.crf]
    return [part for part in wanted if record is None or record.find(*part) is None]


def perform(task: Task, places: Places, workers: int | None = None) -> Record:
    """Train and score, going on from whatever an interrupted call has left.

    Args:
        task: The run.
        places: Where things lie.
        workers: Threads that share a batch, at most; None for what the recipe says.

    Returns:
        Its record, which is on disk too.

    Raises:
        UserError: As :func:`refseg_lib.training.starting.start_run` and
            :func:`refseg_lib.evaluation.scoring.evaluate`.
    """
    path = places.record(task)
    record = read_record(path)
    parts = missing_parts(task, record)
    if not parts:
        assert record is not None
        return record
    settings = {**dict(task.choices.settings), "seed": str(task.seed)}
    recipe = get_recipe(task.network.model, task.choices.preset, settings)
    if workers is not None and workers < recipe.workers:
        settings["workers"] = str(workers)
    loaded = _trained(task, places, settings)
    rows = list(record.rows) if record else []
    images = list(record.images) if record else []
    for split, crf in parts:
        row, sums = _score(loaded, task, places, split, crf)
        rows.append(row)
        images.append(sums)
    record = Record(_about(task, loaded, settings), tuple(rows), tuple(images))
    write_atomically(path, record.text())
    return record


def _trained(task: Task, places: Places, settings: dict[str, str]) -> Loaded:
    network, folder = task.network, places.weights(task)
    steps = get_recipe(network.model, task.choices.preset, settings).steps
    if not _finished(folder, steps):
        sizes = dict(network.sizes)
        if network.glove and task.choices.vectors == KUMO and task.choices.preset == "laptop":
            sizes["vector"] = KUMO_WIDTH
        start_run(
            network.model,
            task.data,
            places.root,
            folder,
            language=network.language,
            preset=task.choices.preset,
            options=dict(network.options),
            vectors=task.choices.vectors if network.glove else "none",
            settings=settings,
            sizes=sizes,
            device=places.device,
            resume=(folder / "resume.pt").is_file(),
        )
    return load_model(folder, device=places.device)


def _finished(folder: Path, steps: int) -> bool:
    """Whether the last look at the validation split was that behind the last step."""
    try:
        last = json.loads((folder / "log.jsonl").read_text().splitlines()[-1])
    except (OSError, ValueError, IndexError):
        return False
    return last.get("step") == steps and "val oIoU" in last


def _score(
    loaded: Loaded, task: Task, places: Places, split: str, crf: bool
) -> tuple[ResultRow, tuple[np.ndarray, np.ndarray]]:
    dataset = open_dataset(task.data, places.root, split, task.network.language)
    told = places.weights(task) / f"{split}{'_crf' if crf else ''}.jsonl"
    row = evaluate(
        loaded,
        dataset,
        limit=task.choices.limit,
        jsonl=told,
        crf="auto" if crf else None,
    )
    sentences = read_jsonl(told)
    place_of = {image: n for n, image in enumerate(dict.fromkeys(s.image_id for s in sentences))}
    sums = np.zeros((2, len(place_of)), dtype=np.int64)
    for sentence in sentences:
        sums[:, place_of[sentence.image_id]] += sentence.intersection, sentence.union
    return row, (sums[0], sums[1])


def _about(task: Task, loaded: Loaded, settings: dict[str, str]) -> dict[str, Any]:
    network = task.network
    trained = [weight for weight in loaded.model.parameters() if weight.requires_grad]
    return {
        "run": task.name,
        "data": task.data,
        "model": network.model,
        "ablation": network.ablation,
        "options": dict(network.options),
        "sizes": {k: list(v) if isinstance(v, tuple) else v for k, v in network.sizes.items()},
        "language": network.language,
        "glove": network.glove,
        "preset": task.choices.preset,
        "settings": settings,
        "steps": loaded.config.get("steps"),
        "minutes of training": loaded.config.get("minutes"),
        "trained parameters": sum(weight.numel() for weight in trained),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__}",
        "notes": list(loaded.config.get("notes", ())),
    }
