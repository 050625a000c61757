"""The rows of the papers' ablation tables, each a model that can be built by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from refseg_lib.errors import UserError


@dataclass(frozen=True)
class Ablation:
    """One row of a published ablation table.

    Attributes:
        name: What ``build_model(model, ablation=name)`` is given, such as ``"bus-1-no-type"``.
        paper: The paper as ``published.csv`` names it, such as ``"000_BUSNet_CVPR21"``.
        table: Its table, such as ``"T2"``.
        row: The row, as ``published.csv`` names it in the column ``method``.
        options: Options of the model that make it this row.
        sizes: Fields of the preset that differ, such as the input size.
        note: What is our reading where the paper does not say what the row was.
    """

    name: str
    paper: str
    table: str
    row: str
    options: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def find_ablation(model: str, name: str, known: tuple[Ablation, ...]) -> Ablation:
    """Look a row up by name.

    Raises:
        UserError: The model has no such ablation; the message lists those it has.
    """
    for ablation in known:
        if ablation.name == name:
            return ablation
    listed = ", ".join(ablation.name for ablation in known) or "(none)"
    raise UserError(f"unknown ablation {name!r} of {model}; choose one of {listed}")
