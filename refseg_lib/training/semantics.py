"""Pretraining a backbone, the laptop's above all, on what ParkRef's pixels are.

DeepLab was trained on semantic labels before the papers froze it; here a small net learns, for
every pixel, its category, its garment, its colour and its pattern. Colour and pattern belong in
the lesson: a backbone taught categories alone throws colour away, and then no head on top of it
can learn "the red one".
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset

from refseg_lib.data.letterbox import Letterbox, letterbox_image
from refseg_lib.errors import UserError
from refseg_lib.parkref.drawing import STUFF_CODES, Rendering, render
from refseg_lib.parkref.layout import sample_scene
from refseg_lib.parkref.scene import COLORS, PARTS, PATTERNS, STUFF, THINGS, Scene
from refseg_lib.training.precision import bf16_is_native
from refseg_lib.vision.backbone import Backbone
from refseg_lib.vision.weight_files import save_trunk

# Seeds far from the data set's own: pretraining never sees a picture that is evaluated.
SEED = 777_000_000
UNKNOWN = -1
LABELS = {
    "category": (*THINGS, *STUFF),
    "part": ("none", *PARTS),
    "color": COLORS,
    "pattern": PATTERNS,
}
# How much each tap's lesson counts: the deepest carries it, c2 is kept readable for outlines.
TAPS = {"c2": 0.3, "c3": 0.3, "c4": 0.5, "c5": 1.0}
# Batches on which the channels of the finished backbone are measured.
STANDARDISED_ON = 32


@dataclass(frozen=True)
class Semantics:
    """Label maps of one drawing, uint8-sized integers, :data:`UNKNOWN` where nothing is named."""

    category: np.ndarray
    part: np.ndarray
    color: np.ndarray
    pattern: np.ndarray


def label_pixels(scene: Scene, drawn: Rendering) -> Semantics:
    """Say of every pixel what it is.

    Skin, hair and shoes have a category but no colour; stuff has neither colour nor pattern.
    """
    category = np.full(256, UNKNOWN, dtype=np.int64)
    color = np.full((256, len(PARTS) + 1), UNKNOWN, dtype=np.int64)
    pattern = np.full((256, len(PARTS) + 1), UNKNOWN, dtype=np.int64)
    person = np.zeros(256, dtype=bool)
    for name, code in STUFF_CODES.items():
        category[code] = LABELS["category"].index(name)
    for index, thing in enumerate(scene.things):
        code = index + 1
        category[code] = LABELS["category"].index(thing.category)
        person[code] = thing.bottoms is not None
        # Column 1 is the shirt; things that are not people are all "part 0".
        main = 1 if thing.bottoms is not None else 0
        color[code, main] = COLORS.index(thing.color)
        pattern[code, main] = PATTERNS.index(thing.pattern)
        if thing.bottoms is not None:
            color[code, 2] = COLORS.index(thing.bottoms)
        if thing.hat is not None:
            color[code, 3] = COLORS.index(thing.hat)
    part = np.where(person[drawn.things], drawn.parts.astype(np.int64), UNKNOWN)
    return Semantics(
        category=category[drawn.things],
        part=part,
        color=color[drawn.things, drawn.parts],
        pattern=pattern[drawn.things, drawn.parts],
    )


class ParkPixels(IterableDataset):
    """An endless stream of (image (3, S, S), labels (4, S, S)) pairs, drawn as needed."""

    def __init__(self, size: int, height: int, seed: int = SEED) -> None:
        """Draw pictures ``height`` pixels high and letterbox them to ``size``."""
        self.size, self.height, self.seed = size, height, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield pictures; every worker draws others."""
        info = torch.utils.data.get_worker_info()
        place, step = (0, 1) if info is None else (info.id, info.num_workers)
        while True:
            rng = np.random.default_rng([self.seed, place])
            scene = sample_scene(rng, people=bool(place % 2))
            drawn = render(scene, self.height)
            labels = label_pixels(scene, drawn)
            maps = torch.from_numpy(np.stack([getattr(labels, name) for name in LABELS]))
            yield letterbox_image(drawn.image, self.size), letterbox_labels(maps, self.size)
            place += step


def letterbox_labels(maps: Tensor, size: int) -> Tensor:
    """Put label maps (K, H, W) into the square the way images go; bars are unknown."""
    height, width = maps.shape[-2:]
    box = Letterbox(height, width, size)
    # Labels cannot be averaged: take the label in the middle of each new pixel.
    rows = ((torch.arange(box.new_height) + 0.5) * height / box.new_height).long()
    columns = ((torch.arange(box.new_width) + 0.5) * width / box.new_width).long()
    square = torch.full((len(maps), size, size), UNKNOWN)
    square[:, box.rows, box.columns] = maps[:, rows][:, :, columns]
    return square


class SemanticHeads(nn.Module):
    """One 1x1 classifier per tap over all labels; thrown away after pretraining.

    Each cell is classified in quarters, so that the frozen features know where in a cell an
    outline runs: at 128 px a dog is three cells wide.
    """

    def __init__(self, channels: dict[str, int]) -> None:
        """Make a classifier for each of :data:`TAPS`."""
        super().__init__()
        width = sum(len(names) for names in LABELS.values())
        self.heads = nn.ModuleDict({tap: nn.Conv2d(channels[tap], 4 * width, 1) for tap in TAPS})

    def forward(self, taps: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return (B, labels, 2h, 2w) scores for each tap."""
        return {
            tap: functional.pixel_shuffle(head(taps[tap]), 2) for tap, head in self.heads.items()
        }


def semantic_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Sum the cross-entropies of the four labels over the known pixels.

    Args:
        scores: (B, labels, h, w).
        labels: (B, 4, S, S); sampled at the centres of the cells of ``scores``.
    """
    labels = _at_centres(labels, scores)
    total = scores.new_zeros(())
    parts = scores.split([len(names) for names in LABELS.values()], dim=1)
    for position, part in enumerate(parts):
        total = total + functional.cross_entropy(part, labels[:, position], ignore_index=UNKNOWN)
    return total


def pretrain(
    backbone: Backbone,
    out: Path,
    steps: int,
    size: int = 128,
    height: int = 128,
    batch: int = 16,
    rate: float = 2e-3,
    workers: int = 1,
    device: str | torch.device = "cpu",
    report=print,
) -> None:
    """Train a backbone on ParkRef's semantic labels and write its trunk's weights.

    Args:
        backbone: An unfrozen backbone. The laptop's taps are standardised in the end; those of
            others stay as they come out of the last ReLU, as with their usual weights.
        out: The safetensors file to write; half precision.
        steps: Optimisation steps.
        size: Side of the letterboxed input; a multiple of the coarsest tap's stride.
        height: Height at which the pictures are drawn.
        batch: Pictures per step.
        rate: Highest learning rate; warmed up over the first steps, then a cosine to zero.
        workers: Processes that draw.
        device: Where the backbone learns.
        report: Called with a line of progress every hundred steps.

    Raises:
        UserError: The taps would not divide the input evenly.
    """
    coarsest = max(backbone.strides.values())
    if size % coarsest:
        raise UserError(f"--size {size}: {backbone.name} takes a multiple of {coarsest} pixels")
    torch.manual_seed(0)
    heads = SemanticHeads(backbone.channels)
    backbone.to(device)
    heads.to(device)
    parameters = [*backbone.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=rate, total_steps=steps, pct_start=0.05
    )
    pictures = iter(DataLoader(ParkPixels(size, height), batch_size=batch, num_workers=workers))
    backbone.train()
    kind = torch.device(device).type
    half = bf16_is_native(kind)
    for step in range(1, steps + 1):
        image, labels = (part.to(device) for part in next(pictures))
        with torch.autocast(kind, torch.bfloat16, enabled=half):
            scores = heads(backbone(image))
        loss = torch.stack(
            [TAPS[tap] * semantic_loss(score.float(), labels) for tap, score in scores.items()]
        ).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps:
            report(f"step {step}/{steps} loss {loss.item():.3f} {_accuracy(scores['c5'], labels)}")
    if hasattr(backbone.trunk, "c5_deviation"):
        standardise(backbone, [next(pictures)[0].to(device) for _ in range(STANDARDISED_ON)])
    save_trunk(backbone.trunk, out)


@torch.no_grad()
def standardise(backbone: Backbone, batches: list[Tensor]) -> None:
    """Measure mean and deviation of every channel and let the trunk take them out.

    Args:
        backbone: The laptop backbone with raw taps; left in evaluation mode.
        batches: Images (B, 3, S, S).
    """
    backbone.eval()
    taps = [backbone(images) for images in batches]
    for level in backbone.channels:
        maps = torch.cat([tap[level] for tap in taps])
        deviation, mean = torch.std_mean(maps, (0, 2, 3))
        # A channel that hardly moves stays small instead of being blown up.
        deviation = deviation + 0.05 * deviation.median()
        backbone.trunk.get_buffer(f"{level}_mean").copy_(mean[:, None, None])
        backbone.trunk.get_buffer(f"{level}_deviation").copy_(deviation[:, None, None])


def _at_centres(labels: Tensor, scores: Tensor) -> Tensor:
    step = labels.shape[-1] // scores.shape[-1]
    return labels[..., step // 2 :: step, step // 2 :: step]


def _accuracy(scores: Tensor, labels: Tensor) -> str:
    """Say, label by label, which share of the cells is right."""
    labels = _at_centres(labels, scores)
    told = []
    parts = scores.split([len(names) for names in LABELS.values()], dim=1)
    for position, (name, part) in enumerate(zip(LABELS, parts, strict=True)):
        known = labels[:, position] != UNKNOWN
        right = (part.argmax(1) == labels[:, position]) & known
        told.append(f"{name} {100 * right.sum().item() / max(1, known.sum().item()):.0f} %")
    return ", ".join(told)
