"""Word vectors as text: what is in the lines comes back, and a bad line is named."""

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from refseg_lib.errors import UserError
from refseg_lib.text.vector_text import LONGEST_LINE, read_text_vectors

# No-break spaces, Unicode line ends, tabs and quotes are parts of words in GloVe's files.
WORDS = st.text("aé狗.,#\"'1-\xa0\u2028\x85\t😀", min_size=1, max_size=4)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(WORDS, st.tuples(NUMBERS, NUMBERS, NUMBERS), min_size=1), st.booleans())
def test_every_word_and_number_comes_back_with_or_without_a_first_line_of_counts(
    folder: Path, rows: dict[str, tuple[float, float, float]], header: bool
) -> None:
    lines = [f"{word} {a!r} {b!r} {c!r}" for word, (a, b, c) in rows.items()]
    if header:
        lines.insert(0, f"{len(rows)} 3")
    words, vectors, repeated = read_text_vectors(write(folder / "v.txt", "\n".join(lines)))
    assert words == list(rows)
    assert [tuple(row) for row in vectors.tolist()] == list(rows.values())
    assert repeated == 0


def test_gzipped_and_plain_text_say_the_same(tmp_path: Path) -> None:
    text = "the 0.5 1e-3\n狗 -2 3.\n"
    (tmp_path / "v.txt.gz").write_bytes(gzip.compress(text.encode()))
    packed = read_text_vectors(tmp_path / "v.txt.gz")
    plain = read_text_vectors(write(tmp_path / "v.txt", text))
    assert packed[0] == plain[0] == ["the", "狗"]
    assert packed[1].tolist() == plain[1].tolist()


def test_windows_line_ends_and_a_blank_before_the_end_are_no_numbers(tmp_path: Path) -> None:
    words, vectors, _ = read_text_vectors(write(tmp_path / "v.txt", "a 1 2 \r\nb 3 4 \r\n"))
    assert (words, vectors.tolist()) == (["a", "b"], [[1, 2], [3, 4]])


def test_words_with_blanks_inside_are_whole_as_in_glove_840b(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "a 1 2\n. . . 3 4\nat name@domain.com 5 6\n")
    words, vectors, _ = read_text_vectors(path)
    assert words == ["a", ". . .", "at name@domain.com"]
    assert vectors.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_repeated_word_keeps_its_first_vector_and_is_counted(tmp_path: Path) -> None:
    # the fourth is beyond the first thousand lines, which are read together
    many = "".join(f"w{i} 0 {i}\n" for i in range(2000))
    path = write(tmp_path / "v.txt", f"dog 1 2\ncat 3 4\ndog 5 6\n{many}cat 7 8\n")
    words, vectors, repeated = read_text_vectors(path)
    assert repeated == 2
    assert len(words) == len(vectors) == 2002
    assert vectors[:2].tolist() == [[1, 2], [3, 4]]
    assert vectors[words.index("w1999")].tolist() == [0, 1999]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dog 1 2", "has 2 numbers, expected a word and 3"),
        ("dog 1 2 3 4", "has 4 numbers"),
        ("dog", "has 0 numbers"),
        ("", "has 0 numbers"),
        (" 1 2 3", "expected a word"),
        ("dog  1 2", "dog|numbers|''"),
        ("dog 1 nan 3", "'nan' where a finite number belongs"),
        ("dog 1 2 -inf", "'-inf'"),
        ("dog 1 2 1e39", "'1e39'"),
        ("dog 1 2 3x", "'3x'"),
        ("dog 1 2 1_0", "'1_0'"),
        ("dog 1\t2 3", "numbers"),
    ],
)
@pytest.mark.parametrize("after", [1, 1500])
def test_a_bad_line_is_told_by_its_number(tmp_path: Path, line: str, told: str, after: int) -> None:
    good = "".join(f"w{i} 1 2 3\n" for i in range(after))
    path = write(tmp_path / "odd.txt", f"{good}{line}\nlast 1 2 3\n")
    with pytest.raises(UserError, match=told) as caught:
        read_text_vectors(path)
    assert f"odd.txt, line {after + 1} " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_word_that_is_not_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(b"dog 1 2\n\xff\xfe 1 2\n")
    with pytest.raises(UserError, match=r"line 2: .* not UTF-8"):
        read_text_vectors(tmp_path / "v.txt")


def test_one_bad_line_in_a_million_is_told_by_its_number(tmp_path: Path) -> None:
    good = b"".join(b"w%d 1\n" % i for i in range(1000))
    with open(tmp_path / "v.txt", "wb") as stream:
        for block in range(1000):
            # Words repeat from block to block: that is no mistake, only counted.
            stream.write(good if block != 876 else good.replace(b"w543 1", b"w543 1 2"))
    with pytest.raises(UserError, match="line 876544 has 2 numbers"):
        read_text_vectors(tmp_path / "v.txt")


def test_reading_takes_little_more_memory_than_the_numbers_themselves(tmp_path: Path) -> None:
    row = " 0.125" * 100
    with open(tmp_path / "v.txt", "w") as stream:
        stream.writelines(f"w{i}{row}\n" for i in range(10_000))
    tracemalloc.start()
    try:
        _, vectors, _ = read_text_vectors(tmp_path / "v.txt")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # 4 MB of numbers; their text is 6 MB, a list of Python floats would be 32 MB.
    assert peak < 2 * vectors.nbytes


@pytest.mark.parametrize("text", ["2 2\na 1 2\n", "1 2\na 1 2\nb 3 4\n", "3 2\n"])
def test_another_count_of_lines_than_announced_is_damage(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"announces \d words in its first line but holds"):
        read_text_vectors(write(tmp_path / "v.txt", text))


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"v\.txt is empty"):
        read_text_vectors(write(tmp_path / "v.txt", ""))


def test_a_gzip_that_breaks_off_is_told_with_the_last_good_line(tmp_path: Path) -> None:
    path = tmp_path / "v.txt.gz"
    whole = gzip.compress("".join(f"w{i} {i / 7} {i / 3}\n" for i in range(9000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"beyond line \d{3,} .*cut short"):
        read_text_vectors(path)


def test_a_gzip_by_name_only_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="beyond line 0"):
        read_text_vectors(write(tmp_path / "v.txt.gz", "dog 1 2\n"))


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "v.txt").write_bytes(b"\0" * (LONGEST_LINE + 5))
    with pytest.raises(UserError, match="line 1 is longer"):
        read_text_vectors(tmp_path / "v.txt")
