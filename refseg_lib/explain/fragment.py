"""A piece of HTML that a notebook shows, and that can be put into a larger piece."""

from typing import Any


class Fragment(str):
    """HTML as a string: the last line of a cell shows it, an f-string embeds it.

    All styles stand in ``style`` attributes: JupyterLab strips ``<style>`` and scripts from a
    notebook that was not run on this machine. There are no ids, so a fragment can be shown twice.

    Attributes:
        text: What stands for it where HTML is not shown: in a terminal, in a plain export.
    """

    text: str

    def __new__(cls, html: str, text: str) -> "Fragment":
        """Join the HTML and its plain text."""
        fragment = super().__new__(cls, html)
        fragment.text = text
        return fragment

    def __getnewargs__(self) -> tuple[str, str]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Let a fragment be copied and pickled."""
        return str(self), self.text

    def _repr_html_(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self.text)
