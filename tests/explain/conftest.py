"""A small page to test, and a reader of HTML that knows what is open."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from refseg_lib.evaluation.metrics import score
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.explain.page import Answer, Case

VOID = {"meta", "img", "br", "hr", "link", "input"}
HOSTILE = "<script>alert('x')</script> & \"dog\""


@dataclass
class Page(HTMLParser):
    """Every tag with its attributes, and all the text, of a well-formed page."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    text: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


@pytest.fixture
def read() -> Callable[[str], Page]:
    """Parse a page, insisting that every tag is closed in order."""

    def parse(html: str) -> Page:
        page = Page()
        page.feed(html)
        page.close()
        assert page.open == []
        return page

    return parse


@pytest.fixture
def cases() -> list[Case]:
    """Two sentences: one with truth and two answers, one without truth and with hostile text."""
    picture = Image.new("RGB", (40, 30), (90, 140, 90))
    truth = np.zeros((30, 40), bool)
    truth[5:15, 10:20] = True
    shifted = np.roll(truth, 5, 1)  # 50 of 150 pixels in common: IoU 33.3 %
    return [
        Case(
            sentence="左边的狗",
            image=picture,
            truth=truth,
            answers=(Answer("baseline", shifted), Answer("CMSA", truth, notes=("sure of it",))),
            language="zh",
            about="parkref_unc val",
            inside=(("Word attention", picture),),
        ),
        Case(sentence=HOSTILE, image=picture, answers=(Answer(HOSTILE, truth),), about=HOSTILE),
    ]


@pytest.fixture
def rows() -> list[ResultRow]:
    """An honest row and its shuffled control."""
    common = {
        "dataset": "parkref_unc", "split": "val", "language": "en", "variant": "paper",
        "preset": "laptop", "backbone": "laptop", "pretraining": "parkref-semantic",
        "protocol": "strict", "git": "0123456789ab", "versions": {},
    }  # fmt: skip
    return [
        ResultRow(model="cmsa", scores=score([3, 4], [4, 4]), **common),  # type: ignore
        ResultRow(model="cmsa", scores=score([1], [4]), control="shuffled, <seed> 0", **common),  # type: ignore
    ]
