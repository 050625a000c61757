"""Which network stands behind each row of a published table, and which row has none here."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from refseg_lib.models.build import ABLATIONS
from refseg_lib.reproduction.published import PAPERS, Published, printed_table, table_names


@dataclass(frozen=True)
class Network:
    """A network to train, apart from data, seed and recipe.

    Attributes:
        model: Name of the model.
        ablation: Row of its ablation tables, None for the whole model.
        language: ``"en"`` or ``"zh"``.
        glove: Whether the paper starts its words from GloVe vectors.
        options: Options of the model, as :func:`refseg_lib.models.build.build_model` takes them.
        sizes: Sizes that differ from the preset.
    """

    model: str
    ablation: str | None = None
    language: str = "en"
    glove: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    sizes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One row of a published table.

    Attributes:
        method: As printed.
        network: What is trained for it; None where this library has no such network.
        crf: Whether it is scored with a dense CRF too, if that is asked for: its numbers were
            printed so, or it stands in the main table.
        note: What is our reading, or why there is no network.
        printed: Its numbers.
    """

    method: str
    network: Network | None
    crf: bool
    note: str
    printed: tuple[Published, ...]


MAIN = "main"
"""No table of a paper: the five systems and the baseline, each beside its own paper's numbers."""

# Rows of the tables of main results; the rows of all other tables are found by their ablation.
SYSTEMS = {
    "CMSA": "cmsa",
    "CMSA+DCRF": "cmsa",
    "CMSA+GF (ours)": "cmsa",
    "CMPC": "cmpc",
    "CMPC+DCRF": "cmpc",
    "CMPC+TGFE (ours)": "cmpc",
    "LE+LA+CLAF (ours)": "bilingual",
    "SHNet* (320x320)": "shnet",
    "SHNet* (448x448)": "shnet",
    "BUSNet*": "busnet",
    "BUSNet (ours)": "busnet",
    "BUSNet+DCRF (ours)": "busnet",
}
# Where the row is another size than the preset.
SIZES = {"SHNet* (448x448)": {"input_size": 448}}
# System -> the table and the row of its own paper.
OWN = {
    "cmsa": ("cmsa-1", "CMSA+GF (ours)"),
    "cmpc": ("cmpc-1", "CMPC+TGFE (ours)"),
    "bilingual": ("bilingual-2", "LE+LA+CLAF (ours)"),
    "shnet": ("shnet-1", "SHNet* (320x320)"),
    "busnet": ("busnet-1", "BUSNet (ours)"),
}
ELSEWHERE = "another system, which this library has not"
# Papers 001, 002 and 004 print their main results with a dense CRF, 004 its Table 3 too.
WITH_CRF = ("cmpc-1", "bilingual-2", "bilingual-3", "cmsa-1", "cmsa-3")
# Systems whose papers start words from GloVe, and the rows that leave it out on purpose.
GLOVE: dict[str, tuple[str, ...]] = {
    "cmpc": (),
    "shnet": ("no-glove",),
    "busnet": ("baseline", "attention-words"),
}


def all_tables() -> list[str]:
    """List the names of what :func:`rows_of` knows."""
    return [MAIN, *table_names()]


def rows_of(table: str) -> list[Row]:
    """List the rows of a table, in their printed order.

    Args:
        table: Its name, such as ``"cmsa-3"``, or ``"main"``.

    Raises:
        UserError: There is no such table.
    """
    return list(_rows_of(table))


@functools.cache
def _rows_of(table: str) -> tuple[Row, ...]:
    if table == MAIN:
        return tuple(_main_rows())
    by_method: dict[str, list[Published]] = {}
    for number in printed_table(table):
        by_method.setdefault(number.method, []).append(number)
    return tuple(_row(table, method, tuple(numbers)) for method, numbers in by_method.items())


def _main_rows() -> list[Row]:
    # With a dense CRF all of them, whichever way each was printed: they are compared here.
    rows = [Row("concatenation baseline", Network("baseline"), True, "ours, in no paper", ())]
    for model, (table, method) in OWN.items():
        found = next(row for row in rows_of(table) if row.method == method)
        rows.append(replace(found, method=f"{model}: {method}, {table}", crf=True))
        if model == "bilingual":
            zh = next(row for row in rows_of("bilingual-3") if row.method == method)
            method = f"{model}, Chinese: {method}, bilingual-3"
            rows.append(replace(zh, method=method, crf=True))
    return rows


def _row(table: str, method: str, printed: tuple[Published, ...]) -> Row:
    system, number = table.split("-")
    language = "zh" if printed[0].dataset.startswith("Chinese") else "en"
    crf = "DCRF" in method or table in WITH_CRF
    for model, ablations in ABLATIONS.items():
        for one in ablations:
            if (PAPERS.get(one.paper), one.table, one.row) == (system, f"T{number}", method):
                glove = _starts_from_glove(model, one.name, one.options)
                options = {key: value for key, value in one.options.items() if key != "glove"}
                network = Network(model, one.name, language, glove, options, one.sizes)
                return Row(method, network, crf, one.note, printed)
    if method in SYSTEMS:
        model = SYSTEMS[method]
        network = Network(model, None, language, model in GLOVE, sizes=SIZES.get(method, {}))
        return Row(method, network, crf, "", printed)
    return Row(method, None, crf, ELSEWHERE, printed)


def _starts_from_glove(model: str, ablation: str, options: Mapping[str, Any]) -> bool:
    if model not in GLOVE:
        return False
    return bool(options.get("glove", True)) and ablation not in GLOVE[model]
