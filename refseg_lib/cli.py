"""``refseg …``: every verb calls one function elsewhere; nothing heavy is imported before it must.

Exit status: 0 done, 2 the user's mistake (told in one line), 1 ours.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from refseg_lib import __version__
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
    _add_data(verbs.add_parser("data", help="make or check data sets"))
    pretrain = verb("pretrain", _pretrain, "train the laptop backbone on ParkRef's pixels")
    pretrain.add_argument("--steps", type=int, default=3000)
    pretrain.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors")
    _add_train(verb("train", _train, "train a model"))
    _add_evaluate(verb("evaluate", _evaluate, "score a model on a split"))
    predict = verb("predict", _predict, "find what a sentence means in a picture")
    predict.add_argument("image", type=Path)
    predict.add_argument("sentence")
    predict.add_argument("--model", default="cmsa", help="a shipped model or a run's folder")
    predict.add_argument("--lang", choices=("en", "zh"))
    predict.add_argument("--out", type=Path, default=Path("."), metavar="DIR")
    verb("results", _results, "write the tables of README.md anew from results/")
    demo = verb("demo", _demo, "score the shipped models on ParkRef and draw their answers")
    demo.add_argument("--model", action="append", help="a shipped model or a run's folder")
    demo.add_argument("--root", type=Path, default=Path("data"))
    demo.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR")
    return parser


def _add_data(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="draw ParkRef")
    make.add_argument("what", choices=("parkref",))
    make.add_argument("--size", type=int, default=6000, metavar="N", help="training images")
    make.add_argument("--height", type=int, default=128, help="height of the pictures in pixels")
    make.add_argument("--seed", type=int, default=2024)
    make.add_argument("--out", type=Path, default=Path("data"), metavar="DIR")
    make.set_defaults(run=_data_make)
    check = verbs.add_parser("check", help="compare a data set with what it should hold")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=_data_check)
    photos = verbs.add_parser("photos", help="make weakly labelled training data of photographs")
    photos.add_argument("source", type=Path, help="a folder with instances.json and images/")
    photos.add_argument("--out", type=Path, required=True, metavar="DIR")
    photos.add_argument("--exclude", type=Path, metavar="DIR", help="a test set to keep out")
    photos.set_defaults(run=_data_photos)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True, metavar="ID")
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--preset", choices=("laptop", "paper"), default="laptop")
    parser.add_argument("--variant", choices=("paper", "released"), default="paper")
    parser.add_argument("--backbone", help="instead of the preset's")
    parser.add_argument("--weights", default="default", help="of the backbone: a name or a file")
    parser.add_argument("--vectors", type=Path, help="word vectors, .npz with words and vecs")
    parser.add_argument("--validate-on", default="val", metavar="SPLIT", help="'none' for no split")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the recipe"
    )
    parser.add_argument(
        "--size", action="append", default=[], metavar="KEY=VALUE", help="a size of the model"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, …")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", help="a shipped model or a run's folder")
    parser.add_argument("--answer", choices=("whole", "ellipse"), help="a trivial answer instead")
    parser.add_argument("--data", required=True, metavar="ID")
    parser.add_argument("--split", required=True)
    parser.add_argument("--root", type=Path, default=Path("data"))
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument("--protocol", default="strict")
    parser.add_argument("--limit", type=int, metavar="N")
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="the control: wrong sentences")
    parser.add_argument("--jsonl", type=Path, help="write I and U of every sentence here")
    parser.add_argument("--out", type=Path, help="write the result row here")
    parser.add_argument("--json", action="store_true", help="print the row as the last line")


def _doctor(_: argparse.Namespace) -> int:
    from refseg_lib.doctor import examine

    report = examine()
    print(report)
    return 0 if report.ok else 2


def _data_make(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.demo import draw_parkref

    settings = {"train_images": chosen.size, "seed": chosen.seed, "height": chosen.height}
    print(f"wrote {draw_parkref(chosen.out, **settings)}")


def _data_check(chosen: argparse.Namespace) -> int:
    from refseg_lib.data.checking import check_folder

    report = check_folder(chosen.folder, progress=sys.stderr.isatty())
    print(report)
    return 0 if report.ok else 2


def _data_photos(chosen: argparse.Namespace) -> None:
    from refseg_lib.data.unpickling import load_json
    from refseg_lib.data.weak_photos import make_weak_photos

    exclude: set[int] = set()
    if chosen.exclude is not None:
        images = load_json(chosen.exclude / "instances.json")["images"]
        exclude = {image["id"] for image in images}
    counts = make_weak_photos(chosen.source, chosen.out, exclude=exclude)
    for name, count in counts.items():
        print(f"{count:8,} {name}")
    print(f'wrote {chosen.out}; train on it with --data "folder:{chosen.out}/refs(weak).json"')


def _pretrain(chosen: argparse.Namespace) -> None:
    from refseg_lib.training.semantics import pretrain
    from refseg_lib.vision.backbone import build_backbone

    pretrain(build_backbone("laptop", "none", frozen=False), chosen.out, chosen.steps)
    print(f"wrote {chosen.out}")


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
        backbone=chosen.backbone,
        weights=chosen.weights,
        vectors=chosen.vectors,
        validate_on=None if chosen.validate_on == "none" else chosen.validate_on,
        settings=_pairs("--set", chosen.set),
        sizes=_pairs("--size", chosen.size),
        device=chosen.device,
        resume=chosen.resume,
    )
    print(f"wrote {folder}")


def _evaluate(chosen: argparse.Namespace) -> None:
    from refseg_lib.data.refer import open_dataset
    from refseg_lib.evaluation.scoring import evaluate
    from refseg_lib.models.saved import load_model

    if (chosen.model is None) == (chosen.answer is None):
        raise UserError("give either --model or --answer, not both and not neither")
    dataset = open_dataset(chosen.data, chosen.root, chosen.split, chosen.lang)
    row = evaluate(
        None if chosen.model is None else load_model(chosen.model),
        dataset,
        chosen.protocol,
        chosen.limit,
        jsonl=chosen.jsonl,
        shuffle_sentences=chosen.shuffle,
        answer=chosen.answer,
    )
    if chosen.out is not None:
        row.save(chosen.out)
    for name, value in row.scores.items():
        print(f"{name:6} {value:.2f}" if name != "n" else f"n      {value}")
    for note in row.notes:
        print(f"note: {note}")
    if chosen.json:
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


def _results(_: argparse.Namespace) -> None:
    from refseg_lib.files import write_atomically
    from refseg_lib.reproduction.tables import fill, markdown_table, read_rows

    page = Path("README.md")
    table = markdown_table(read_rows(Path("results")))
    write_atomically(page, fill(page.read_text(encoding="utf-8"), table))
    print(f"wrote {page}")


def _demo(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.demo import run_demo

    run_demo(chosen.model or ["baseline", "cmsa"], chosen.root, chosen.out)


def _pairs(flag: str, given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise UserError(f"{flag} {text}: expected {flag} KEY=VALUE")
        pairs[name] = value
    return pairs


if __name__ == "__main__":
    sys.exit(main())
