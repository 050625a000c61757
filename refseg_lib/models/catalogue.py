"""What can be built by name: systems, and the rows of the papers' ablation tables."""

import inspect

from refseg_lib.errors import UserError
from refseg_lib.models.build import ABLATIONS, MODELS


def catalogue(model: str | None = None) -> str:
    """List models with their options, and each ablation with the row that it stands for.

    Args:
        model: Only this one; None for all.

    Returns:
        Lines of text.

    Raises:
        UserError: An unknown model.
    """
    if model is not None and model not in MODELS:
        raise UserError(f"unknown model {model!r}; choose one of {', '.join(MODELS)}")
    lines = []
    for name in [model] if model else MODELS:
        builder = MODELS[name]
        lines.append(f"{name}: {(builder.__doc__ or '').splitlines()[0]}")
        options = list(inspect.signature(builder).parameters.values())[4:]
        told = ", ".join(f"{option.name}={option.default!r}" for option in options)
        lines.append(f"  options: {told or '(none)'}")
        rows = ABLATIONS.get(name, ())
        width = max((len(row.name) for row in rows), default=0)
        for row in rows:
            paper = row.paper.split("_")[0]
            note = f"  ({row.note})" if row.note else ""
            lines.append(f"  {row.name:{width}}  {paper} {row.table}: {row.row}{note}")
    return "\n".join(lines)
