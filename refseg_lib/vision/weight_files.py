"""Reading and writing the weight files of backbones, without ever running what is in them.

Two kinds: safetensors, which this library writes, and the ``.pth``/``.pt`` pickles that others
publish, which are read with ``weights_only=True`` so that nothing but tensors can come out.
"""

import hashlib
import pickle
import re
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically


def save_trunk(trunk: nn.Module, path: str | Path, *, half: bool = True) -> None:
    """Write a trunk's weights and batch-norm statistics as safetensors.

    Args:
        trunk: The trunk, usually ``backbone.trunk`` after training.
        path: The file to write, whole or not at all.
        half: Store floats as fp16: half the size, and the taps move by less than 1 %.

    Raises:
        UserError: The file cannot be written.
    """
    from safetensors.torch import save

    tensors = {}
    for name, tensor in trunk.state_dict().items():
        small = tensor.half() if half and tensor.is_floating_point() else tensor
        tensors[name] = small.detach().cpu().contiguous()
    # As bytes: the library's own writer does not say what a full disk is.
    write_atomically(path, save(tensors))


def read_state(path: str | Path) -> dict[str, Tensor]:
    """Read all tensors of a weight file by name.

    Args:
        path: A ``.safetensors`` file, or a torch pickle of tensors; one that wraps them in
            ``{"state_dict": ...}`` or ``{"model": ...}`` is unwrapped.

    Raises:
        UserError: The file is missing, damaged, or holds anything but tensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not Path(path).is_file():
        raise UserError(
            f"no backbone weights at {path}; expected a .safetensors or .pth file: give the right"
            ' path, or use weights="none" for a random start'
        )
    try:
        if Path(path).suffix == ".safetensors":
            return load_file(str(path))
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise UserError(
            f"{path} cannot be read as weights ({type(error).__name__}); expected a safetensors"
            " file or a torch file that holds tensors only: download or export it again"
        ) from error
    for wrapper in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(wrapper), dict):
            state = state[wrapper]
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise UserError(f"{path} holds no table of tensors; give a state_dict saved with torch")
    return state


def check_named_hash(path: str | Path) -> None:
    """Compare a file with the first digits of its SHA-256, where its name gives them.

    PyTorch's own files are named so: ``resnet101-63fe2227.pth``.

    Raises:
        UserError: The file is not what its name says: damaged, cut short, or another one.
    """
    named = re.search(r"-([0-9a-f]{8,64})\.pth$", Path(path).name)
    if named is None or not Path(path).is_file():
        return
    with open(path, "rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if not found.startswith(named[1]):
        raise UserError(
            f"{path} begins its SHA-256 with {found[: len(named[1])]}, not with {named[1]} as its"
            " name says: it is damaged or another file, download it again"
        )


def load_trunk(
    trunk: nn.Module, path: str | Path, rename: Callable[[str], str | None] | None = None
) -> None:
    """Fill every tensor of ``trunk`` from a file; nothing may be missing or left over.

    Args:
        trunk: The trunk to fill.
        path: The weight file, see :func:`read_state`.
        rename: Translates a name of the file to the trunk's; None for what the trunk does not
            have. By default the names agree.

    Raises:
        UserError: The file cannot be read, is not what its name says, or belongs to another
            architecture.
    """
    check_named_hash(path)
    state = {}
    for key, tensor in read_state(path).items():
        name = rename(key) if rename else key
        if name is not None:
            state[name] = tensor
    expected = trunk.state_dict()
    # Old files lack the counter of batches, which evaluation never uses.
    for name in expected.keys() - state.keys():
        if name.endswith("num_batches_tracked"):
            state[name] = expected[name]
    wrong = sorted(expected.keys() ^ state.keys()) or sorted(
        name for name in expected if expected[name].shape != state[name].shape
    )
    if wrong:
        raise UserError(
            f"{path} holds weights of another architecture than {type(trunk).__name__}:"
            f" {len(wrong)} tensors differ, first {wrong[0]!r}; give the backbone's own file"
        )
    trunk.load_state_dict(state)
