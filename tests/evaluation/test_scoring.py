"""Scoring a model whose answers are known by construction."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.errors import UserError
from refseg_lib.evaluation.protocols import PROTOCOLS
from refseg_lib.evaluation.scoring import evaluate, evaluate_under
from refseg_lib.evaluation.sentence_scores import read_jsonl, score_sentences


def test_scores_are_those_computed_by_hand(boxes: Any, listener: Any) -> None:
    """Six sentences are answered perfectly; the lying one finds nothing of its 64 pixels."""
    row = evaluate(listener, boxes, progress=False)
    areas = [16, 32, 64, 64, 32, 64]
    assert row.scores["n"] == 7
    assert row.scores["oIoU"] == pytest.approx(100 * sum(areas) / (sum(areas) + 64))
    assert row.scores["mIoU"] == pytest.approx(100 * 6 / 7)
    assert row.scores["P@0.9"] == pytest.approx(100 * 6 / 7)


@pytest.mark.parametrize(("batch_images", "batch_sentences"), [(1, 1), (2, 3), (8, 32)])
def test_how_it_is_batched_changes_nothing(
    boxes: Any, listener: Any, tmp_path: Path, batch_images: int, batch_sentences: int
) -> None:
    evaluate(
        listener, boxes, progress=False, jsonl=tmp_path / "a.jsonl",
        batch_images=batch_images, batch_sentences=batch_sentences,
    )  # fmt: skip
    found = read_jsonl(tmp_path / "a.jsonl")
    assert [(s.sent_id, s.intersection, s.union) for s in found] == [
        (100, 16, 16), (101, 32, 32), (102, 64, 64), (103, 64, 64),
        (104, 32, 32), (105, 64, 64), (106, 0, 64),
    ]  # fmt: skip
    assert [s.sentence for s in found] == [sentence for _, sentence, _ in boxes.asked]


def test_the_backbone_sees_every_image_once(boxes: Any, listener: Any) -> None:
    evaluate(listener, boxes, progress=False, batch_images=2, batch_sentences=2)
    assert listener.model.backbone.seen == len(boxes.pictures)


def test_the_mask_of_an_object_is_drawn_once_for_all_its_sentences(
    boxes: Any, listener: Any
) -> None:
    evaluate(listener, boxes, progress=False)
    objects = {boxes[i].ann_id for i in range(len(boxes))}
    assert len(boxes.masks_drawn) == len(objects) < len(boxes)


def test_the_model_is_scored_in_evaluation_mode_and_given_back_as_it_was(
    boxes: Any, listener: Any
) -> None:
    listener.model.train()
    evaluate(listener, boxes, progress=False)
    assert listener.model.training
    assert not any(listener.model.modes)


def test_no_gradient_is_kept_while_scoring_and_the_caller_keeps_its_own(
    boxes: Any, listener: Any
) -> None:
    evaluate(listener, boxes, progress=False)
    assert not any(listener.model.graphs)
    assert torch.is_grad_enabled()
    assert not torch.is_inference_mode_enabled()


def test_images_of_other_shapes_are_scored_at_their_own_size(listener: Any, boxes: Any) -> None:
    """A 24x48 picture in a 16-pixel square: the box keeps its place and its area, nearly."""
    boxes.pictures = [(24, 48, {"red": (6, 12, 18, 30)}), (48, 24, {"red": (12, 6, 30, 18)})]
    boxes.asked = [(0, "red", "red"), (1, "red", "red")]
    row = evaluate(listener, boxes, progress=False)
    assert row.scores["mIoU"] > 85


def test_jsonl_recomputes_the_row(boxes: Any, listener: Any, tmp_path: Path) -> None:
    row = evaluate(listener, boxes, progress=False, jsonl=tmp_path / "a.jsonl")
    assert score_sentences(read_jsonl(tmp_path / "a.jsonl")) == row.scores


def test_a_model_that_listens_falls_when_sentences_are_shuffled(
    boxes: Any, listener: Any, tmp_path: Path
) -> None:
    boxes.asked = boxes.asked[:6]
    honest = evaluate(listener, boxes, progress=False)
    control = evaluate(
        listener, boxes, progress=False, shuffle_sentences=0, jsonl=tmp_path / "a.jsonl"
    )
    assert honest.scores["oIoU"] == 100
    assert honest.control is None
    assert control.scores["oIoU"] < 60
    assert control.control == "shuffled sentences, seed 0"
    found = read_jsonl(tmp_path / "a.jsonl")
    written_for = {sentence: image for image, sentence, _ in boxes.asked}
    assert all(written_for[s.sentence] != s.image_id for s in found)


def test_a_limit_scores_the_first_sentences_and_says_so(boxes: Any, listener: Any) -> None:
    row = evaluate(listener, boxes, progress=False, limit=3)
    assert (row.scores["n"], row.limit) == (3, 3)
    assert any("first 3 of 7" in note for note in row.notes)
    whole = evaluate(listener, boxes, progress=False, limit=99)
    assert (whole.scores["n"], whole.limit, whole.notes) == (7, None, ())


class Reasoning(torch.nn.Module):
    wants_graphs = True


@pytest.mark.parametrize("shuffle", [None, 0])
def test_a_model_that_reasons_gets_each_sentences_own_graph_even_shuffled(
    boxes: Any, listener: Any, monkeypatch: pytest.MonkeyPatch, shuffle: int | None
) -> None:
    from refseg_lib.evaluation import graphs

    boxes.asked = boxes.asked[:6]
    told = []

    def graphs_of(dataset: Any, backend: str) -> list[tuple[int, ...]]:
        told.append(backend)
        return [tuple(listener.vocabulary.encode(text.split())) for _, text, _ in dataset.asked]

    monkeypatch.setattr(graphs, "graphs_of", graphs_of)
    listener.model.level_fusion = Reasoning()
    forward = listener.model.forward
    met = []

    def look(batch: Any) -> Any:
        for words, mask, graph in zip(batch.words, batch.word_mask, batch.graphs, strict=True):
            assert tuple(words[mask].tolist()) == graph
            met.append(graph)
        return forward(batch)

    listener.model.forward = look
    row = evaluate(listener, boxes, progress=False, shuffle_sentences=shuffle, batch_sentences=2)
    assert len(met) == 6
    assert "language graphs: builtin" in row.notes
    listener.config["graphs"] = "spacy"
    assert "language graphs: spacy" in evaluate(listener, boxes, progress=False).notes
    row = evaluate(listener, boxes, progress=False, graphs="truth")
    assert "language graphs: truth" in row.notes
    assert told == ["builtin", "spacy", "truth"]


def test_a_model_that_does_not_reason_is_not_kept_waiting_for_a_parser(
    boxes: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refseg_lib.evaluation import graphs

    def graphs_of(*_: Any) -> None:
        raise AssertionError("a sentence was parsed")

    monkeypatch.setattr(graphs, "graphs_of", graphs_of)
    row = evaluate(listener, boxes, progress=False)
    assert not any("graphs" in note for note in row.notes)


def test_trivial_answers_are_scored_without_a_model(boxes: Any) -> None:
    row = evaluate(None, boxes, progress=False, answer="whole")
    areas = [16, 32, 64, 64, 32, 64, 64]
    assert row.scores["oIoU"] == pytest.approx(100 * sum(areas) / (7 * 256))
    assert row.model == "trivial answer: whole"
    assert row.pretraining == "none"


def test_the_row_says_who_answered_what(boxes: Any, listener: Any) -> None:
    boxes.language, boxes.notes = "zh", ("3 images are missing",)
    listener.config["notes"] = ["backbone weights fell back to none"]
    row = evaluate(listener, boxes, progress=False)
    assert (row.model, row.preset, row.backbone, row.seed) == (
        "colors",
        "laptop",
        "pass-through",
        7,
    )
    assert (row.dataset, row.split, row.protocol, row.crf) == ("boxes", "val", "strict", False)
    assert row.notes == (
        "3 images are missing",
        "trained on en, asked in zh",
        "backbone weights fell back to none",
    )


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"protocol": "cvpr"}, "strict"),
        ({"limit": 0}, "limit 0"),
        ({"answer": "whole"}, "exactly one"),
        ({"crf": "cuda"}, "one of auto, pydensecrf, torch"),
        ({"crf": "torch", "protocol": "shnet"}, "'shnet' knows no dense CRF"),
    ],
)
def test_wrong_arguments_are_told_before_any_image_is_opened(
    boxes: Any, listener: Any, wrong: dict[str, Any], said: str
) -> None:
    def image(_: int) -> None:
        raise AssertionError("an image was opened")

    boxes.image = image
    with pytest.raises(UserError, match=said):
        evaluate(listener, boxes, progress=False, **wrong)


def test_an_empty_split_is_told(boxes: Any, listener: Any) -> None:
    boxes.asked = []
    with pytest.raises(UserError, match="no sentence"):
        evaluate(listener, boxes, progress=False)


def test_a_damaged_image_stops_with_its_own_message_and_leaves_no_file(
    boxes: Any, listener: Any, tmp_path: Path
) -> None:
    def image(_: int) -> None:
        raise UserError("image 7.jpg is damaged")

    boxes.image = image
    with pytest.raises(UserError, match=r"7\.jpg"):
        evaluate(listener, boxes, progress=False, jsonl=tmp_path / "a.jsonl")
    assert not list(tmp_path.iterdir())
    assert listener.model.training


def test_the_bar_goes_to_the_error_stream_so_that_json_output_stays_clean(
    boxes: Any, listener: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate(listener, boxes, progress=True)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "boxes val" in printed.err


@pytest.mark.parametrize("name", ["baseline", "cmsa"])
def test_real_models_score_the_same_batched_and_one_by_one(boxes: Any, name: str) -> None:
    """The library's own networks, untrained: cached maps and padding change no pixel count."""
    from refseg_lib.models.build import build_model
    from refseg_lib.text.vocabulary import Vocabulary
    from refseg_lib.vision.backbone import build_backbone

    torch.manual_seed(0)
    vocabulary = Vocabulary.build([["the", "red", "green", "blue", "left"]])
    backbone = build_backbone("laptop", weights="none")
    model = build_model(name, vocabulary_size=len(vocabulary), backbone=backbone).eval()
    config = {**model.config, "input_size": 64}
    loaded = SimpleNamespace(model=model, config=config, vocabulary=vocabulary)
    together = evaluate(loaded, boxes, progress=False)  # type: ignore[arg-type]
    singly = evaluate(loaded, boxes, progress=False, batch_images=1, batch_sentences=1)  # type: ignore
    assert together.scores["oIoU"] == pytest.approx(singly.scores["oIoU"], abs=0.5)
    with torch.no_grad():
        image = letterbox_image(boxes.image(0), 64)[None]
        assert model.backbone(image).keys() >= {"c3", "c4", "c5"}


def test_the_whole_image_on_real_annotations_scores_their_share_of_the_area(
    real_data: Path, tmp_path: Path
) -> None:
    """From the pickle to the row on human sentences; the areas are counted here, from COCO."""
    import json
    import pickle

    from pycocotools import mask as coco

    from refseg_lib.data.refer import open_dataset

    folder = real_data / "refcoco_mini"
    instances = json.loads((folder / "instances.json").read_text())
    sizes = {image["id"]: (image["height"], image["width"]) for image in instances["images"]}
    areas = {}
    for annotation in instances["annotations"]:
        segmentation = annotation["segmentation"]
        if isinstance(segmentation, list):
            segmentation = coco.frPyObjects(segmentation, *sizes[annotation["image_id"]])
            segmentation = coco.merge(segmentation)
        areas[annotation["id"]] = int(coco.area(segmentation))
    refs = pickle.loads((folder / "refs(unc).p").read_bytes())
    inter = [areas[ref["ann_id"]] for ref in refs for _ in ref["sentences"]]
    union = [
        sizes[ref["image_id"]][0] * sizes[ref["image_id"]][1]
        for ref in refs
        for _ in ref["sentences"]
    ]
    dataset = open_dataset(f"folder:{folder}/refs(unc).p", folder, "val")
    row = evaluate(None, dataset, answer="whole", progress=False)
    assert row.scores["n"] == len(inter) == 188
    assert row.scores["oIoU"] == pytest.approx(100 * sum(inter) / sum(union), abs=0.05)


def test_words_the_model_never_saw_are_counted_in_the_row(boxes: Any, listener: Any) -> None:
    known = evaluate(listener, boxes, progress=False).notes
    assert not [note for note in known if "unknown to the model" in note]
    image, _, color = boxes.asked[0]
    boxes.asked[0] = (image, f"zzz qqq zzz {color}", color)
    (told,) = (n for n in evaluate(listener, boxes, progress=False).notes if "unknown" in n)
    assert told.startswith("3 of ")
    assert "2 different ones" in told
    assert "zzz, qqq" in told


def test_a_trivial_answer_is_not_scored_under_a_protocol_it_cannot_follow(boxes: Any) -> None:
    with pytest.raises(UserError, match="protocol 'shnet' has nothing to threshold"):
        evaluate(None, boxes, protocol="shnet", progress=False, answer="whole")


def test_pictures_that_were_seen_before_are_told_in_the_row(boxes: Any, listener: Any) -> None:
    boxes.id = "refcoco_unc"
    assert not any("COCO" in note for note in evaluate(listener, boxes, progress=False).notes)
    listener.config["data"] = "refcocog_umd"
    listener.model.backbone.weights = "coco_init"
    notes = evaluate(listener, boxes, progress=False).notes
    assert any("pretrained on COCO" in note for note in notes)
    assert any("trained on refcocog_umd and evaluated on refcoco_unc" in note for note in notes)


def test_a_dense_crf_refines_every_mask_and_the_row_says_which(boxes: Any, listener: Any) -> None:
    """Logits of +-0.2 in a box one pixel too wide; the CRF finds the box, so all is perfect."""
    boxes.asked = [(0, "green", "green"), (1, "the blue", "blue"), (2, "the green", "green")]
    forward = listener.model.forward

    def one_pixel_off(batch: Any) -> Any:
        sure = forward(batch) > 0
        wide = torch.nn.functional.max_pool2d(sure.float(), 3, 1, 1) > 0
        return torch.where(sure, 4.0, torch.where(wide, 0.2, -4.0))

    listener.model.forward = one_pixel_off
    plain = evaluate(listener, boxes, progress=False)
    assert (plain.crf, plain.notes) == (False, ())
    assert plain.scores["mIoU"] < 80
    row = evaluate(listener, boxes, progress=False, crf="torch")
    assert row.scores["mIoU"] == 100
    assert row.crf
    assert row.notes == ("dense CRF at the picture's own size: torch mean field",)


def test_a_pictures_filters_are_prepared_once_for_all_its_sentences(
    boxes: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from refseg_lib.evaluation import dense_crf_protocols

    prepared, refiner = [], dense_crf_protocols.refiner

    def counted(image: Any, backend: str) -> Any:
        prepared.append(image)
        return refiner(image, backend)

    monkeypatch.setattr(dense_crf_protocols, "refiner", counted)
    evaluate(listener, boxes, progress=False, crf="torch", batch_sentences=2)
    assert len(prepared) == len(boxes.pictures) < len(boxes)


def test_a_picture_of_another_size_than_its_masks_cannot_be_refined(
    boxes: Any, listener: Any
) -> None:
    image = boxes.image
    boxes.image = lambda i: image(i).resize((20, 16))
    with pytest.raises(UserError, match=r"\(16, 16\) and an image of 16x20"):
        evaluate(listener, boxes, progress=False, crf="torch")


def test_a_trivial_answer_has_nothing_to_refine(boxes: Any) -> None:
    with pytest.raises(UserError, match="no probability to refine"):
        evaluate(None, boxes, progress=False, answer="whole", crf="torch")


def test_several_protocols_judge_the_same_answers_as_one_at_a_time(
    boxes: Any, listener: Any
) -> None:
    rows = evaluate_under(listener, boxes, list(PROTOCOLS), progress=False, limit=6)
    assert [row.protocol for row in rows] == list(PROTOCOLS)
    assert listener.model.backbone.seen == len({boxes[i].image_id for i in range(6)})
    for row in rows:
        alone = evaluate(listener, boxes, row.protocol, 6, progress=False)
        assert row.to_dict() == alone.to_dict()


def test_an_unknown_protocol_among_several_is_told_before_anything_is_answered(
    boxes: Any, listener: Any
) -> None:
    with pytest.raises(UserError, match="unknown protocol 'lose'; choose one of strict"):
        evaluate_under(listener, boxes, ["strict", "lose"], progress=False)
    assert listener.model.backbone.seen == 0
