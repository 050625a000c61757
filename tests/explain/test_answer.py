from pathlib import Path

import numpy as np
from PIL import Image

from refseg_lib.explain.answer import write_answer


def test_the_mask_on_disk_is_the_mask(tmp_path: Path) -> None:
    mask = np.zeros((10, 14), bool)
    mask[2:5, 3:9] = True
    picture = Image.new("RGB", (14, 10), "green")
    answer, alone = write_answer(picture, mask, "left dog", tmp_path / "new", "photo")
    assert np.array_equal(np.asarray(Image.open(alone)) > 0, mask)
    shown = Image.open(answer)
    assert shown.height > 10, "the sentence stands below the picture"
    # Inside the mask the picture keeps its colours.
    assert np.asarray(shown.convert("RGB"))[3, 5].tolist() == [0, 128, 0]
