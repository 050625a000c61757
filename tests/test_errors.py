"""What the user is told fits on one line."""

import pytest

from refseg_lib.errors import UserError


@pytest.mark.parametrize(
    "message", ["one\ntwo", "one\r\n\ttwo", "  one two\n", "one\u2028two", "one two"]
)
def test_whatever_is_pasted_into_a_message_it_stays_one_line(message: str) -> None:
    assert str(UserError(message)) == "one two"


def test_a_user_error_is_told_apart_from_our_own_mistakes() -> None:
    """The command line exits with 2 for this one and with 1 for all built-in exceptions."""
    assert UserError.__mro__[1] is Exception
