"""`refseg data check DIR`: is the data set whole, and is it the one that was published?"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from refseg_lib.data import referit
from refseg_lib.data.chinese import chinese_path, read_chinese
from refseg_lib.data.consistency import Findings, check_images, check_refs
from refseg_lib.data.counts import PUBLISHED, Counts
from refseg_lib.data.images import image_folders
from refseg_lib.data.layouts import DATASETS, list_refs_files
from refseg_lib.data.referit_masks import MaskFiles, subfolders
from refseg_lib.data.unpickling import load_json, load_refs
from refseg_lib.errors import UserError


@dataclass
class Report:
    """What a check found.

    Attributes:
        lines: The report, to be printed.
        ok: True when there is no problem; notes are none.
    """

    lines: list[str] = field(default_factory=list)
    ok: bool = True

    def __str__(self) -> str:
        """Join the lines."""
        return "\n".join(self.lines)

    def add(self, kind: str, text: str) -> None:
        """Add one ``problem`` or ``note``."""
        self.lines.append(f"  {kind}: {text}")
        self.ok = self.ok and kind != "problem"

    def add_findings(self, kind: str, findings: Findings) -> None:
        """Add findings, each with its count and its first three places."""
        for what, places in findings.items():
            more = ", ..." if len(places) > 3 else ""
            self.add(kind, f"{len(places):,} {what}: {', '.join(places[:3])}{more}")


def check_folder(directory: str | os.PathLike[str], progress: bool = False) -> Report:
    """Check one data set, or every data set in a folder.

    Known sets are compared with their published counts; every set must be consistent in itself:
    each object has its annotation, image, category and mask, sentences have unique numbers, image
    files are there and can be opened.

    Args:
        directory: A folder with `refs(*).p` or ReferIt's query files, or a folder of such folders.
        progress: Whether to show a bar while image files are looked at.

    Returns:
        The report.

    Raises:
        UserError: There is no data set.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise UserError(f"{directory} is no folder: give the folder of a data set")
    folders = [directory, *sorted(path for path in directory.iterdir() if path.is_dir())]
    report = Report()
    for folder in folders:
        for refs_path in list_refs_files(folder):
            _check_refer(refs_path, report, progress)
        if referit.has_queries(folder):
            _check_referit(folder, report, progress)
        if (folder / "instances.json").is_file() and not list_refs_files(folder):
            report.lines.append(f"{folder}")
            report.add("problem", "there is instances.json but no refs(*).p or refs(*).json")
    if not report.lines:
        raise UserError(
            f"{directory} holds no data set: expected refs(*).p (or .json) with instances.json and"
            " images/, or ReferIt's referit_query_*.json, in it or in its folders"
        )
    report.lines.append("everything is as expected" if report.ok else "there are problems")
    return report


def _check_refer(refs_path: Path, report: Report, progress: bool) -> None:
    known = _published_id(refs_path)
    report.lines.append(f"{known or 'a data set of your own'}: {refs_path}")
    try:
        refs, instances = load_refs(refs_path), load_json(refs_path.with_name("instances.json"))
        problems, notes = check_refs(refs, instances)
    except UserError as error:
        report.add("problem", str(error))
        return
    images: dict[str, set[str]] = defaultdict(set)
    splits = Counter(str(ref.get("split")) for ref in refs)
    sentences: Counter[str] = Counter()
    for ref in refs:
        images[str(ref.get("split"))].add(str(ref.get("image_id")))
        sentences[str(ref.get("split"))] += len(ref.get("sentences") or ())
    counts = {
        split: Counts(len(images[split]), number, sentences[split])
        for split, number in splits.items()
    }
    _compare(counts, PUBLISHED.get(known or "", {}), report)
    for split in sorted(images.keys() - {"train"}):
        if shared := images[split] & images.get("train", set()):
            report.add("note", f"{len(shared):,} images of {split} are in train too")
    used = set().union(*images.values())
    entries = [entry for entry in instances["images"] if str(entry["id"]) in used]
    problems |= check_images(_bar(entries, progress), image_folders(refs_path.parent))
    report.add_findings("problem", problems)
    report.add_findings("note", notes)
    _check_chinese(refs_path, refs, report)


def _check_referit(folder: Path, report: Report, progress: bool) -> None:
    report.lines.append(f"referit: {folder}")
    try:
        index, notes = referit.build_index(folder)
    except UserError as error:
        report.add("problem", str(error))
        return
    counts = {}
    for split in index.split_names:
        refs = np.unique(index.sent_ref_row[index.rows_of(split, str(folder))])
        images = np.unique(index.ref_image_row[refs])
        sentences = len(index.rows_of(split, str(folder)))
        counts[split] = Counts(len(images), len(refs), sentences)
    _compare(counts, PUBLISHED["referit"], report)
    for note in notes:
        report.add("note", note)
    columns = (index.image_id, index.image_file, index.image_height, index.image_width)
    entries = [
        {"id": number, "file_name": name, "height": height, "width": width}
        for number, name, height, width in zip(*columns, strict=True)
    ]
    problems = check_images(_bar(entries, progress), subfolders(folder, "images"))
    reader = MaskFiles(folder)
    crops = (json.loads(text) for text in index.ref_segmentation)
    if missing := [f"{crop}.mat" for crop in crops if reader.find(crop) is None]:
        problems["mask files missing"] = missing
    report.add_findings("problem", problems)


def _check_chinese(refs_path: Path, refs: list[dict[str, Any]], report: Report) -> None:
    path = chinese_path(refs_path)
    if not path.is_file():
        return
    numbers = [
        sentence["sent_id"]
        for ref in refs
        for sentence in ref.get("sentences") or ()
        if isinstance(sentence, dict) and "sent_id" in sentence
    ]
    try:
        translated = read_chinese(path)
    except UserError as error:
        report.add("problem", str(error))
        return
    missing = [str(number) for number in numbers if number not in translated]
    report.lines.append(f"  {path.name}: {len(numbers) - len(missing):,} Chinese sentences")
    if missing:
        report.add_findings("note", {"sentences without Chinese (by sent_id)": missing})


def _compare(found: dict[str, Counts], published: dict[str, Counts], report: Report) -> None:
    for split, counts in found.items():
        if split not in published:
            report.lines.append(f"  {split}: {counts}")
        elif counts == published[split]:
            report.lines.append(f"  {split}: {counts}, as published")
        else:
            report.add("problem", f"{split} has {counts}; published are {published[split]}")
    for split in published:
        if split not in found:
            report.add("problem", f"split {split} is missing; published are {published[split]}")


def _published_id(refs_path: Path) -> str | None:
    folder = refs_path.resolve().parent.name
    for name in PUBLISHED:
        place = DATASETS[name]
        if folder in place.folders and refs_path.stem == place.refs:
            return name
    return None


def _bar(items: list[Any], progress: bool) -> Iterable[Any]:
    if not progress:
        return items
    from rich.progress import track

    return track(items, description="looking at images")
