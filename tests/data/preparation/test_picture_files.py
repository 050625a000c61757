"""Pictures are found by any name they go by, and never their drawn-over or shrunken twins."""

from pathlib import Path

import pytest

from refseg_lib.data.images import coco_names, find_image
from refseg_lib.data.preparation.archives import Entry, Source
from refseg_lib.data.preparation.picture_files import find_files


def source(path: str, *names: str) -> Source:
    made = Source(Path(path), is_folder=True)
    made.entries = [Entry(made, name, 1) for name in names]
    return made


@pytest.mark.parametrize(
    "file_name", ["COCO_train2014_000000000025.jpg", "COCO_train2014_000000000025_7.jpg", "x.png"]
)
def test_what_is_placed_under_any_of_the_names_is_found_by_the_readers(
    tmp_path: Path, file_name: str
) -> None:
    for name in coco_names(file_name, 25):
        (tmp_path / name).touch()
        assert find_image([tmp_path], file_name, 25) == tmp_path / name
        (tmp_path / name).unlink()


def test_the_likeliest_name_is_first_and_annotations_numbers_are_no_part_of_it() -> None:
    names = coco_names("COCO_train2014_000000000025_7.jpg", 25)
    assert names[0] == "COCO_train2014_000000000025.jpg"
    assert "000000000025.jpg" in names


def test_of_two_folders_the_one_with_more_of_the_wanted_is_taken() -> None:
    wanted = {n: (f"{n}.jpg",) for n in range(3)}
    made = source("d", "thumbs/0.jpg", "full/0.jpg", "full/1.jpg", "2.jpg")
    found = find_files(wanted, [made])
    assert {key: entry.name for key, entry in found.items()} == {
        0: "full/0.jpg",
        1: "full/1.jpg",
        2: "2.jpg",
    }


def test_at_a_draw_the_earlier_source_is_taken() -> None:
    first, second = source("first", "a/0.jpg"), source("second", "a/0.jpg")
    assert find_files({0: ("0.jpg",)}, [first, second])[0].source is first
    assert find_files({0: ("0.jpg",)}, [second, first])[0].source is second


def test_saiaprs_drawn_over_pictures_are_never_taken() -> None:
    made = source("s", "00/segmented_images/7.jpg", "00/images/8.jpg", "segmented_images/9.jpg")
    found = find_files({n: (f"{n}.jpg",) for n in (7, 8, 9)}, [made])
    assert {key: entry.name for key, entry in found.items()} == {8: "00/images/8.jpg"}


def test_what_nobody_has_is_not_found() -> None:
    assert find_files({1: ("1.jpg",)}, [source("s", "11.jpg", "1.JPG.txt")]) == {}
