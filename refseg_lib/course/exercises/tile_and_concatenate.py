"""The sentence laid under every pixel, the fusion of RMI that all five papers start from.

Paper 004 §1 and Table 2 (row "no attention"); here with one vector per sentence, as in
:mod:`refseg_lib.fusion.concat`.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)


def tile_and_concatenate(picture: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
    """Join the vector of every pixel with the vector of the sentence that asks about it.

    Args:
        picture: (I, P, Cv), one row of pixels per image.
        sentence: (B, Cl).
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.

    Returns:
        (B, P, Cv + Cl), the picture's channels first.
    """
    own = picture if image_of is None else picture[image_of]
    return torch.cat([own, sentence[:, None].expand(-1, own.shape[1], -1)], -1)


def _case(
    draw: Draw,
    name: str,
    sizes: tuple[int, int, int, int],
    image_of: list[int] | None = None,
    dtype: torch.dtype = torch.float64,
) -> Case:
    images, pixels, visual, language = sizes
    sentences = images if image_of is None else len(image_of)
    return Case(
        name,
        {
            "picture": draw.normal(images, pixels, visual, dtype=dtype),
            "sentence": draw.normal(sentences, language, dtype=dtype),
            "image_of": None if image_of is None else torch.tensor(image_of),
        },
        ("picture", "sentence"),
    )


def _types(draw: Draw) -> list[Case]:
    return [
        _case(draw, "float32 vectors", (1, 2, 2, 1), None, torch.float32),
        _case(draw, "float64 vectors", (1, 2, 2, 1)),
    ]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one pixel, one sentence, one channel each", (1, 1, 1, 1)),
        _case(draw, "two images with a sentence each, image_of is None", (2, 3, 1, 2)),
        _case(draw, "three sentences about two images", (2, 4, 2, 3), [0, 1, 1]),
        _case(draw, "three images, asked in another order", (3, 2, 2, 2), [1, 2, 0]),
        _case(draw, "four sentences about one image", (1, 3, 2, 1), [0, 0, 0, 0]),
    ]


def _several(draw: Draw) -> list[Case]:
    return [_case(draw, "four sentences about two images, mixed", (2, 3, 2, 2), [1, 0, 1, 0])]


def _not_tiled(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, value) in enumerate(zip(cases, values, strict=True)):
        below = value[..., case.inputs["picture"].shape[-1] :]
        if not torch.equal(below, below[:, :1].expand_as(below)):
            return index, "the last channels differ from pixel to pixel: all carry one sentence"
    return None


def _not_shared(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, (case, value) in enumerate(zip(cases, values, strict=True)):
        above = value[..., : case.inputs["picture"].shape[-1]]
        image_of = case.inputs["image_of"].tolist()
        for b, image in enumerate(image_of):
            first = image_of.index(image)
            if not torch.equal(above[b], above[first]):
                return index, f"sentences {first} and {b} ask about one image but see two"
    return None


def sentence_by_sentence(picture: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
    """Join one pixel with one sentence at a time."""
    images = range(len(sentence)) if image_of is None else image_of.tolist()
    return torch.stack(
        [
            torch.stack([torch.cat([pixel, sentence[b]]) for pixel in picture[image]])
            for b, image in enumerate(images)
        ]
    )


def by_broadcasting(picture: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
    """Fill both halves of the result."""
    rows = torch.arange(len(sentence)) if image_of is None else image_of
    visual, language = picture.shape[-1], sentence.shape[-1]
    joined = picture.new_zeros(len(sentence), picture.shape[1], visual + language)
    joined[..., :visual] = picture.index_select(0, rows)
    joined[..., visual:] = sentence.unsqueeze(1)
    return joined


def _picked(picture: Tensor, image_of: Tensor | None, sentences: int) -> Tensor:
    del sentences
    return picture if image_of is None else picture[image_of]


def _ignored(picture: Tensor, image_of: Tensor | None, sentences: int) -> Tensor:
    del image_of, sentences
    return picture


def _in_blocks(picture: Tensor, image_of: Tensor | None, sentences: int) -> Tensor:
    del image_of
    return picture.repeat_interleave(-(-sentences // len(picture)), 0)[:sentences]


def _none_as_index(picture: Tensor, image_of: Tensor | None, sentences: int) -> Tensor:
    del sentences
    return picture[image_of]


def _under_all(sentence: Tensor, pixels: int) -> Tensor:
    return sentence[:, None].expand(-1, pixels, -1)


def _viewed(sentence: Tensor, pixels: int) -> Tensor:
    return sentence.repeat(pixels, 1).view(len(sentence), pixels, -1)


def _first_alone(sentence: Tensor, pixels: int) -> Tensor:
    return sentence[0].expand(len(sentence), pixels, -1)


def _cut_off(sentence: Tensor, pixels: int) -> Tensor:
    return _under_all(sentence.detach(), pixels)


def _mutant(
    pick: Callable[[Tensor, Tensor | None, int], Tensor] = _picked,
    tile: Callable[[Tensor, int], Tensor] = _under_all,
    sentence_first: bool = False,
    one_pixel_more: bool = False,
    single: bool = False,
) -> Callable[..., Tensor]:
    def wrong(picture: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
        own = pick(picture, image_of, len(sentence))
        if one_pixel_more:
            return torch.cat([own, sentence[:, None]], 1)
        below = tile(sentence, own.shape[1])
        joined = torch.cat([below, own] if sentence_first else [own, below], -1)
        return joined.float() if single else joined

    return wrong


EXERCISE = Exercise(
    name="tile-and-concatenate",
    title="The sentence under every pixel",
    notebook="04",
    minutes=8,
    objective="You can lay one vector per sentence under every pixel of the image it is about.",
    reference=tile_and_concatenate,
    alternatives=(sentence_by_sentence, by_broadcasting),
    requirements=(
        right_kind(_types, "one tensor in the precision of its inputs"),
        right_shape(_sizes, "one row per sentence: (B, P, Cv + Cl)"),
        right_values(_sizes, "the picture's channels, then the sentence's, at every pixel"),
        holds("tiled", "all pixels of a row carry the same sentence", _several, _not_tiled),
        holds("shared", "sentences about one image see the same image", _several, _not_shared),
        right_gradients(_sizes, "gradients reach picture and sentence"),
    ),
    mutants=(
        Mutant("sentence-first", "the sentence above the picture's channels",
               _mutant(sentence_first=True)),
        Mutant("image-of-ignored", "sentence b always looking at image b, whatever image_of says",
               _mutant(_ignored)),
        Mutant("in-blocks", "every image repeated equally often, in blocks", _mutant(_in_blocks)),
        Mutant("repeat-then-view", "repeat, then view: other rows' sentences under the pixels",
               _mutant(tile=_viewed)),
        Mutant("first-sentence", "the first sentence under all images", _mutant(tile=_first_alone)),
        Mutant("detached", "the sentence cut off from the gradient", _mutant(tile=_cut_off)),
        Mutant("none-as-index", "indexing with image_of although None only adds an axis",
               _mutant(_none_as_index)),
        Mutant("along-pixels", "the sentence as one more pixel, not as more channels",
               _mutant(one_pixel_more=True)),
        Mutant("single-precision", "a result made with torch.zeros, always float32",
               _mutant(single=True)),
    ),
    hints=(
        "Two steps: first give every sentence its own copy of its image, (B, P, Cv); then give"
        " every pixel its own copy of the sentence, (B, P, Cl).",
        "Indexing a tensor with a tensor of row numbers picks these rows, repeats included. Treat"
        " None apart: there is nothing to pick then.",
        "A new axis in the middle of the sentence, (B, 1, Cl), can be expanded to P pixels without"
        " a copy; torch.cat needs to be told the last axis.",
    ),
)  # fmt: skip
