"""What gpu.py does with ParkRef at 320 pixels: it draws, pretrains, trains and scores."""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gpu_steps import Asked, Row, Setting

from refseg_lib import cli
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.models.saved import load_model
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.training.semantics import pretrain
from refseg_lib.vision.backbone import build_backbone


def affordable(setting: Setting, of: Callable[[int], object], short: int, long: int) -> Row:
    """Find out how many steps fit: two short runs differ by their steps alone."""
    if setting.small:
        return {"seconds_per_step": None, "steps": setting.most_steps}
    begun = time.monotonic()
    of(short)
    middle = time.monotonic()
    of(long)
    each = (time.monotonic() - middle - (middle - begun)) / (long - short)
    if each <= 0:
        raise RuntimeError(f"{long} steps took no longer than {short}: the machine is not quiet")
    fitting = min(setting.most_steps, int(setting.train_seconds / each))
    return {"seconds_per_step": round(each, 4), "steps": fitting}


def trunk_file(setting: Setting) -> Path:
    return setting.work / f"{setting.backbone}.safetensors"


def pretraining(setting: Setting) -> Asked:
    """Teach a ResNet-50 what ParkRef's pixels are."""
    told: list[str] = []

    def learn(count: int) -> None:
        backbone = build_backbone(setting.backbone, "none", frozen=False)
        out, workers = trunk_file(setting), max(1, (os.cpu_count() or 2) - 2)
        out.parent.mkdir(parents=True, exist_ok=True)
        batch, workers = (2, 0) if setting.small else (16, workers)
        # A quarter of the laptop's rate: a ResNet is deeper.
        pretrain(
            backbone, out, count, setting.side, setting.side, batch, 5e-4, workers,
            setting.device, told.append,
        )  # fmt: skip

    def whole() -> Row:
        most = setting._replace(most_steps=min(6000, setting.most_steps))
        # The workers draw ahead: the short run must outlast what they have in store.
        chosen = affordable(most, learn, 60, 160)
        begun = time.monotonic()
        learn(int(str(chosen["steps"])))
        return {**chosen, "seconds": round(time.monotonic() - begun, 1), "last": told[-1]}

    yield {"backbone": setting.backbone, "side": setting.side}, whole


def drawing(setting: Setting) -> Asked:
    """Draw ParkRef as large as RefCOCO's input is."""

    def draw() -> Row:
        begun = time.monotonic()
        make_parkref(
            setting.work,
            train_images=setting.images,
            height=setting.side,
            workers=1 if setting.small else None,
        )
        return {"seconds": round(time.monotonic() - begun, 1)}

    yield {"train_images": setting.images, "height": setting.side}, draw


def training(setting: Setting, system: str) -> Asked:
    """Train a system for as many steps as fit, and score it on val."""
    where = setting.work / f"run_{system}"

    def fit(count: int, out: Path) -> None:
        arguments = ["train", "--model", system, "--data", "parkref_unc"]
        arguments += ["--root", str(setting.work), "--out", str(out), "--device", setting.device]
        arguments += ["--backbone", setting.backbone, "--weights", str(trunk_file(setting))]
        sizes = {"input_size": setting.side} | setting.sizes
        changes = {
            "steps": count, "workers": 1, "threads": 0, "validate": 0, "validate_sentences": 400,
            "warmup": min(100, count), "batch": 4 if setting.small else 32, "cache_gib": 0,
        }  # fmt: skip
        arguments += [f"--set={name}={value}" for name, value in changes.items()]
        arguments += [f"--size={name}={value}" for name, value in sizes.items()]
        arguments += ["--resume"] if (out / "resume.pt").exists() else []
        if cli.main(arguments):
            raise UserError(f"training {system} failed; the lines above say why")

    def speed() -> Row:
        # A run of another number of steps cannot be gone on with.
        shutil.rmtree(where, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=setting.work) as place:
            return affordable(setting, lambda n: fit(n, Path(place) / str(n)), 20, 120)

    key = {"system": system, "side": setting.side, "backbone": setting.backbone}
    found = yield {**key, "what": "speed"}, speed
    assert found is not None

    def whole() -> Row:
        if "steps" not in found:
            raise UserError(f"how many steps fit is not known: {found['failed']}")
        begun = time.monotonic()
        fit(int(str(found["steps"])), where)
        seconds = time.monotonic() - begun
        logged = [json.loads(line) for line in (where / "log.jsonl").read_text().splitlines()]
        loaded = load_model(where)
        loaded.model.to(setting.device)
        val = open_dataset("parkref_unc", setting.work, "val")
        row = evaluate(loaded, val, "strict", 2 if setting.small else None, progress=False)
        last = [line for line in logged if "loss" in line][-1]
        return {
            "steps": found["steps"], "seconds": round(seconds, 1), "last_of_log": last,
            "val": row.scores, "notes": row.notes,
        }  # fmt: skip

    yield {**key, "what": "trained"}, whole


def products(name: str, setting: Setting) -> list[Path]:
    """List what a piece leaves behind for others."""
    made = {"draw": setting.work / "parkref", "pretrain": trunk_file(setting)}
    return [made[name]] if name in made else []


def forget(name: str, setting: Setting) -> None:
    """Delete what a piece has made, so that it can be made again."""
    for path in (*products(name, setting), setting.work / f"run_{name.removeprefix('train-')}"):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def needed(name: str, setting: Setting) -> list[str]:
    """List the pieces that must have been measured on this machine before."""
    before = ["draw", "pretrain"] if name.startswith("train-") else []
    return [piece for piece in before if not all(p.exists() for p in products(piece, setting))]
