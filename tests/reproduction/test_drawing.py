from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def test_the_figure_shows_something_for_every_row(tmp_path: Path, render: Any) -> None:
    levels = {"no-attention": [0.40], "word-attention": [0.6, 0.61]}
    render(tmp_path, "cmsa-2", levels)
    picture = np.asarray(Image.open(tmp_path / "cmsa-2_parkref_unc.png").convert("RGB")).astype(int)
    vermilion = np.abs(picture - np.array([0xD5, 0x5E, 0x00])).sum(axis=2) < 40
    rows = np.flatnonzero(vermilion.any(axis=1))
    groups = 1 + int((np.diff(rows) > 3).sum())
    assert groups == 2
