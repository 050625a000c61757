"""predict: one picture and one sentence in, the mask of the thing meant out."""

import os
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from refseg_lib.data.batch import Example, collate
from refseg_lib.data.letterbox import letterbox_image, unletterbox
from refseg_lib.errors import UserError
from refseg_lib.evaluation.answering import evaluation_mode
from refseg_lib.evaluation.graphs import graph_for
from refseg_lib.evaluation.photograph import Picture, open_photograph
from refseg_lib.evaluation.protocols import strict_mask
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.models.saved import Loaded, load_model
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.trace import Trace, trace


@dataclass(frozen=True)
class Prediction:
    """What a model answered.

    Attributes:
        mask: bool (H, W) at the picture's own size, True = the thing meant.
        probability: float32 (H, W) in [0, 1]; ``mask`` is where it is at least 0.5.
        trace: The model's named intermediates, see :func:`refseg_lib.trace.trace`.
        sentence: The sentence as given.
        tokens: The sentence as the model read it.
        notes: What a reader should know before believing the mask, one line each; often empty.
        graph: The language graph that the model reasoned along; None for a model without one.
    """

    mask: NDArray[np.bool_] = field(repr=False)
    probability: NDArray[np.float32] = field(repr=False)
    trace: Trace = field(repr=False)
    sentence: str
    tokens: tuple[str, ...]
    notes: tuple[str, ...]
    graph: LanguageGraph | None = None


def predict(
    image: Picture,
    sentence: str,
    model: Loaded | str | os.PathLike[str] = "cmsa",
    language: str | None = None,
) -> Prediction:
    """Find what a sentence means in a picture.

    Args:
        image: A path, a Pillow image, or an array (H, W, 3), RGB. Any size.
        sentence: For example ``"the left dog"``.
        model: A shipped model's name, a run's folder, or what ``load_model`` gave (load once when
            asking often).
        language: ``"en"`` or ``"zh"``; by default the one the model was trained on.

    Returns:
        Mask and probability at the picture's own size, and a look inside.

    Raises:
        UserError: The picture cannot be read, the sentence is empty, or there is no such model.
    """
    if not isinstance(sentence, str) or not sentence.strip():
        raise UserError(
            f"the sentence is empty ({sentence!r}): say in words what to find,"
            ' for example "the left dog"'
        )
    picture = open_photograph(image)
    loaded = model if isinstance(model, Loaded) else load_model(model)
    config, network = loaded.config, loaded.model
    tokens = read_sentence(loaded, sentence, language)
    example = Example(
        words=loaded.vocabulary.encode(tokens),
        image=letterbox_image(picture, config["input_size"]),
        graph=graph_for(loaded, tokens, language),
        sentence=sentence,
    )
    batch = collate([example]).to(next(network.parameters()).device)
    # Not inference_mode: what the trace holds may be used in somebody's gradient later.
    with evaluation_mode(network), torch.no_grad(), trace(network) as inside:
        logits = network(batch)[0, 0].float().cpu()
    probability = torch.sigmoid(unletterbox(logits, picture.height, picture.width)).numpy()
    mask = strict_mask(logits, picture.height, picture.width)
    return Prediction(
        mask=mask,
        probability=probability,
        trace=inside,
        sentence=sentence,
        tokens=tuple(tokens),
        notes=_notes(tokens, loaded, mask),
        graph=example.graph,
    )


def _notes(tokens: list[str], loaded: Loaded, mask: NDArray[np.bool_]) -> tuple[str, ...]:
    # What is to be known of the model itself comes first.
    notes = list(loaded.config.get("notes", ()))
    words = [token for token in tokens if any(character.isalnum() for character in token)]
    unknown = loaded.vocabulary.unknown(words)
    if len(unknown) == len(words):
        notes.append(
            "the model knows no word of this sentence, so it answers from the picture alone"
        )
    elif unknown:
        notes.append(f"words the model never saw in training: {', '.join(unknown)}")
    if not mask.any():
        notes.append("no pixel reached a probability of 0.5: the model found nothing")
    return tuple(notes)
