"""Image files: found wherever people keep them, decoded or told apart from damage."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from refseg_lib.data.images import find_image, image_folders, image_size, read_image
from refseg_lib.errors import UserError

COCO_NAME = "COCO_train2014_000000000009.jpg"


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 6), (255, 0, 0)).save(path)
    return path


@pytest.mark.parametrize(
    "place",
    [
        "refcoco/images",
        "refcoco/images/train2014",
        "images/train2014",
        "images/mscoco/images/train2014",
        "train2014",
        "images",
    ],
)
@pytest.mark.parametrize("name", [COCO_NAME, "000000000009.jpg", "own name.png"])
def test_an_image_is_found_in_every_usual_place_and_under_every_name(
    tmp_path: Path, place: str, name: str
) -> None:
    path = put(tmp_path / place / name)
    (tmp_path / "refcoco").mkdir(exist_ok=True)
    told = name if name == "own name.png" else "something else.jpg"
    assert find_image(image_folders(tmp_path / "refcoco"), told, 9) == path


def test_the_name_of_a_cropped_object_leads_to_its_image(tmp_path: Path) -> None:
    path = put(tmp_path / "refcoco" / "images" / COCO_NAME)
    name = "COCO_train2014_000000000009_4441.jpg"
    assert find_image(image_folders(tmp_path / "refcoco"), name, 12) == path


def test_the_annotated_name_wins_over_the_name_by_number(tmp_path: Path) -> None:
    folder = tmp_path / "refcoco" / "images"
    put(folder / COCO_NAME)
    own = put(folder / "own.png")
    assert find_image([folder], "own.png", 9) == own


def test_an_absent_image_is_none(tmp_path: Path) -> None:
    assert find_image([tmp_path], "a.jpg", 1) is None
    assert image_folders(tmp_path / "refcoco") == []


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK"])
def test_every_mode_is_decoded_into_rgb(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "a.tiff"
    Image.new("RGB", (8, 6), (255, 255, 255)).convert(mode).save(path)
    picture = read_image(path)
    assert picture.mode == "RGB"
    assert np.asarray(picture).min() == 255


def test_the_size_is_height_then_width(tmp_path: Path) -> None:
    assert image_size(put(tmp_path / "a.png")) == (6, 8)


@pytest.mark.parametrize("content", [b"", b"not an image", None])
def test_damage_is_one_line_that_names_the_file(tmp_path: Path, content: bytes | None) -> None:
    path = put(tmp_path / "photo.jpg")
    path.write_bytes(path.read_bytes()[:-200] if content is None else content)
    with pytest.raises(UserError, match=r"photo\.jpg cannot be decoded") as caught:
        read_image(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="missing"):
        read_image(tmp_path / "a.jpg")


def test_an_absurdly_large_image_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UserError, match="cannot be decoded"):
        read_image(path)
