import shutil
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


def test_data_prepare_lays_out_an_archive_and_ends_as_its_check_does(
    real_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mirror = shutil.copytree(real_data / "refcoco_mini", tmp_path / "refer" / "refcoco")
    archive = shutil.make_archive(str(tmp_path / "refer"), "zip", mirror.parent)
    # 85 of RefCOCO's 50,000 objects: laid out, but not as published.
    command = ["data", "prepare", "refcoco", "--from", archive, "--root", str(tmp_path / "data")]
    assert main(command) == 2
    prepared = capsys.readouterr().out
    assert "70 files added" in prepared
    assert main(["data", "check", str(tmp_path / "data" / "refcoco")]) == 2
    assert capsys.readouterr().out in prepared


def test_data_prepare_never_downloads_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a download that nobody asked for")

    monkeypatch.setattr("urllib.request.urlopen", forbidden)
    root = str(tmp_path / "data")
    assert main(["data", "prepare", "refcoco", "--root", root]) == 2
    assert "--from" in capsys.readouterr().err
    assert main(["data", "prepare", "refcoco", "--root", root, "--source", "http://x/y.zip"]) == 2
    assert "--download" in capsys.readouterr().err
    with pytest.raises(AssertionError, match="nobody asked"):
        main(["data", "prepare", "refcoco", "--root", root, "--download"])
