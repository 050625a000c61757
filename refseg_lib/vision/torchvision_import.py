"""Importing torchvision beside a torch that it was not compiled for.

PyPI's Linux torchvision fails at import next to a CPU-only torch: ``operator torchvision::nms does
not exist`` (pytorch/vision issue 9077). Its models need neither of the two missing operators, so
declaring their signatures is enough. On a healthy installation nothing is declared. This is the
only place that imports torchvision.
"""

import contextlib
import functools
import sys
from types import ModuleType

import torch

from refseg_lib.errors import UserError

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


@functools.cache
def torchvision_models() -> ModuleType:
    """Import ``torchvision.models``, mending the two missing operators if need be.

    Raises:
        UserError: torchvision is not installed.
    """
    try:
        import torchvision.models
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_missing_operators()
        # The failed attempt left half-made modules behind, which a second import would return.
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        import torchvision.models
    except ImportError as error:
        raise UserError(
            "torchvision is not installed, and the ResNet backbones are made of it: pip install"
            " torchvision in the version that belongs to your torch"
        ) from error
    return torchvision.models


_libraries: list[torch.library.Library] = []


def _declare_missing_operators() -> None:
    """Declare ``nms`` and ``qnms`` where torch does not know them."""
    library = torch.library.Library("torchvision", "FRAGMENT")
    # Declarations end with the Library object, so it must live as long as the process.
    _libraries.append(library)
    for schema in _SCHEMAS.values():
        with contextlib.suppress(RuntimeError):  # already declared: leave it
            library.define(schema)
