"""From a data set to ready batches: words encoded once, masks and frozen features kept."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from refseg_lib.data.batch import Batch, pad_words
from refseg_lib.data.letterbox import letterbox_image, letterbox_mask
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training.feature_cache import FeatureCache
from refseg_lib.training.feature_files import Maps
from refseg_lib.training.feature_identity import identify
from refseg_lib.vision.backbone import Backbone


class Samples:
    """A split, ready to be cut into batches, by several threads at once if need be.

    Attributes:
        groups: For each image the indices of its sentences.
        lengths: For each sentence its number of words.
        row_of: For each sentence the number of its image, its place in ``groups``.
        cached: Whether the frozen backbone's maps are kept, in memory or on disk.
    """

    def __init__(
        self,
        dataset: ReferringDataset,
        vocabulary: Vocabulary,
        size: int,
        max_length: int,
        graphs: Sequence[LanguageGraph] | None = None,
    ) -> None:
        """Encode all sentences; images and masks are read when they are first needed.

        Args:
            dataset: The split.
            vocabulary: Numbers its words.
            size: Side of the input in pixels.
            max_length: Longest sentence in words.
            graphs: Each sentence's language graph, for a model that reasons along them (see
                :func:`refseg_lib.evaluation.graphs.graphs_for`).

        Raises:
            UserError: Not one graph per sentence.
        """
        if graphs is not None and len(graphs) != len(dataset):
            raise UserError(
                f"{len(graphs)} language graphs given for the {len(dataset)} sentences of"
                f" {dataset.id} {dataset.split}: expected one each; parse the split again"
            )
        self.dataset, self.size, self.graphs = dataset, size, graphs
        self.words = [
            vocabulary.encode(
                tokenize(dataset[index].sentence, dataset.language, max_length=max_length)
            )
            for index in range(len(dataset))
        ]
        self.lengths = [len(words) for words in self.words]
        by_image = dataset.by_image()
        self.groups = [indices for _, indices in by_image]
        self.row_of = np.zeros(len(dataset), dtype=np.int64)
        for row, indices in enumerate(self.groups):
            self.row_of[indices] = row
        self._features: Maps = {}
        index = dataset.index
        annotations, self._mask_row = np.unique(
            index.ref_ann_id[index.sent_ref_row[dataset.rows]], return_inverse=True
        )
        self._has_mask = np.zeros(len(annotations), dtype=np.bool_)
        # One block, of which the system gives a page when it is first written. NumPy's would come
        # in pages of 2 MiB, which is all of it after a few hundred masks.
        bits = torch.empty(len(annotations), -(-(size**2) // 8), dtype=torch.uint8)
        self._masks = bits.numpy()

    @property
    def cached(self) -> bool:
        """Whether the backbone's maps are kept, in memory or on disk."""
        return bool(self._features)

    def feature_gib(self, backbone: Backbone, levels: Sequence[str]) -> float:
        """Say how much memory half-precision maps of all images would take, in GiB."""
        cells = sum(
            backbone.channels[level] * (self.size // backbone.strides[level]) ** 2
            for level in levels
        )
        return len(self.groups) * cells * 2 / 2**30

    def cache_features(
        self,
        backbone: Backbone,
        levels: Sequence[str],
        progress: Callable[[int, int], None],
        at_once: int = 16,
    ) -> None:
        """Run the frozen backbone over every image once and keep its maps in half precision.

        Raises:
            UserError: A map has values that half precision cannot hold.
        """
        for start in range(0, len(self.groups), at_once):
            rows = range(start, min(start + at_once, len(self.groups)))
            for level, maps in self._maps(backbone, levels, rows).items():
                if level not in self._features:
                    shape = (len(self.groups), *maps.shape[1:])
                    self._features[level] = np.empty(shape, dtype=np.float16)
                self._features[level][rows.start : rows.stop] = maps
            progress(rows.stop, len(self.groups))

    def cache_on_disk(
        self,
        backbone: Backbone,
        levels: Sequence[str],
        place: Path,
        limit_gib: float,
        progress: Callable[[int, int], None],
        at_once: int = 16,
    ) -> None:
        """Keep the maps in files instead, for this and for later runs.

        Where they need more than ``limit_gib`` or than the disk has, a line on stderr says so and
        nothing is kept: see :attr:`cached`.

        Args:
            backbone: Frozen.
            levels: The taps to keep.
            place: Folder of all caches; made if need be.
            limit_gib: Largest size of this one.
            progress: Called with the number of finished images and of all.
            at_once: How many images the backbone is given together.

        Raises:
            UserError: As :meth:`cache_features`, or the place cannot be written.
        """
        sentences = [indices[0] for indices in self.groups]
        identity = identify(self.dataset, sentences, self.size, backbone, levels)
        cache = FeatureCache(
            place, identity, lambda rows: self._maps(backbone, levels, rows), at_once
        )
        self._features = cache.open(limit_gib, progress) or {}

    def batch(self, indices: Sequence[int]) -> Batch:
        """Build the batch of some sentences; each image, or its features, stands in it once."""
        rows = self.row_of[list(indices)]
        images, image_of = np.unique(rows, return_inverse=True)
        words, word_mask = pad_words([self.words[index] for index in indices])
        mask = torch.stack([self._mask(index) for index in indices])
        return Batch(
            image=None if self.cached else torch.stack([self._image(row) for row in images]),
            features={
                level: torch.from_numpy(maps[images]).float()
                for level, maps in self._features.items()
            }
            or None,
            words=words,
            word_mask=word_mask,
            graphs=None if self.graphs is None else [self.graphs[index] for index in indices],
            mask=mask[:, None].float(),
            image_of=torch.from_numpy(image_of.reshape(-1)),
        )

    @torch.no_grad()
    def _maps(self, backbone: Backbone, levels: Sequence[str], rows: range) -> Maps:
        """Run the backbone over some images; (rows, C, h, w) in half precision per level."""
        images = torch.stack([self._image(row) for row in rows])
        taps = backbone(images.to(next(backbone.parameters()).device))
        maps = {level: taps[level].half().cpu().numpy() for level in levels}
        for level, values in maps.items():
            if not np.isfinite(values).all():
                raise UserError(
                    f"the {level} maps of {backbone.name} ({backbone.weights}) are beyond half"
                    " precision and cannot be cached: --set cache_gib=0"
                )
        return maps

    def _image(self, row: int) -> Tensor:
        return letterbox_image(self.dataset.image(self.groups[row][0]), self.size)

    def _mask(self, index: int) -> Tensor:
        """Return the letterboxed mask (S, S) bool; kept as bits after the first time."""
        row = self._mask_row[index]
        if not self._has_mask[row]:
            mask = letterbox_mask(self.dataset.mask(index), self.size)
            self._masks[row] = np.packbits(mask.numpy())
            # Only now, as another thread may look. Two that make one mask write the same bits.
            self._has_mask[row] = True
        bits = np.unpackbits(self._masks[row], count=self.size**2)
        return torch.from_numpy(bits.reshape(self.size, self.size).astype(bool))
