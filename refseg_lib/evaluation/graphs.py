"""Language graphs for the models that reason along them, and nothing for the others."""

from collections.abc import Sequence

from torch import nn

from refseg_lib.data.graph_cache import graphs_of
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.models.saved import Loaded
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.parsing import BACKENDS, parse


def wants_graphs(model: nn.Module) -> bool:
    """Say whether a model's per-level fusion reasons along language graphs."""
    return bool(getattr(getattr(model, "level_fusion", None), "wants_graphs", False))


def graphs_for(
    model: nn.Module, dataset: ReferringDataset, backend: str
) -> list[LanguageGraph] | None:
    """Parse a split, or take its cached graphs, where the model wants them.

    Args:
        model: The model.
        dataset: The split.
        backend: ``"builtin"``, ``"spacy"``, or ``"truth"``: ParkRef's own graphs.

    Returns:
        One graph per sentence of the split, or None.

    Raises:
        UserError: See :func:`refseg_lib.data.graph_cache.graphs_of`.
    """
    return graphs_of(dataset, backend) if wants_graphs(model) else None


def graph_for(loaded: Loaded, tokens: Sequence[str], language: str | None) -> LanguageGraph | None:
    """Parse one sentence that was read by :func:`refseg_lib.evaluation.reading.read_sentence`.

    The parser is the one that the model was trained with; a model that learned with true graphs
    gets the built-in parser's, since nobody knows the truth about a new sentence.
    """
    if not wants_graphs(loaded.model):
        return None
    backend = loaded.config.get("graphs", "builtin")
    return parse(
        tokens,
        language or loaded.config.get("language", "en"),
        backend if backend in BACKENDS else "builtin",
        max_length=loaded.config.get("max_length", 20),
    )
