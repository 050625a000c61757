"""Saved models: a folder with safetensors weights and a JSON description; no pickle anywhere.

weights.safetensors   what was trained (a frozen backbone is named, not stored twice)
model.json            what build_model was asked for, and how it was trained
vocabulary.json       which word is which row of the word table
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from refseg_lib import __version__
from refseg_lib.errors import UserError
from refseg_lib.files import atomic_path, write_atomically
from refseg_lib.models.build import build_model
from refseg_lib.models.devices import find_device
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.vision.backbone import Backbone, build_backbone

WEIGHTS, CONFIG, VOCABULARY = "weights.safetensors", "model.json", "vocabulary.json"
SHIPPED = Path(__file__).parents[2] / "data" / "checkpoints"


@dataclass
class Loaded:
    """A model read from disk.

    Attributes:
        model: In evaluation mode.
        config: ``model.json``: what it is and how it was trained.
        vocabulary: Turns words into the numbers the model knows.
    """

    model: ReferringSegmenter
    config: dict[str, Any]
    vocabulary: Vocabulary


def save_model(
    folder: str | os.PathLike[str],
    model: ReferringSegmenter,
    config: dict[str, Any],
    vocabulary: Vocabulary,
    *,
    half: bool = False,
) -> None:
    """Write a model; each file whole or not at all.

    Args:
        folder: Where to; made if absent, its model replaced.
        model: Made by :func:`refseg_lib.models.build.build_model`.
        config: What else to remember (training settings, scores): anything JSON can hold. What
            describes the model itself is added.
        vocabulary: The words the model was trained with.
        half: Store floats as fp16: half the size, logits move by about 1e-3 of their range.

    Raises:
        UserError: The model was put together by hand, or the disk is full.
    """
    from safetensors.torch import save

    if not model.config:
        raise UserError(
            f"cannot save this {type(model).__name__}: it was put together by hand, so that nobody"
            " could rebuild it; make it with build_model(..., level_fusion=mine)"
        )
    tensors = {}
    for name, tensor in _stored(model).items():
        smaller = tensor.half() if half and tensor.is_floating_point() else tensor
        tensors[name] = smaller.detach().cpu().contiguous()
    about = {**config, **model.config, "refseg_version": __version__}
    with atomic_path(Path(folder) / WEIGHTS) as temporary:
        temporary.write_bytes(save(tensors))
    vocabulary.save(Path(folder) / VOCABULARY)
    write_atomically(Path(folder) / CONFIG, json.dumps(about, indent=1, ensure_ascii=False) + "\n")


def load_model(
    folder_or_name: str | os.PathLike[str],
    *,
    backbone: Backbone | None = None,
    device: str = "cpu",
    **components: nn.Module,
) -> Loaded:
    """Read a model that :func:`save_model` wrote.

    Args:
        folder_or_name: A folder, or the name of a model whose trained laptop weights are shipped,
            e.g. ``"cmsa"``.
        backbone: The backbone to use; None builds the one named in the description.
        device: Where it computes: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, …
        **components: Your own modules, where the model was saved with some.

    Returns:
        The model in evaluation mode, its description and its vocabulary.

    Raises:
        UserError: Nothing there, a file missing, cut short or foreign, or weights that belong to
            another model, or no such device; the message says which.
    """
    place = find_device(device)
    folder = _find(folder_or_name)
    config = _read_config(folder / CONFIG)
    vocabulary = Vocabulary.load(folder / VOCABULARY)
    missing = sorted(set(config["own_components"]) - set(components))
    if missing:
        raise UserError(
            f"{folder} was saved with your own {', '.join(missing)}; pass the same modules:"
            f" load_model(folder, {missing[0]}=...)"
        )
    if len(vocabulary) != config["vocabulary_size"]:
        raise UserError(
            f"{folder / VOCABULARY} has {len(vocabulary)} words, the model was trained with"
            f" {config['vocabulary_size']}; put the model's own vocabulary there"
        )
    if backbone is None:
        backbone = build_backbone(
            config["backbone"],
            config["backbone_weights"] or "none",
            frozen=config["backbone_frozen"],
        )
    model = build_model(
        config["name"],
        config["preset"],
        config["variant"],
        vocabulary_size=len(vocabulary),
        backbone=backbone,
        sizes=config["sizes"],
        **{**config["options"], **components},
    )
    _fill(model, folder / WEIGHTS)
    return Loaded(model.eval().to(place), config, vocabulary)


def shipped_models() -> list[str]:
    """List the names that :func:`load_model` knows without a folder."""
    return sorted(path.parent.name.removesuffix("-laptop") for path in SHIPPED.glob(f"*/{CONFIG}"))


def _stored(model: ReferringSegmenter) -> dict[str, Tensor]:
    """Select what goes to disk: all but a backbone that is the same for everybody.

    A module that several levels share (SHNet's) goes there once, under its first name.
    """
    given = model.config["backbone_frozen"] and model.config["backbone_weights"] not in (
        None,
        "none",
    )
    first: dict[tuple[int, tuple[int, ...]], str] = {}
    state = model.state_dict()
    for name, x in state.items():
        if not (given and name.startswith("backbone.")):
            # Two empty tensors may have one address, and are two nevertheless.
            first.setdefault((x.data_ptr(), tuple(x.shape)) if x.numel() else (0, (id(x),)), name)
    return {name: state[name] for name in first.values()}


def _find(folder_or_name: str | os.PathLike[str]) -> Path:
    for folder in (Path(folder_or_name), SHIPPED / f"{folder_or_name}-laptop"):
        if (folder / CONFIG).is_file():
            return folder
    shipped = ", ".join(shipped_models()) or "none here"
    raise UserError(
        f"no model at {folder_or_name}: expected a folder with {CONFIG}, {WEIGHTS} and"
        f" {VOCABULARY}, or the name of a shipped model ({shipped}); train one with `refseg train`"
    )


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(
            f"cannot read {path} ({error}); save the model again or fetch the file anew"
        ) from error
    needed = (
        "name preset variant vocabulary_size backbone backbone_weights backbone_frozen sizes"
        " options own_components"
    ).split()
    absent = [key for key in needed if not isinstance(config, dict) or key not in config]
    if absent:
        raise UserError(
            f"{path} does not describe a model of this library: it lacks {', '.join(absent)};"
            " give a folder written by save_model"
        )
    return config


def _fill(model: ReferringSegmenter, path: Path) -> None:
    """Put stored weights into the model, or say in one line why they do not fit."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise UserError(f"no weights at {path}; the folder is incomplete: save or fetch it again")
    try:
        stored = load_file(str(path))
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path} is cut short or no safetensors file ({error}); save or fetch it again"
        ) from error
    wanted = _stored(model)
    for name in sorted(wanted.keys() | stored.keys()):
        have, want = (_shape(tensors.get(name)) for tensors in (stored, wanted))
        if have != want:
            raise UserError(
                f"{path} belongs to another model: {name} is {have} in the file and {want} in"
                f" the model that {path.parent / CONFIG} describes; keep the two files of one"
                " model together"
            )
    with torch.no_grad():
        for name, tensor in stored.items():
            wanted[name].copy_(tensor)


def _shape(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else "x".join(map(str, tensor.shape)) or "a scalar"
