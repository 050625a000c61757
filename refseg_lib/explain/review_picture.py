"""The picture of a sentence under review, with the thing meant left bright."""

from html import escape
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from refseg_lib.data.english import EnglishSentence
from refseg_lib.data.refer import ReferringDataset, open_dataset
from refseg_lib.errors import UserError
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.data_uri import jpeg_uri
from refseg_lib.explain.overlay import overlay, resize_mask

WIDTH = 640
"""Pixels across the picture: sharp on a dense screen, small enough to be sent at every step."""
DARKENED = 0.45
"""Less than in a page of answers: the reviewer must see what the sentence says of the rest too."""


class Pictures:
    """Finds picture and mask of any sentence of a refs file; each split is opened when needed."""

    def __init__(self, refs_path: Path) -> None:
        self._refs_path = refs_path
        self._splits: dict[str, tuple[ReferringDataset, dict[int, int]]] = {}

    def look_up(self, sentence: EnglishSentence) -> tuple[Image.Image, NDArray[np.bool_]]:
        """Return the picture (RGB) and the mask, bool (H, W), True = the thing meant.

        Raises:
            UserError: Picture or annotation is missing or damaged.
        """
        if sentence.split not in self._splits:
            name = f"folder:{self._refs_path.resolve()}"
            dataset = open_dataset(name, self._refs_path.parent, sentence.split)
            numbers = dataset.index.sent_id[dataset.rows].tolist()
            places = {number: place for place, number in enumerate(numbers)}
            self._splits[sentence.split] = dataset, places
        dataset, places = self._splits[sentence.split]
        place = places[sentence.sent_id]
        return dataset.image(place), dataset.mask(place)

    def figure(self, sentence: EnglishSentence, darken: bool = True) -> str:
        """Return the picture as HTML with its alt text; where there is none, why.

        Args:
            sentence: Whose picture to show.
            darken: Whether all but the thing meant steps back; its outline is drawn in any case.
        """
        try:
            image, mask = self.look_up(sentence)
        except UserError as error:
            # The words can be reviewed all the same; the reader is told what is missing.
            return f'<p class="absent" role="img">No picture: {escape(str(error))}</p>'
        height = max(1, round(image.height * WIDTH / image.width))
        large = image.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
        shown = overlay(large, resize_mask(mask, height, WIDTH), DARKENED if darken else 0.0)
        alt = f"What “{sentence.sent}” means: {describe_mask(mask)}."
        # For one look: the smallest PNG, as for a page to keep, would take far longer.
        return (
            f'<figure><img src="{jpeg_uri(shown)}" alt="{escape(alt)}" width="{WIDTH}"'
            f' height="{height}"><figcaption>The thing meant stands inside the white line.'
            "</figcaption></figure>"
        )
