"""A static page of answers: each sentence with its picture, the truth, and what models said.

One file with everything in it: it opens from a disk, an e-mail or a web server, with JavaScript
off, in light and dark, on a telephone, and read aloud.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.protocols import count
from refseg_lib.evaluation.result_row import ResultRow
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.data_uri import data_uri
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.page_style import STYLE
from refseg_lib.explain.score_table import score_table
from refseg_lib.files import write_atomically

SHOWN_WIDTH = 480
"""Pixels across a picture on the page: sharp on a dense screen, small in the file."""


@dataclass(frozen=True)
class Answer:
    """What one model said.

    Attributes:
        model: The model's name for the reader.
        mask: bool (H, W) at the picture's size.
        notes: Lines to print with it, e.g. those of a ``Prediction``.
    """

    model: str
    mask: NDArray[np.bool_] = field(repr=False)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Case:
    """One sentence about one picture.

    Attributes:
        sentence: What was asked.
        image: The picture.
        answers: What the models said.
        truth: bool (H, W), True = the thing meant; None where nobody knows.
        language: ``"en"`` or ``"zh"``: screen readers choose a voice by it.
        about: A line under the sentence, e.g. where it comes from.
        inside: Further pictures with captions, folded away: the models' intermediates.
    """

    sentence: str
    image: Image.Image = field(repr=False)
    answers: tuple[Answer, ...]
    truth: NDArray[np.bool_] | None = field(default=None, repr=False)
    language: str = "en"
    about: str = ""
    inside: tuple[tuple[str, Image.Image], ...] = ()


def result_page(
    cases: Sequence[Case],
    title: str,
    introduction: str = "",
    rows: Sequence[ResultRow] = (),
) -> str:
    """Compose the page.

    Args:
        cases: Sentences in the order in which to show them.
        title: Heading of the page; plain text, as all other texts here.
        introduction: A paragraph below it.
        rows: Scores for a table above the pictures.

    Returns:
        A whole HTML document without scripts or links to elsewhere.
    """
    scores = f"<h2>Scores</h2>\n{score_table(rows)}" if rows else ""
    shown = "\n".join(_case(case) for case in cases)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p class="introduction">{escape(introduction)}</p>
{scores}
<h2>Sentences and answers</h2>
{shown}
<footer>What is meant keeps its colours inside a white line; the rest of the picture is darkened.
IoU is the area in both masks over the area in either; an answer counts as found from 50 % on.
</footer>
</main>
</body>
</html>
"""


def write_page(path: str | os.PathLike[str], html: str) -> None:
    """Write a page whole or not at all, as UTF-8."""
    write_atomically(path, html)


def _case(case: Case) -> str:
    asked = f"“{case.sentence}”"
    figures = [_figure(_shown(case.image), "The picture.", "<strong>Picture</strong>")]
    if case.truth is not None:
        alt = f"The truth for {asked}: {describe_mask(case.truth)}."
        figures.append(_figure(_shown(case.image, case.truth), alt, "<strong>Truth</strong>"))
    figures += [_answer(case, answer) for answer in case.answers]
    inside = ""
    if case.inside:
        panels = "".join(
            _figure(_shown(picture), f"{text}.", escape(text)) for text, picture in case.inside
        )
        inside = (
            "<details><summary>Look inside the model</summary>"
            f'<div class="pictures">{panels}</div></details>'
        )
    about = f'<p class="about">{escape(case.about)}</p>' if case.about else ""
    return (
        f'<article>\n<h3 lang="{escape(case.language)}">{escape(asked)}</h3>\n{about}'
        f'<div class="pictures">\n{"".join(figures)}</div>\n{inside}</article>'
    )


def _answer(case: Case, answer: Answer) -> str:
    alt = f"{answer.model}'s answer to “{case.sentence}”: {describe_mask(answer.mask)}"
    text = f"<strong>{escape(answer.model)}</strong>"
    if case.truth is not None:
        percent = 100 * float(iou(*count(answer.mask, case.truth)))
        verdict = "✓ found" if percent >= 50 else "✗ missed"
        alt += f", IoU {percent:.1f} %"
        text += (
            f' <span class="score">IoU {percent:.1f} % {verdict}</span>'
            '<span class="bar" aria-hidden="true">'
            f'<span style="width:{percent:.1f}%"></span></span>'
        )
    text += "".join(f'<span class="note">{escape(note)}</span>' for note in answer.notes)
    return _figure(_shown(case.image, answer.mask), f"{alt}.", text)


def _figure(image: Image.Image, alt: str, caption: str) -> str:
    return (
        f'<figure><img src="{data_uri(image)}" alt="{escape(alt)}" width="{image.width}"'
        f' height="{image.height}"><figcaption>{caption}</figcaption></figure>\n'
    )


def _shown(image: Image.Image, mask: NDArray[np.bool_] | None = None) -> Image.Image:
    """Bring a picture to the page's width first, so that the mask's border is drawn sharp."""
    height = max(1, round(image.height * SHOWN_WIDTH / image.width))
    picture = image.convert("RGB").resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
    if mask is None:
        return picture
    return overlay(picture, resize_mask(mask, height, SHOWN_WIDTH))
