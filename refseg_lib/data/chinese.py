"""The Chinese sentences of a data set: `refs(NAME).zh.json` beside `refs(NAME).p`.

The file is ``{"sentences": {"17": {"sent": "左边的狗", "provenance": "...", "status": "..."}}}``,
one entry for each sent_id.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from refseg_lib.data.unpickling import load_json
from refseg_lib.errors import UserError


def chinese_path(refs_path: Path) -> Path:
    """Return where the Chinese sentences of a refs file belong."""
    return refs_path.with_suffix(".zh.json")


def load_chinese(refs_path: Path, sent_ids: NDArray[np.int64]) -> dict[int, str]:
    """Read the Chinese sentences of one split.

    Args:
        refs_path: The refs file of the data set.
        sent_ids: The sentences that are needed.

    Returns:
        sent_id to sentence, for exactly these sentences.

    Raises:
        UserError: The file is absent or malformed, or a sentence has no translation.
    """
    path = chinese_path(refs_path)
    if not path.is_file():
        raise UserError(
            f"there are no Chinese sentences for {refs_path}: {path.name} is missing beside it;"
            f" make it with `refseg data translate {refs_path.parent} --with"
            " parkref|FILE.csv|module:function`"
        )
    translated = read_chinese(path)
    found = {number: translated[number] for number in sent_ids.tolist() if number in translated}
    missing = [sent_id for sent_id in sent_ids.tolist() if sent_id not in found]
    if missing:
        raise UserError(
            f"{path} lacks the Chinese of {len(missing)} of {len(sent_ids)} sentences of this"
            f" split (first: sent_id {missing[0]}): finish it with `refseg data translate"
            f" {refs_path.parent} --with parkref|FILE.csv|module:function`"
        )
    return found


def read_chinese(path: Path) -> dict[int, str]:
    """Read a file of Chinese sentences: sent_id to sentence, without those that are empty.

    Raises:
        UserError: The file is absent, damaged or not as described above.
    """
    data = load_json(path)
    entries = data.get("sentences") if isinstance(data, dict) else None
    if not isinstance(entries, dict):
        raise UserError(f'{path} must hold {{"sentences": {{"SENT_ID": {{"sent": "..."}}}}}}')
    translated: dict[int, str] = {}
    for number, entry in entries.items():
        sentence = entry.get("sent") if isinstance(entry, dict) else None
        if number.isdecimal() and isinstance(sentence, str) and sentence.strip():
            translated[int(number)] = sentence
    return translated
