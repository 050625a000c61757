"""The language graphs of a data set, kept beside its annotations.

`refs(NAME).LANGUAGE.graphs.json` holds for every sent_id the graph and a digest of the sentence it
was read from. A changed sentence, or a newer parser, is parsed again. ParkRef's own graphs come
from `truth(FLAVOUR).jsonl`.
"""

import dataclasses
import hashlib
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.files import write_atomically
from refseg_lib.text.graph import LanguageGraph, Node
from refseg_lib.text.parsing import PARSER_VERSION, parse, prune
from refseg_lib.text.tokens import tokenize

MAX_LENGTH, MAX_NODES, MAX_EDGES = 20, 10, 20
_TOLD: set[Path] = set()
"""Read-only folders that were mentioned already."""


def graphs_of(dataset: ReferringDataset, backend: str = "builtin") -> list[LanguageGraph]:
    """Return the graph of every sentence of a split, parsed or from the files beside it.

    Args:
        dataset: The split.
        backend: ``"builtin"``, ``"spacy"``, or ``"truth"`` for the graphs that ParkRef wrote down
            when it made the sentences.

    Returns:
        One graph per sentence, in the order of ``dataset``; spans count the tokens of
        :func:`refseg_lib.text.tokens.tokenize`, at most 20.

    Raises:
        UserError: Unknown back end, spaCy is missing, or there are no true graphs.
    """
    if backend == "truth":
        return _true_graphs(dataset)
    path = graphs_path(dataset)
    stamp = [PARSER_VERSION, backend, MAX_LENGTH, MAX_NODES, MAX_EDGES]
    kept = _read(path, stamp)
    graphs, missing = [], 0
    for expression in dataset:
        key, digest = str(expression.sent_id), _digest(expression.sentence)
        entry = kept.get(key)
        if entry is None or entry[0] != digest:
            missing += 1
            graph = parse(
                expression.sentence,
                dataset.language,
                backend,
                max_length=MAX_LENGTH,
                max_nodes=MAX_NODES,
                max_edges=MAX_EDGES,
            )
            kept[key] = [digest, graph.to_json()]
        else:
            graph = LanguageGraph.from_json(entry[1])
        graphs.append(graph)
    if missing:
        _write(path, stamp, kept)
    return graphs


def graphs_path(dataset: ReferringDataset) -> Path:
    """Return where the graphs of a data set belong: `refs(unc).en.graphs.json`."""
    return dataset.folder / f"{_refs_name(dataset)}.{dataset.language}.graphs.json"


def _refs_name(dataset: ReferringDataset) -> str:
    if dataset.id.startswith("folder:"):
        return Path(dataset.id.removeprefix("folder:")).stem
    if dataset.id == "referit":
        return "referit"
    return f"refs({dataset.id.rpartition('_')[2]})"


def _digest(sentence: str) -> str:
    return hashlib.sha256(sentence.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _read(path: Path, stamp: list[Any]) -> dict[str, list[Any]]:
    """Return sent_id to [digest, graph]; empty where the file is absent, older or damaged."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["stamp"] != stamp:
            return {}
        for digest, graph in data["graphs"].values():
            if not isinstance(digest, str):
                raise TypeError(digest)
            LanguageGraph.from_json(graph).check()
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UserError) as error:
        told = f"{path} is damaged ({type(error).__name__}: {error}): parsing its sentences again"
        print(" ".join(told.split()), file=sys.stderr, flush=True)
        return {}
    return data["graphs"]


def _write(path: Path, stamp: list[Any], graphs: dict[str, list[Any]]) -> None:
    """Keep the graphs; where the folder cannot be written, say so once and go on."""
    try:
        # The permission bits are asked and not the system, which lets root write everywhere.
        bits = path.parent.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
        if not bits or not os.access(path.parent, os.W_OK):
            raise UserError(f"{path.parent} is read-only")
        write_atomically(path, json.dumps({"stamp": stamp, "graphs": graphs}, ensure_ascii=False))
    except UserError as error:
        if path.parent not in _TOLD:
            _TOLD.add(path.parent)
            told = f"language graphs are parsed anew each time: {error}"
            print(told, file=sys.stderr, flush=True)


def _true_graphs(dataset: ReferringDataset) -> list[LanguageGraph]:
    name = _refs_name(dataset).removeprefix("refs(").removesuffix(")")
    path = dataset.folder / f"truth({name}).jsonl"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"there are no true graphs for {dataset.id}: cannot read {path} ({error.strerror});"
            " only ParkRef has them: use the back end builtin"
        ) from error
    truths: dict[int, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            told = json.loads(line)
            truths[told["sent_id"]] = told[dataset.language]
        except (ValueError, KeyError, TypeError) as error:
            raise UserError(f"{path}, line {number} is damaged: make ParkRef again") from error
    graphs = []
    for expression in dataset:
        if expression.sent_id not in truths:
            raise UserError(f"{path} lacks sent_id {expression.sent_id}: make ParkRef again")
        truth = truths[expression.sent_id]
        graphs.append(on_tokens(truth["words"], truth["graph"], dataset.language))
    return graphs


def on_tokens(spoken: list[str], graph: dict[str, Any], language: str) -> LanguageGraph:
    """Move a graph from the words of its maker to the tokens that models read.

    English words are the tokens. The Chinese cutter goes its own ways; a node then spans all tokens
    that hold a character of it, and keeps its text.

    Args:
        spoken: The words of the sentence as they were written; their join is the sentence.
        graph: As from :meth:`LanguageGraph.to_json`; spans count ``spoken``.
        language: ``"en"`` or ``"zh"``.
    """
    read = LanguageGraph.from_json(graph).check()
    if language == "en":
        tokens = tokenize(" ".join(spoken), max_length=len(spoken))
        return prune(read, tokens[:MAX_LENGTH], max_nodes=MAX_NODES, max_edges=MAX_EDGES)
    tokens = tokenize("".join(spoken), language, max_length=len("".join(spoken)))
    token_of = [number for number, token in enumerate(tokens) for _ in token]
    begins = [0]
    for word in spoken:
        begins.append(begins[-1] + len(word))

    def moved(node: Node) -> Node:
        first, last = token_of[begins[node.start]], token_of[begins[node.stop] - 1]
        return Node(node.text, node.head, first, last + 1)

    read = dataclasses.replace(read, nodes=tuple(map(moved, read.nodes)))
    return prune(read, tokens[:MAX_LENGTH], language, max_nodes=MAX_NODES, max_edges=MAX_EDGES)
