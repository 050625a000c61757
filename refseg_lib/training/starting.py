"""From names to a run: data set, vocabulary, model and recipe, then the loop."""

import inspect
import os
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from refseg_lib.data.corpus import count_tokens, token_lists
from refseg_lib.data.graph_cache import graphs_of
from refseg_lib.data.overlap import leaks
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.models.build import MODELS, build_model
from refseg_lib.models.presets import get_preset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.relations import OTHER, RelationVocabulary
from refseg_lib.text.vector_table import fill_word_table
from refseg_lib.text.vectors import load_vectors
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.loop import train
from refseg_lib.training.processes import Processes
from refseg_lib.training.recipes import get_recipe
from refseg_lib.training.run import Run
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
    ablation: str | None = None,
    options: Mapping[str, Any] | None = None,
    backbone: str | None = None,
    weights: str = "default",
    vectors: str | os.PathLike[str] = "none",
    validate_on: str | None = "val",
    settings: dict[str, str] | None = None,
    sizes: Mapping[str, Any] | None = None,
    device: str = "auto",
    resume: bool = False,
    tensorboard: bool = False,
    cache: Path | None = None,
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
        ablation: A row of the papers' ablation tables, by name.
        options: Options of the model, see ``refseg models``.
        backbone: Another backbone than the preset's.
        weights: The backbone's pretraining: a name or a file.
        vectors: Word vectors to start the word table from: a file or a name that
            :func:`refseg_lib.text.vectors.load_vectors` knows, or ``none``.
        validate_on: The split that decides which weights are kept, or None.
        settings: Changes to the recipe, as text.
        sizes: Changes to the model's sizes, as values or as text.
        device: ``auto``, ``cpu``, ``cuda``, …
        resume: Go on from the folder's checkpoint.
        tensorboard: Log scalars and pictures for TensorBoard too, into ``out/tensorboard``.
        cache: Folder of the feature caches on disk; by default ``root/cache/features``.

    Returns:
        The run's folder.

    Raises:
        UserError: Something named does not exist or does not fit.
    """
    processes = Processes(device)
    recipe = get_recipe(model, preset, settings)
    train_split = open_dataset(data, root, "train", language)
    validation = None if validate_on is None else open_dataset(data, root, validate_on, language)
    torch.manual_seed(recipe.seed)
    sentences = token_lists(train_split, recipe.max_length)
    vocabulary = Vocabulary.build(sentences)
    chosen = get_preset(preset, model)
    trunk = build_backbone(backbone or chosen.backbone, weights)
    if processes.first and (told := leaks(str(trunk.weights), train_split.id)):
        print(f"note: {told}", file=sys.stderr)
    network = build_model(
        model,
        preset,
        variant,
        vocabulary_size=len(vocabulary),
        ablation=ablation,
        backbone=trunk,
        sizes=_sizes(sizes or {}, chosen),
        **_relations(model, train_split, recipe.graphs),
        **(options or {}),
    )
    start_words(
        network,
        vocabulary,
        vectors,
        counts=count_tokens(sentences),
        seed=recipe.seed,
        compose=language == "zh",
        whiten=recipe.whiten,
        needed=resume,
    )
    network.to(processes.device)
    board = None
    if tensorboard and processes.first:
        from refseg_lib.training.board import Board

        board = Board(out / "tensorboard")
    run = Run(
        network,
        vocabulary,
        train_split,
        validation,
        recipe,
        out,
        resume,
        processes,
        board,
        cache or root / "cache" / "features",
    )
    return train(run)


def _relations(model: str, train_split: ReferringDataset, backend: str) -> dict[str, list[str]]:
    """Name the types of relations that a model with types must know: those of its training."""
    if "relations" not in inspect.signature(MODELS[model]).parameters:
        return {}
    found = RelationVocabulary.build(graphs_of(train_split, backend))
    return {"relations": [name for name in found.names if name != OTHER]}


def build_vocabulary(dataset: ReferringDataset, max_length: int) -> Vocabulary:
    """Collect the words of a training split."""
    return Vocabulary.build(token_lists(dataset, max_length))


def start_words(
    model: ReferringSegmenter,
    vocabulary: Vocabulary,
    vectors: str | os.PathLike[str],
    *,
    counts: Counter[str] | None = None,
    seed: int = 0,
    compose: bool = False,
    whiten: bool = False,
    needed: bool = False,
) -> None:
    """Start a model's word table from word vectors, and write into its config what was found.

    ``config["vectors"]`` becomes a :class:`refseg_lib.text.vector_table.Coverage` as a dictionary,
    or ``"none"``. Where there is no such file or package the table keeps its random start,
    U(-0.08, 0.08): that is said on the error stream and in ``config["notes"]``, which every result
    row repeats.

    Args:
        model: Its table is changed in place.
        vocabulary: Of the model.
        vectors: A file or a name that :func:`refseg_lib.text.vectors.load_vectors` knows, or
            ``"none"``.
        counts: How often each word occurs in training.
        seed: Of the rows of words without a vector.
        compose: Whether a Chinese word may have the mean of its characters' vectors.
        whiten: Whether the vectors are whitened first.
        needed: Whether a missing file is an error: a resumed run must start from the same table.

    Raises:
        UserError: The vectors are malformed or of another width, or missing and needed.
    """
    if os.fspath(vectors) == "none":
        model.config["vectors"] = "none"
        return
    try:
        loaded = load_vectors(vectors)
    except DataNotFoundError as error:
        if needed:
            raise
        print(f"{error}; the word table starts at random instead", file=sys.stderr)
        model.config["vectors"] = f"none ({os.fspath(vectors)} not found)"
        note = f"word vectors {os.fspath(vectors)} not found: the word table started at random"
        model.config["notes"] = [*model.config.get("notes", []), note]
        return
    coverage = fill_word_table(
        model.text_encoder,
        vocabulary,
        loaded,
        seed,
        compose=compose,
        counts=counts,
        whiten=whiten,
    )
    print(coverage, file=sys.stderr)
    model.config["vectors"] = coverage.to_json()


def _sizes(given: Mapping[str, Any], preset: object) -> dict[str, object]:
    sizes: dict[str, object] = {}
    for name, text in given.items():
        value = getattr(preset, name, None)
        if not isinstance(text, str):
            sizes[name] = text
            continue
        try:
            sizes[name] = tuple(text.split(",")) if isinstance(value, tuple) else int(text)
        except ValueError:
            raise UserError(f"--size {name}={text}: expected a whole number") from None
    return sizes
