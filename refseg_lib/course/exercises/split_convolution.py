"""A 1x1 convolution over a concatenation is a sum of two products.

W [v; l] + b = (W_v v + b) + W_l l: the first product is needed once per image, the second once per
sentence. :class:`refseg_lib.fusion.concat.Concat` computes its hidden layer so.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course.draw import Draw
from refseg_lib.course.exercise import Case, Exercise, Mutant
from refseg_lib.course.requirements import (
    holds,
    inputs_kept,
    right_gradients,
    right_kind,
    right_shape,
    right_values,
)
from refseg_lib.fusion.pair_attention import per_sentence


def split_convolution(
    picture: Tensor, sentence: Tensor, image_of: Tensor | None, weight: Tensor, bias: Tensor
) -> Tensor:
    """Convolve [v; l] at every pixel, without building it.

    Args:
        picture: (I, P, Cv).
        sentence: (B, Cl).
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        weight: (O, Cv + Cl), the columns of the picture first.
        bias: (O,).

    Returns:
        (B, P, O).
    """
    visual = picture.shape[-1]
    of_picture = F.linear(picture, weight[:, :visual], bias)
    of_sentence = F.linear(sentence, weight[:, visual:])
    return per_sentence(of_picture, image_of) + of_sentence[:, None]


def _case(
    draw: Draw,
    name: str,
    sizes: tuple[int, int, int, int, int],
    image_of: list[int] | None = None,
    dtype: torch.dtype = torch.float64,
) -> Case:
    images, pixels, visual, language, out = sizes
    sentences = images if image_of is None else len(image_of)
    return Case(
        name,
        {
            "picture": draw.normal(images, pixels, visual, dtype=dtype),
            "sentence": draw.normal(sentences, language, dtype=dtype),
            "image_of": None if image_of is None else torch.tensor(image_of),
            "weight": draw.normal(out, visual + language, dtype=dtype),
            "bias": draw.normal(out, dtype=dtype),
        },
        ("picture", "sentence", "weight", "bias"),
    )


def _types(draw: Draw) -> list[Case]:
    return [_case(draw, "float32 vectors", (1, 2, 2, 1, 2), None, torch.float32)]


def _sizes(draw: Draw) -> list[Case]:
    return [
        _case(draw, "one pixel, one sentence, one channel each", (1, 1, 1, 1, 1)),
        _case(draw, "two images with a sentence each, image_of is None", (2, 3, 1, 2, 2)),
        _case(draw, "three sentences about two images", (2, 4, 2, 3, 3), [0, 1, 1]),
        _case(draw, "as many sentences as pixels", (2, 3, 2, 2, 2), [1, 0, 1]),
        _case(draw, "three images, asked in another order", (3, 2, 2, 2, 4), [1, 2, 0]),
    ]


def _two_sentences(draw: Draw) -> list[Case]:
    return [_case(draw, "two sentences about one image", (1, 4, 2, 3, 2), [0, 0])]


def _moved_unevenly(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, value in enumerate(values):
        moved = value[1] - value[0]
        if not torch.allclose(moved, moved[:1].expand_as(moved)):
            return index, (
                "from one sentence to the other some pixels moved further than others; a"
                " convolution can only add one vector to all of them"
            )
    return None


def _silenced(draw: Draw) -> list[Case]:
    """A weight that does not look at the sentence."""
    name = "weights of the sentence at 0, three sentences, two images"
    case = _case(draw, name, (2, 2, 2, 2, 3), [0, 1, 0])
    weight = case.inputs["weight"].clone()
    weight[:, 2:] = 0
    return [Case(case.name, {**case.inputs, "weight": weight})]


def _still_listening(cases: Sequence[Case], values: Sequence[Tensor]) -> tuple[int, str] | None:
    for index, value in enumerate(values):
        if not torch.allclose(value[0], value[2]):
            return index, "sentences 0 and 2 ask about one image and have no weight, yet differ"
    return None


def literally(
    picture: Tensor, sentence: Tensor, image_of: Tensor | None, weight: Tensor, bias: Tensor
) -> Tensor:
    """Build the concatenation and convolve it."""
    own = picture if image_of is None else picture[image_of]
    tiled = sentence[:, None].expand(-1, own.shape[1], -1)
    joined = torch.cat([own, tiled], -1).mT[..., None]
    return F.conv2d(joined, weight[..., None, None], bias)[..., 0].mT


def by_einsum(
    picture: Tensor, sentence: Tensor, image_of: Tensor | None, weight: Tensor, bias: Tensor
) -> Tensor:
    """Name the axes."""
    of_picture, of_sentence = weight.split([picture.shape[-1], sentence.shape[-1]], 1)
    rows = torch.arange(len(sentence)) if image_of is None else image_of
    seen = torch.einsum("ipv,ov->ipo", picture, of_picture)[rows]
    return seen + torch.einsum("bl,ol->bo", sentence, of_sentence).unsqueeze(1) + bias


def _mutant(
    bias_twice: bool = False,
    bias_at_all: bool = True,
    swapped: bool = False,
    by_position: bool = False,
    sentence_picked: bool = False,
    no_axis: bool = False,
    product: bool = False,
    rectified: bool = False,
    cut: bool = False,
) -> Callable[..., Tensor]:
    def wrong(
        picture: Tensor, sentence: Tensor, image_of: Tensor | None, weight: Tensor, bias: Tensor
    ) -> Tensor:
        visual, language = picture.shape[-1], sentence.shape[-1]
        if swapped:
            of_picture, of_sentence = weight[:, language:], weight[:, :language]
        else:
            of_picture, of_sentence = weight[:, :visual], weight[:, visual:]
        seen = F.linear(picture, of_picture, bias if bias_at_all else None)
        said = F.linear(sentence.detach() if cut else sentence, of_sentence)
        said = said + bias if bias_twice else said
        if image_of is not None and sentence_picked:
            said = said[image_of]
        elif image_of is not None and not by_position:
            seen = seen[image_of]
        said = said if no_axis else said[:, None]
        both = seen * said if product else seen + said
        return both.relu() if rectified else both

    return wrong


EXERCISE = Exercise(
    name="split-convolution",
    title="Convolve without concatenating",
    notebook="04",
    minutes=12,
    objective="You can turn a 1×1 convolution over a concatenation into two smaller products.",
    reference=split_convolution,
    alternatives=(literally, by_einsum),
    requirements=(
        right_kind(_types, "one tensor in the precision of its inputs"),
        right_shape(_sizes, "one row per sentence: (B, P, O)"),
        right_values(_sizes, "the numbers of W [v; l] + b", points=3),
        holds("same-step", "another sentence moves all pixels of an image by the same vector",
              _two_sentences, _moved_unevenly),
        holds("silenced", "with the sentence's weights at 0, what is said makes no difference",
              _silenced, _still_listening),
        inputs_kept(_sizes, "the inputs are not changed"),
        right_gradients(_sizes, "gradients reach picture, sentence, weight and bias", points=2),
    ),
    mutants=(
        Mutant("bias-twice", "the bias added with both products", _mutant(bias_twice=True)),
        Mutant("no-bias", "the bias forgotten", _mutant(bias_at_all=False)),
        Mutant("columns-swapped", "the sentence's columns taken first", _mutant(swapped=True)),
        Mutant("image-of-ignored", "sentence b always looking at image b, whatever image_of says",
               _mutant(by_position=True)),
        Mutant("sentence-picked", "image_of picking sentences instead of images",
               _mutant(sentence_picked=True)),
        Mutant("axis-missing", "(B, O) added to (B, P, O) without an axis: sentence p at pixel p",
               _mutant(no_axis=True)),
        Mutant("product", "the two parts multiplied instead of added", _mutant(product=True)),
        Mutant("relu", "a ReLU that nobody asked for", _mutant(rectified=True)),
        Mutant("detached", "the sentence cut off from the gradient", _mutant(cut=True)),
    ),
    hints=(
        "Write the sum over the channels of one pixel as two sums: the channels that come from the"
        " picture, and those that come from the sentence.",
        "weight has a row per output and a column per input. Cut it between columns Cv - 1 and Cv;"
        " each part fits one of your two inputs. The bias must be counted once.",
        "One product has shape (I, P, O), the other (B, O). Pick rows of the first with image_of"
        " unless it is None, and give the second an axis for the pixels before you add.",
    ),
)  # fmt: skip
