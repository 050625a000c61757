"""Graphs beside the annotations: right after every change, and never in the way."""

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from refseg_lib.data import graph_cache
from refseg_lib.data.graph_cache import graphs_of, graphs_path, on_tokens
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.text.parsing import parse

SENTENCES = ["left dog", "the dog next to the tree"]


@pytest.fixture
def opened(mini, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ReferringDataset]:  # type: ignore[no-untyped-def]
    """Write the miniature with these sentences about its first object; open that split."""
    monkeypatch.setattr(graph_cache, "_TOLD", set())

    def write(*sentences: str) -> ReferringDataset:
        mini.refs[0]["sentences"] = [
            {"sent_id": 900 + i, "sent": text, "raw": text, "tokens": text.split()}
            for i, text in enumerate(sentences or SENTENCES)
        ]
        mini.refs[0]["sent_ids"] = [900 + i for i in range(len(sentences or SENTENCES))]
        return open_dataset("unc", mini.write(), mini.refs[0]["split"])

    return write


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sentences that were parsed and not taken from the file."""
    seen: list[str] = []

    def noted(sentence: str, *rest: object, **options: object) -> object:
        seen.append(sentence)
        return parse(sentence, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(graph_cache, "parse", noted)
    return seen


def test_graphs_come_in_the_order_of_the_sentences(
    opened: Callable[..., ReferringDataset],
) -> None:
    assert graphs_of(opened()) == [parse(sentence) for sentence in SENTENCES]


def test_a_second_time_nothing_is_parsed(
    opened: Callable[..., ReferringDataset], parsed: list[str]
) -> None:
    first = graphs_of(opened())
    assert parsed == SENTENCES
    assert graphs_of(opened()) == first
    assert parsed == SENTENCES


def test_a_changed_sentence_alone_is_parsed_again(
    opened: Callable[..., ReferringDataset], parsed: list[str]
) -> None:
    graphs_of(opened())
    del parsed[:]
    assert graphs_of(opened("right cat", SENTENCES[1]))[0] == parse("right cat")
    assert parsed == ["right cat"]


def test_a_newer_parser_parses_everything_again(
    opened: Callable[..., ReferringDataset], parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs_of(opened())
    monkeypatch.setattr(graph_cache, "PARSER_VERSION", 10_000)
    graphs_of(opened())
    assert parsed == SENTENCES * 2


def test_the_graphs_of_another_split_are_kept(
    opened: Callable[..., ReferringDataset], parsed: list[str], tmp_path: Path
) -> None:
    train = opened()
    graphs_of(train)
    graphs_of(open_dataset("unc", tmp_path, "val"))
    del parsed[:]
    graphs_of(train)
    assert parsed == []


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"stamp": 1}', "\x00", "LEADS_OUTSIDE", "NO_DIGEST"]
)
def test_a_damaged_cache_is_told_and_made_again(
    opened: Callable[..., ReferringDataset],
    parsed: list[str],
    content: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dataset = opened()
    graphs = graphs_of(dataset)
    path = graphs_path(dataset)
    kept = json.loads(path.read_text())
    if content == "LEADS_OUTSIDE":
        kept["graphs"]["901"][1]["edges"] = [[0, "on", 7]]
        content = json.dumps(kept)
    if content == "NO_DIGEST":
        kept["graphs"]["901"][0] = None
        content = json.dumps(kept)
    path.write_text(content)
    assert graphs_of(dataset) == graphs
    assert parsed == SENTENCES * 2
    if content != '{"stamp": 1}':  # that is another parser's file
        assert path.name in capsys.readouterr().err
    assert json.loads(path.read_text())["graphs"].keys() == kept["graphs"].keys()


def test_a_read_only_folder_is_told_once_and_works(
    opened: Callable[..., ReferringDataset], capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = opened()
    os.chmod(dataset.folder, 0o555)
    try:
        assert graphs_of(dataset) == graphs_of(dataset) == [parse(s) for s in SENTENCES]
    finally:
        os.chmod(dataset.folder, 0o755)
    assert capsys.readouterr().err.count("read-only") == 1
    assert not graphs_path(dataset).exists()


def test_there_are_no_true_graphs_of_what_people_wrote(
    opened: Callable[..., ReferringDataset],
) -> None:
    with pytest.raises(UserError, match=r"truth\(unc\)\.jsonl"):
        graphs_of(opened(), "truth")


def test_an_unknown_back_end_is_told(opened: Callable[..., ReferringDataset]) -> None:
    with pytest.raises(UserError, match="stanford"):
        graphs_of(opened(), "stanford")


def test_true_graphs_are_read_by_sentence_number(
    opened: Callable[..., ReferringDataset],
) -> None:
    dataset = opened("dog", "cat")
    lines = [
        {"sent_id": number, "en": {"words": [word], "graph": parse(word).to_json()}}
        for number, word in ((901, "cat"), (7, "duck"), (900, "dog"))
    ]
    path = dataset.folder / "truth(unc).jsonl"
    path.write_text("\n".join(map(json.dumps, lines)) + "\n")
    assert [graph.nodes[0].head for graph in graphs_of(dataset, "truth")] == ["dog", "cat"]
    path.write_text(json.dumps(lines[0]) + "\n{\n")
    with pytest.raises(UserError, match="line 2"):
        graphs_of(dataset, "truth")
    path.write_text(json.dumps(lines[0]) + "\n")
    with pytest.raises(UserError, match="lacks sent_id 900"):
        graphs_of(dataset, "truth")


def test_a_true_span_is_moved_to_the_tokens_that_hold_it() -> None:
    """The cutter reads 小路上 as 小 路上: the path then spans both, and keeps its text."""
    graph = {"nodes": [["小路", "小路", 0, 1], ["狗", "狗", 3, 4]], "edges": [[1, "on", 0]],
             "referent": 1}  # fmt: skip
    moved = on_tokens(["小路", "上", "的", "狗"], graph, "zh")
    assert [(node.text, node.start, node.stop) for node in moved.nodes] == [
        ("小路", 0, 2),
        ("狗", 3, 4),
    ]


def test_the_file_bears_the_name_of_the_refs_file(
    opened: Callable[..., ReferringDataset], tmp_path: Path
) -> None:
    dataset = opened()
    assert graphs_path(dataset).name == "refs(unc).en.graphs.json"
    assert pickle.loads((dataset.folder / "refs(unc).p").read_bytes())
    own = open_dataset(f"folder:{dataset.folder}/refs(unc).p", tmp_path, dataset.split)
    assert graphs_path(own) == graphs_path(dataset)
