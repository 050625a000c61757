from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref


def test_data_check_passes_on_parkref_and_fails_on_a_hole(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=2, height=64, workers=1)
    assert main(["data", "check", str(tmp_path / "parkref")]) == 0
    gone = sorted((tmp_path / "parkref" / "images").iterdir())[0]
    gone.unlink()
    assert main(["data", "check", str(tmp_path / "parkref")]) == 2
    assert gone.name in capsys.readouterr().out
