"""A result row: a number together with everything needed to compare it. Never one without."""

import json
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.evaluation.metrics import THRESHOLDS, Scores
from refseg_lib.evaluation.provenance import git_hash, versions
from refseg_lib.files import write_atomically

SCORES = ("n", "oIoU", "mIoU", *(f"P@{threshold}" for threshold in THRESHOLDS))


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """One model on one split under one protocol. Rows compare only when ``protocol`` agrees.

    Attributes:
        dataset: Data set id, e.g. ``"refcocog_umd"``; never the bare "G-Ref".
        split: ``"val"``, ``"testA"``, ...
        language: ``"en"`` or ``"zh"``.
        model: Model name, or the name of a trivial answer.
        variant: ``"paper"`` or ``"released"``.
        preset: ``"laptop"`` or ``"paper"``.
        backbone: Name of the backbone.
        pretraining: What its weights were trained on.
        protocol: Protocol id.
        crf: Whether a dense CRF refined the masks.
        seed: Seed of the training run, where there was one.
        control: What was done to the input on purpose, e.g. ``"shuffled sentences, seed 0"``.
        vectors: Word vectors that the word table started from, with their coverage of the training
            vocabulary (:class:`refseg_lib.text.vector_table.Coverage`), or ``"none"`` and why;
            None where nobody knows (rows from before this was recorded, trivial answers).
        limit: Only so many sentences were scored: the row is an approximation.
        scores: oIoU, mIoU, P@X in percent, and n.
        notes: Fallbacks and oddities a reader must know.
        git: Commit of the code.
        versions: Package versions.
    """

    dataset: str
    split: str
    language: str
    model: str
    variant: str
    preset: str
    backbone: str
    pretraining: str
    protocol: str
    scores: Scores
    crf: bool = False
    seed: int | None = None
    control: str | None = None
    vectors: dict[str, Any] | str | None = None
    limit: int | None = None
    notes: tuple[str, ...] = ()
    git: str = field(default_factory=git_hash)
    versions: dict[str, str] = field(default_factory=versions)

    def to_dict(self) -> dict[str, Any]:
        """Return one flat dictionary, the scores among the other fields, rounded to 1e-4."""
        flat = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "scores"}
        flat["notes"] = list(self.notes)
        rounded = {name: round(value, 4) for name, value in self.scores.items()}  # type: ignore
        last = {name: flat.pop(name) for name in ("notes", "git", "versions")}
        return {**flat, **{name: rounded[name] for name in SCORES}, **last}

    @classmethod
    def from_dict(cls, flat: dict[str, Any]) -> "ResultRow":
        """Rebuild what :meth:`to_dict` gave.

        Raises:
            UserError: A field is missing or unknown.
        """
        names = {f.name for f in fields(cls)} - {"scores"} | set(SCORES)
        missing, unknown = names - set(flat) - {"vectors"}, set(flat) - names
        if missing or unknown:
            raise UserError(
                f"this is no result row: missing {sorted(missing)}, unknown {sorted(unknown)};"
                " write rows with ResultRow.save"
            )
        rest = {name: value for name, value in flat.items() if name not in SCORES}
        rest["notes"] = tuple(rest["notes"])
        return cls(scores={name: flat[name] for name in SCORES}, **rest)  # type: ignore

    def to_json(self) -> str:
        """Return the row on one line, for ``--json`` and for log files."""
        return json.dumps(self.to_dict(), ensure_ascii=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the row as a JSON file that people can read."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=2)
        write_atomically(path, text + "\n")

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "ResultRow":
        """Read what :meth:`save` wrote.

        Raises:
            UserError: The file is absent or holds no result row.
        """
        try:
            flat = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise UserError(f"cannot read the result {path}: {error.strerror}") from error
        except ValueError as error:
            raise UserError(f"the result {path} is no valid JSON: {error}; score again") from error
        if not isinstance(flat, dict):
            raise UserError(f"the result {path} is no JSON object: score again")
        try:
            return cls.from_dict(flat)
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
