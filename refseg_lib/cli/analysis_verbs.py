"""``refseg analyse`` and ``refseg probe``."""

import argparse
from pathlib import Path

from refseg_lib.cli.model_verbs import AddVerb, add_split_arguments


def add_analysis_verbs(verb: AddVerb) -> None:
    """Add the verbs that look into trained models."""
    about = "break scores down by kind of sentence, side by side"
    _add_analyse(verb("analyse", _analyse, about))
    parser = verb("probe", _probe, "test what a model knows: its steps, words, and failures")
    parser.add_argument("model", help="a shipped model or a run's folder")
    add_split_arguments(parser, "a ParkRef data set")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _add_analyse(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="+", metavar="MODEL", help="shipped, or a run's folder")
    add_split_arguments(parser)
    parser.add_argument(
        "--lang", choices=("en", "zh"), help="default: the language that each model was trained in"
    )
    parser.add_argument(
        "--scores", type=Path, metavar="DIR", help="of every sentence; default: OUT/scores"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def _analyse(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.analysing import analyse

    report = analyse(
        chosen.models,
        chosen.data,
        chosen.root,
        chosen.split,
        chosen.out,
        chosen.lang,
        chosen.limit,
        scores=chosen.scores,
        device=chosen.device,
    )
    print(f"wrote {report}")


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
        device=chosen.device,
    )
