"""What a run needs to go on after a crash, in one file that is never half written."""

import dataclasses
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.training.recipes import Recipe

FILE = "resume.pt"
# These may change between two parts of a run without changing what is learned.
FREE = (
    "validate", "validate_sentences", "checkpoint", "keep", "cache", "cache_gib", "threads",
    "accumulate", "compile", "channels_last", "loaders",
)  # fmt: skip


def trainable_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return everything of a model but its frozen backbone."""
    return {
        name: value for name, value in model.state_dict().items() if not name.startswith("backbone")
    }


def save_checkpoint(
    folder: Path, state: dict[str, Any], recipe: Recipe, what: str, processes: int = 1
) -> None:
    """Write the state of a run: weights, optimiser, place in the order, random state.

    The newest is ``resume.pt``; the ``recipe.keep - 1`` before it stay as ``resume-STEP.pt``. To
    go on from one of those, copy it over ``resume.pt``.

    Args:
        folder: The run's folder.
        state: Tensors, numbers and nested dictionaries of them; ``step`` among them.
        recipe: Kept with the state, so that a resumed run cannot silently be another one.
        what: Model and data, for the same reason.
        processes: How many learn together, for the same reason.

    Raises:
        UserError: The disk is full; the checkpoint before this one is untouched.
    """
    settings = {"recipe": dataclasses.asdict(recipe), "what": what, "processes": processes}
    told = json.dumps(settings)
    # Through memory: on a full disk torch.save raises something that does not say so.
    data = io.BytesIO()
    torch.save({**state, "told": told}, data)
    write_atomically(folder / FILE, data.getvalue())
    _keep_last(folder, state["step"], recipe.keep - 1)


def _keep_last(folder: Path, step: int, count: int) -> None:
    """Give the checkpoint just written a second name, and let the oldest such names go.

    A second name costs no space until ``resume.pt`` becomes another file.
    """
    if count:
        dated = folder / f"resume-{step:08d}.pt"
        dated.unlink(missing_ok=True)
        try:
            os.link(folder / FILE, dated)
        except OSError:
            # Some file systems have no hard links.
            shutil.copyfile(folder / FILE, dated)
    # One more than asked for: the newest of them is resume.pt itself.
    dated = sorted(folder.glob("resume-*.pt"))
    for old in dated[: max(0, len(dated) - (count + 1 if count else 0))]:
        old.unlink()


def load_checkpoint(folder: Path, recipe: Recipe, what: str, processes: int = 1) -> dict[str, Any]:
    """Read back what :func:`save_checkpoint` wrote, without running anything in it.

    Raises:
        UserError: No checkpoint, a damaged one, or one of another recipe, model or data set.
    """
    path = folder / FILE
    if not path.exists():
        raise UserError(f"--resume: there is no {path}; leave --resume out to start this run")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        told = json.loads(state.pop("told"))
    except Exception as error:
        raise UserError(f"{path} cannot be read ({type(error).__name__}): start again") from error
    # It had the processor's generator alone, under this name.
    if "processes" not in told or "random" in state:
        raise UserError(f"{path} was written by an older version of refseg: start the run again")
    if told["processes"] != processes:
        raise UserError(
            f"{path} was written by {told['processes']} processes, now there are {processes}:"
            " resume with as many, or choose another --out"
        )
    if told["what"] != what:
        raise UserError(f"{path} is of {told['what']}, not of {what}: choose another --out")
    now = dataclasses.asdict(recipe)
    for name, value in told["recipe"].items():
        if name not in FREE and now.get(name) != value:
            raise UserError(
                f"{path} was trained with {name}={value}, now {name}={now.get(name)}: resume with"
                " the same settings or choose another --out"
            )
    return state
