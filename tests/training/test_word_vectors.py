from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.data.refer import open_dataset
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vectors import load_vectors


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_gives_every_training_word_a_vector_that_train_can_read(
    small_parkref: Path, tmp_path: Path, language: str
) -> None:
    out = tmp_path / "v.npz"
    command = ["vectors", "--data", "parkref_gref", "--root", str(small_parkref)]
    assert main([*command, "--lang", language, "--out", str(out)]) == 0
    split = open_dataset("parkref_gref", small_parkref, "train", language)
    words = {word for e in split for word in tokenize(e.sentence, language)}
    assert set(load_vectors(out).index_to_key) == words


def test_another_ending_is_the_users_mistake(
    small_parkref: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["vectors", "--data", "parkref_gref", "--root", str(small_parkref)]
    assert main([*command, "--out", str(tmp_path / "v.bin")]) == 2
    assert "name it *.npz" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
