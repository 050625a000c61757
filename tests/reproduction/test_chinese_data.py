"""`refseg data translate` from end to end."""

import json
from pathlib import Path

import pytest

from refseg_lib.cli import main
from refseg_lib.parkref.writing import make_parkref

pytest.importorskip("jieba", reason="the report counts Chinese words with jieba")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    parkref = make_parkref(tmp_path, train_images=1, height=64, workers=1)
    for path in parkref.glob("*.zh.json"):
        path.unlink()
    return parkref


def test_parkref_is_translated_by_its_grammar_and_can_be_read_in_chinese(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from refseg_lib.data.refer import open_dataset

    assert main(["data", "translate", str(folder), "--with", "parkref"]) == 0
    told = capsys.readouterr().out
    assert len(list(folder.glob("refs(*).zh.json"))) == 4
    assert "| all sentences |" in told
    assert "(100.0 %)" in told
    dataset = open_dataset("parkref_gref", folder, "val", language="zh")
    assert all("\u4e00" <= dataset[i].sentence[-1] <= "\u9fff" for i in range(len(dataset)))


def test_a_file_that_knows_a_part_leaves_the_rest_told_and_status_two(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import pickle

    [sentence, *_] = pickle.loads((folder / "refs(unc).p").read_bytes())[0]["sentences"]
    row = {"sent_id": sentence["sent_id"], "english": sentence["sent"], "chinese": "那个"}
    (tmp_path / "done.jsonl").write_text(json.dumps(row))
    command = ["data", "translate", str(folder), "--refs", "unc", "--batch", "4"]
    assert main([*command, "--with", str(tmp_path / "done.jsonl")]) == 2
    output = capsys.readouterr()
    assert "| failed |" in output.out
    [line] = output.err.strip().splitlines()
    assert "could not be translated" in line
    assert "done.jsonl has no translation of" in line
    assert not (folder / "refs(gref).zh.json").exists()
    # The grammar knows the others; what the file gave stays.
    assert main([*command, "--with", "parkref"]) == 0
    entries = json.loads((folder / "refs(unc).zh.json").read_bytes())["sentences"]
    assert entries[str(sentence["sent_id"])]["sent"] == "那个"
    assert {entry["status"] for entry in entries.values()} == {"machine"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere", "--with", "parkref"], "nowhere is no folder"),
        ([".", "--with", "parkref"], "holds no refs"),
        ([".", "--with", "google"], "holds no refs"),
    ],
)
def test_a_users_mistake_is_one_line(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["data", "translate", *arguments]) == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert told in line
