"""Answers to `gated-exchange` that a grader should tell apart: for nbgrader_comparison.py.

Cells come from the tests' bank of hostile submissions where it has one that may run outside a box:
its shell asks for a reboot, the one here does not. CANARY stands for a file outside.
"""

import sys
from pathlib import Path
from typing import Any

import torch

from refseg_lib.course.checking import examine
from refseg_lib.course.registry import find_exercise

sys.path.append(str(Path(__file__).parents[1] / "tests" / "grading"))
from bank import CELLS, EXERCISE, HEAD, HONEST

NO_TANH = HONEST.replace("torch.tanh(g)", "g")

SUBMISSIONS = {
    "right": HONEST,
    # Correct, and PyTorch warns: copying a tensor this way is not how one should.
    "right, with a warning": HONEST.replace(
        "    return", "    fused = [f + 0 * torch.tensor(f.detach()) for f in fused]\n    return"
    ),
    "a known mistake (no tanh)": NO_TANH,
    "imports the reference": CELLS["imports-the-reference"],
    "patches the checker": CELLS["patches-the-checker"],
    "equal to everything": CELLS["equal-to-everything"],
    "lazy, copies a result": CELLS["lazy-copy-of-the-reference"],
    "asks the checker's frames": (
        "import sys\n" + HEAD + "    frame = sys._getframe()\n    while frame is not None:\n"
        "        exercise = frame.f_locals.get('exercise')\n"
        "        if hasattr(exercise, 'reference'):\n"
        "            return exercise.reference(levels, memory, reset, gamma)\n"
        "        frame = frame.f_back\n    return 0\n"
    ),
    "reads the course folder": (
        "import json, pathlib\n"
        "for up in pathlib.Path.cwd().parents:\n"
        "    for file in up.glob('source/*/*.ipynb'):\n"
        "        for cell in json.loads(file.read_text())['cells']:\n"
        "            if cell['id'] == 'exercise-gated-exchange': exec(''.join(cell['source']))\n"
    ),
    "runs a shell": (
        "import subprocess\n" + HEAD
        + "    subprocess.run('echo taken over > CANARY', shell=True)\n    return 0\n"
    ),
    "endless loop": CELLS["endless-loop"],
    "endless loop in C": CELLS["endless-loop-in-c"],
}  # fmt: skip
HONESTLY = ("right", "right, with a warning")


def due(name: str) -> int:
    """Say what a submission should get: what it earned by itself."""
    exercise = find_exercise(EXERCISE)
    if name in HONESTLY:
        return exercise.points
    if SUBMISSIONS[name] is not NO_TANH:
        return 0
    names: dict[str, Any] = {"torch": torch}
    exec(NO_TANH, names)
    return examine(exercise, names["gated_exchange"]).points
