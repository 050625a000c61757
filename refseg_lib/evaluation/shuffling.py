"""The control every result on language needs: the same sentences, under the wrong images.

A network that scores as well with somebody else's sentence never listened. The sentences stay
real and keep their frequencies; only their places change.
"""

from collections.abc import Hashable, Sequence

import numpy as np

from refseg_lib.errors import UserError


def shuffle_across_images(image_ids: Sequence[Hashable], seed: int) -> list[int]:
    """Permute sentences so that none stays with an image it was written for.

    Args:
        image_ids: The image of every sentence.
        seed: Any whole number; the same one gives the same permutation.

    Returns:
        For each sentence the position of the one to read instead: a permutation.

    Raises:
        UserError: One image has more than half of the sentences, so no such permutation exists.
    """
    _, images = np.unique(np.array([repr(i) for i in image_ids]), return_inverse=True)
    most = np.bincount(images).max() if len(images) else 0
    if most * 2 > len(images) or len(images) == 0:
        raise UserError(
            f"cannot shuffle {len(images)} sentences across images: one image has {most} of them,"
            " more than half; score more images"
        )
    rng = np.random.default_rng(seed)
    source = rng.permutation(len(images))
    for place in np.flatnonzero(images[source] == images):
        image = images[place]
        if images[source[place]] != image:
            continue  # an earlier swap moved it already
        # Outside this image more than half of the places remain, fewer than that many of its own
        # sentences: some place holds a stranger, and swapping with it breaks nothing.
        free = np.flatnonzero((images != image) & (images[source] != image))
        other = rng.choice(free)
        source[[place, other]] = source[[other, place]]
    return source.tolist()
