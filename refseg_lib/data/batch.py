"""Batches: what a model is given. Several sentences may share one image.

Legend: B sentences, I images (I <= B), T words of the longest sentence, H x W pixels.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import torch
from torch import Tensor

from refseg_lib.errors import UserError
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.vocabulary import PAD_ID

Part = TypeVar("Part")


@dataclass
class Example:
    """One sentence with its image, before batching.

    Attributes:
        words: Word numbers, at least one.
        image: float (3, H, W), RGB in [0, 1]; None where ``features`` are given instead.
        mask: bool or float (H, W) or (1, H, W), 1 = the thing meant; None when predicting.
        graph: The sentence's language graph, where a model wants one.
        sentence: The sentence as written.
        image_id: Examples of one batch with the same ``image_id`` share one image: an augmented
            copy needs an id of its own. None shares with nobody.
        features: Cached backbone maps, level to (C, h, w).
    """

    words: Sequence[int]
    image: Tensor | None = None
    mask: Tensor | None = None
    graph: LanguageGraph | None = None
    sentence: str = ""
    image_id: Hashable | None = None
    features: dict[str, Tensor] | None = None


@dataclass
class Batch:
    """What ``model(batch)`` is given.

    Attributes:
        image: (I, 3, H, W) float, RGB in [0, 1]; None where ``features`` are given instead.
        words: (B, T) long, padded on the right with 0.
        word_mask: (B, T) bool, True = a real word.
        graphs: One per sentence, or None.
        mask: (B, 1, H, W) float of 0 and 1; None when predicting.
        image_of: (B,) long, the row of ``image`` (and ``features``) that each sentence speaks of;
            left out, sentence b speaks of image b.
        features: Cached backbone maps, level to (I, C, h, w), or None.
        sentences: The sentences as written, or empty.
    """

    image: Tensor | None
    words: Tensor
    word_mask: Tensor
    graphs: list[LanguageGraph] | None = None
    mask: Tensor | None = None
    image_of: Tensor = None  # type: ignore[assignment]  # filled below, never None outside
    features: dict[str, Tensor] | None = None
    sentences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Fill in ``image_of`` and refuse parts that do not fit together."""
        count = len(self)
        if self.image_of is None:
            if self.image is not None and len(self.image) != count:
                raise UserError(
                    f"{count} sentences for {len(self.image)} images need image_of to say which is"
                    " about which"
                )
            self.image_of = torch.arange(count, device=self.words.device)
        for name, part in (
            ("word_mask", self.word_mask),
            ("image_of", self.image_of),
            ("mask", self.mask),
            ("graphs", self.graphs),
        ):
            if part is not None and len(part) != count:
                raise UserError(f"a batch of {count} sentences has a {name} of {len(part)} rows")

    def __len__(self) -> int:
        """Count the sentences."""
        return self.words.shape[0]

    def to(self, device: torch.device | str, non_blocking: bool = False) -> "Batch":
        """Return the batch with every tensor on ``device``."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device, non_blocking=non_blocking)

        return replace(
            self,
            image=None if self.image is None else move(self.image),
            words=move(self.words),
            word_mask=move(self.word_mask),
            mask=None if self.mask is None else move(self.mask),
            image_of=move(self.image_of),
            features=self.features and {level: move(m) for level, m in self.features.items()},
        )


def collate(examples: Sequence[Example]) -> Batch:
    """Put examples together: words padded on the right, every image once.

    Args:
        examples: At least one; either all have a mask (a graph, features) or none has.

    Returns:
        The batch; images stand in the order in which the examples first name them.

    Raises:
        UserError: No example, one without words, some with and some without a part, or images
            of different size.
    """
    if not examples:
        raise UserError("cannot make a batch of no examples: give at least one")
    words, word_mask = pad_words([example.words for example in examples])
    rows: dict[Hashable, int] = {}
    owners: list[Example] = []
    image_of = []
    for position, example in enumerate(examples):
        # A private key for examples without an id, so that they share with nobody.
        key = (True, position) if example.image_id is None else (False, example.image_id)
        if key not in rows:
            rows[key] = len(owners)
            owners.append(example)
        image_of.append(rows[key])
    images = _all_or_none("image", [owner.image for owner in owners])
    features = _all_or_none("features", [owner.features for owner in owners])
    masks = _all_or_none("mask", [example.mask for example in examples])
    return Batch(
        image=None if images is None else _stack("images", images),
        words=words,
        word_mask=word_mask,
        graphs=_all_or_none("graph", [example.graph for example in examples]),
        mask=None
        if masks is None
        else _stack("masks", [mask.reshape(1, *mask.shape[-2:]).float() for mask in masks]),
        image_of=torch.tensor(image_of),
        features=None
        if features is None
        else {level: _stack(level, [maps[level] for maps in features]) for level in features[0]},
        sentences=[example.sentence for example in examples],
    )


def pad_words(sentences: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Pad word numbers on the right.

    Returns:
        ``(words, word_mask)``: (B, T) long with 0 in the padding, (B, T) bool, True = a word.

    Raises:
        UserError: A sentence has no word.
    """
    lengths = torch.tensor([len(sentence) for sentence in sentences])
    if int(lengths.min()) == 0:
        raise UserError("a sentence in the batch has no word: encode it with tokenize() first")
    word_mask = torch.arange(int(lengths.max()))[None] < lengths[:, None]
    words = torch.full(word_mask.shape, PAD_ID, dtype=torch.long)
    words[word_mask] = torch.tensor([number for sentence in sentences for number in sentence])
    return words, word_mask


def _all_or_none(name: str, parts: Sequence[Part | None]) -> list[Part] | None:
    present = [part for part in parts if part is not None]
    if present and len(present) < len(parts):
        raise UserError(
            f"{len(present)} of {len(parts)} examples have a part `{name}`: give it to all or none"
        )
    return present or None


def _stack(name: str, tensors: list[Tensor]) -> Tensor:
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise UserError(f"{name} of one batch differ in shape: {sorted(shapes)}; letterbox them")
    return torch.stack(tensors)
