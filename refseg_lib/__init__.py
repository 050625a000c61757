"""Referring image segmentation: a picture and a sentence in, the mask of the thing meant out.

The names most people need stand here too; each is imported from its room at first use::

    import refseg_lib
    refseg_lib.predict("photo.png", "the left dog").mask
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from refseg_lib.course.plugging import plug
    from refseg_lib.data.refer import open_dataset
    from refseg_lib.evaluation.predicting import predict
    from refseg_lib.evaluation.scoring import evaluate
    from refseg_lib.models.build import build_model
    from refseg_lib.models.saved import load_model

__version__ = "0.1.0"

_ROOM_OF = {
    "build_model": "refseg_lib.models.build",
    "evaluate": "refseg_lib.evaluation.scoring",
    "load_model": "refseg_lib.models.saved",
    "open_dataset": "refseg_lib.data.refer",
    "plug": "refseg_lib.course.plugging",
    "predict": "refseg_lib.evaluation.predicting",
}
__all__ = ["build_model", "evaluate", "load_model", "open_dataset", "plug", "predict"]


def __getattr__(name: str) -> Any:
    """Import a name from its room at its first use, so that ``refseg --help`` stays instant."""
    if name not in _ROOM_OF:
        raise AttributeError(f"module 'refseg_lib' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOM_OF[name]), name)
