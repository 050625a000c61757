from refseg_lib.course.grading.printable import printable


def test_line_breaks_turned_text_and_broken_bytes_do_not_get_through() -> None:
    assert printable("a\nb\u202ec\x00d\udcff") == "a?b?c?d?"
    assert printable("李华 Ada é") == "李华 Ada é"
