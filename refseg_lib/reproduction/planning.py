"""From tables to runs: what has to be trained, each network once, however many tables it is in."""

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from refseg_lib.models.build import MODELS
from refseg_lib.models.presets import PRESETS, get_preset
from refseg_lib.reproduction.columns import Column, columns_of
from refseg_lib.reproduction.published import table_names
from refseg_lib.reproduction.rows import Network, Row, rows_of
from refseg_lib.text.vectors import KUMO
from refseg_lib.training.recipes import get_recipe

# The package of GloVe vectors has 50 numbers a word.
KUMO_WIDTH = 50
# Settings that change how fast a run is, and nothing else.
SPEED_ONLY = ("workers", "threads", "cache", "cache_gib", "checkpoint", "keep", "loaders")


@dataclass(frozen=True)
class Choices:
    """What a user of ``refseg reproduce`` can choose.

    Attributes:
        data: A family (``parkref``, ``refcoco``), or the id of one data set.
        preset: ``laptop`` or ``paper``.
        settings: Changes to every recipe, as text.
        seeds: One run of each network per seed.
        vectors: Word vectors for the rows that the paper starts from GloVe; ``none`` has them start
            at random.
        crf: Whether rows that are printed with a dense CRF, and all main ones, are scored with one
            too.
        limit: Only so many sentences of each split are scored; None for all.
        splits: Only these splits are scored; all that the tables have if there is none.
    """

    data: str = "parkref"
    preset: str = "laptop"
    settings: tuple[tuple[str, str], ...] = ()
    seeds: tuple[int, ...] = (0,)
    vectors: str = KUMO
    crf: bool = False
    limit: int | None = None
    splits: tuple[str, ...] = ()

    @property
    def telling(self) -> dict[str, str]:
        """The settings that can move a number, by name."""
        return {name: value for name, value in self.settings if name not in SPEED_ONLY}


@dataclass(frozen=True)
class Task:
    """One training run and what is scored of it.

    Attributes:
        network: What is trained.
        data: On which data set.
        seed: With which seed.
        choices: What else was chosen.
        splits: The splits to score.
        crf: Whether to score with a dense CRF as well.
    """

    network: Network
    data: str
    seed: int
    choices: Choices
    splits: tuple[str, ...]
    crf: bool

    @property
    def name(self) -> str:
        """Name the run; runs of one name are the same run, whichever tables they stand in."""
        network, choices = self.network, self.choices
        settings = dict(choices.settings)
        steps = get_recipe(network.model, choices.preset, settings).steps
        row = network.ablation or ""
        parts = [network.model, row.removeprefix(f"{network.model}-")]
        parts += ["glove" if network.glove else None, "zh" if network.language == "zh" else None]
        parts += [None if choices.preset == "laptop" else choices.preset]
        told = dict(sorted(choices.telling.items()))
        told.pop("steps", None)
        if not network.glove:
            told.pop("whiten", None)
        elif choices.vectors != KUMO:
            told["vectors"] = choices.vectors
        if choices.limit is not None:
            told["limit"] = str(choices.limit)
        digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:6] if told else None
        return "_".join(
            ["-".join(filter(None, parts)), *filter(None, [f"{steps}steps", digest]),
             f"seed{self.seed}"]
        )  # fmt: skip


def usual(network: Network, preset: str) -> Network:
    """Write a network in its simplest form, so that equal ones compare equal.

    Options and sizes that are what they are anyway go. Input sides of 320 and 448 pixels are the
    papers': at another preset they shrink in proportion, to a multiple of 16.
    """
    known = inspect.signature(MODELS[network.model]).parameters
    options = {key: value for key, value in network.options.items() if known[key].default != value}
    base = get_preset(preset, network.model)
    scale = base.input_size / PRESETS["paper"].input_size
    sizes: dict[str, Any] = {}
    for key, value in network.sizes.items():
        small = max(16, 16 * round(value * scale / 16)) if key == "input_size" else value
        if getattr(base, key) != small:
            sizes[key] = small
    return replace(network, ablation=None, options=options, sizes=sizes)


def named(network: Network, preset: str) -> Network:
    """Give a network the name of the first ablation that is this network, or none if it is whole.

    Raises:
        UserError: The preset is unknown.
    """
    form = usual(network, preset)
    if not form.options and not form.sizes:
        return form
    for table in table_names():
        for row in rows_of(table):
            other = row.network
            if other is None or other.model != form.model or other.ablation is None:
                continue
            if usual(other, preset) == replace(form, language=other.language, glove=other.glove):
                return replace(form, ablation=other.ablation)
    width = "-".join(f"{key}-{value}" for key, value in form.sizes.items())
    return replace(form, ablation=width)


def why_not(row: Row, choices: Choices) -> str | None:
    """Say why a row is not run; None where it is."""
    if row.network is None:
        return row.note
    if "backbone" in row.network.sizes or row.network.ablation in ("deeplab-320", "deeplab-448"):
        if choices.preset != "paper":
            return "compares backbones of the paper preset: --preset paper"
    return None


def task_for(row: Row, column: Column, seed: int, choices: Choices) -> Task | None:
    """Name the run that measures one row for one column, or None where there is none.

    A row that is printed for other data than this column's is measured nevertheless: its system is
    the same.
    """
    if why_not(row, choices) is not None:
        return None
    assert row.network is not None
    chinese_column = column.dataset.startswith("Chinese")
    if chinese_column != (row.network.language == "zh"):
        return None
    network = named(row.network, choices.preset)
    if choices.vectors == "none":
        network = replace(network, glove=False)
    return Task(network, column.data, seed, choices, (column.measured_split,), False)


def plan(
    tables: Sequence[str],
    choices: Choices,
    wanted: Callable[[str], set[str]] | None = None,
) -> list[Task]:
    """List the runs that some tables need, each once: all networks of the first seed first.

    Args:
        tables: Their names.
        choices: Data, seeds and the rest.
        wanted: Gives the rows of a table that are wanted; None for all.

    Raises:
        UserError: An unknown table, family or data set, or one without such a split.
    """
    tasks: dict[tuple[str, str], Task] = {}
    for seed in choices.seeds:
        for table in tables:
            rows = rows_of(table)
            for row in rows:
                for column in columns_of(rows, choices.data, choices.splits):
                    task = task_for(row, column, seed, choices)
                    if task is None or (wanted is not None and row.method not in wanted(table)):
                        continue
                    key = task.data, task.name
                    known = tasks.get(key, task)
                    splits = tuple(dict.fromkeys(known.splits + task.splits))
                    crf = known.crf or (choices.crf and row.crf)
                    tasks[key] = replace(known, splits=splits, crf=crf)
    return list(tasks.values())
