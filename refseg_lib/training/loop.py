"""The training loop, to be read from top to bottom."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from refseg_lib.data.batch import Batch
from refseg_lib.errors import UserError
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.training.averaging import WeightAverage
from refseg_lib.training.checkpoints import load_checkpoint, save_checkpoint, trainable_state
from refseg_lib.training.data_parallel import backward
from refseg_lib.training.feeding import Fed, training_batches
from refseg_lib.training.losses import loss_with_sides, mask_loss
from refseg_lib.training.memory import out_of_memory
from refseg_lib.training.optimizers import make_optimizer, plateau, polynomial
from refseg_lib.training.precision import computes_in_bf16
from refseg_lib.training.preparing import prepare_samples
from refseg_lib.training.progress import Progress, cut_log
from refseg_lib.training.random_state import random_states, restore_random_states
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.run import Run
from refseg_lib.training.samples import Samples
from refseg_lib.training.validating import validate

Forward = Callable[[Batch], tuple[Tensor, dict[str, Tensor]]]


def train(run: Run) -> Path:
    """Train a model and write it to ``run.out``.

    The folder then holds the best weights (``weights.safetensors``, ``model.json``), ``log.jsonl``
    with the loss over time, and ``resume.pt``. Ctrl-C writes a checkpoint before it stops.

    Returns:
        The run's folder.

    Raises:
        UserError: The folder holds a finished or another run, the loss is no longer a number,
            memory or disk is full, or Ctrl-C was pressed.
    """
    recipe, model, processes = run.recipe, run.model, run.processes
    if (run.out / "resume.pt").exists() and not run.resume:
        raise UserError(f"{run.out} holds a run already: add --resume, or choose another --out")
    run.out.mkdir(parents=True, exist_ok=True)
    processes.wait()
    # Each process drops other channels out.
    torch.manual_seed(recipe.seed + processes.rank)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    samples = prepare_samples(run)
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
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
    start, best, seconds, unlogged = 0, -math.inf, 0.0, []
    if run.resume:
        state = load_checkpoint(run.out, recipe, run.what, processes.count)
        model.load_state_dict(state["model"], strict=False)
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        average.load(state["average"])
        restore_random_states(processes.device, state["generators"][processes.rank])
        start, best, seconds = state["step"], state["best"], state["seconds"]
        unlogged = state["losses"]
    if processes.first:
        cut_log(run.out / "log.jsonl", start)
    begun = time.monotonic() - seconds
    step = start
    forward = _forward(model, recipe)

    def keep_going() -> None:
        """Write the checkpoint from which this run could go on."""
        generators = processes.gather(random_states(processes.device))
        if processes.first:
            state = {
                "model": trainable_state(model),
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "average": average.state,
                "generators": generators,
                "losses": progress.losses,
                "step": step,
                "best": best,
                "seconds": time.monotonic() - begun,
            }
            save_checkpoint(run.out, state, recipe, run.what, processes.count)

    model.train()
    log = run.out / "log.jsonl" if processes.first else None
    device = run.processes.device
    with Progress(run.what, recipe.steps, start, log, run.board, device) as progress:
        progress.losses += unlogged
        try:
            for fed in progress.waiting(
                training_batches(samples, recipe, start, processes.rank, processes.count)
            ):
                with out_of_memory(fed.of, recipe):
                    loss = _step(run, forward, fed, optimizer)
                if not math.isfinite(loss):
                    raise UserError(
                        f"the loss is {loss} at step {step} of {run.what}, {_named(samples, fed)}:"
                        f" the last checkpoint in {run.out} is good; resume with a smaller rate"
                        " (--set rate=…) elsewhere"
                    )
                if isinstance(schedule, LambdaLR):
                    schedule.step()
                average.update(model, step)
                step += 1
                progress.step(loss, fed.of, float(optimizer.param_groups[0]["lr"]))
                if recipe.validate and step % recipe.validate == 0 and step < recipe.steps:
                    seconds = time.monotonic() - begun
                    score, best = validate(run, average, best, progress, step, seconds)
                    if isinstance(schedule, ReduceLROnPlateau) and score is not None:
                        schedule.step(score)
                if step % recipe.checkpoint == 0:
                    keep_going()
            validate(run, average, best, progress, step, time.monotonic() - begun)
            keep_going()
        except KeyboardInterrupt:
            # With several processes the others may be in the middle of a step.
            if processes.count == 1:
                keep_going()
                raise UserError(
                    f"stopped by Ctrl-C after step {step}; nothing is lost: the same command with"
                    " --resume goes on from here"
                ) from None
            raise UserError(
                f"stopped by Ctrl-C after step {step}; --resume goes on from the last checkpoint"
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


def _forward(model: ReferringSegmenter, recipe: Recipe) -> Forward:
    # Sentences differ in length from batch to batch: one kernel for all lengths.
    call = model.forward_with_sides
    return torch.compile(call, dynamic=True) if recipe.compile else call


def _step(run: Run, forward: Forward, fed: Fed, optimizer: torch.optim.Optimizer) -> float:
    """Learn from one batch, together with the other processes, and return its loss."""
    recipe, model, processes = run.recipe, run.model, run.processes
    optimizer.zero_grad(set_to_none=True)
    value = 0.0
    if fed.batch is not None:
        batch = fed.batch.to(processes.device)
        value = backward(
            model,
            batch,
            lambda share: _loss(forward, share, recipe),
            recipe.workers,
            recipe.accumulate,
            fed.of,
        )
    value = processes.total(value)
    if math.isfinite(value):
        processes.add_gradients(model)
        if recipe.clip:
            torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimizer.step()
    return value


def _loss(forward: Forward, batch: Batch, recipe: Recipe) -> Tensor:
    device_type = batch.words.device.type
    half = computes_in_bf16(recipe.precision, device_type)
    with torch.autocast(device_type, torch.bfloat16, enabled=half):
        logits, sides = forward(batch)
    assert batch.mask is not None
    loss = mask_loss(
        logits, batch.mask, recipe.positive_weight, recipe.dice_weight, recipe.negative_weight
    )
    if recipe.side_weight:
        shares = recipe.main_weight, recipe.side_weight, recipe.side_dice_weight
        loss = loss_with_sides(loss, sides, batch.mask, *shares)
    return loss


def _named(samples: Samples, fed: Fed) -> str:
    """Name a batch, so that somebody can look at what is in it."""
    told = [repr(samples.dataset[index].sentence) for index in fed.indices[:3]]
    more = f" and {len(fed.indices) - 3} more" if len(fed.indices) > 3 else ""
    return f"on sentences {', '.join(told)}{more} (numbers {list(fed.indices[:3])})"
