"""Why this mask? A model's answer opened up: its words, its levels, what it sees last.

Everything comes from the trace of a :class:`refseg_lib.evaluation.predicting.Prediction`; what a
model does not emit is left out, so any model can be explained, one's own included.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from refseg_lib.data.letterbox import Letterbox
from refseg_lib.errors import UserError
from refseg_lib.evaluation.photograph import Picture, open_photograph
from refseg_lib.evaluation.predicting import Prediction
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.explorer import Step, explorer
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.map_grid import Limits, map_grid
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.explain.word_row import word_row
from refseg_lib.fusion.word_types import TYPES

SHOWN_WIDTH = 380
"""Pixels across the picture with its mask."""


@dataclass(frozen=True)
class Look:
    """One kind of map that some model emits, once or once per level.

    Attributes:
        name: Its name in the trace, ``LEVEL`` standing for c2 to c5.
        caption: What it is, above the map.
        about: A sentence about it, above all maps of the step.
        limits: The two ends of its scale; None: as the numbers are.
        each: What its second dimension counts: nothing, ``"word"`` or ``"phrase"``.
    """

    name: str
    caption: str
    about: str
    limits: Limits | None = None
    each: str = ""


LOOKS = (
    Look("cmsa.LEVEL.pixel_map", "attention", "Attention: how much of all attention each place"
         " receives; the whole map sums to 1."),
    Look("cmpc.LEVEL.routing", "turns to", "Routing: to which word each place turns; the maps"
         " sum to 1.", (0, 1), "word"),
    Look("bilingual.LEVEL.la_projection", "projection", "Projection: how much of each place goes"
         " into the context; the whole map sums to 1."),
    Look("bilingual.LEVEL.la_reprojection", "reprojection", "Reprojection: how much of the context"
         " comes back to each place.", (0, 1)),
    Look("gated.LEVEL.memory", "memory gate", "Memory gate: how much this level tells the"
         " others, from 0 to 1.", (0, 1)),
    Look("gated.LEVEL.reset", "reset gate", "Reset gate: how much it takes from them instead of"
         " keeping its own, from 0 to 1.", (0, 1)),
)  # fmt: skip
PHRASE_LOOKS = (
    Look("bus.initial", "before", "Before: the mask if the model stopped at this phrase, its"
         " relations unheard.", (0, 1), "phrase"),
    Look("bus.shifted", "after", "After: the mask once its relations have spoken. At the phrase"
         " that is meant it is the answer.", (0, 1), "phrase"),
)  # fmt: skip


def explain_answer(prediction: Prediction, picture: Picture) -> Fragment:
    """Show an answer and, step by step, what led to it.

    Args:
        prediction: What :func:`refseg_lib.evaluation.predicting.predict` gave.
        picture: The picture that was asked about.

    Returns:
        An explorer: the answer with its words; word types where the model has them; a step per
        level; each phrase's mask where the model reasons from phrase to phrase; what it sees before
        it draws the mask.

    Raises:
        UserError: The picture is not of the prediction's size.
    """
    image = open_photograph(picture)
    if (image.height, image.width) != prediction.mask.shape:
        raise UserError(
            f"the picture has {image.height}x{image.width} pixels, the answer's mask"
            f" {prediction.mask.shape}: give the picture that was asked about"
        )
    found = re.findall(r"\.(c\d)\.", " ".join(prediction.trace))
    levels = sorted(set(found))
    steps = [_answer(prediction, image), *_types(prediction)]
    for level in levels:
        steps += _level(prediction, image, level)
    steps += _phrases(prediction, image)
    return explorer(f"“{prediction.sentence}”", [*steps, _before_the_mask(prediction, image)])


def on_the_picture(cells: Tensor | NDArray[np.floating], height: int, width: int) -> NDArray:
    """Cut off what a map has of the black bars around a picture that is not square.

    Args:
        cells: (h, h), over the square that the model was given.
        height: Rows of the picture.
        width: Its columns.

    Returns:
        Every cell as a block of at most 16 x 16 equal numbers, those beside the picture gone.
    """
    numbers = np.asarray(cells, np.float64)
    if height == width:
        return numbers
    blocks = numbers.repeat(16, 0).repeat(16, 1)
    box = Letterbox(height, width, len(blocks))
    return blocks[box.rows, box.columns]


def _answer(prediction: Prediction, image: Image.Image) -> Step:
    height = max(1, round(image.height * SHOWN_WIDTH / image.width))
    large = image.resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
    shown = overlay(large, resize_mask(prediction.mask, height, SHOWN_WIDTH))
    said = f"The answer to “{prediction.sentence}”: {describe_mask(prediction.mask)}."
    trace, text = prediction.trace, "What is meant keeps its colours; the rest is darkened."
    weights = [value[0] for name, value in trace.items() if name.endswith(".word_attention")]
    row = ""
    if weights:
        row = word_row(prediction.tokens, sum(weights[1:], weights[0]) / len(weights))
        text += " Below: how much attention each word received, on average over the levels."
    elif "joint.word_weights" in trace:
        row = word_row(prediction.tokens, trace["joint.word_weights"][0])
        text += " Below: how much each word counts."
    notes = "".join(f"\n\nNote: {note}." for note in prediction.notes)
    return Step("The answer", image_tag(shown, said) + row, text + notes)


def _types(prediction: Prediction) -> list[Step]:
    if "cmpc.word_types" not in prediction.trace:
        return []
    rows = [
        [word, *row]
        for word, row in zip(
            prediction.tokens, prediction.trace["cmpc.word_types"][0].tolist(), strict=True
        )
    ]
    shown = table(["word", *TYPES], rows, "Probability of each type of word.", digits=2)
    return [Step("What kind of word each is", shown)]


def _level(prediction: Prediction, image: Image.Image, level: str) -> list[Step]:
    """Show the words and all maps of one level, where there are any."""
    row, about = "", ""
    words = prediction.trace.get(f"cmsa.{level}.word_attention")
    if words is not None:
        row = word_row(prediction.tokens, words[0])
        about = "Words: how much attention each word receives here."
    looks = [replace(look, name=look.name.replace("LEVEL", level)) for look in LOOKS]
    grid, said = _grid(prediction, image, looks, f"Level {level}")
    label = f"Level {level}: what it attends to and passes on"
    return [Step(label, row + grid, f"{about} {said}".strip())] if row + grid else []


def _phrases(prediction: Prediction, image: Image.Image) -> list[Step]:
    grid, about = _grid(prediction, image, PHRASE_LOOKS, "Each phrase")
    return [Step("From phrase to phrase", grid, about)] if grid else []


def _grid(
    prediction: Prediction, image: Image.Image, looks: Sequence[Look], alt: str
) -> tuple[str, str]:
    """Draw those maps that the model emits, and say what they are; both empty without any."""
    about: list[str] = []
    maps: dict[str, NDArray] = {}
    limits: dict[str, Limits] = {}
    for look in looks:
        value = prediction.trace.get(look.name)
        if value is None:
            continue
        about.append(look.about)
        for name, cells in _maps(prediction, look, value).items():
            maps[name] = on_the_picture(cells, image.height, image.width)
            if look.limits:
                limits[name] = look.limits
    if not maps:
        return "", ""
    return map_grid(image, maps, alt=alt, shared_scale=False, limits=limits), " ".join(about)


def _maps(prediction: Prediction, look: Look, value: Tensor) -> dict[str, Tensor]:
    """Name the maps of one trace entry: one, or one per word or phrase."""
    if look.each == "word":
        return {f"{n} {word}": value[0, n - 1] for n, word in enumerate(prediction.tokens, 1)}
    if look.each == "phrase" and prediction.graph is not None:
        nodes = prediction.graph.nodes
        return {f"{look.caption}: {n} {node.text}": value[n - 1] for n, node in enumerate(nodes, 1)}
    return {look.caption: value[0]}


def _before_the_mask(prediction: Prediction, image: Image.Image) -> Step:
    maps = {}
    if "heat_map" in prediction.trace:
        cells = prediction.trace["heat_map"][0]
        maps["strongest channel"] = on_the_picture(cells, image.height, image.width)
    maps["probability"] = prediction.probability
    return Step(
        "Just before the mask",
        map_grid(image, maps, alt="Before the mask", limits=(0, 1)),
        "The strongest channel of the last map, scaled to 0..1 (paper 004, Fig. 5), and the"
        " probability of every pixel; the mask is where it is 0.5 or more.",
    )
