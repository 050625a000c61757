"""The training loop, to be read from top to bottom."""

import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from refseg_lib.data.batch import Batch
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.files import write_atomically
from refseg_lib.models.saved import Loaded, save_model
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.averaging import WeightAverage
from refseg_lib.training.checkpoints import load_checkpoint, save_checkpoint, trainable_state
from refseg_lib.training.data_parallel import backward
from refseg_lib.training.feeding import training_batches
from refseg_lib.training.losses import loss_with_sides, mask_loss
from refseg_lib.training.optimizers import make_optimizer, plateau, polynomial
from refseg_lib.training.precision import computes_in_bf16
from refseg_lib.training.progress import Progress
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.samples import Samples


@dataclass
class Run:
    """What a training run works on.

    Attributes:
        model: The model, on its device.
        vocabulary: Of the model's word table.
        train: The training split.
        validation: The split that decides which weights are kept; None keeps the last.
        recipe: The settings.
        out: The run's folder.
        resume: Go on from the folder's checkpoint.
    """

    model: ReferringSegmenter
    vocabulary: Vocabulary
    train: ReferringDataset
    validation: ReferringDataset | None
    recipe: Recipe
    out: Path
    resume: bool = False

    @property
    def what(self) -> str:
        """Model and data in one line."""
        config = self.model.config
        return (
            f"{config['name']} ({config['variant']}, {config['preset']}) on {self.train.id}"
            f" {self.train.split} {self.train.language}"
        )


def train(run: Run) -> Path:
    """Train a model and write it to ``run.out``.

    The folder then holds the best weights (``weights.safetensors``, ``model.json``), ``log.jsonl``
    with the loss over time, and ``resume.pt``. Ctrl-C writes a checkpoint before it stops.

    Returns:
        The run's folder.

    Raises:
        UserError: The folder holds a finished or another run, the loss is no longer a number, the
            disk is full, or Ctrl-C was pressed.
    """
    recipe, model = run.recipe, run.model
    if (run.out / "resume.pt").exists() and not run.resume:
        raise UserError(f"{run.out} holds a run already: add --resume, or choose another --out")
    run.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    samples = _prepare(run)
    device = next(model.parameters()).device
    optimizer = make_optimizer(
        model,
        recipe.optimizer,
        recipe.rate,
        recipe.weight_decay,
        recipe.decay_meaning,
        samples.size**2,
        recipe.table_rate,
    )
    schedule = _schedule(run, optimizer)
    average = WeightAverage(model, recipe.average)
    start, best, seconds = 0, -math.inf, 0.0
    if run.resume:
        state = load_checkpoint(run.out, recipe, run.what)
        model.load_state_dict(state["model"], strict=False)
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        average.load(state["average"])
        torch.set_rng_state(state["random"])
        start, best, seconds = state["step"], state["best"], state["seconds"]
    begun = time.monotonic() - seconds
    step = start

    def keep_going() -> None:
        """Write the checkpoint from which this run could go on."""
        save_checkpoint(
            run.out,
            {
                "model": trainable_state(model),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "average": average.state,
                "random": torch.get_rng_state(),
                "step": step,
                "best": best,
                "seconds": time.monotonic() - begun,
            },
            recipe,
            run.what,
        )

    model.train()
    with Progress(run.what, recipe.steps, start, run.out / "log.jsonl") as progress:
        try:
            for batch in training_batches(samples, recipe, start):
                loss = _step(model, batch.to(device), optimizer, recipe)
                if not math.isfinite(loss):
                    raise UserError(
                        f"the loss is {loss} at step {step} of {run.what}: the last checkpoint in"
                        f" {run.out} is good; resume with a smaller rate (--set rate=…) elsewhere"
                    )
                if isinstance(schedule, LambdaLR):
                    schedule.step()
                average.update(model)
                step += 1
                progress.step(loss, len(batch), float(optimizer.param_groups[0]["lr"]))
                if recipe.validate and step % recipe.validate == 0 and step < recipe.steps:
                    seconds = time.monotonic() - begun
                    score, best = _validate(run, average, best, progress, step, seconds)
                    if isinstance(schedule, ReduceLROnPlateau) and score is not None:
                        schedule.step(score)
                if step % recipe.checkpoint == 0:
                    keep_going()
            _validate(run, average, best, progress, step, time.monotonic() - begun)
            keep_going()
        except KeyboardInterrupt:
            keep_going()
            raise UserError(
                f"stopped by Ctrl-C after step {step}; nothing is lost: the same command with"
                " --resume goes on from here"
            ) from None
    return run.out


def _schedule(run: Run, optimizer: torch.optim.Optimizer) -> LambdaLR | ReduceLROnPlateau:
    recipe = run.recipe
    if recipe.schedule == "polynomial":
        factor = polynomial(recipe.steps, recipe.power, recipe.warmup, recipe.end)
        return LambdaLR(optimizer, factor)
    if run.validation is None:
        raise UserError("schedule=plateau looks at a validation split: give --validate-on a split")
    return plateau(optimizer)


def _step(
    model: ReferringSegmenter, batch: Batch, optimizer: torch.optim.Optimizer, recipe: Recipe
) -> float:
    """Learn from one batch and return its loss."""
    optimizer.zero_grad(set_to_none=True)
    value = backward(model, batch, lambda share: _loss(model, share, recipe), recipe.workers)
    if math.isfinite(value):
        if recipe.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
    return value


def _loss(model: ReferringSegmenter, batch: Batch, recipe: Recipe) -> Tensor:
    device_type = batch.words.device.type
    half = computes_in_bf16(recipe.precision, device_type)
    with torch.autocast(device_type, torch.bfloat16, enabled=half):
        logits, sides = model.forward_with_sides(batch)
    assert batch.mask is not None
    loss = mask_loss(
        logits, batch.mask, recipe.positive_weight, recipe.dice_weight, recipe.negative_weight
    )
    if recipe.side_weight:
        shares = recipe.main_weight, recipe.side_weight, recipe.side_dice_weight
        loss = loss_with_sides(loss, sides, batch.mask, *shares)
    return loss


def _prepare(run: Run) -> Samples:
    """Encode the sentences, and keep the frozen backbone's maps where memory allows."""
    recipe, model = run.recipe, run.model
    size = model.config["input_size"]
    graphs = graphs_for(model, run.train, recipe.graphs)
    samples = Samples(run.train, run.vocabulary, size, recipe.max_length, graphs)
    levels = model.used_levels()
    backbone: Any = model.backbone
    needed = samples.feature_gib(backbone, levels)
    if recipe.cache_gib and backbone.frozen:
        if needed > recipe.cache_gib:
            print(
                f"features of {len(samples.groups)} images need {needed:.1f} GiB, cache_gib is"
                f" {recipe.cache_gib}: the backbone runs at every step instead"
            )
        else:
            with Progress("backbone", len(samples.groups), 0, None) as progress:
                samples.cache_features(backbone, levels, progress.jump)
    return samples


def _validate(
    run: Run, average: WeightAverage, best: float, progress: Progress, step: int, seconds: float
) -> tuple[float | None, float]:
    """Score the validation split; keep the weights if they are the best so far.

    Returns:
        The score, None where there is no validation split, and the best score so far.
    """
    device = next(run.model.parameters()).device.type
    with average.applied(run.model):
        config = {
            **run.model.config,
            "language": run.train.language,
            "max_length": run.recipe.max_length,
            "seed": run.recipe.seed,
            "graphs": run.recipe.graphs,
            "precision": "bf16" if computes_in_bf16(run.recipe.precision, device) else "fp32",
            "trained_on": run.what,
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
        # Without a validation split the last weights are the ones to keep.
        if score is None or score > best:
            save_model(run.out, run.model, config, run.vocabulary)
            write_atomically(run.out / "best.json", json.dumps({"step": step, "oIoU": score}))
            best = best if score is None else score
    return score, best
