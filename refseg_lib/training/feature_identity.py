"""What the maps of a frozen backbone depend on, as a digest: the name of their cache."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.vision.backbone import Backbone

FORMAT = 1
"""Of the files; another number makes every cache anew."""


@dataclass(frozen=True)
class Identity:
    """What a cache is of.

    Attributes:
        names: What a person calls it: data set, split, folder, input size, backbone, levels.
        digests: What lies behind these names and may change: pictures, weights, format.
        images: How many.
    """

    names: dict[str, Any]
    digests: dict[str, Any]
    images: int

    @property
    def key(self) -> str:
        """16 hex digits; flavours and languages with the same list of pictures share them."""
        names = [self.names[name] for name in ("size", "backbone", "levels")]
        told = json.dumps([names, self.digests, self.images], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def identify(
    dataset: ReferringDataset,
    sentences: Sequence[int],
    size: int,
    backbone: Backbone,
    levels: Sequence[str],
) -> Identity:
    """Say what the maps of some pictures depend on.

    A picture counts by its name, size in bytes and time of change: reading all of RefCOCO at every
    start would cost more than it protects from, and a copy with new times only fills once more.

    Args:
        dataset: The split.
        sentences: For each image the number of one of its sentences, in the order of the rows.
        size: Side of the letterboxed input in pixels.
        backbone: Its parameters, running means and preprocessing all count.
        levels: The taps that are kept, in any order.
    """
    pictures, weights = hashlib.sha256(), hashlib.sha256()
    for index in sentences:
        path = dataset.image_path(index)
        status = path.stat()
        pictures.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    weights.update(f"bgr {backbone.preprocess.bgr}\n".encode())
    # Not the state dict: the preprocessing's means are no part of it.
    for name, tensor in (*backbone.named_parameters(), *backbone.named_buffers()):
        weights.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        weights.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    names = {
        "data": dataset.id,
        "split": dataset.split,
        "folder": str(dataset.folder.resolve()),
        "size": size,
        "backbone": backbone.name,
        "weights": backbone.weights,
        "levels": sorted(levels),
    }
    digests = {"pictures": pictures.hexdigest(), "weights": weights.hexdigest(), "format": FORMAT}
    return Identity(names, digests, len(sentences))
