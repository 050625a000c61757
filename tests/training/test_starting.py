from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.models.build import build_model
from refseg_lib.models.saved import load_model
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.starting import build_vocabulary, start_run, start_words
from refseg_lib.vision.backbone import build_backbone


def test_the_vocabulary_knows_every_training_word_and_no_other(small_parkref: Path) -> None:
    dataset = open_dataset("parkref_unc", small_parkref, "train")
    words = {w for i in range(len(dataset)) for w in dataset[i].sentence.split()}
    assert set(build_vocabulary(dataset, 20).to_list()[4:]) == words


SIZES = {"input_size": "32", "embedding": "8", "attention": "6", "width": "8"}
SETTINGS = {"steps": "2", "batch": "2", "cache_gib": "0", "validate_sentences": "2"}


def start(root: Path, out: Path, **more: object) -> Path:
    return start_run(
        "baseline", "parkref_unc", root, out, weights="none", settings=SETTINGS, sizes=SIZES,
        device="cpu", **more,
    )  # fmt: skip


@pytest.fixture
def model() -> Any:
    return build_model(
        "baseline",
        vocabulary_size=len(VOCABULARY),
        backbone=build_backbone("laptop", "none"),
        sizes={"embedding": 2},
    )


VOCABULARY = Vocabulary.build([["dog", "cat", "left"]])


def write_vectors(path: Path, width: int = 2) -> Path:
    rows = np.arange(3 * width).reshape(3, width) + 1
    np.savez(path, words=np.array(["cat", "dog", "zebra"]), vecs=rows)
    return path


def test_vectors_are_put_at_their_own_word_and_their_coverage_in_the_config(
    model: Any, tmp_path: Path
) -> None:
    counts = Counter({"dog": 5, "cat": 1, "left": 4})
    start_words(model, VOCABULARY, write_vectors(tmp_path / "v.npz"), counts=counts)
    table = model.text_encoder.table
    assert table[VOCABULARY.encode(["cat"])[0]].tolist() == [1, 2]
    assert table[VOCABULARY.encode(["dog"])[0]].tolist() == [3, 4]
    told = model.config["vectors"]
    assert (told["source"], told["words_found"], told["words"]) == ("v.npz", 2, 3)
    assert (told["tokens_found"], told["tokens"]) == (6, 10)


def test_vectors_of_another_width_say_which_size_to_ask_for(model: Any, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--size embedding=50"):
        start_words(model, VOCABULARY, write_vectors(tmp_path / "v.npz", 50))


def test_missing_vectors_are_told_the_table_stays_and_the_config_says_so(
    model: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = model.text_encoder.table.clone()
    start_words(model, VOCABULARY, "glove.6B.txt")
    assert "no word vectors at glove.6B.txt" in capsys.readouterr().err
    assert torch.equal(model.text_encoder.table, before)
    assert model.config["vectors"] == "none (glove.6B.txt not found)"
    assert any("glove.6B.txt not found" in note for note in model.config["notes"])


def test_a_damaged_file_is_an_error_and_no_reason_to_go_on_without(
    model: Any, tmp_path: Path
) -> None:
    (tmp_path / "v.txt").write_text("dog 1 2\ncat 1\n")
    with pytest.raises(UserError, match="line 2"):
        start_words(model, VOCABULARY, tmp_path / "v.txt")


def test_a_resumed_run_needs_its_vectors(model: Any) -> None:
    with pytest.raises(UserError, match="no such file"):
        start_words(model, VOCABULARY, "glove.txt", needed=True)


def test_coverage_reaches_the_saved_model_and_its_result_row(
    small_parkref: Path, tmp_path: Path
) -> None:
    dataset = open_dataset("parkref_unc", small_parkref, "train")
    word = build_vocabulary(dataset, 20).words[4]
    (tmp_path / "v.txt").write_text(f"{word} 1 2 3 4 5 6 7 8\n")
    run = start(small_parkref, tmp_path / "run", vectors=tmp_path / "v.txt")
    row = evaluate(load_model(run), dataset, limit=1, progress=False)
    assert isinstance(row.vectors, dict)
    assert (row.vectors["source"], row.vectors["words_found"]) == ("v.txt", 1)
    counts = Counter(w for e in dataset for w in e.sentence.split())
    assert row.vectors["tokens_found"] == counts[word]
    assert row.vectors["tokens"] == counts.total()
    loaded = load_model(run)
    start_words(loaded.model, loaded.vocabulary, "gone.txt")
    loaded.config |= {key: loaded.model.config[key] for key in ("vectors", "notes")}
    row = evaluate(loaded, dataset, limit=1, progress=False)
    assert row.vectors == "none (gone.txt not found)"
    assert any("gone.txt not found" in note for note in row.notes)


def test_the_same_seed_gives_the_same_model(small_parkref: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        start(small_parkref, tmp_path / name)
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_device_that_is_not_there_is_named(small_parkref: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--device cuda:7.*; try --device cpu"):
        start_run(
            "baseline", "parkref_unc", small_parkref, tmp_path / "x", weights="none",
            device="cuda:7",
        )  # fmt: skip
