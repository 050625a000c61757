"""``refseg …``: every verb calls one function elsewhere; nothing heavy is imported before it must.

Exit status: 0 done, 2 the user's mistake (told in one line), 1 ours.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from refseg_lib import __version__
from refseg_lib.cli.analysis_verbs import add_analysis_verbs
from refseg_lib.cli.course_verbs import add_course_verbs
from refseg_lib.cli.data_verbs import add_data_verbs
from refseg_lib.cli.model_verbs import add_model_verbs
from refseg_lib.cli.reproduction_verbs import add_reproduction_verbs
from refseg_lib.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    chosen = _parser().parse_args(arguments)
    try:
        return chosen.run(chosen) or 0
    except UserError as error:
        print(f"refseg: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("refseg: stopped by Ctrl-C", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="refseg",
        description="Referring image segmentation: a picture and a sentence in, a mask out.",
    )
    parser.add_argument("--version", action="version", version=f"refseg {__version__}")
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")

    def verb(
        name: str, run: Callable[[argparse.Namespace], int | None], about: str
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about, description=about)
        added.set_defaults(run=run)
        return added

    verb("doctor", _doctor, "say what is installed, what is missing and what that costs")
    add_data_verbs(verbs.add_parser("data", help="make, check or translate data sets"))
    pretrain = verb("pretrain", _pretrain, "train a backbone on ParkRef's pixels")
    # Of the others it is not known whether they learn this way.
    names = ("laptop", "resnet50", "resnet101")
    pretrain.add_argument("--backbone", choices=names, default="laptop")
    pretrain.add_argument("--steps", type=int, default=3000)
    pretrain.add_argument("--size", type=int, default=128, help="height of the pictures in pixels")
    pretrain.add_argument("--batch", type=int, default=16, help="pictures per step")
    pretrain.add_argument("--workers", type=int, default=1, help="processes that draw")
    pretrain.add_argument("--device", default="cpu", help="auto, cpu, cuda, …")
    pretrain.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    vectors = verb("vectors", _vectors, "learn word vectors from a data set's training sentences")
    vectors.add_argument("--data", required=True, metavar="ID")
    vectors.add_argument("--root", type=Path, default=Path("data"))
    vectors.add_argument("--lang", choices=("en", "zh"), default="en")
    vectors.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    add_model_verbs(verb)
    add_analysis_verbs(verb)
    add_course_verbs(verb)
    add_reproduction_verbs(verb)
    verb("results", _results, "write the tables of README.md anew from results/")
    demo = verb("demo", _demo, "score the shipped models on ParkRef and draw their answers")
    demo.add_argument("--model", action="append", help="a shipped model or a run's folder")
    demo.add_argument("--root", type=Path, default=Path("data"))
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR")
    return parser


def _doctor(_: argparse.Namespace) -> int:
    from refseg_lib.doctor import examine

    report = examine()
    print(report)
    return 0 if report.ok else 2


def _pretrain(chosen: argparse.Namespace) -> None:
    from refseg_lib.models.devices import find_device
    from refseg_lib.training.semantics import pretrain
    from refseg_lib.vision.backbone import build_backbone

    pretrain(
        build_backbone(chosen.backbone, "none", frozen=False),
        chosen.out,
        chosen.steps,
        chosen.size,
        chosen.size,
        chosen.batch,
        workers=chosen.workers,
        device=find_device(chosen.device),
    )
    print(f"wrote {chosen.out}")


def _vectors(chosen: argparse.Namespace) -> None:
    from refseg_lib.training.word_vectors import make_word_vectors

    print(f"wrote {make_word_vectors(chosen.data, chosen.root, chosen.out, chosen.lang)}")


def _results(_: argparse.Namespace) -> None:
    from refseg_lib.reproduction.tables import write_tables

    for page in write_tables(Path("results"), Path("README.md")):
        print(f"wrote {page}")


def _demo(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.demo import run_demo

    run_demo(chosen.model or ["baseline", "cmsa"], chosen.root, chosen.out)
