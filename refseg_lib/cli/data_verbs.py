"""``refseg data …``: make, prepare, check, translate data sets."""

import argparse
import sys
from pathlib import Path

from refseg_lib.errors import UserError


def add_data_verbs(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after ``refseg data``."""
    verbs = parser.add_subparsers(title="verbs", required=True, metavar="VERB")
    make = verbs.add_parser("make", help="draw ParkRef")
    make.add_argument("what", choices=("parkref",))
    make.add_argument("--size", type=int, default=6000, metavar="N", help="training images")
    make.add_argument("--height", type=int, default=128, help="height of the pictures in pixels")
    make.add_argument("--seed", type=int, default=2024)
    make.add_argument("--out", type=Path, default=Path("data"), metavar="DIR")
    make.set_defaults(run=_data_make)
    about = "lay out a real data set from the folders or archives that you have of it"
    prepare = verbs.add_parser("prepare", help=about, description=about)
    prepare.add_argument("name", choices=("refcoco", "refcoco+", "refcocog", "referit"))
    where = {"action": "append", "type": Path, "default": [], "metavar": "DIR_OR_ARCHIVE"}
    prepare.add_argument("--from", dest="sources", help="annotations; may be repeated", **where)
    prepare.add_argument("--images", help="pictures, masks; may be repeated", **where)
    prepare.add_argument("--root", type=Path, default=Path("data"), metavar="DIR")
    prepare.add_argument(
        "--link",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="link pictures that lie in a folder instead of copying them",
    )
    prepare.add_argument("--download", action="store_true", help="fetch what is lacking")
    wish = "what to fetch: a name of data/sources.json or a URL; may be repeated"
    prepare.add_argument("--source", action="append", default=[], metavar="NAME_OR_URL", help=wish)
    prepare.add_argument(
        "--sources", dest="lists", type=Path, metavar="FILE", help="a list of sources of your own"
    )
    prepare.set_defaults(run=_data_prepare)
    check = verbs.add_parser("check", help="compare a data set with what it should hold")
    check.add_argument("folder", type=Path)
    check.set_defaults(run=_data_check)
    photos = verbs.add_parser("photos", help="make weakly labelled training data of photographs")
    photos.add_argument("source", type=Path, help="a folder with instances.json and images/")
    photos.add_argument("--out", type=Path, required=True, metavar="DIR")
    photos.add_argument("--exclude", type=Path, metavar="DIR", help="a test set to keep out")
    more = "write N random parts of every picture too: more to learn from, more to prepare"
    photos.add_argument("--cuts", type=int, default=0, metavar="N", help=more)
    photos.set_defaults(run=_data_photos)
    translate = verbs.add_parser("translate", help="write Chinese sentences beside the English")
    translate.add_argument("folder", type=Path)
    translate.add_argument("--refs", metavar="NAME", help="only refs(NAME).p")
    kinds = "parkref, FILE.csv, FILE.jsonl or package.module:function"
    translate.add_argument("--with", dest="choice", required=True, metavar="WHAT", help=kinds)
    translate.add_argument("--batch", type=int, default=32, metavar="N", help="sentences per call")
    translate.set_defaults(run=_data_translate)


def _data_make(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.demo import draw_parkref

    settings = {"train_images": chosen.size, "seed": chosen.seed, "height": chosen.height}
    print(f"wrote {draw_parkref(chosen.out, **settings)}")


def _data_prepare(chosen: argparse.Namespace) -> int:
    from refseg_lib.data.preparation.fetching import fetch_lacking
    from refseg_lib.data.preparation.preparing import prepare

    if (chosen.source or chosen.lists) and not chosen.download:
        raise UserError("--source and --sources say what to fetch: they need --download")
    sources = list(chosen.sources)
    if chosen.download:
        given = {"annotations": bool(sources), "pictures": bool(chosen.images)}
        sources += fetch_lacking(chosen.name, chosen.root, given, chosen.source, chosen.lists)
    report = prepare(
        chosen.name,
        sources,
        chosen.root,
        images=chosen.images,
        link=chosen.link,
        progress=sys.stderr.isatty(),
    )
    print(report)
    return 0 if report.ok else 2


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
    counts = make_weak_photos(chosen.source, chosen.out, exclude=exclude, cuts=chosen.cuts)
    for name, count in counts.items():
        print(f"{count:8,} {name}")
    print(f'wrote {chosen.out}; train on it with --data "folder:{chosen.out}/refs(weak).json"')


def _data_translate(chosen: argparse.Namespace) -> None:
    from refseg_lib.reproduction.chinese_data import translate_folder

    translate_folder(chosen.folder, chosen.choice, chosen.refs, batch=chosen.batch)
