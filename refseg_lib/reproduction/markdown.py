"""Tables in Markdown."""

from collections.abc import Iterable


def table_row(values: Iterable[str]) -> str:
    """Write one line of a table; what would end a cell or begin italics is the caller's care."""
    return "| " + " | ".join(values) + " |"
