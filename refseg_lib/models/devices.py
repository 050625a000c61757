"""Where a model computes: the processor, or a GPU."""

import torch

from refseg_lib.errors import UserError


def find_device(name: str) -> torch.device:
    """Find a device by name, and try it.

    Args:
        name: ``auto`` (a GPU where there is one), ``cpu``, ``cuda``, ``cuda:1``, …

    Raises:
        UserError: There is no such device here.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise UserError(f"--device {name}: no GPU can be used here; try --device cpu")
    try:
        device = torch.device(name)
        # Not "cuda": each of several processes would leave a context on the first GPU.
        if name not in ("cpu", "cuda"):
            torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        told = str(error).splitlines()[0]
        raise UserError(f"--device {name} cannot be used here: {told}; try --device cpu") from error
    return device
