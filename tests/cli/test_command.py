from pathlib import Path

import pytest

from refseg_lib.cli import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["evaluate", "--data", "parkref_unc", "--split", "val"], "either --model or --answer"),
        (["evaluate", "--model", "nobody", "--data", "parkref_unc", "--split", "val"], "nobody"),
        (
            ["evaluate", "--answer", "whole", "--data", "parkref_unc", "--split", "valid"],
            "testA",
        ),
        (["evaluate", "--answer", "whole", "--data", "cocoref", "--split", "val"], "refcoco_unc"),
        (["train", "--model", "cmsaa", "--data", "parkref_unc", "--out", "x"], "cmsa at laptop"),
        (
            ["train", "--model", "cmsa", "--data", "parkref_unc", "--out", "x", "--set", "rate"],
            "KEY=VALUE",
        ),
        (["predict", "nowhere.png", "dog"], "nowhere.png"),
        (["data", "make", "parkref", "--size", "0"], "--size 0"),
    ],
)
def test_a_users_mistake_is_one_clear_line_and_status_two(
    arguments: list[str],
    told: str,
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments[0] in ("train", "evaluate"):
        arguments = [*arguments, "--root", str(root)]
    assert main(arguments) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert told in lines[0]
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_pretrain_teaches_the_backbone_asked_for_at_the_size_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taught = {}

    def learn(backbone, out, steps, size, height, batch, *, workers, device) -> None:
        taught.update(name=backbone.name, frozen=backbone.frozen, weights=backbone.weights)
        taught.update(out=out, numbers=(steps, size, height, batch, workers), device=device.type)

    monkeypatch.setattr("refseg_lib.training.semantics.pretrain", learn)
    out = tmp_path / "trunk.safetensors"
    asked = "--backbone resnet50 --steps 7 --size 64 --batch 3 --workers 2 --device cpu --out"
    assert main(["pretrain", *asked.split(), str(out)]) == 0
    assert taught.pop("name") == "resnet50"
    assert taught == {
        "frozen": False, "weights": "none", "out": out, "numbers": (7, 64, 64, 3, 2),
        "device": "cpu",
    }  # fmt: skip
    assert main(["pretrain", "--out", str(out)]) == 0
    # As the shipped weights were made.
    assert (taught["name"], taught["numbers"]) == ("laptop", (3000, 128, 128, 16, 1))
