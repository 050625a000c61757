"""Intersection and union of every sentence, on disk, so that any metric can be recomputed."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.evaluation.metrics import Scores, iou, score
from refseg_lib.files import write_atomically


@dataclass(frozen=True)
class SentenceScore:
    """How one sentence went.

    Attributes:
        sent_id: The sentence's id in its data set (for a shuffled control, of the *asked* one).
        ref_id: The reference it belongs to.
        image_id: The image.
        sentence: What the model read.
        intersection: Pixels in both masks.
        union: Pixels in either mask.
    """

    sent_id: int
    ref_id: int
    image_id: int | str
    sentence: str
    intersection: int
    union: int

    @property
    def iou(self) -> float:
        """Intersection over union in [0, 1]; 1 where both masks are empty."""
        return float(iou(self.intersection, self.union))

    def to_dict(self) -> dict[str, Any]:
        """Return the line of the JSONL file."""
        return {
            "sent_id": self.sent_id,
            "ref_id": self.ref_id,
            "image_id": self.image_id,
            "sentence": self.sentence,
            "I": self.intersection,
            "U": self.union,
            "IoU": round(self.iou, 6),
        }


def score_sentences(sentences: Iterable[SentenceScore]) -> Scores:
    """Compute oIoU, mIoU and P@X of some sentences."""
    kept = list(sentences)
    return score([s.intersection for s in kept], [s.union for s in kept])


def write_jsonl(path: str | os.PathLike[str], sentences: Iterable[SentenceScore]) -> None:
    """Write one JSON object per line, all or nothing."""
    lines = (json.dumps(s.to_dict(), ensure_ascii=False) + "\n" for s in sentences)
    write_atomically(path, "".join(lines))


def read_jsonl(path: str | os.PathLike[str]) -> list[SentenceScore]:
    """Read what :func:`write_jsonl` wrote.

    Raises:
        UserError: The file is absent, or a line is no such object.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise UserError(f"cannot read the sentence scores {path}: {error.strerror}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line:
            continue
        try:
            row = json.loads(line)
            found.append(
                SentenceScore(
                    sent_id=row["sent_id"],
                    ref_id=row["ref_id"],
                    image_id=row["image_id"],
                    sentence=row["sentence"],
                    intersection=row["I"],
                    union=row["U"],
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(
                f"{path}, line {number}: expected a JSON object with sent_id, ref_id, image_id,"
                f" sentence, I and U, got {line[:60]!r}: score again"
            ) from error
    return found
