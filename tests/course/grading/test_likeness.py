from refseg_lib.course.grading.likeness import alike, fingerprint

ONE = '''
def pooled(words, mask):
    """Average."""
    total = (words * mask[..., None]).sum(1)
    count = mask.sum(1, keepdim=True)
    return total / count  # done
'''
RENAMED = """
def mine(w: Tensor, m: Tensor) -> Tensor:
    s = (w * m[..., None]).sum(1)

    n = m.sum(1, keepdim=True)
    return s / n
"""


def test_names_hints_comments_and_layout_do_not_hide_a_copy() -> None:
    assert fingerprint(ONE) == fingerprint(RENAMED) is not None


def test_another_program_has_another_fingerprint() -> None:
    assert fingerprint(ONE) != fingerprint(ONE.replace("sum(1)", "sum(2)", 1))
    assert fingerprint(ONE) != fingerprint(ONE.replace("total / count", "count / total"))


def test_short_answers_and_what_is_no_python_are_not_compared() -> None:
    assert fingerprint("def f(x):\n    return x + 1") is None
    assert fingerprint("def f(:") is None
    assert fingerprint("\x00") is None
    assert fingerprint("x = " + "(" * 3000 + ")" * 3000) is None


def test_groups_name_all_who_share_an_answer_and_nobody_else() -> None:
    answers = [("ada", {"p": ONE}), ("bob", {"p": RENAMED}), ("eve", {"p": ONE + "x = 1 + 2\n"})]
    assert alike(answers) == [("p", ["ada", "bob"])]
    assert alike(answers[:1]) == []
