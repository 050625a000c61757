"""ReferIt's masks: MATLAB files `mask/38685_1.mat` whose ``segimg_t`` is 0 on the region."""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from refseg_lib.errors import UserError


@dataclass(frozen=True)
class MaskFiles:
    """Reads the masks of the regions in ``folder``."""

    folder: Path

    @functools.cached_property
    def _places(self) -> list[Path]:
        return subfolders(self.folder, "mask")

    def find(self, region: str) -> Path | None:
        """Return the mask file of a region such as ``"38685_1"``, if it is there."""
        paths = (place / f"{region}.mat" for place in self._places)
        return next((path for path in paths if path.is_file()), None)

    def read(self, segmentation: Any, height: int, width: int) -> NDArray[np.bool_]:
        """Read the mask of a region.

        Args:
            segmentation: The region's name, such as ``"38685_1"``.
            height: Rows H of the image.
            width: Columns W of the image.

        Returns:
            bool (H, W), True where ``segimg_t`` is 0.

        Raises:
            UserError: The file is absent, damaged or of another size.
        """
        from scipy.io import loadmat

        path = self.find(segmentation)
        if path is None:
            looked = ", ".join(map(str, self._places)) or f"{self.folder / 'mask'} (absent)"
            raise UserError(f"mask {segmentation}.mat is missing: looked in {looked}")
        try:
            labels = np.asarray(loadmat(path, variable_names=["segimg_t"])["segimg_t"])
        except Exception as error:
            # A damaged MATLAB file may raise almost anything.
            raise UserError(f"mask {path} cannot be read ({error!r}): fetch it again") from error
        if labels.shape != (height, width):
            raise UserError(f"mask {path} is of shape {labels.shape}, its image {(height, width)}")
        return labels == 0


def subfolders(folder: Path, name: str) -> list[Path]:
    """List the existing folders that hold ReferIt's `images` or `mask`, beside the query files."""
    places = [
        folder / name,
        folder / "referit-dataset" / name,
        folder.resolve().parent / "referit-dataset" / name,
    ]
    return [place for place in places if place.is_dir()]
