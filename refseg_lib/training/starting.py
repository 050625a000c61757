"""From names to a run: data set, vocabulary, model and recipe, then the loop."""

from pathlib import Path

import torch

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.models.build import build_model
from refseg_lib.models.presets import get_preset
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.loop import Run, train
from refseg_lib.training.recipes import get_recipe
from refseg_lib.vision.backbone import build_backbone


def start_run(
    model: str,
    data: str,
    root: Path,
    out: Path,
    *,
    language: str = "en",
    preset: str = "laptop",
    variant: str = "paper",
    backbone: str | None = None,
    weights: str = "default",
    vectors: Path | None = None,
    validate_on: str | None = "val",
    settings: dict[str, str] | None = None,
    sizes: dict[str, str] | None = None,
    device: str = "auto",
    resume: bool = False,
) -> Path:
    """Train a model by name.

    Args:
        model: Name of a model.
        data: Data set id; its ``train`` split is learned.
        root: Folder of the data sets.
        out: The run's folder.
        language: ``en`` or ``zh``.
        preset: ``laptop`` or ``paper``.
        variant: ``paper`` or ``released``.
        backbone: Another backbone than the preset's.
        weights: The backbone's pretraining: a name or a file.
        vectors: An ``.npz`` with ``words`` and ``vecs`` to start the word table from.
        validate_on: The split that decides which weights are kept, or None.
        settings: Changes to the recipe, as text.
        sizes: Changes to the model's sizes, as text.
        device: ``auto``, ``cpu``, ``cuda``, …
        resume: Go on from the folder's checkpoint.

    Returns:
        The run's folder.

    Raises:
        UserError: Something named does not exist or does not fit.
    """
    recipe = get_recipe(model, preset, settings)
    train_split = open_dataset(data, root, "train", language)
    validation = None if validate_on is None else open_dataset(data, root, validate_on, language)
    torch.manual_seed(recipe.seed)
    vocabulary = build_vocabulary(train_split, recipe.max_length)
    chosen = get_preset(preset)
    network = build_model(
        model,
        preset,
        variant,
        vocabulary_size=len(vocabulary),
        backbone=build_backbone(backbone or chosen.backbone, weights),
        sizes=_sizes(sizes or {}, chosen),
    )
    if vectors is not None:
        if not isinstance(network.text_encoder, WordEmbedding):
            raise UserError(f"--vectors {vectors}: {model} has no word table to start from them")
        load_vectors(network.text_encoder, vocabulary, vectors)
    network.to(_device(device))
    return train(Run(network, vocabulary, train_split, validation, recipe, out, resume))


def build_vocabulary(dataset: ReferringDataset, max_length: int) -> Vocabulary:
    """Collect the words of a training split."""
    return Vocabulary.build(
        tokenize(dataset[index].sentence, dataset.language, max_length=max_length)
        for index in range(len(dataset))
    )


def load_vectors(encoder: WordEmbedding, vocabulary: Vocabulary, path: Path) -> int:
    """Start the word table from vectors; words without one keep their random start.

    Args:
        encoder: Its table (V, C) is changed in place.
        vocabulary: Of the model.
        path: An ``.npz`` with ``words`` (N,) text and ``vecs`` (N, C).

    Returns:
        How many words of the vocabulary were found.

    Raises:
        UserError: The file cannot be read, or its vectors are of another width.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            words, vectors = archive["words"], archive["vecs"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"--vectors {path}: {error}; expected an .npz with words (N,) and vecs (N, C)"
        ) from error
    table = encoder.table
    if vectors.shape[1] != table.shape[1]:
        raise UserError(
            f"--vectors {path}: {vectors.shape[1]} numbers a word, the model has"
            f" {table.shape[1]}: add --size embedding={vectors.shape[1]}"
        )
    row_of = {str(word): row for row, word in enumerate(words)}
    found = 0
    with torch.no_grad():
        for number, word in enumerate(vocabulary.to_list()):
            if word in row_of:
                table[number] = torch.from_numpy(vectors[row_of[word]].astype("float32"))
                found += 1
    return found


def _sizes(given: dict[str, str], preset: object) -> dict[str, object]:
    sizes: dict[str, object] = {}
    for name, text in given.items():
        value = getattr(preset, name, None)
        try:
            sizes[name] = tuple(text.split(",")) if isinstance(value, tuple) else int(text)
        except ValueError:
            raise UserError(f"--size {name}={text}: expected a whole number") from None
    return sizes


def _device(name: str) -> torch.device:
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        told = str(error).splitlines()[0]
        raise UserError(f"--device {name} cannot be used here: {told}; try --device cpu") from error
    return device
