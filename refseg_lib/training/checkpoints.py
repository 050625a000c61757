"""What a run needs to go on after a crash, in one file that is never half written."""

import dataclasses
import io
import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.training.recipes import Recipe

FILE = "resume.pt"
# These may change between two parts of a run without changing what is learned.
FREE = ("validate", "validate_sentences", "checkpoint", "cache_gib", "threads")


def trainable_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return everything of a model but its frozen backbone."""
    return {
        name: value for name, value in model.state_dict().items() if not name.startswith("backbone")
    }


def save_checkpoint(folder: Path, state: dict[str, Any], recipe: Recipe, what: str) -> None:
    """Write the state of a run: weights, optimiser, place in the order, random state.

    Args:
        folder: The run's folder.
        state: Tensors, numbers and nested dictionaries of them.
        recipe: Kept with the state, so that a resumed run cannot silently be another one.
        what: Model and data, for the same reason.

    Raises:
        UserError: The disk is full; the checkpoint before this one is untouched.
    """
    told = json.dumps({"recipe": dataclasses.asdict(recipe), "what": what})
    # Through memory: on a full disk torch.save raises something that does not say so.
    data = io.BytesIO()
    torch.save({**state, "told": told}, data)
    write_atomically(folder / FILE, data.getvalue())


def load_checkpoint(folder: Path, recipe: Recipe, what: str) -> dict[str, Any]:
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
