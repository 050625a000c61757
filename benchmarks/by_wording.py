"""How a model fares by the kind of location word, from the per-sentence file of an evaluation.

refseg evaluate --model cmsa --data parkref_unc --split val --jsonl val.jsonl
python benchmarks/by_wording.py val.jsonl results/parkref_unc/cmsa_val_by_wording.json
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

ORDINALS = {"second", "third", "2nd", "3rd"}
SIDES = {"left", "right", "leftmost", "rightmost"}
HEIGHTS = {"top", "bottom", "upper", "lower"}


def kind(sentence: str) -> str:
    words = set(sentence.split())
    if words & ORDINALS:
        return "ordinal"
    if words & SIDES:
        return "corner" if words & HEIGHTS else "left or right"
    return "neither"


def main() -> None:
    source, target = map(Path, sys.argv[1:])
    groups: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for line in source.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        for name in ("all", kind(row["sentence"])):
            groups[name].append((row["I"], row["U"]))
    told = {}
    for name, pairs in sorted(groups.items()):
        overlaps = [i / u for i, u in pairs]
        found = [x for x in overlaps if x >= 0.5]
        told[name] = {
            "n": len(pairs),
            "oIoU": round(100 * sum(i for i, _ in pairs) / sum(u for _, u in pairs), 2),
            "P@0.5": round(100 * len(found) / len(pairs), 2),
            "IoU below 0.1": round(100 * sum(x < 0.1 for x in overlaps) / len(pairs), 2),
            "mean IoU of those found": round(100 * sum(found) / max(1, len(found)), 2),
        }
    target.write_text(json.dumps({"source": source.name, "kinds": told}, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
