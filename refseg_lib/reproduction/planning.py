"""From tables to runs: what has to be trained, each network once, however many tables it is in."""

import hashlib
import inspect
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.models.build import MODELS
from refseg_lib.models.presets import PRESETS, get_preset
from refseg_lib.reproduction.published import table_names
from refseg_lib.reproduction.rows import Network, Row, rows_of
from refseg_lib.text.vectors import KUMO
from refseg_lib.training.recipes import get_recipe

# What the papers call a data set -> its id here, in each family.
FAMILIES = {
    "parkref": {
        "UNC": "parkref_unc",
        "UNC+": "parkref_uncplus",
        "G-Ref": "parkref_gref",
        "ReferIt": "parkref_referit",
        "Chinese-UNC": "parkref_unc",
    },
    "refcoco": {
        "UNC": "refcoco_unc",
        "UNC+": "refcocop_unc",
        "G-Ref": "refcocog_google",
        "ReferIt": "referit",
        "Chinese-UNC": "refcoco_unc",
    },
}
# The package of GloVe vectors has 50 numbers a word.
KUMO_WIDTH = 50
# Settings that change how fast a run is, and nothing else.
SPEED_ONLY = ("workers", "threads", "cache", "cache_gib", "checkpoint", "keep", "loaders")


@dataclass(frozen=True)
class Column:
    """Where one published number and one measured number meet.

    Attributes:
        dataset: As the papers call it.
        split: As printed.
        data: The data set id on which it is measured.
        measured_split: The split of it.
    """

    dataset: str
    split: str
    data: str
    measured_split: str

    @property
    def matching(self) -> bool:
        """Whether it is measured on what stands, in its family, for what was printed."""
        return any(ids.get(self.dataset) == self.data for ids in FAMILIES.values())


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
        crf: Whether rows that are printed with a dense CRF are scored with one too.
        limit: Only so many sentences of each split are scored; None for all.
    """

    data: str = "parkref"
    preset: str = "laptop"
    settings: tuple[tuple[str, str], ...] = ()
    seeds: tuple[int, ...] = (0,)
    vectors: str = KUMO
    crf: bool = False
    limit: int | None = None

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


def columns_of(rows: Sequence[Row], data: str) -> list[Column]:
    """Find out where the numbers of a table are measured.

    Args:
        rows: The rows of the table.
        data: A family, or one data set id. A data set that the table does not have is put beside
            the first column that the table has.

    Raises:
        UserError: Neither a family nor a data set.
    """
    printed = list(dict.fromkeys((n.dataset, n.split) for row in rows for n in row.printed))
    if data in FAMILIES:
        ids = FAMILIES[data]
        return [Column(name, split, ids[name], split) for name, split in printed]
    named = {name for ids in FAMILIES.values() for name, known in ids.items() if known == data}
    if not named:
        known = sorted({known for ids in FAMILIES.values() for known in ids.values()})
        raise UserError(
            f"--data {data}: choose a family ({', '.join(FAMILIES)}) or one of {', '.join(known)}"
        )
    fitting = [Column(name, split, data, split) for name, split in printed if name in named]
    if fitting:
        return fitting
    name, split = printed[0]
    return [Column(name, split, data, "val")]


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
        UserError: An unknown table, family or data set.
    """
    tasks: dict[tuple[str, str], Task] = {}
    for seed in choices.seeds:
        for table in tables:
            rows = rows_of(table)
            for row in rows:
                for column in columns_of(rows, choices.data):
                    task = task_for(row, column, seed, choices)
                    if task is None or (wanted is not None and row.method not in wanted(table)):
                        continue
                    key = task.data, task.name
                    known = tasks.get(key, task)
                    splits = tuple(dict.fromkeys(known.splits + task.splits))
                    crf = known.crf or (choices.crf and row.crf)
                    tasks[key] = replace(known, splits=splits, crf=crf)
    return list(tasks.values())
