"""``refseg probe``."""

import argparse
from pathlib import Path

from refseg_lib.cli.model_verbs import AddVerb


def add_analysis_verbs(verb: AddVerb) -> None:
    """Add the verbs that look into trained models."""
    parser = verb("probe", _probe, "test what a model knows: its steps, words, and failures")
    parser.add_argument("model", help="a shipped model or a run's folder")
    parser.add_argument("--data", required=True, metavar="ID", help="a ParkRef data set")
    parser.add_argument("--split", required=True)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _probe(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.probing import probe

    probe(
        chosen.model,
        chosen.data,
        chosen.root,
        chosen.split,
        chosen.out,
        chosen.lang,
        chosen.limit,
    )
