"""A missing picture is told in its place; the words can be reviewed all the same."""

from pathlib import Path

import pytest

from refseg_lib.data.english import read_english
from refseg_lib.explain.review_picture import WIDTH, Pictures
from refseg_lib.parkref.writing import make_parkref


@pytest.fixture(scope="module")
def refs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_parkref(tmp_path_factory.mktemp("park"), train_images=1, height=64, workers=1)
    return folder / "refs(unc).p"


def test_every_split_has_its_pictures_at_one_width(refs: Path) -> None:
    pictures = Pictures(refs)
    first = {sentence.split: sentence for sentence in read_english(refs)}
    assert len(first) == 4
    for sentence in first.values():
        assert f'width="{WIDTH}"' in pictures.figure(sentence)
        assert f"What “{sentence.sent}” means" in pictures.figure(sentence)


def test_a_missing_picture_says_which_one(refs: Path) -> None:
    sentence = read_english(refs)[0]
    [gone] = (refs.parent / "images").glob(f"parkref_{sentence.image_id:06d}.png")
    content = gone.read_bytes()
    gone.unlink()
    try:
        shown = Pictures(refs).figure(sentence)
        assert gone.name in shown
        assert "<img" not in shown
    finally:
        gone.write_bytes(content)
