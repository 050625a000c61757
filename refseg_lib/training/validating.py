"""Looking at the validation split, and keeping the weights that do best on it."""

import json

from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import Loaded, save_model
from refseg_lib.training.averaging import WeightAverage
from refseg_lib.training.precision import computes_in_bf16
from refseg_lib.training.progress import Progress
from refseg_lib.training.run import Run


def validate(
    run: Run, average: WeightAverage, best: float, progress: Progress, step: int, seconds: float
) -> tuple[float | None, float]:
    """Score the validation split; keep the weights if they are the best so far.

    The first process does it; the others wait for what it found.

    Returns:
        The score, None where there is no validation split, and the best score so far.
    """
    found = None
    if run.processes.first:
        found = _look(run, average, best, progress, step, seconds)
    return run.processes.agree(found)


def _look(
    run: Run, average: WeightAverage, best: float, progress: Progress, step: int, seconds: float
) -> tuple[float | None, float]:
    with average.applied(run.model):
        config = {
            **run.model.config,
            "language": run.train.language,
            "max_length": run.recipe.max_length,
            "seed": run.recipe.seed,
            "graphs": run.recipe.graphs,
            "precision": _precision(run),
            "trained_on": run.what,
            "data": run.train.id,
            "steps": step,
            "minutes": round(seconds / 60, 1),
        }
        score = None
        if run.validation is not None:
            loaded = Loaded(run.model, config, run.vocabulary)
            limit = min(len(run.validation), run.recipe.validate_sentences)
            row = evaluate(loaded, run.validation, limit=limit, progress=False)
            score = row.scores["oIoU"]
            progress.told(step, {f"{run.validation.split} oIoU": score, "sentences": limit})
            if run.board is not None:
                run.board.answers(loaded, run.validation, step)
        # Without a validation split the last weights are the ones to keep.
        if score is None or score > best:
            save_model(run.out, run.model, config, run.vocabulary)
            write_atomically(run.out / "best.json", json.dumps({"step": step, "oIoU": score}))
            best = best if score is None else score
    return score, best


def _precision(run: Run) -> str:
    half = computes_in_bf16(run.recipe.precision, run.processes.device.type)
    return "bf16" if half else "fp32"
