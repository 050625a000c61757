from dataclasses import replace
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.reproduction.crew import perform_all
from refseg_lib.reproduction.planning import Choices, plan
from refseg_lib.reproduction.running import Places

QUICK = (("steps", "1"), ("batch", "2"), ("cache_gib", "0"), ("validate_sentences", "2"))


def test_a_run_that_fails_stops_no_other_and_is_named_with_its_reason_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_parkref(tmp_path, train_images=4, height=64, workers=1)
    good = plan(["cmsa-2"], Choices("parkref_unc", settings=QUICK))[0]
    places = Places(tmp_path, tmp_path / "results", tmp_path / "runs", "cpu")
    with pytest.raises(UserError) as error:
        perform_all([replace(good, data="refcoco_unc"), good], places)
    assert "1 of 2 runs failed" in str(error.value)
    assert "refcoco_unc cmsa-no-attention" in str(error.value)
    assert "data set refcoco_unc is not there" in str(error.value)
    assert places.record(good).is_file()
    told = capsys.readouterr().out
    assert "FAILED" in told
    assert "val oIoU" in told
    assert "step 1/1" in (places.weights(good) / "log.txt").read_text()
