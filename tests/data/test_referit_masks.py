"""ReferIt's MATLAB masks: found in the usual places, and damage is told."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from refseg_lib.data.referit_masks import MaskFiles, subfolders
from refseg_lib.errors import UserError


def write(folder: Path, key: str = "segimg_t") -> Path:
    folder.mkdir(parents=True)
    labels = np.array([[0, 1, 2], [1, 0, 1]], np.int16)
    savemat(folder / "7_1.mat", {key: labels})
    return folder / "7_1.mat"


@pytest.mark.parametrize(
    "place", ["data/mask", "data/referit-dataset/mask", "referit-dataset/mask"]
)
def test_zero_is_the_region_in_every_usual_place(tmp_path: Path, place: str) -> None:
    write(tmp_path / place)
    (tmp_path / "data").mkdir(exist_ok=True)
    mask = MaskFiles(tmp_path / "data").read("7_1", 2, 3)
    assert mask.tolist() == [[True, False, False], [False, True, False]]


def test_a_mask_of_another_size_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "mask")
    with pytest.raises(UserError, match=r"shape \(2, 3\), its image \(3, 2\)"):
        MaskFiles(tmp_path).read("7_1", 3, 2)


def test_a_missing_mask_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"7_1\.mat is missing: looked in .*mask \(absent\)"):
        MaskFiles(tmp_path).read("7_1", 2, 3)
    write(tmp_path / "mask")
    with pytest.raises(UserError, match=r"7_2\.mat is missing"):
        MaskFiles(tmp_path).read("7_2", 2, 3)


def test_damage_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "mask")
    whole = path.read_bytes()
    for content in (b"", b"nonsense", whole[:140], whole[:-8]):
        path.write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            MaskFiles(tmp_path).read("7_1", 2, 3)


def test_a_file_without_segimg_t_is_told(tmp_path: Path) -> None:
    write(tmp_path / "mask", key="other")
    with pytest.raises(UserError, match="segimg_t"):
        MaskFiles(tmp_path).read("7_1", 2, 3)


def test_only_existing_folders_are_listed(tmp_path: Path) -> None:
    assert subfolders(tmp_path, "images") == []
