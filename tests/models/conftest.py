"""A backbone of three convolutions, and a batch of unequal sentences about shared images."""

import pytest
import torch
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.text.graph import Edge, LanguageGraph, Node

VOCABULARY_SIZE = 20


class TinyBackbone(nn.Module):
    """c2 at stride 4, c3 to c5 at stride 8; counts the images it sees."""

    def __init__(self, *, frozen: bool = True) -> None:
        super().__init__()
        self.name, self.weights, self.frozen = "tiny", "seed 5", frozen
        self.channels = {"c2": 4, "c3": 5, "c4": 6, "c5": 7}
        self.strides = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}
        generator = torch.Generator().manual_seed(5)
        self.taps = nn.ParameterDict(
            {
                level: nn.Parameter(
                    torch.randn(width, 3, stride, stride, generator=generator) / stride,
                    requires_grad=not frozen,
                )
                for (level, width), stride in zip(
                    self.channels.items(), self.strides.values(), strict=True
                )
            }
        )
        self.images_seen = 0

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        self.images_seen += len(image)
        return {
            level: nn.functional.conv2d(image, kernel, stride=self.strides[level]).relu()
            for level, kernel in self.taps.items()
        }


class Taps(nn.Module):
    """Only the channel counts of a backbone: its models are counted, never run."""

    def __init__(self, c3: int, c4: int, c5: int) -> None:
        super().__init__()
        self.name, self.weights, self.frozen = "taps", "none", True
        self.channels = {"c2": 48, "c3": c3, "c4": c4, "c5": c5}
        self.strides = {"c2": 4, "c3": 8, "c4": 8, "c5": 8}


@pytest.fixture
def laptop_taps() -> Taps:
    return Taps(64, 96, 128)


@pytest.fixture
def resnet_taps() -> Taps:
    return Taps(512, 1024, 2048)


@pytest.fixture
def backbone() -> TinyBackbone:
    return TinyBackbone()


@pytest.fixture
def trainable_backbone() -> TinyBackbone:
    return TinyBackbone(frozen=False)


def graph(spans: list[tuple[int, int]], edges: list[tuple[int, str, int]]) -> LanguageGraph:
    nodes = tuple(Node(f"phrase {i}", f"head {i}", *span) for i, span in enumerate(spans))
    return LanguageGraph(nodes, tuple(Edge(*edge) for edge in edges), 0)


@pytest.fixture
def batch() -> Batch:
    """Four sentences of 5, 2, 1 and 3 words about two images of 40 x 48 pixels."""
    generator = torch.Generator().manual_seed(7)
    lengths = torch.tensor([5, 2, 1, 3])
    word_mask = torch.arange(5)[None] < lengths[:, None]
    words = torch.randint(4, VOCABULARY_SIZE, (4, 5), generator=generator) * word_mask
    return Batch(
        image=torch.rand(2, 3, 40, 48, generator=generator),
        words=words,
        word_mask=word_mask,
        image_of=torch.tensor([1, 0, 1, 1]),
        graphs=[
            graph([(0, 1), (2, 3), (4, 5)], [(0, "on", 1), (1, "with", 2), (0, "unheard", 2)]),
            graph([(0, 1), (1, 2)], [(0, "on", 1)]),
            graph([(0, 1)], []),
            graph([(0, 3)], []),
        ],
    )


def single(batch: Batch, sentence: int) -> Batch:
    """One sentence of a batch alone, without padding."""
    count = int(batch.word_mask[sentence].sum())
    image = int(batch.image_of[sentence])
    return Batch(
        image=batch.image[image : image + 1],
        words=batch.words[sentence : sentence + 1, :count],
        word_mask=batch.word_mask[sentence : sentence + 1, :count],
        graphs=batch.graphs and batch.graphs[sentence : sentence + 1],
    )


@pytest.fixture
def alone():
    return single
