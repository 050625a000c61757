"""The one exception that means "the user can mend this"."""


class UserError(Exception):
    """A mistake of the user's, told in one line: what was given, where, and what to do.

    The command line prints the message alone and exits with status 2; every other exception is a
    mistake of ours and exits with status 1.
    """

    def __init__(self, message: str) -> None:
        """Keep ``message`` on one line, whatever was pasted into it."""
        super().__init__(" ".join(message.split()))
