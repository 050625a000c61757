"""Every picture of a notebook has a text that says what it shows."""

import re
from html.parser import HTMLParser
from typing import Any

from refseg_lib.course.building.notebook_file import Notebook, cell_label
from refseg_lib.course.building.widget_state import STATE

_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]+`", flags=re.DOTALL | re.MULTILINE)
_MARKDOWN = re.compile(r"!\[([^\]]*)\]")


def silent_pictures(name: str, notebook: Notebook) -> list[str]:
    """List the pictures without a text, a line each.

    Looked at are pictures in Markdown, ``<img>`` and ``<svg>`` in Markdown and in HTML outputs, and
    picture outputs that came without HTML, where a text has no place; outputs within a widget, too.

    Args:
        name: What the lines call the notebook.
        notebook: Run or not.
    """
    lines = []
    for index, cell in enumerate(notebook["cells"]):
        place = f"{name}, {cell_label(notebook, index)}"
        if cell["cell_type"] == "markdown":
            text = _CODE.sub("", cell["source"])
            if any(not alt.strip() for alt in _MARKDOWN.findall(text)) or _silent_html(text):
                lines.append(f"{place}: a picture without a text; write ![what it shows](…)")
        lines += _silent_outputs(place, cell.get("outputs", []))
    for model in notebook["metadata"].get("widgets", {}).get(STATE, {}).get("state", {}).values():
        lines += _silent_outputs(f"{name}, a widget", model["state"].get("outputs", []))
    return lines


def _silent_outputs(place: str, outputs: list[dict[str, Any]]) -> list[str]:
    lines = []
    for output in outputs:
        data = output.get("data", {})
        kinds = [kind for kind in data if kind.startswith("image/")]
        if "text/html" in data and _silent_html(data["text/html"]):
            lines.append(f'{place}: its output has a picture without a text; give it alt="…"')
        elif kinds and "text/html" not in data:
            lines.append(
                f"{place}: its output is a bare {kinds[0]}, which cannot carry a text; use"
                " `show(figure, alt=…)`"
            )
    return lines


def _silent_html(text: str) -> bool:
    parser = _Pictures()
    parser.feed(text)
    parser.close()
    return parser.silent or parser.open_svg


class _Pictures(HTMLParser):
    """Finds ``<img>`` without ``alt``, and ``<svg>`` without ``aria-label`` or ``<title>``."""

    def __init__(self) -> None:
        super().__init__()
        self.silent = False
        self.open_svg = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "img" and not (given.get("alt") or "").strip():
            self.silent = True
        elif tag == "svg":
            hidden = given.get("aria-hidden") == "true"
            self.open_svg = not hidden and not (given.get("aria-label") or "").strip()
        elif tag == "title":
            self.open_svg = False

    def handle_endtag(self, tag: str) -> None:
        if tag == "svg":
            self.silent = self.silent or self.open_svg
            self.open_svg = False
