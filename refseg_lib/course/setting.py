"""What every notebook starts from: ParkRef, drawn when it is not there yet, and trained models."""

import functools
import os
from pathlib import Path

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.models.saved import SHIPPED, Loaded, load_model
from refseg_lib.reproduction.demo import draw_parkref

DATA = SHIPPED.parent
"""The folder of the data sets: `data/` of the repository."""


def data_folder() -> Path:
    """Return where the data sets lie: what REFSEG_DATA names, else `data/` of the repository."""
    return Path(os.environ.get("REFSEG_DATA") or DATA)


def park(flavour: str = "unc", split: str = "val", language: str = "en") -> ReferringDataset:
    """Open a split of ParkRef; draw the data set first when it is not there (about a minute).

    Args:
        flavour: ``unc``, ``uncplus``, ``gref`` or ``referit``.
        split: ``train``, ``val``, ``testA``, ``testB`` or ``test``, as the flavour has them.
        language: ``en`` or ``zh``.

    Raises:
        UserError: No such flavour or split.
    """
    if not (data_folder() / "parkref" / "instances.json").exists():
        print("ParkRef is not there yet: drawing it now, about a minute, this once.")
        draw_parkref(data_folder())
    return open_dataset(f"parkref_{flavour}", data_folder(), split, language)


@functools.lru_cache(maxsize=2)
def shipped(model: str = "cmsa") -> Loaded:
    """Load a trained model that comes with the course, once.

    Raises:
        UserError: No such model.
    """
    return load_model(model)
