"""What is wrong inside a RefCOCO-like data set: every object has its annotation, image, mask.

The same relations that the official REFER tool relies on, looked at one by one instead of failing
at the first; then the image files behind them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from refseg_lib.data.images import find_image, image_size
from refseg_lib.data.masks import segmentation_area
from refseg_lib.errors import UserError

Findings = dict[str, list[str]]
"""A kind of problem to the places where it was seen."""

_FIELDS = ("ref_id", "ann_id", "image_id", "split", "sentences")


def check_refs(refs: list[dict[str, Any]], instances: dict[str, Any]) -> tuple[Findings, Findings]:
    """Check that the refs, their annotations, images and sentences fit together.

    Args:
        refs: Content of `refs(*).p`.
        instances: Content of `instances.json`.

    Returns:
        ``(problems, notes)``; a note needs no action.
    """
    problems: Findings = defaultdict(list)
    notes: Findings = defaultdict(list)
    tables = _tables(instances)
    uses = Counter(str(ref.get("ref_id")) for ref in refs)
    problems["ref_ids used twice"].extend(number for number, count in uses.items() if count > 1)
    seen: set[Any] = set()
    for row, ref in enumerate(refs):
        name = f"ref_id {ref.get('ref_id', f'? (number {row})')}"
        lacking = [field for field in _FIELDS if field not in ref]
        if lacking:
            problems[f"refs without {' and '.join(lacking)}"].append(name)
            continue
        try:
            _check_sentences(ref, name, seen, problems)
            _check_links(ref, name, tables, problems, notes)
        except (TypeError, AttributeError, KeyError, ValueError) as error:
            problems["refs that hold something malformed"].append(f"{name} ({error!r})")
    return _kept(problems), _kept(notes)


def check_images(images: Iterable[dict[str, Any]], folders: list[Path]) -> Findings:
    """Check that image files are there, can be opened and have the annotated size.

    Args:
        images: Entries as in `instances.json`.
        folders: Where the files may lie.

    Returns:
        The problems. Only headers are read.
    """
    problems: Findings = defaultdict(list)
    for image in images:
        try:
            name, number = image["file_name"], int(image["id"])
            annotated = (image["height"], image["width"])
        except (KeyError, TypeError, ValueError) as error:
            problems["images without id, file_name, height or width"].append(repr(error))
            continue
        path = find_image(folders, name, number)
        if path is None:
            problems["image files missing"].append(name)
            continue
        try:
            size = image_size(path)
        except UserError:
            problems["image files damaged"].append(name)
            continue
        if size != annotated:
            told = f"{name} ({size[1]}x{size[0]}, annotated {annotated[1]}x{annotated[0]})"
            problems["image files of another size than annotated"].append(told)
    return _kept(problems)


def _tables(instances: dict[str, Any]) -> dict[str, dict[Any, Any]]:
    try:
        return {
            kind: {entry["id"]: entry for entry in instances[kind]}
            for kind in ("annotations", "images", "categories")
        }
    except (KeyError, TypeError) as error:
        raise UserError(
            f"instances.json is no COCO annotation file: {error} is missing or malformed in"
            " images, categories or annotations"
        ) from error


def _check_sentences(ref: dict[str, Any], name: str, seen: set[Any], problems: Findings) -> None:
    sentences = ref["sentences"]
    if not sentences:
        problems["objects without a sentence"].append(name)
    numbers = [sentence["sent_id"] for sentence in sentences]
    if "sent_ids" in ref and list(ref["sent_ids"]) != numbers:
        problems["refs whose sent_ids are not those of their sentences"].append(name)
    for number, sentence in zip(numbers, sentences, strict=True):
        if number in seen:
            problems["sent_ids used twice"].append(f"sent_id {number}")
        seen.add(number)
        if not sentence["sent"].strip():
            problems["empty sentences"].append(f"sent_id {number}")


def _check_links(
    ref: dict[str, Any],
    name: str,
    tables: dict[str, dict[Any, Any]],
    problems: Findings,
    notes: Findings,
) -> None:
    annotation = tables["annotations"].get(ref["ann_id"])
    image = tables["images"].get(ref["image_id"])
    if image is None:
        problems["refs whose image is not in instances.json"].append(name)
    if annotation is None:
        problems["refs whose annotation is not in instances.json"].append(name)
        return
    if annotation["image_id"] != ref["image_id"]:
        problems["refs whose annotation belongs to another image"].append(name)
    category = ref.get("category_id", annotation["category_id"])
    if category != annotation["category_id"]:
        problems["refs of another category than their annotation"].append(name)
    if category not in tables["categories"]:
        problems["refs whose category is not in instances.json"].append(name)
    if image is not None:
        _check_mask(annotation, image["height"], image["width"], problems, notes)


def _check_mask(
    annotation: dict[str, Any], height: int, width: int, problems: Findings, notes: Findings
) -> None:
    segmentation = annotation["segmentation"]
    where = f"ann_id {annotation['id']}"
    try:
        area = segmentation_area(segmentation, height, width)
    except UserError as error:
        problems["masks that are malformed"].append(f"{where} ({error})")
        return
    if area == 0:
        problems["masks that cover no pixel"].append(where)
    polygons = [part for part in segmentation if isinstance(part, list)]
    # COCO's own outlines end up to a pixel outside.
    outside = any(
        min(part) < -1 or max(part[0::2]) > width + 1 or max(part[1::2]) > height + 1
        for part in polygons
        if part
    )
    if outside:
        notes["masks that reach outside their image (cut off at its edge)"].append(where)


def _kept(findings: Findings) -> Findings:
    return {kind: places for kind, places in findings.items() if places}
