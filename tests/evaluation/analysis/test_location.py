import pytest

from refseg_lib.evaluation.analysis.location import LOCATIONS, location_of

ENGLISH = [
    ("man in blue shirt", "none"),
    ("leftmost dog", "left or right"),
    ("the guy on the right side of the picture", "left or right"),
    ("highest balloon", "top or bottom"),
    ("person at the bottom", "top or bottom"),
    ("middle bike", "middle"),
    ("zebra in back", "front or back"),
    ("closest bed", "front or back"),
    ("man closest to the camera", "front or back"),
    ("bottom right donut", "corner"),
    ("dog in the corner", "corner"),
    ("front left kid", "left or right"),
    ("second from the left", "ordinal"),
    ("3rd cat from right", "ordinal"),
    ("Left.", "left or right"),
]
CHINESE = [
    ("穿蓝色衬衫的男孩", "none"),
    ("最左边的狗", "left or right"),
    ("画面右侧的人", "left or right"),
    ("上面的气球", "top or bottom"),
    ("中间那个人", "middle"),
    ("最后面的绿色球", "front or back"),
    ("右下角的男孩", "corner"),
    ("左上方的风筝", "corner"),
    ("右起第三把雨伞", "ordinal"),
    ("坐在长椅上的男人", "none"),
    ("穿红衣服的左边那个人", "left or right"),
]


@pytest.mark.parametrize(("sentence", "label"), ENGLISH)
def test_a_word_of_place_is_found_in_english(sentence: str, label: str) -> None:
    assert location_of(sentence, "en") == label


@pytest.mark.parametrize(("sentence", "label"), CHINESE)
def test_a_word_of_place_is_found_in_chinese(sentence: str, label: str) -> None:
    assert location_of(sentence, "zh") == label


@pytest.mark.parametrize(
    ("related", "placed", "language"),
    [
        ("the dog to the left of the tree", "the dog to the left of the screen", "en"),
        ("the ball in front of the boy", "the ball in front", "en"),
        ("bed nearest to the door", "bed nearest to us", "en"),
        ("树左边的狗", "左边的狗", "zh"),
        ("树的右边的狗", "右边的狗", "zh"),
        ("灰色狗前面的猫", "前面的猫", "zh"),
    ],
)
def test_a_place_seen_from_another_object_is_a_relation_and_no_location(
    related: str, placed: str, language: str
) -> None:
    assert location_of(related, language) == "none"
    assert location_of(placed, language) != "none"


def test_a_red_top_is_worn_and_the_top_dog_is_above() -> None:
    assert location_of("girl in the red top", "en") == "none"
    assert location_of("red dog on top", "en") == "top or bottom"


def test_a_word_far_back_in_a_long_sentence_counts() -> None:
    assert location_of("dog " * 40 + "left", "en") == "left or right"


def test_every_label_is_reached() -> None:
    assert {label for _, label in ENGLISH} == set(LOCATIONS)
