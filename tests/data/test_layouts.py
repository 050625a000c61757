"""Data sets are found under every name and in every layout, and never taken for each other."""

from pathlib import Path

import pytest

from refseg_lib.data.layouts import ALIASES, DATASETS, dataset_id, find_refs, list_refs_files
from refseg_lib.errors import UserError


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("alias", "known"),
    [("unc", "refcoco_unc"), ("unc+", "refcocop_unc"), ("gref", "refcocog_google")],
)
def test_the_papers_names_are_aliases(alias: str, known: str) -> None:
    assert dataset_id(alias) == known
    assert dataset_id(known) == known


def test_an_alias_is_never_a_data_set_of_its_own() -> None:
    assert set(ALIASES.values()) <= set(DATASETS)
    assert not set(ALIASES) & set(DATASETS)


@pytest.mark.parametrize("name", ["UNC", "refcoco", "", "g-ref"])
def test_an_unknown_id_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(UserError) as caught:
        dataset_id(name)
    assert all(known in str(caught.value) for known in DATASETS)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("refcoco_unc", "refcoco/refs(unc).p"),
        ("refcocop_unc", "refcoco+/refs(unc).p"),
        ("refcocop_unc", "refcocop/refs(unc).json"),
        ("refcocog_umd", "refcocog/refs(umd).p"),
        ("refcocog_google", "refcocog/refs(google).p"),
        ("parkref_gref", "parkref/refs(gref).p"),
        ("refcoco_unc", "refs(unc).p"),
    ],
)
def test_the_refs_file_is_found_in_its_folder_or_in_the_root(
    tmp_path: Path, name: str, place: str
) -> None:
    path = put(tmp_path / place)
    assert find_refs(name, tmp_path) == path


def test_the_folder_itself_may_be_the_root(tmp_path: Path) -> None:
    path = put(tmp_path / "refcoco+" / "refs(unc).p")
    assert find_refs("refcocop_unc", path.parent) == path


def test_refcoco_is_never_read_from_the_folder_of_refcoco_plus(tmp_path: Path) -> None:
    path = put(tmp_path / "refcoco+" / "refs(unc).p")
    with pytest.raises(UserError, match="is not there"):
        find_refs("refcoco_unc", path.parent)


def test_a_folder_of_ones_own_is_named_by_its_file(tmp_path: Path) -> None:
    path = put(tmp_path / "mine" / "refs(zoo).p")
    assert find_refs(f"folder:{path}", "/nowhere") == path
    assert find_refs("folder:mine/refs(zoo).p", tmp_path) == path


def test_a_missing_file_is_told_with_every_place_looked_at(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        find_refs("refcoco_unc", tmp_path)
    for place in ("refcoco/refs(unc).p", "refcoco/refs(unc).json", "refs(unc).p"):
        assert str(tmp_path / place) in str(caught.value)
    assert "instances.json" in str(caught.value)


def test_refs_files_are_pickles_and_what_exists_as_json_alone(tmp_path: Path) -> None:
    """Translations and cached graphs beside them are no refs files."""
    for name in ("refs(b).p", "refs(a).json", "refs(b).json", "refs(b).zh.json"):
        (tmp_path / name).touch()
    (tmp_path / "refs(b).en.graphs.json").touch()
    assert [path.name for path in list_refs_files(tmp_path)] == ["refs(b).p", "refs(a).json"]
    (tmp_path / "empty").mkdir()
    assert list_refs_files(tmp_path / "empty") == []
