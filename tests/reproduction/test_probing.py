"""What `refseg probe` asks and writes."""

import json
from pathlib import Path
from typing import Any

import pytest
from tensor_origins import Following, mark_model

from refseg_lib.models.saved import load_model
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.reproduction import probing
from refseg_lib.reproduction.probing import probe


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=4, height=64, workers=1)
    return folder


@pytest.mark.parametrize(
    ("name", "asked"),
    [
        ("baseline", {"word_swap", "failures"}),
        ("cmpc", {"word_types", "word_swap", "failures"}),
        ("busnet", {"steps", "word_swap", "failures"}),
    ],
)
def test_every_model_is_asked_what_fits_it_on_whichever_device_it_lies(
    name: str,
    asked: set[str],
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(*arguments: Any, **named: Any) -> Any:
        loaded = load_model(*arguments, **named)
        mark_model(loaded.model)
        return loaded

    monkeypatch.setattr(probing, "load_model", load)
    with Following():
        page = probe(name, "parkref_unc", root, "val", tmp_path, limit=6, progress=False)
    told: dict[str, Any] = json.loads((tmp_path / "probes.json").read_text())
    every = {"steps", "word_types", "word_swap", "failures"}
    assert every & told.keys() == asked
    assert (told["model"], told["split"], told["limit"]) == (name, "val", 6)
    assert told["failures"]["sentences"] == 6
    text = (tmp_path / "probes.md").read_text()
    assert text.startswith(f"# Probes of {name} on parkref_unc val en\n")
    assert text.count("\n## ") == len(asked)
    assert page == tmp_path / "failures.html"
    assert f"Where {name} fails" in page.read_text()
    printed = capsys.readouterr()
    assert "Failures" in printed.out
    assert printed.err == ""
