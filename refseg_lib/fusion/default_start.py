"""The start of SHNet's weights (paper 003): PyTorch's own, not the Glorot start of the others."""

from torch import nn


def default_start(module: nn.Module) -> None:
    """Set linear maps and convolutions to U(-b, b), b = 1 / sqrt(inputs), as PyTorch makes them.

    The released code never calls the initialisation it defines.

    Args:
        module: All parts of it are set.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv2d | nn.Conv3d):
            part.reset_parameters()
