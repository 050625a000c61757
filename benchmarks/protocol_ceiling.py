"""What does a perfect network score under each protocol? Resizing alone costs points.

    python benchmarks/protocol_ceiling.py

Thirty random ellipses of each of three sizes in pictures of 640 x 480, as small, medium and large
as objects in photographs are (half axes 10 to 25, 25 to 60, 60 to 150 pixels). Each is brought to
320 x 320 as for training and handed to the protocols as a network's answer that is right in every
pixel. The last line is JSON, also written to results/protocol_ceiling.json.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

from refseg_lib.data.letterbox import letterbox_mask
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.protocols import PROTOCOLS
from refseg_lib.evaluation.provenance import git_hash, versions
from refseg_lib.files import write_atomically

HEIGHT, WIDTH, SIDE, CERTAIN = 480, 640, 320, 20.0
SIZES = {"small": (10, 25), "medium": (25, 60), "large": (60, 150)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=30, help="ellipses of each size")
    parser.add_argument("--out", type=Path, default=Path("results/protocol_ceiling.json"))
    chosen = parser.parse_args()
    rng = np.random.default_rng(0)
    masks = {
        name: [ellipse(rng, *axes) for _ in range(chosen.each)] for name, axes in SIZES.items()
    }
    rows = []
    for protocol, score in PROTOCOLS.items():
        row: dict[str, object] = {"protocol": protocol}
        for name, drawn in masks.items():
            found = []
            for truth in drawn:
                perfect = letterbox_mask(truth, SIDE).float()
                found.append(iou(*score(CERTAIN * (2 * perfect - 1), truth)))
            row[name] = round(100 * float(np.mean(found)), 1)
        rows.append(row)
        print(row)
    told = {
        "command": "python benchmarks/protocol_ceiling.py",
        "commit": git_hash(),
        "versions": versions(),
        "rows": rows,
    }
    write_atomically(chosen.out, json.dumps(told, indent=1) + "\n")
    print(json.dumps(told))


def ellipse(rng: np.random.Generator, low: float, high: float) -> np.ndarray:
    """Draw one that lies inside the picture; bool (480, 640)."""
    a, b = rng.uniform(low, high, 2)
    angle = rng.uniform(0, np.pi)
    reach = max(a, b)
    x, y = rng.uniform(reach, WIDTH - reach), rng.uniform(reach, HEIGHT - reach)
    ys, xs = np.mgrid[:HEIGHT, :WIDTH]
    along = (xs - x) * np.cos(angle) + (ys - y) * np.sin(angle)
    across = -(xs - x) * np.sin(angle) + (ys - y) * np.cos(angle)
    return (along / a) ** 2 + (across / b) ** 2 <= 1


if __name__ == "__main__":
    torch.set_num_threads(1)
    main()
