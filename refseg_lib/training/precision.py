"""Half precision where the machine computes in it, and nowhere else."""

import torch


def bf16_is_native(device_type: str) -> bool:
    """Say whether a device computes in bf16.

    A processor without bf16 instructions emulates them, many times slower than fp32.

    Args:
        device_type: ``"cpu"`` or ``"cuda"``.
    """
    if device_type == "cuda":
        return torch.cuda.is_bf16_supported()
    return torch.cpu._is_avx512_bf16_supported()


def computes_in_bf16(precision: str, device_type: str) -> bool:
    """Say whether a recipe's precision means bf16 on a device.

    Args:
        precision: ``"fp32"``, ``"bf16"``, or ``"auto"``: bf16 where it is native.
        device_type: ``"cpu"`` or ``"cuda"``.
    """
    return bf16_is_native(device_type) if precision == "auto" else precision == "bf16"
