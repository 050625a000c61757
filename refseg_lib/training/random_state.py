"""The generators that dropout draws from: the processor's, and a GPU's own."""

import torch
from torch import Tensor


def random_states(device: torch.device) -> list[Tensor]:
    """Return where the generators stand that a model on this device draws from.

    Args:
        device: Where it computes. A GPU has a generator of its own, beside the processor's.
    """
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return states


def restore_random_states(device: torch.device, states: list[Tensor]) -> None:
    """Let the generators go on from where :func:`random_states` found them.

    A run that is resumed on another kind of device has no state for that one's generator, which
    then goes on from the seed.
    """
    torch.set_rng_state(states[0])
    if device.type == "cuda" and len(states) > 1:
        torch.cuda.set_rng_state(states[1], device)
