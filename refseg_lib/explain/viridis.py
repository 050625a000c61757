"""Numbers to colours: viridis, whose brightness rises evenly, for every kind of eye.

The colours of matplotlib's map of this name (public domain, CC0), here so that pages can be made
where matplotlib is not installed.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

# 33 of its 256 colours, evenly spaced; between them a straight line is off by 2 of 255 at most.
STOPS = (
    "440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d"
    " 2f6a8e 2c728e 297a8e 26818e 23898e 21908c 1f988b 1f9f88 21a685 28ae80 31b57b"
    " 3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725"
)


def viridis(values: ArrayLike) -> NDArray[np.uint8]:
    """Colour numbers.

    Args:
        values: Any shape, in [0, 1]; what lies outside takes the colour of the nearer end.

    Returns:
        uint8 of the same shape and one more dimension of size 3, RGB: dark purple at 0, yellow
        at 1.
    """
    stops = np.array([list(bytes.fromhex(stop)) for stop in STOPS.split()], np.float64)
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(np.asarray(values, np.float64), places, stops[:, c]) for c in range(3)]
    return np.round(np.stack(channels, -1)).astype(np.uint8)
