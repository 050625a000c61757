from pathlib import Path

import numpy as np
import pytest
import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.starting import build_vocabulary, load_vectors, start_run


def test_the_vocabulary_knows_every_training_word_and_no_other(small_parkref: Path) -> None:
    dataset = open_dataset("parkref_unc", small_parkref, "train")
    words = {w for i in range(len(dataset)) for w in dataset[i].sentence.split()}
    assert set(build_vocabulary(dataset, 20).to_list()[4:]) == words


def test_vectors_are_put_at_their_own_word(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build([["dog", "cat", "left"]])
    encoder = WordEmbedding(len(vocabulary), 2)
    table = encoder.table
    unknown = table[vocabulary.encode(["left"])[0]].clone()
    path = tmp_path / "v.npz"
    np.savez(path, words=np.array(["cat", "dog", "zebra"]), vecs=np.array([[1, 2], [3, 4], [9, 9]]))
    assert load_vectors(encoder, vocabulary, path) == 2
    assert table[vocabulary.encode(["dog"])[0]].tolist() == [3, 4]
    assert table[vocabulary.encode(["cat"])[0]].tolist() == [1, 2]
    assert torch.equal(table[vocabulary.encode(["left"])[0]], unknown)


def test_vectors_of_another_width_say_which_size_to_ask_for(tmp_path: Path) -> None:
    vocabulary = Vocabulary.build([["dog"]])
    path = tmp_path / "v.npz"
    np.savez(path, words=np.array(["dog"]), vecs=np.zeros((1, 50)))
    with pytest.raises(UserError, match="--size embedding=50"):
        load_vectors(WordEmbedding(len(vocabulary), 8), vocabulary, path)


def test_a_vector_file_that_carries_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "v.npz"
    np.savez(path, words=np.array(["dog", None], dtype=object), vecs=np.zeros((2, 3)))
    vocabulary = Vocabulary.build([["dog"]])
    with pytest.raises(UserError, match=r"expected an \.npz"):
        load_vectors(WordEmbedding(len(vocabulary), 3), vocabulary, path)


def test_the_same_seed_gives_the_same_model(small_parkref: Path, tmp_path: Path) -> None:
    sizes = {"input_size": "32", "embedding": "8", "attention": "6", "width": "8"}
    settings = {"steps": "2", "batch": "2", "cache_gib": "0", "validate_sentences": "2"}
    for name in ("one", "two"):
        start_run(
            "baseline",
            "parkref_unc",
            small_parkref,
            tmp_path / name,
            weights="none",
            settings=settings,
            sizes=sizes,
            device="cpu",
        )
    one, two = ((tmp_path / name / "weights.safetensors").read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_device_that_is_not_there_is_named(small_parkref: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--device cuda:7 cannot be used here"):
        start_run(
            "baseline", "parkref_unc", small_parkref, tmp_path / "x", weights="none",
            device="cuda:7",
        )  # fmt: skip
