"""Labels against what the files say, read with nothing but json and pickle."""

import json
import pickle
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis import kinds
from refseg_lib.evaluation.analysis.kinds import KINDS, SIZES, first_relation
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.text.graph import Edge, LanguageGraph, Node

BY_NAME = {kind.name: kind for kind in KINDS}


class Sentences:
    """A split of given sentences, each with an object that covers a given share of a picture."""

    def __init__(self, texts: Sequence[str], shares: Sequence[float] = (), language: str = "en"):
        self.texts, self.shares, self.language = texts, shares, language
        self.id = "made"

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, i: int) -> Any:
        return SimpleNamespace(sentence=self.texts[i], ann_id=i)

    def mask(self, i: int) -> np.ndarray:
        mask = np.zeros(1000, bool)
        mask[: round(1000 * self.shares[i])] = True
        return mask.reshape(20, 50)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=6, height=64, workers=1)
    return folder


@pytest.fixture(scope="module")
def drawn(root: Path) -> ReferringDataset:
    return open_dataset("parkref_unc", root, "val")


def test_length_counts_words_and_no_punctuation() -> None:
    texts = ["dog", "Dog!", "left dog", "the left dog", "dog, left, far", "a b c d", "a b c d e",
             "a b c d e f", "a b c d e f g h", "a b c d e f g h i", "a " * 50]  # fmt: skip
    expected = [1, 1, 2, 3, 3, 4, 4, 6, 6, 9, 9]
    labels = BY_NAME["length"].label(Sentences(texts))  # type: ignore[arg-type]
    assert [int(label[0]) for label in labels] == expected


def test_length_counts_chinese_words() -> None:
    labels = BY_NAME["length"].label(Sentences(["左边的狗"], language="zh"))  # type: ignore[arg-type]
    assert labels == ["3 words"]


def test_size_is_the_share_of_the_picture_and_an_edge_belongs_above() -> None:
    shares = [0.002, 0.009, 0.01, 0.029, 0.03, 0.06, 0.119, 0.12, 0.24, 0.25, 1.0]
    given = Sentences(["dog"] * len(shares), shares)
    labels = BY_NAME["size"].label(given)  # type: ignore[arg-type]
    assert [SIZES.index(label) for label in labels] == [0, 0, 1, 1, 2, 3, 3, 4, 4, 5, 5]


def test_same_category_counts_all_annotations_of_the_picture(
    drawn: ReferringDataset, root: Path
) -> None:
    annotations = json.loads((root / "parkref" / "instances.json").read_text())["annotations"]
    category = {a["id"]: a["category_id"] for a in annotations}
    for i, label in enumerate(BY_NAME["same category"].label(drawn)):
        meant = drawn[i]
        alike = [
            a
            for a in annotations
            if a["image_id"] == meant.image_id and a["category_id"] == category[meant.ann_id]
        ]
        assert label == {1: "only one", 2: "2", 3: "3"}.get(len(alike), "4 or more")


def test_referit_names_no_categories() -> None:
    given = Sentences(["sky"] * 2)
    given.id = "referit"
    assert BY_NAME["same category"].label(given) == ["no categories"] * 2  # type: ignore[arg-type]


def test_an_annotation_without_a_category_is_told(drawn: ReferringDataset, tmp_path: Path) -> None:
    (tmp_path / "instances.json").write_text('{"annotations": [{"id": 1, "image_id": 1}]}')
    given: Any = SimpleNamespace(id="made", folder=tmp_path, __len__=lambda: 1)
    with pytest.raises(UserError, match="lacks 'category_id'"):
        BY_NAME["same category"].sort(given, 1)


def test_relation_is_parkref_s_own_truth(drawn: ReferringDataset, root: Path) -> None:
    lines = (root / "parkref" / "truth(unc).jsonl").read_text(encoding="utf-8").splitlines()
    graphs = {one["sent_id"]: one["en"]["graph"] for one in map(json.loads, lines)}
    kind, found = BY_NAME["relation"], Counter()
    for expression, label in zip(drawn, kind.label(drawn), strict=True):
        graph = graphs[expression.sent_id]
        own = [name for subject, name, _ in graph["edges"] if subject == graph["referent"]]
        assert label == (own[0] if own else "none") or (own and own[0] not in kind.labels)
        found[label] += 1
    assert len(found) > 2


def test_only_parkref_s_graphs_are_true_all_others_are_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []
    monkeypatch.setattr(kinds, "graphs_of", lambda data, backend: asked.append(backend) or [])
    for name in ("parkref_gref", "refcoco_unc", "folder:mine/refs(x).p"):
        given = Sentences([])
        given.id = name
        BY_NAME["relation"].label(given)  # type: ignore[arg-type]
    assert asked == ["truth", "builtin", "builtin"]


def graph(*edges: Edge) -> LanguageGraph:
    nodes = tuple(Node(name, name, at, at + 1) for at, name in enumerate(("dog", "boy", "tree")))
    return LanguageGraph(nodes, edges, 0)


def test_only_the_referent_s_own_first_relation_counts() -> None:
    assert first_relation(graph()) == "none"
    assert first_relation(graph(Edge(1, "on", 2))) == "none"
    assert first_relation(graph(Edge(1, "on", 2), Edge(0, "under", 1))) == "under"
    assert first_relation(graph(Edge(0, "under", 1), Edge(0, "on", 2))) == "under"
    assert first_relation(graph(Edge(0, "juggling", 1))) == "other relation"
    # ParkRef's two languages call this one differently.
    assert first_relation(graph(Edge(0, "holding by", 1))) == "held by"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_labels_every_sentence_with_a_label_it_announced(
    root: Path, language: str
) -> None:
    dataset = open_dataset("parkref_unc", root, "val", language)
    for kind in KINDS:
        labels = kind.label(dataset)
        assert len(labels) == len(dataset)
        assert set(labels) <= set(kind.labels)
        assert kind.label(dataset, 5) == labels[:5]
        assert kind.label(dataset, 10**6) == labels


def test_what_does_not_hang_on_words_is_the_same_in_both_languages(root: Path) -> None:
    english, chinese = (open_dataset("parkref_unc", root, "val", lang) for lang in ("en", "zh"))
    for name in ("size", "same category", "location"):
        assert BY_NAME[name].label(english) == BY_NAME[name].label(chinese), name


@pytest.mark.real
def test_real_refcoco_is_labelled_by_its_own_rules(real_data: Path, tmp_path: Path) -> None:
    # A copy: parsing keeps its graphs beside the annotations.
    folder = shutil.copytree(real_data / "refcoco_mini", tmp_path / "refcoco")
    dataset = open_dataset("refcoco_unc", tmp_path, "val")
    labels = {kind.name: kind.label(dataset) for kind in KINDS}
    # RefCOCO took only pictures with two objects or more of the referent's category.
    assert "only one" not in labels["same category"]
    refs = pickle.loads((folder / "refs(unc).p").read_bytes())
    areas = {a["id"]: a for a in json.loads((folder / "instances.json").read_text())["annotations"]}
    ann_of = {s["sent_id"]: ref["ann_id"] for ref in refs for s in ref["sentences"]}
    edges = dict(zip(SIZES, [(0, 1), (1, 3), (3, 6), (6, 12), (12, 25), (25, 101)], strict=True))
    for i, label in enumerate(labels["size"]):
        height, width = dataset.size(i)
        share = 100 * areas[ann_of[dataset[i].sent_id]]["area"] / (height * width)
        low, high = edges[label]
        # COCO's own area is that of the polygon, ours of its pixels.
        assert low - 0.3 <= share <= high + 0.3
    of = {name: dict(zip((e.sentence for e in dataset), given, strict=True))
          for name, given in labels.items()}  # fmt: skip
    assert of["relation"]["hand by the white plate"] == "next to"
    assert of["relation"]["man with beard"] == "with"
    assert of["location"]["bottom right corner bike"] == "corner"
    assert of["length"]["beard"] == "1 word"
