import sys
from pathlib import Path

import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.installed_data import DataNotFoundError, installed_file


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution whose code must never run."""
    package = tmp_path / "planted_words"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "data" / "rows.npy").write_bytes(b"rows")
    about = tmp_path / "planted_words-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: planted-words\nVersion: 1.0\n")
    (about / "RECORD").write_text("planted_words/__init__.py,,\nplanted_words/data/rows.npy,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return package


def test_a_data_file_is_found_and_the_package_is_not_imported(planted: Path) -> None:
    assert installed_file("planted-words", "rows.npy", "rows").read_bytes() == b"rows"
    assert "planted_words" not in sys.modules


def test_a_distribution_that_is_not_there_says_what_to_install() -> None:
    with pytest.raises(DataNotFoundError, match="pip install no-such-words-anywhere"):
        installed_file("no-such-words-anywhere", ".npy", "word vectors")


@pytest.mark.parametrize("ending", [".parquet", ""])
def test_a_distribution_without_the_one_file_is_told(planted: Path, ending: str) -> None:
    with pytest.raises(UserError, match="planted-words should hold one file"):
        installed_file("planted-words", ending, "rows")


def test_a_file_that_was_deleted_after_installing_is_told(planted: Path) -> None:
    (planted / "data" / "rows.npy").unlink()
    with pytest.raises(UserError, match="force-reinstall"):
        installed_file("planted-words", "rows.npy", "rows")
