"""Black or white: the text colour that can be read on a ground."""

import numpy as np
from numpy.typing import ArrayLike


def ink_on(ground: ArrayLike) -> str:
    """Choose ``#000000`` or ``#ffffff``, whichever has more contrast.

    It is 4.58 to 1 in the worst case, where 4.5 is asked for (WCAG 2.2, AA).

    Args:
        ground: (3,) RGB in [0, 255].
    """
    color = np.asarray(ground, np.float64) / 255
    linear = np.where(color <= 0.04045, color / 12.92, ((color + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    # The two contrasts, (L + 0.05) / 0.05 and 1.05 / (L + 0.05), are equal at 0.179.
    return "#000000" if luminance > 0.179 else "#ffffff"
