"""build_model."""

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.models.ablations import Ablation
from refseg_lib.models.build import ABLATIONS, build_model


def test_my_own_component_takes_its_place_and_keeps_its_weights(backbone, batch):
    class Mine(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Linear(1, 1)
            nn.init.constant_(self.scale.bias, 0.7)

        def forward(self, levels):
            return self.scale.bias * sum(levels.values())

    mine = Mine()
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, across_fusion=mine)
    assert model.across_fusion is mine
    assert mine.scale.bias.item() == pytest.approx(0.7)
    model(batch).sum().backward()
    assert mine.scale.bias.grad is not None
    assert model.config["own_components"] == ["across_fusion"]


def test_sizes_change_the_preset(backbone):
    model = build_model(
        "cmsa",
        vocabulary_size=20,
        backbone=backbone,
        sizes={"embedding": 11, "levels": ("c4", "c5")},
    )
    assert model.text_encoder.table.shape == (20, 11)
    assert model.level_fusion.levels == ("c4", "c5")


def test_a_backbone_can_be_named(monkeypatch, backbone):
    asked = []
    monkeypatch.setattr(
        "refseg_lib.models.build.build_backbone", lambda name: asked.append(name) or backbone
    )
    build_model("baseline", vocabulary_size=20, backbone="resnet50")
    build_model("baseline", "laptop", vocabulary_size=20)
    build_model("baseline", "paper", vocabulary_size=20)
    assert asked == ["resnet50", "laptop", "deeplab_v2_r101"]


def test_options_reach_the_model_and_the_record(backbone):
    model = build_model("cmsa", vocabulary_size=20, backbone=backbone, attention="word")
    assert model.level_fusion.modules_by_level["c3"].attention == "word"
    assert model.config["options"] == {"attention": "word"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "clip"}, r"unknown model 'clip'; choose one of baseline, cmsa"),
        ({"name": "cmsa", "preset": "tiny"}, r"unknown preset 'tiny'"),
        ({"name": "cmsa", "variant": "best"}, r"unknown variant 'best'; choose one of paper, rel"),
        ({"name": "cmsa", "sizes": {"depth": 3}}, r"unknown size 'depth'; choose among backbone"),
        ({"name": "cmsa", "attn": "word"}, r"unknown option 'attn'.*attention, scale, fusion"),
        (
            {"name": "baseline", "attention": "word"},
            r"unknown option.*options of baseline are \(none",
        ),
    ],
)
def test_whatever_is_unknown_is_told_with_what_is_known(arguments, message, backbone):
    with pytest.raises(UserError, match=message):
        build_model(**arguments, vocabulary_size=20, backbone=backbone)


def test_two_builds_with_one_seed_are_equal(backbone):
    models = []
    for _ in range(2):
        torch.manual_seed(4)
        models.append(build_model("cmsa", vocabulary_size=20, backbone=backbone))
    for mine, theirs in zip(*(model.parameters() for model in models), strict=True):
        assert torch.equal(mine, theirs)


def test_an_ablation_is_its_options_and_what_is_given_beside_it_wins(monkeypatch, backbone):
    row = Ablation("small", "p", "T1", "row", {"attention": "word"}, {"width": 24})
    monkeypatch.setitem(ABLATIONS, "cmsa", (row,))
    model = build_model("cmsa", vocabulary_size=9, ablation="small", backbone=backbone)
    assert model.config["options"] == {"attention": "word"}
    assert model.config["sizes"] == {"width": 24}
    assert model.config["ablation"] == "small"
    changed = build_model(
        "cmsa", vocabulary_size=9, ablation="small", backbone=backbone, attention="pixel"
    )
    assert changed.config["options"] == {"attention": "pixel"}
    with pytest.raises(UserError, match="choose one of small"):
        build_model("cmsa", vocabulary_size=9, ablation="large", backbone=backbone)
