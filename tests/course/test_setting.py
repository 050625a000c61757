from pathlib import Path

import pytest

from refseg_lib.course import setting


def test_parkref_is_drawn_when_absent_and_only_then(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn: list[Path] = []
    draw = setting.draw_parkref

    def small(out: Path) -> Path:
        drawn.append(out)
        return draw(out, train_images=30, workers=1)

    monkeypatch.setattr(setting, "draw_parkref", small)
    monkeypatch.setenv("REFSEG_DATA", str(tmp_path))
    first = setting.park("unc", "train")
    assert len(first) > 0
    assert "drawing it now" in capsys.readouterr().out
    assert len(setting.park("gref", "train", "zh")) > 0
    assert drawn == [tmp_path]
    assert capsys.readouterr().out == ""


def test_a_shipped_model_is_read_once() -> None:
    assert setting.shipped("baseline") is setting.shipped("baseline")
    assert not setting.shipped("baseline").model.training
