"""A number names the commit and the versions it was made with."""

import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from refseg_lib.evaluation import provenance


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with one commit."""
    (tmp_path / "a.txt").write_text("one")
    for command in (
        ["init", "-q"],
        ["add", "a.txt"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", "one"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_clean_checkout_is_named_by_its_commit(checkout: Path) -> None:
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert provenance.git_hash(checkout) == head[:12]


def test_a_changed_checkout_says_so(checkout: Path) -> None:
    (checkout / "a.txt").write_text("two")
    assert provenance.git_hash(checkout).endswith("-dirty")


def test_outside_a_checkout_the_commit_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.git_hash(tmp_path) == "unknown"


def test_a_machine_without_git_still_gets_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert provenance.git_hash(tmp_path) == "unknown"


def test_the_versions_are_those_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "PACKAGES", ("numpy", "no-such-package-here"))
    found = provenance.versions()
    assert found["numpy"] == metadata.version("numpy")
    assert found["no-such-package-here"] == "absent"
    assert {"python", "refseg_lib"} <= set(found)
