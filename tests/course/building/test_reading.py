"""Reading a lesson: roles, ids and places; what cannot be used is refused with its line."""

import pytest

from refseg_lib.course.building.reading import read_lesson, read_lessons
from refseg_lib.errors import UserError


def test_every_cell_has_its_role_and_an_id_that_only_its_place_decides(lesson):
    assert [(cell.role, cell.id, cell.markdown) for cell in lesson.cells] == [
        ("header", "05-doubling-001", True),
        ("plain", "05-doubling-002", True),
        ("plain", "05-doubling-003", False),
        ("exercise", "exercise-double", False),
        ("check", "check-double", False),
        ("solution_only", "05-doubling-006", False),
        ("exercise", "exercise-shift", False),
        ("check", "check-shift", False),
        ("plain", "05-doubling-009", False),
    ]


def test_each_cell_says_the_line_it_begins_at(lesson, text):
    lines = text.split("\n")
    for cell in lesson.cells:
        path, _, number = cell.place.rpartition(" line ")
        assert path == str(lesson.path)
        assert lines[int(number) - 1].startswith("# %%")
        below = lines[int(number)]
        assert below.removeprefix("# ") == cell.source.split("\n")[0]


def test_chinese_and_greek_letters_survive(lesson):
    assert lesson.header.title == "05 Doubling 加倍"
    assert lesson.cells[1].source == "## Before you start\n两倍 is twice, β is a letter."
    assert lesson.cells[-1].source == 'print("乘", sorted({"β", "α"}))'


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_windows_line_ends_and_its_byte_order_mark_change_nothing(tmp_path, text, points, mark):
    for name, data in [
        ("unix", text.encode()),
        ("dos", mark + text.replace("\n", "\r\n").encode()),
    ]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "05_doubling.py").write_bytes(data)
    unix, dos = (read_lesson(tmp_path / n / "05_doubling.py", points) for n in ("unix", "dos"))
    assert [cell.source for cell in dos.cells] == [cell.source for cell in unix.cells]
    assert dos.header == unix.header


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('exercise="shift"', 'excercise="shift"', r"line 38: cannot use.*`excercise`"),
        ('exercise="shift"', "exercise=shift", r"line 38: cannot use.*`exercise=shift`"),
        ('exercise="shift"', 'exercise="shift" solution_only=true', r"`exercise, solution_only`"),
        ('exercise="shift"', 'exercise="Shift It"', r"small letters"),
        ('exercise="shift"', f'exercise="{"a" * 51}"', r"more than 50 letters"),
        ('exercise="shift"', '[markdown] exercise="shift"', r"on a markdown cell"),
        ("solution_only=true", "solution_only=1", r"write solution_only=true"),
        ("solution_only=true", "[raw]", r"a raw cell"),
        ('print("for teachers", double(21))\n', "", r"line 35: the cell is empty"),
        ("# %% [markdown]\n# # 05", "# %%\n# # 05", r"first cell must be the header"),
        ("# %% [markdown]\n# # 05", "import torch\n\n# %% [markdown]\n# # 05", r"must be the head"),
        ("加倍\n", "加倍\n# lern: x\n", r"line 1: header line 'lern: x'"),
    ],
)
def test_a_cell_that_cannot_be_used_is_refused_with_its_line(read, text, before, after, said):
    assert before in text
    with pytest.raises(UserError, match=said):
        read(text.replace(before, after, 1))


def test_a_cell_of_26_lines_is_too_long_and_one_of_25_is_not(read, text):
    last = 'print("乘", sorted({"β", "α"}))'
    read(text.replace(last, "\n".join([last] * 25)))
    with pytest.raises(UserError, match=r"line 50: the cell has 26 lines, 25 are allowed"):
        read(text.replace(last, "\n".join([last] * 26)))


def test_the_docstring_and_the_markers_of_an_exercise_are_free(read, text):
    long = text.replace("    Hint:", "    More.\n" * 30 + "    Hint:")
    read(long)
    fill = "    x = sum([x, step])\n"
    read(text.replace(fill, fill * 22))
    with pytest.raises(UserError, match=r"26 lines without docstring and markers"):
        read(text.replace(fill, fill * 23))


def test_where_cells_cannot_be_told_by_line_they_are_counted(read, text):
    odd = text.replace('"""One more', '"""\n# %% is no cell here\nOne more')
    read(odd)
    with pytest.raises(UserError, match=r"05_doubling\.py cell 8: unknown exercise 'shuft'"):
        read(odd.replace('check="shift"', 'check="shuft"'))


@pytest.mark.parametrize(
    "name", ["doubling.py", "5_doubling.py", "05-doubling.py", "05_Doubling.py"]
)
def test_another_file_name_is_refused(tmp_path, text, points, name):
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"named like 05_attention\.py"):
        read_lessons(tmp_path, points)


def test_lessons_come_by_number(tmp_path, text, points):
    plain = text.split("# %% exercise")[0]
    for number in ("11", "02", "05"):
        path = tmp_path / f"{number}_some_thing.py"
        path.write_text(plain.replace("# # 05", f"# # {number}"), encoding="utf-8")
    assert [lesson.name[:2] for lesson in read_lessons(tmp_path, points)] == ["02", "05", "11"]


def test_an_exercise_lives_in_one_lesson(tmp_path, text, points):
    (tmp_path / "05_a.py").write_text(text, encoding="utf-8")
    (tmp_path / "06_b.py").write_text(text.replace("# # 05", "# # 06"), encoding="utf-8")
    with pytest.raises(UserError, match=r"06_b\.py line 21: exercise 'double' stands in .*05_a"):
        read_lessons(tmp_path, points)


def test_a_file_that_is_not_utf8_and_a_folder_without_lessons_are_named(tmp_path, points):
    with pytest.raises(UserError, match="no lesson in"):
        read_lessons(tmp_path, points)
    (tmp_path / "05_a.py").write_bytes("# %% 加倍".encode("gbk"))
    with pytest.raises(UserError, match=r"05_a\.py is not UTF-8"):
        read_lessons(tmp_path, points)
