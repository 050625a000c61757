"""Initialisation of everything that is trained, as the released TensorFlow code does it."""

from torch import nn


def initialise(module: nn.Module) -> None:
    """Set convolutions and linear maps to Glorot uniform with zero bias.

    Parts that want something else afterwards (gates open at +1) say so in a method
    ``initialise``, which is called last. Embeddings and scalars keep what they were made with.

    Args:
        module: The model or part; its backbone, being pretrained, must not be inside.
    """
    for part in module.modules():
        if isinstance(part, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
    for part in module.modules():
        special = getattr(part, "initialise", None)
        if callable(special):
            special()
