"""``refseg data prepare``: from what people have of a data set to the layout of data/README.md.

Annotation files are taken first, because they say which pictures are needed. Everything is brought
into a staging folder, and moved only when all of it is there.
"""

import filecmp
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from refseg_lib.data import referit
from refseg_lib.data.checking import Report, check_folder
from refseg_lib.data.images import coco_names, find_image, image_folders
from refseg_lib.data.index import Index, build_index
from refseg_lib.data.layouts import DATASETS
from refseg_lib.data.preparation.annotation_files import (
    SETS,
    find_annotations,
    missing_annotations,
    mistaken_for,
    sets_in,
)
from refseg_lib.data.preparation.archives import Entry, Source, open_source
from refseg_lib.data.preparation.checksums import compare, known_checksums
from refseg_lib.data.preparation.picture_files import find_files
from refseg_lib.data.preparation.staging import put_in_place, stage, staging_folder
from refseg_lib.data.referit_masks import MaskFiles, subfolders
from refseg_lib.errors import UserError


def prepare(
    name: str,
    sources: Sequence[Path],
    root: Path,
    *,
    images: Sequence[Path] = (),
    link: bool = True,
    tell: Callable[[str], None] = print,
    progress: bool = False,
) -> Report:
    """Lay out one data set in the data root, and check it.

    Files that are there already are kept; with other content than what is given, nothing is done.

    Args:
        name: ``"refcoco"``, ``"refcoco+"``, ``"refcocog"`` or ``"referit"``.
        sources: Folders and archives with annotation files, and perhaps pictures.
        root: The data root; `root/NAME` and `root/images/train2014` are filled.
        images: Folders and archives with pictures (and ReferIt's masks).
        link: Link pictures that lie in a folder instead of copying them.
        tell: Is given what is done, line by line.
        progress: Whether the check shows a bar.

    Returns:
        What :func:`refseg_lib.data.checking.check_folder` says of the result.

    Raises:
        UserError: Something is missing, damaged, unsafe, of another set or already there with
            other content; then nothing was changed.
    """
    if name not in SETS:
        raise UserError(f"data set {name!r} cannot be prepared: choose one of {', '.join(SETS)}")
    opened = [open_source(path) for path in sources]
    pictures = [open_source(path) for path in images] + opened
    target = root / name
    found = find_annotations(name, opened)
    there = [path.name for path in target.iterdir()] if target.is_dir() else []
    if lacking := missing_annotations(name, [*found, *there]):
        _tell_missing(name, lacking, opened, target)
    with staging_folder(root) as place:
        stage({place / "new" / base: entry for base, entry in found.items()}, link=False)
        new = _unlike_present(place / "new", target, found)
        view = place / "view" / name
        for path in [*(target / base for base in there), *(place / "new").glob("*")]:
            if not path.is_dir():
                _replace_link(view / path.name, path)
        indexes = _read(name, view, found, target)
        jobs = _referit_jobs if name == "referit" else _coco_jobs
        for folder, wanted, present in jobs(indexes, target):
            staged = place / folder.relative_to(root)
            told = _stage_pictures(staged, folder, wanted, present, pictures, link)
            tell(f"{folder}: {told}")
        for folder in _folders_of(name, root):
            put_in_place(place / folder.relative_to(root), folder)
        # Last, so that annotations in place mean that all that was given is.
        put_in_place(place / "new", target)
        tell(f"{target}: {', '.join(new) or 'all annotation files'} {'placed' if new else 'kept'}")
    # Said first: 13.5 GB take a while.
    tell("checksums:")
    for line in _checksums(name, found, opened, pictures, target, root):
        tell(line)
    return check_folder(target, progress=progress)


Job = tuple[Path, dict[str, tuple[str, ...]], Mapping[str, Path]]
"""A folder to fill; what belongs there and the names it may have; what of it is there already."""


def _tell_missing(name: str, lacking: list[str], opened: list[Source], target: Path) -> None:
    looked = ", ".join(str(source.path) for source in opened) or "nothing given with --from"
    others = ", ".join(other for other in sets_in(opened) if other != name)
    instead = f"; found there: refs(*).p of {others}" if others else ""
    raise UserError(
        f"{', '.join(lacking)} of {name} is missing: looked in {looked} and {target}{instead};"
        f" give the folder or archive that holds it with --from"
    )


def _unlike_present(new: Path, target: Path, found: Mapping[str, Entry]) -> list[str]:
    """Drop staged files that are in place already; name the others."""
    kept = []
    for base, entry in found.items():
        if not (target / base).exists():
            kept.append(base)
        elif filecmp.cmp(new / base, target / base, shallow=False):
            (new / base).unlink()
        else:
            raise UserError(
                f"{target / base} is already there with other content than {entry.path}: move it"
                " away or choose another --root; nothing was changed"
            )
    return kept


def _replace_link(link: Path, path: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(path.resolve())


def _read(name: str, view: Path, found: Mapping[str, Entry], target: Path) -> list[Index]:
    """Read everything once: what is damaged or of another set is never put in place."""
    try:
        if name == "referit":
            return [referit.build_index(view)[0]]
        indexes = []
        for known in SETS[name]:
            paths = [view / f"{DATASETS[known].refs}{ending}" for ending in (".p", ".json")]
            for path in paths:
                if path.exists():
                    indexes.append(build_index(path, view / "instances.json"))
                    if other := mistaken_for(known, indexes[-1]):
                        raise UserError(f"{path} is the file of {other}, not of {known}: {_MIXED}")
        return indexes
    except UserError as error:
        told = str(error)
        for path in view.iterdir():
            origin = found[path.name].path if path.name in found else target / path.name
            told = told.replace(str(path), str(origin))
        raise UserError(told.replace(str(view), str(target))) from error


_MIXED = "it has that set's published counts; two sets call their file alike, give the other one"


def _coco_jobs(indexes: list[Index], target: Path) -> list[Job]:
    folders = image_folders(target)
    wanted, present = {}, {}
    for index in indexes:
        for row in set(index.ref_image_row.tolist()):
            file_name, image_id = index.image_file[row], int(index.image_id[row])
            wanted[str(image_id)] = coco_names(file_name, image_id)
            if path := find_image(folders, file_name, image_id):
                present[str(image_id)] = path
    return [(target.parent / "images" / "train2014", wanted, present)]


def _referit_jobs(indexes: list[Index], target: Path) -> list[Job]:
    pictures = {name: (name,) for name in indexes[0].image_file}
    places = subfolders(target, "images")
    present = {n: p / n for p in reversed(places) for n in pictures if (p / n).is_file()}
    regions = [text.strip('"') for text in indexes[0].ref_segmentation]
    files = MaskFiles(target)
    masks = {f"{region}.mat": (f"{region}.mat",) for region in regions}
    drawn = {f"{region}.mat": path for region in regions if (path := files.find(region))}
    return [(target / "images", pictures, present), (target / "mask", masks, drawn)]


def _folders_of(name: str, root: Path) -> list[Path]:
    if name == "referit":
        return [root / name / "images", root / name / "mask"]
    return [root / "images" / "train2014"]


def _stage_pictures(
    staged: Path,
    folder: Path,
    wanted: dict[str, tuple[str, ...]],
    present: Mapping[str, Path],
    sources: list[Source],
    link: bool,
) -> str:
    """Stage the files that are not there yet; say in words what happened."""
    found = find_files(wanted, sources)
    differing = [
        present[key]
        for key, entry in found.items()
        if key in present and present[key].stat().st_size != entry.size
    ]
    if differing:
        raise UserError(
            f"{len(differing):,} files in {differing[0].parent} are not those in"
            f" {_names(sources)} (first: {differing[0].name}): move them away or leave the others"
            " out; nothing was changed"
        )
    chosen = {key: entry for key, entry in found.items() if key not in present}
    at_hand = found.keys() | present.keys()
    missing = [names[0] for key, names in wanted.items() if key not in at_hand]
    lack = f"; {len(missing):,} not found (first: {missing[0]})" if missing else ""
    kept = f"{len(present):,} there already, " if present else ""
    if not chosen:
        return f"{kept}0 files added{lack}"
    if folder.is_symlink():
        raise UserError(
            f"{folder} is a link to {os.readlink(folder)}, which lacks {len(chosen):,} of the"
            f" needed files (first: {next(iter(chosen.values())).base}): add them there or remove"
            " the link; nothing was changed"
        )
    homes = {(entry.source, entry.folder) for entry in chosen.values()}
    source, home = next(iter(homes))
    if link and len(homes) == 1 and source.is_folder and not folder.exists():
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.symlink_to((source.path / home).resolve())
        return f"linked to {source.path / home} with {len(chosen):,} needed files{lack}"
    stage({staged / entry.base: entry for entry in chosen.values()}, link)
    return f"{kept}{len(chosen):,} files added{lack}"


def _names(sources: Sequence[Source]) -> str:
    return ", ".join(str(source.path) for source in sources)


def _checksums(
    name: str,
    found: Mapping[str, Entry],
    opened: Sequence[Source],
    pictures: Sequence[Source],
    target: Path,
    root: Path,
) -> Sequence[str]:
    archives = {s.path.name: s.path for s in (*opened, *pictures) if not s.is_folder}
    annotations = {f"{name}/{base.removesuffix('.gz')}": target / base for base in found}
    return compare(archives | annotations, known_checksums(root))
