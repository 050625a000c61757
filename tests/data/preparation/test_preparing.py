"""`data prepare`: from any mirror to the one layout, or one clear line and nothing lost."""

import json
import pickle
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from refseg_lib.data import checking
from refseg_lib.data.counts import PUBLISHED, Counts
from refseg_lib.data.preparation import archives, staging
from refseg_lib.data.preparation import preparing as module
from refseg_lib.data.preparation.preparing import prepare
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError

SPLITS = {"train": Counts(1, 1, 2)} | dict.fromkeys(("val", "testA", "testB"), Counts(1, 1, 1))


@pytest.fixture
def given(mini, monkeypatch: pytest.MonkeyPatch) -> Path:  # type: ignore[no-untyped-def]
    """A mirror of the miniature, which is let to be what was published: refcoco/, train2014/."""
    monkeypatch.setitem(checking.PUBLISHED, "refcoco_unc", SPLITS)
    mini.root = mini.root / "given"
    mini.root.mkdir()
    return mini.write("train2014")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


def packed(folder: Path, name: str, under: str = "") -> Path:
    """Pack a folder's content, nested under ``under``."""
    path = folder.parent / name
    files = [(file, under + file.relative_to(folder).as_posix()) for file in folder.rglob("*.*")]
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            for file, inside in files:
                archive.write(file, inside)
    else:
        with tarfile.open(path, "w:gz" if name.endswith("gz") else "w") as archive:  # type: ignore
            for file, inside in files:
                archive.add(file, inside)
    return path


def content(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder, but for the lock."""
    return {
        path.relative_to(folder).as_posix(): f"-> {path.readlink()}"
        if path.is_symlink()
        else path.read_bytes()
        for path in folder.rglob("*")
        if (path.is_file() or path.is_symlink()) and path.name != "prepare.lock"
    }


def clear_line(action: Callable[[], Any], root: Path, *told: str) -> None:
    """The action fails with one line that tells all of ``told``, and changes nothing."""
    before = content(root)
    with pytest.raises(UserError) as caught:
        action()
    message = str(caught.value)
    assert "\n" not in message
    assert "cache/prepare" not in message
    for text in told:
        assert text in message
    assert content(root) == before


def readable(root: Path) -> None:
    """The readers find every sentence, picture and mask."""
    for split in ("train", "val", "test"):
        dataset = open_dataset("unc", root, split)
        for i in range(len(dataset)):
            assert dataset.mask(i).shape == np.asarray(dataset.image(i)).shape[:2]


@pytest.mark.parametrize("archive", ["m.zip", "m.tar", "m.tar.gz", "m.tgz"])
@pytest.mark.parametrize("under", ["", "refer/data/", "datasets/anns/"])
def test_an_archive_of_any_nesting_becomes_the_one_layout(
    given: Path, root: Path, archive: str, under: str
) -> None:
    report = prepare("refcoco", [packed(given, archive, under)], root, tell=lambda _: None)
    assert report.ok, str(report)
    assert sorted(content(root)) == [
        *(f"images/train2014/COCO_train2014_{n:012d}.png" for n in range(1, 5)),
        "refcoco/instances.json",
        "refcoco/refs(unc).p",
    ]
    shutil.rmtree(given)
    readable(root)


def test_pictures_in_a_folder_are_linked_and_copied_when_asked(given: Path, root: Path) -> None:
    prepare("refcoco", [given], root, tell=lambda _: None)
    assert (root / "images" / "train2014").readlink() == given / "train2014"
    assert not (root / "refcoco" / "refs(unc).p").is_symlink()
    readable(root)
    other = root.with_name("other")
    prepare("refcoco", [given], other, link=False, tell=lambda _: None)
    assert not (other / "images" / "train2014").is_symlink()
    shutil.rmtree(given)
    readable(other)


def test_only_the_pictures_that_a_set_needs_are_taken(given: Path, root: Path) -> None:
    for name in ("COCO_train2014_000000000009.png", "notes.txt"):
        (given / "train2014" / name).write_bytes(b"x")
    prepare("refcoco", [packed(given, "m.zip")], root, tell=lambda _: None)
    assert len(list((root / "images" / "train2014").iterdir())) == 4


def test_pictures_may_come_later_and_from_elsewhere(given: Path, root: Path) -> None:
    pictures = packed(given / "train2014", "train2014.zip", "train2014/")
    shutil.move(given / "train2014", given / "gone")
    told: list[str] = []
    report = prepare("refcoco", [given / "refcoco"], root, tell=told.append)
    assert not report.ok
    assert any("4 not found (first: COCO_train2014_000000000001.png)" in line for line in told)
    shutil.rmtree(given / "refcoco")
    report = prepare("refcoco", [], root, images=[pictures], tell=lambda _: None)
    assert report.ok, str(report)
    readable(root)


def test_a_second_time_changes_nothing_and_says_so(given: Path, root: Path) -> None:
    archive = packed(given, "m.zip")
    prepare("refcoco", [archive], root, tell=lambda _: None)
    before, told = content(root), []
    assert prepare("refcoco", [archive], root, tell=told.append).ok
    assert content(root) == before
    assert f"{root / 'images' / 'train2014'}: 4 there already, 0 files added" in told
    assert f"{root / 'refcoco'}: all annotation files kept" in told


def test_pictures_that_are_there_already_are_joined_by_what_is_lacking(
    given: Path, root: Path
) -> None:
    place = root / "images" / "train2014"
    place.mkdir(parents=True)
    for name in ("COCO_train2014_000000000001.png", "COCO_train2014_000000000002.png"):
        shutil.copy(given / "train2014" / name, place)
    assert prepare("refcoco", [given], root, tell=lambda _: None).ok
    assert sorted(path.is_symlink() for path in place.iterdir()) == [False, False, True, True]
    readable(root)


@pytest.mark.parametrize("stop", ["extract", "put_in_place"])
def test_interrupted_it_begins_again_and_nothing_half_is_in_place(
    given: Path, root: Path, stop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, calls = packed(given, "m.zip"), []
    real = {"extract": staging.extract, "put_in_place": module.put_in_place}[stop]

    def interrupted(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == 2:  # pictures are being unpacked; annotations are being moved
            raise KeyboardInterrupt
        real(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(staging if stop == "extract" else module, stop, interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare("refcoco", [archive], root, tell=lambda _: None)
    assert not (root / "refcoco").exists()
    assert not (root / "cache" / "prepare").exists()
    assert prepare("refcoco", [archive], root, tell=lambda _: None).ok
    readable(root)


def test_other_content_that_is_already_there_is_told_and_kept(given: Path, root: Path) -> None:
    (root / "refcoco").mkdir(parents=True)
    (root / "refcoco" / "instances.json").write_text("{}")
    archive = packed(given, "m.zip")
    told = ("refcoco/instances.json is already there with other content", "nothing was changed")
    clear_line(lambda: prepare("refcoco", [archive], root, tell=lambda _: None), root, *told)


def test_other_pictures_that_are_already_there_are_told_and_kept(given: Path, root: Path) -> None:
    place = root / "images" / "train2014"
    place.mkdir(parents=True)
    (place / "COCO_train2014_000000000002.png").write_bytes(b"mine")
    told = ("1 files in", "COCO_train2014_000000000002.png", "nothing was changed")
    clear_line(lambda: prepare("refcoco", [given], root, tell=lambda _: None), root, *told)


def test_nothing_is_written_through_a_link_into_somebodys_folder(given: Path, root: Path) -> None:
    theirs = root.with_name("theirs")
    theirs.mkdir()
    (root / "images").mkdir(parents=True)
    (root / "images" / "train2014").symlink_to(theirs)
    told = ("is a link to", "lacks 4 of the needed files")
    clear_line(lambda: prepare("refcoco", [given], root, tell=lambda _: None), root, *told)
    assert list(theirs.iterdir()) == []


def test_a_missing_file_is_named_with_where_it_was_looked_for(given: Path, root: Path) -> None:
    (given / "refcoco" / "instances.json").unlink()
    root.mkdir()
    told = ("instances.json of refcoco is missing", str(given), "--from")
    clear_line(lambda: prepare("refcoco", [given], root), root, *told)
    clear_line(lambda: prepare("refcoco", [], root), root, "nothing given with --from")
    clear_line(lambda: prepare("coco", [given], root), root, "'coco'", "refcocog")


def test_refcoco_plus_given_as_refcoco_is_told_by_its_folder(given: Path, root: Path) -> None:
    (given / "refcoco").rename(given / "refcoco+")
    root.mkdir()
    told = ("refs(unc).p", "found there: refs(*).p of refcoco+")
    clear_line(lambda: prepare("refcoco", [given], root), root, *told)


def test_refcoco_plus_given_as_refcoco_is_told_by_its_counts(
    given: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(checking.PUBLISHED, "refcoco_unc", {"val": Counts(9, 9, 9)})
    monkeypatch.setitem(checking.PUBLISHED, "refcocop_unc", SPLITS)
    root.mkdir()
    told = (f"{given}/refcoco/refs(unc).p is the file of refcocop_unc, not of refcoco_unc",)
    clear_line(lambda: prepare("refcoco", [given], root), root, *told)


def test_instances_of_another_set_are_told(given: Path, root: Path) -> None:
    path = given / "refcoco" / "instances.json"
    instances = json.loads(path.read_text())
    instances["annotations"].pop()
    path.write_text(json.dumps(instances))
    root.mkdir()
    told = (f"{given}/refcoco/refs(unc).p: ref number 3", "instances.json")
    clear_line(lambda: prepare("refcoco", [given], root), root, *told)


def test_an_evil_pickle_is_told_by_where_it_came_from_and_not_run(given: Path, root: Path) -> None:
    (given / "refcoco" / "refs(unc).p").write_bytes(pickle.dumps([print]))
    archive = packed(given, "m.zip")
    root.mkdir()
    told = (f"{archive}/refcoco/refs(unc).p", "builtins.print")
    clear_line(lambda: prepare("refcoco", [archive], root), root, *told)


def test_an_unsafe_archive_leaves_not_even_a_folder_behind(given: Path, root: Path) -> None:
    archive = packed(given, "m.zip")
    with zipfile.ZipFile(archive, "a") as more:
        more.writestr("../../evil", "x")
    with pytest.raises(UserError, match=r"'\.\./\.\./evil'"):
        prepare("refcoco", [archive], root)
    assert not root.exists()


def test_too_small_a_disk_is_told_before_pictures_are_unpacked(
    given: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = sum(path.stat().st_size for path in (given / "train2014").iterdir())
    annotations = sum(path.stat().st_size for path in (given / "refcoco").iterdir())
    free = shutil._ntuple_diskusage(10**9, 0, max(needed, annotations) - 1)  # type: ignore
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: free)
    archive = packed(given, "m.zip")
    with pytest.raises(UserError, match=r"are needed in .* but only .* are free"):
        prepare("refcoco", [archive], root, tell=lambda _: None)
    assert content(root) == {}


def test_checksums_are_told_as_known_or_as_unknown(given: Path, root: Path) -> None:
    root.mkdir()
    line = {"file": "refcoco/instances.json", "md5": "0" * 32}
    (root / "checksums.json").write_text(json.dumps({"files": [line]}))
    told: list[str] = []
    prepare("refcoco", [given], root, tell=told.append)
    assert any("refcoco/instances.json: its md5 is not the known one" in line for line in told)
    assert "  no checksum known for refcoco/refs(unc).p" in told


QUERIES = {
    "train": {"7_1": ["sky"], "19579_1": ["gone"]},
    "val": {"8_1": ["dog"]},
    "test": {"9_3": ["water"]},
}


def write_referit(folder: Path, saiapr: bool) -> Path:
    """Query files, and pictures and masks as SAIAPR or as the usual archive has them."""
    data = folder / "exp-referit" / "data"
    data.mkdir(parents=True)
    sizes = {f"{number}.jpg": [40, 30] for number in (7, 8, 9, 19579)}
    (data / "referit_imsize.json").write_text(json.dumps(sizes))
    for split, queries in QUERIES.items():
        (data / f"referit_query_{split}.json").write_text(json.dumps(queries))
    labels = np.ones((30, 40), np.uint8)
    labels[:10] = 0
    for number, region in ((7, 1), (8, 1), (9, 3)):
        home = folder / (f"saiapr_tc-12/0{number % 2}" if saiapr else "referit-dataset")
        places = ("images", "segmentation_masks" if saiapr else "mask", "segmented_images")
        for place in places:
            (home / place).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (40, 30), (number, 0, 0)).save(home / "images" / f"{number}.jpg")
        Image.new("RGB", (40, 30), "red").save(home / "segmented_images" / f"{number}.jpg")
        savemat(home / places[1] / f"{number}_{region}.mat", {"segimg_t": labels})
    return folder


@pytest.mark.parametrize("saiapr", [False, True])
@pytest.mark.parametrize("archive", [None, "referitdata.zip", "referitdata.tar.gz"])
def test_referit_is_laid_out_from_the_usual_archive_and_from_saiapr_folders(
    tmp_path: Path, root: Path, saiapr: bool, archive: str | None
) -> None:
    folder = write_referit(tmp_path / "given", saiapr)
    source = packed(folder, archive) if archive else folder
    told: list[str] = []
    report = prepare("referit", [source], root, tell=told.append)
    assert "19579.jpg absent as in every download: 1 sentences left out" in str(report)
    assert any("1 not found (first: 19579.jpg)" in line for line in told)
    assert "missing:" not in str(report).replace("split", "")
    for split in ("train", "val", "test"):
        dataset = open_dataset("referit", root, split)
        assert len(dataset) == 1
        assert dataset.image(0).getpixel((0, 0)) != (255, 0, 0)
        assert dataset.mask(0)[:10].all()


def test_refclef_is_no_substitute_for_referits_query_files(tmp_path: Path, root: Path) -> None:
    (tmp_path / "refclef").mkdir()
    (tmp_path / "refclef" / "refs(berkeley).p").touch()
    root.mkdir()
    told = ("referit_query_train.json", "found there: refs(*).p of refclef")
    clear_line(lambda: prepare("referit", [tmp_path / "refclef"], root), root, *told)


def test_the_data_card_prints_the_published_counts(repository: Path) -> None:
    card = (repository / "data" / "README.md").read_text()
    for known, splits in PUBLISHED.items():
        for split, (images, refs, sentences) in splits.items():
            row = f"| `{known}` | {split} | {images:,} | {refs:,} | {sentences:,} |"
            assert row in card


def test_the_real_pieces_of_refcoco_survive_the_way_through_an_archive(
    tmp_path: Path, root: Path, real_data: Path
) -> None:
    mirror = shutil.copytree(real_data / "refcoco_mini", tmp_path / "refcoco")
    archive = packed(mirror, "m.tgz", "refer/data/refcoco/")
    report = prepare("refcoco", [archive], root, tell=lambda _: None)
    assert "val has 70 images, 85 objects, 188 sentences" in str(report)
    assert "image files" not in str(report)
    there, here = (open_dataset("unc", place, "val") for place in (mirror, root))
    assert [*there] == [*here]
    for i in (0, 100, 187):
        assert (there.mask(i) == here.mask(i)).all()
        assert there.image(i) == here.image(i)


def test_the_real_referit_files_are_placed_as_they_are_with_known_checksums(
    root: Path, real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The check would look for 119,234 files, which takes seconds; it has tests of its own.
    monkeypatch.setattr(module, "check_folder", lambda *_, **__: checking.Report())
    told: list[str] = []
    prepare("referit", [real_data / "referit"], root, tell=told.append)
    assert sum("its sha256 as known" in line for line in told) == 7
    assert len(content(root)) == 7
    for name, data in content(root / "referit").items():
        assert data == (real_data / "referit" / name).read_bytes()
