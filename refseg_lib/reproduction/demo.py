"""`refseg demo`: score trained models on pictures they have never seen, and show their answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.predicting import predict
from refseg_lib.evaluation.protocols import count
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.explain.page import Answer, Case, result_page, write_page
from refseg_lib.models.saved import Loaded, load_model
from refseg_lib.parkref.writing import make_parkref

DATA = "parkref_unc"
SPLITS = ("val", "testA", "testB")
CASES_PER_SPLIT = 6


def run_demo(models: Sequence[str], root: Path, out: Path) -> Path:
    """Make the data if need be, score the models, print a table and write a page of pictures.

    Args:
        models: Names of shipped models or folders of runs.
        root: Folder of the data sets; ParkRef is drawn into it where it is absent.
        out: Folder for ``index.html`` and one JSON per score.

    Returns:
        The page.

    Raises:
        UserError: A model does not exist, or the disk is full.
    """
    loaded = {name: load_model(name) for name in models}
    if not (root / "parkref").is_dir():
        draw_parkref(root)
    rows: list[ResultRow] = []
    for split in SPLITS:
        dataset = open_dataset(DATA, root, split)
        for name, model in loaded.items():
            row = evaluate(model, dataset)
            row.save(out / f"{Path(name).name}_{DATA}_{split}.json")
            rows.append(row)
    print_table(rows)
    cases = [
        case
        for split in SPLITS[1:]
        for case in make_cases(loaded, open_dataset(DATA, root, split), CASES_PER_SPLIT)
    ]
    page = out / "index.html"
    write_page(
        page,
        result_page(
            cases,
            "Which one is meant?",
            "Every picture is from ParkRef's test splits: none of these models has seen it. The"
            " sentences were drawn at random, good answers and bad ones alike.",
            rows,
        ),
    )
    print(f"open {page.resolve()} in a browser to see the answers")
    return page


def make_cases(
    loaded: dict[str, Loaded], dataset: ReferringDataset, amount: int, seed: int = 0
) -> list[Case]:
    """Draw sentences at random, one per picture, and let every model answer them."""
    rng = np.random.default_rng(seed)
    groups = dataset.by_image()
    chosen = rng.choice(len(groups), size=min(amount, len(groups)), replace=False)
    cases = []
    for position in chosen:
        indices = groups[int(position)][1]
        index = int(rng.choice(indices))
        expression, image, truth = dataset[index], dataset.image(index), dataset.mask(index)
        answers = []
        for name, model in loaded.items():
            prediction = predict(image, expression.sentence, model)
            answers.append(
                Answer(
                    model.config["name"] if len(loaded) > 1 else name,
                    prediction.mask,
                    prediction.notes,
                )
            )
        told = ", ".join(
            f"{answer.model} {100 * iou(*count(answer.mask, truth)):.0f}" for answer in answers
        )
        cases.append(
            Case(
                sentence=expression.sentence,
                image=image,
                answers=tuple(answers),
                truth=truth,
                language=dataset.language,
                about=f"{dataset.id} {dataset.split}, image {expression.image_id}; IoU: {told}",
            )
        )
    return cases


def print_table(rows: Sequence[ResultRow]) -> None:
    """Print scores as a table."""
    from rich.console import Console
    from rich.table import Table

    protocol = ", ".join(sorted({row.protocol for row in rows}))
    table = Table(title=f"{rows[0].dataset}, protocol {protocol}, percent")
    names = ("model", "split", "n", "oIoU", "mIoU", "P@0.5", "P@0.7", "P@0.9")
    for name in names:
        table.add_column(name, justify="left" if name in ("model", "split") else "right")
    for row in rows:
        scores = [f"{row.scores[name]:.2f}" for name in names[3:]]
        table.add_row(row.model, row.split, str(row.scores["n"]), *scores)
    Console().print(table)


def draw_parkref(out: Path, **settings: int) -> Path:
    """Draw ParkRef below a progress bar.

    Args:
        out: Folder of the data sets.
        **settings: Of :func:`refseg_lib.parkref.writing.make_parkref`.
    """
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("drawing ParkRef", total=None)
        return make_parkref(
            out,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            **settings,
        )
