"""How many images, objects and sentences the real data sets have, split by split.

From TensorFlow Datasets' `ref_coco`, CRIS and the ReferIt query files themselves. The totals that
papers print differ for G-Ref and ReferIt (they count parts that were never released).
"""

from typing import NamedTuple


class Counts(NamedTuple):
    """What one split holds. ``refs`` are the objects referred to."""

    images: int
    refs: int
    sentences: int

    def __str__(self) -> str:
        """Say it in words."""
        return f"{self.images:,} images, {self.refs:,} objects, {self.sentences:,} sentences"


PUBLISHED: dict[str, dict[str, Counts]] = {
    "refcoco_unc": {
        "train": Counts(16_994, 42_404, 120_624),
        "val": Counts(1_500, 3_811, 10_834),
        "testA": Counts(750, 1_975, 5_657),
        "testB": Counts(750, 1_810, 5_095),
    },
    "refcocop_unc": {
        "train": Counts(16_992, 42_278, 120_191),
        "val": Counts(1_500, 3_805, 10_758),
        "testA": Counts(750, 1_975, 5_726),
        "testB": Counts(750, 1_798, 4_889),
    },
    "refcocog_google": {
        "train": Counts(24_698, 44_822, 85_474),
        "val": Counts(4_650, 5_000, 9_536),
    },
    "refcocog_umd": {
        "train": Counts(21_899, 42_226, 80_512),
        "val": Counts(1_300, 2_573, 4_896),
        "test": Counts(2_600, 5_023, 9_602),
    },
    "referit": {
        "train": Counts(8_995, 44_649, 54_134),
        "val": Counts(1_000, 4_866, 5_842),
        "test": Counts(9_994, 49_730, 60_105),
    },
}
