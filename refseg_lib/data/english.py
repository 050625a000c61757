"""The English sentences of a data set by number, without pictures and masks.

What a translator and a reviewer need of a folder; `instances.json` is not opened.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from refseg_lib.data.layouts import list_refs_files
from refseg_lib.data.unpickling import load_refs
from refseg_lib.errors import UserError


@dataclass(frozen=True, slots=True)
class EnglishSentence:
    """One sentence of a refs file.

    Attributes:
        sent_id: Its number, unique in the file.
        sent: The sentence as cleaned by the data set's makers (``sent``, not ``raw``).
        split: The split as the file names it.
        ref_id: The object it refers to.
        image_id: The picture.
    """

    sent_id: int
    sent: str
    split: str
    ref_id: int
    image_id: int


def refs_files(folder: str | os.PathLike[str], name: str | None = None) -> list[Path]:
    """List the refs files of a folder in RefCOCO's format.

    Args:
        folder: Holds `refs(NAME).p`, or the same as `.json`.
        name: Only this one, such as ``"unc"``; by default all there are.

    Returns:
        At least one path.

    Raises:
        UserError: There is none, or none of this name.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder: give the folder that holds refs(NAME).p")
    found = list_refs_files(folder)
    if not found:
        raise UserError(
            f"{folder} holds no refs(NAME).p and no refs(NAME).json: give the folder of a data set"
            " in RefCOCO's format, such as data/refcoco"
        )
    chosen = [path for path in found if name is None or path.stem in (name, f"refs({name})")]
    if not chosen:
        names = ", ".join(path.stem.removeprefix("refs(").removesuffix(")") for path in found)
        raise UserError(f"{folder} has no refs({name}).p: choose one of {names}")
    return chosen


def read_english(refs_path: Path) -> list[EnglishSentence]:
    """Read all sentences of a refs file, in its order.

    Raises:
        UserError: The file is absent, damaged or malformed, or a sent_id stands twice.
    """
    sentences: list[EnglishSentence] = []
    for row, ref in enumerate(load_refs(refs_path)):
        try:
            places = str(ref["split"]), int(ref["ref_id"]), int(ref["image_id"])
            for entry in ref["sentences"]:
                number, sent = int(entry["sent_id"]), entry["sent"]
                if not isinstance(sent, str):
                    raise TypeError(f"sentence {number} is no text")
                sentences.append(EnglishSentence(number, sent, *places))
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{refs_path}: ref number {row} lacks something or has it malformed"
                f" ({type(error).__name__}: {error}): run `refseg data check {refs_path.parent}`"
            ) from error
    if len({sentence.sent_id for sentence in sentences}) < len(sentences):
        seen: set[int] = set()
        twice = next(s.sent_id for s in sentences if s.sent_id in seen or seen.add(s.sent_id))
        raise UserError(
            f"{refs_path}: sent_id {twice} stands twice, so a translation would not know to which"
            f" sentence it belongs: run `refseg data check {refs_path.parent}`"
        )
    return sentences
