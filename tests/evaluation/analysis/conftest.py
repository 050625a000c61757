"""A small ParkRef, and a model that knows the truth because it was told."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.models.saved import Loaded
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.trace import emit

SIDE = 64
Answer = Callable[[int, str], NDArray[np.bool_]]
Inside = Callable[[Batch, list[int], list[str]], dict[str, Tensor]]


@pytest.fixture(scope="session")
def park_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    make_parkref(folder, train_images=30, height=SIDE, workers=1)
    return folder


@pytest.fixture(scope="session")
def park(park_root: Path) -> ReferringDataset:
    """30 pictures of 64 x 64 pixels."""
    return open_dataset("parkref_unc", park_root, "train")


class Words:
    """Gives any word a number, and the word back."""

    def __init__(self) -> None:
        self.known = ["<pad>"]

    def encode(self, tokens: list[str]) -> list[int]:
        self.known += [token for token in dict.fromkeys(tokens) if token not in self.known]
        return [self.known.index(token) for token in tokens]


class PassThrough(nn.Module):
    def forward(self, image: Tensor) -> dict[str, Tensor]:
        return {"c5": image}


class Oracle(nn.Module):
    """Recognises pictures by their bytes and answers as it was told."""

    def __init__(self, pictures: dict[bytes, int], words: Words, answer: Answer) -> None:
        super().__init__()
        self.backbone, self.pictures, self.words = PassThrough(), pictures, words
        self.answer, self.inside, self.level_fusion = answer, None, None
        self.nothing = nn.Parameter(torch.zeros(1))

    def forward(self, batch: Batch) -> Tensor:
        assert batch.features is not None
        seen = batch.features["c5"][batch.image_of]
        images = [self.pictures[picture.numpy().tobytes()] for picture in seen]
        sentences = [
            " ".join(self.words.known[int(n)] for n in row[mask])
            for row, mask in zip(batch.words, batch.word_mask, strict=True)
        ]
        if self.inside is not None:
            for name, value in self.inside(batch, images, sentences).items():
                emit(self, name, value)
        masks = [self.answer(*asked) for asked in zip(images, sentences, strict=True)]
        return torch.from_numpy(np.stack(masks)).float()[:, None] * 40 - 20


@pytest.fixture
def oracle(park: ReferringDataset) -> Callable[..., Loaded]:
    """Make a model from (image_id, sentence) -> mask, and from what it shows of its inside."""
    pictures = {
        letterbox_image(park.image(rows[0]), SIDE).numpy().tobytes(): image_id
        for image_id, rows in park.by_image()
    }

    def make(answer: Answer, inside: Inside | None = None, name: str = "oracle") -> Loaded:
        words = Words()
        model: Any = Oracle(pictures, words, answer)
        model.inside = inside
        if name == "busnet":
            model.level_fusion = nn.Module()
            model.level_fusion.wants_graphs = True
        return Loaded(model, {"name": name, "input_size": SIDE}, words)  # type: ignore[arg-type]

    return make


@pytest.fixture
def nothing() -> Answer:
    return lambda image_id, sentence: np.zeros((SIDE, SIDE), bool)


@pytest.fixture
def staged() -> Callable[..., Any]:
    """Stand in for the truth about one sentence of a scene made by hand."""
    from refseg_lib.evaluation.analysis.drawn_truth import Drawn, Told
    from refseg_lib.parkref.drawing import render
    from refseg_lib.parkref.world import observe

    def make(scene: Any, meant: int, language: str = "en", **spoken: tuple[str, str]) -> Any:
        drawn = render(scene, 128)
        world = observe(scene, drawn.things, drawn.parts)
        told = {
            name: Told(tuple(words.split()), kinds, None, ())  # type: ignore[arg-type]
            for name, (words, kinds) in spoken.items()
        }
        category = scene.things[meant].category
        expression = SimpleNamespace(ann_id=700 + meant, image_id=7, category=category, sent_id=1)

        class Split(list):
            def mask(self, i: int) -> NDArray[np.bool_]:
                return drawn.things == meant + 1

        split = Split([expression])
        split.language = language  # type: ignore[attr-defined]
        masks = {700 + k: drawn.things == k + 1 for k in range(len(scene.things))}
        return SimpleNamespace(
            dataset=split,
            told=lambda i, which=None: told[which or language],
            draw=lambda i: Drawn(world, drawn),
            things=lambda image_id: masks,
            mask=masks.__getitem__,
            category=lambda number: scene.things[number - 700].category,
        )

    return make
