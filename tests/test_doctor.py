import importlib.util
from pathlib import Path

import pytest

from refseg_lib import doctor


def test_a_missing_package_is_named_with_what_it_costs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == "jieba" else real(name)
    )
    report = doctor.examine(tmp_path)
    assert "absent   jieba: no Chinese sentences" in str(report)
    assert report.ok, "Chinese is an extra: everything else works"


def test_without_torch_nothing_is_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        doctor.importlib.util, "find_spec", lambda name: None if name == "torch" else real(name)
    )
    report = doctor.examine(tmp_path)
    assert not report.ok
    assert "MISSING  torch: nothing works" in str(report)


def test_data_that_is_there_is_found_and_data_that_is_not_says_how_to_get_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "refcoco").mkdir()
    told = str(doctor.examine(tmp_path))
    assert f"ok       data set {tmp_path / 'refcoco'}" in told
    assert "refseg data make parkref" in told
