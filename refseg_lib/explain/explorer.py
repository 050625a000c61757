"""A thing to look into step by step, without a running kernel and without JavaScript.

Each step is a ``<details>``: a click, Enter or the space bar opens it. The first is open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.errors import UserError
from refseg_lib.evaluation.photograph import open_photograph
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag


@dataclass(frozen=True)
class Step:
    """One thing to look at.

    Attributes:
        label: What is inside, in a few words: the line that is clicked.
        shown: A picture (Pillow, or uint8 (H, W, 3)), or HTML such as :func:`show` gives; HTML is
            taken as it is, so escape in it what people typed.
        text: Plain text above it; an empty line begins a new paragraph.
        alt: What the picture shows; HTML brings its own.
    """

    label: str
    shown: Image.Image | NDArray[np.uint8] | str = field(repr=False)
    text: str = ""
    alt: str = ""


def explorer(title: str, steps: Sequence[Step]) -> Fragment:
    """Stack steps that open and close.

    Args:
        title: What is explored.
        steps: In the order of looking.

    Returns:
        HTML without scripts, ids or links, that says everything with all steps opened.

    Raises:
        UserError: There is no step, a step has no label, or a picture has no alt text.
    """
    if not steps:
        raise UserError(f"the explorer {title!r} has no step: give at least one Step")
    shown = "".join(_step(step, number == 0) for number, step in enumerate(steps))
    told = "; ".join(step.label for step in steps)
    return Fragment(
        f'<div style="max-width:860px"><p style="margin:0 0 8px 0;font-size:17px">'
        f"<strong>{escape(title)}</strong></p>{shown}</div>",
        f"{title}: {told}",
    )


def _step(step: Step, first: bool) -> str:
    if not step.label.strip():
        raise UserError("a step of an explorer has no label: say what is inside it")
    if isinstance(step.shown, str):
        inside = step.shown
    else:
        inside = image_tag(open_photograph(step.shown), step.alt)
    paragraphs = [part for part in step.text.split("\n\n") if part.strip()]
    told = "".join(f'<p style="margin:0 0 8px 0">{escape(part)}</p>' for part in paragraphs)
    return (
        f'<details{" open" if first else ""} style="border:1px solid rgb(150,150,150);'
        'border-radius:8px;margin:0 0 8px 0;padding:8px 14px">'
        f'<summary style="cursor:pointer;font-weight:600">{escape(step.label)}</summary>'
        f'<div style="padding:10px 0 4px 0">{told}{inside}</div></details>'
    )
