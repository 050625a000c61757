"""Saved models."""

import json

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.models import saved
from refseg_lib.models.build import MODELS, VARIANTS, build_model
from refseg_lib.models.saved import load_model, save_model
from refseg_lib.text.vocabulary import Vocabulary

VOCABULARY = Vocabulary(["<pad>", "<go>", "<eos>", "<unk>", *(f"w{i}" for i in range(16))])


@pytest.fixture(autouse=True)
def tiny(monkeypatch, backbone, trainable_backbone):
    """Lets a description name the tiny backbone."""
    monkeypatch.setattr(
        saved,
        "build_backbone",
        lambda name, weights, frozen: backbone if frozen else trainable_backbone,
    )


@pytest.fixture
def folder(tmp_path, backbone):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    save_model(tmp_path / "run", model, {"epochs": 3}, VOCABULARY)
    return tmp_path / "run"


@pytest.mark.parametrize(("name", "variant"), [(n, v) for n in MODELS for v in VARIANTS])
def test_a_saved_model_comes_back_with_the_same_logits_words_and_description(
    name, variant, tmp_path, backbone, batch
):
    model = build_model(name, "laptop", variant, vocabulary_size=20, backbone=backbone).eval()
    save_model(tmp_path, model, {"epochs": 3, "note": "狗"}, VOCABULARY)
    loaded = load_model(tmp_path)
    assert torch.equal(loaded.model(batch), model(batch))
    assert not loaded.model.training
    assert loaded.vocabulary == VOCABULARY
    assert {"epochs": 3, "note": "狗", "name": name}.items() <= loaded.config.items()


def test_sizes_and_options_come_back(tmp_path, backbone, batch):
    model = build_model(
        "cmsa",
        vocabulary_size=20,
        backbone=backbone,
        sizes={"width": 24, "levels": ("c4", "c5")},
        attention="word",
    )
    save_model(tmp_path, model, {}, VOCABULARY)
    assert torch.equal(load_model(tmp_path).model(batch), model(batch))


def test_fp16_halves_the_file_and_hardly_moves_the_logits(tmp_path, backbone, batch):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    sizes = []
    for half in (False, True):
        save_model(tmp_path, model, {}, VOCABULARY, half=half)
        sizes.append((tmp_path / "weights.safetensors").stat().st_size)
    assert sizes[1] < 0.55 * sizes[0]
    loaded = load_model(tmp_path).model
    assert next(loaded.level_fusion.parameters()).dtype == torch.float32
    want = model(batch)
    assert 0 < (loaded(batch) - want).abs().max() < 0.01 * want.abs().max()


def test_a_frozen_backbone_is_named_and_a_trained_one_stored(
    tmp_path, trainable_backbone, backbone, batch
):
    from safetensors.torch import load_file

    for trunk in (backbone, trainable_backbone):
        with torch.no_grad():
            trunk.taps["c5"].add_(0.1)
        model = build_model("cmsa", vocabulary_size=20, backbone=trunk)
        save_model(tmp_path / str(trunk.frozen), model, {}, VOCABULARY)
        stored = load_file(tmp_path / str(trunk.frozen) / "weights.safetensors")
        assert any(key.startswith("backbone.") for key in stored) != trunk.frozen
    want = model(batch)
    with torch.no_grad():
        trainable_backbone.taps["c5"].zero_()
    assert torch.equal(load_model(tmp_path / "False").model(batch), want)


def test_own_components_must_be_given_again(tmp_path, backbone, batch):
    head = nn.Conv2d(96, 1, 1)
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, head=head)
    save_model(tmp_path, model, {}, VOCABULARY)
    with pytest.raises(UserError, match=r"your own head.*load_model\(folder, head="):
        load_model(tmp_path)
    again = load_model(tmp_path, head=nn.Conv2d(96, 1, 1)).model
    assert torch.equal(again(batch), model(batch))


def test_shipped_models_have_names(monkeypatch, tmp_path, folder, batch):
    (tmp_path / "shipped").mkdir()
    folder.rename(tmp_path / "shipped" / "cmsa-laptop")
    monkeypatch.setattr(saved, "SHIPPED", tmp_path / "shipped")
    assert saved.shipped_models() == ["cmsa"]
    assert load_model("cmsa").config["name"] == "cmsa"
    with pytest.raises(UserError, match=r"no model at busnet.*shipped model \(cmsa\)"):
        load_model("busnet")


def _cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def _swap_weights(path):
    from safetensors.torch import save_file

    save_file({"somebody.else": torch.zeros(2)}, path)


def _other_shape(path):
    from safetensors.torch import load_file, save_file

    tensors = load_file(path)
    tensors["head.mix.bias"] = torch.zeros(7)
    save_file(tensors, path)


WEIGHTS, CONFIG, WORDS = "weights.safetensors", "model.json", "vocabulary.json"


@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        (WEIGHTS, lambda p: p.unlink(), "no weights at"),
        (WEIGHTS, _cut, "cut short or no safetensors"),
        (WEIGHTS, lambda p: p.write_text("hello"), "cut short or no safetensors"),
        (WEIGHTS, _swap_weights, "belongs to another model: across_fusion.gamma is absent"),
        (WEIGHTS, _other_shape, "head.mix.bias is 7 in the file and 192"),
        (CONFIG, lambda p: p.unlink(), "no model at"),
        (CONFIG, lambda p: p.write_text("{"), "cannot read"),
        (CONFIG, lambda p: p.write_text("[]"), "does not describe a model"),
        (CONFIG, lambda p: p.write_text(json.dumps({"name": "cmsa"})), "lacks preset, variant"),
        (WORDS, lambda p: p.unlink(), "cannot read the vocabulary"),
        (WORDS, lambda p: Vocabulary.build([["a"]]).save(p), "5 words.*trained with 20"),
    ],
)
def test_every_damage_is_one_clear_line(file, damage, message, folder):
    damage(folder / file)
    with pytest.raises(UserError, match=message) as error:
        load_model(folder)
    assert "\n" not in str(error.value)
    assert str(folder) in str(error.value)


def test_a_model_put_together_by_hand_cannot_be_saved(tmp_path, backbone):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone)
    model.config = {}
    with pytest.raises(UserError, match="put together by hand"):
        save_model(tmp_path, model, {}, VOCABULARY)
    assert list(tmp_path.iterdir()) == []


def test_saving_again_replaces_the_model(folder, backbone, batch):
    other = build_model("baseline", vocabulary_size=20, backbone=backbone)
    save_model(folder, other, {}, VOCABULARY)
    assert torch.equal(load_model(folder).model(batch), other(batch))
