from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref

TINY = ["--set", "steps=2", "--set", "batch=4", "--set", "cache_gib=0", "--weights", "none"]
SMALL = [f"--size={name}" for name in ("input_size=32", "embedding=8", "attention=6", "width=8")]


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=6, height=64, workers=1)
    return folder


@pytest.fixture(scope="session")
def run(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "cmsa"
    arguments = ["train", "--model", "cmsa", "--data", "parkref_unc", "--root", str(root)]
    assert main([*arguments, *TINY, *SMALL, "--out", str(out)]) == 0
    return out
