"""What the later stages of a system may want to look back at.

Most fusions need the maps before them and nothing else. TGFE asks the sentence again, BIAR the raw
levels, BUSNet the language graph, HCAM the words as SFM left them: such a module carries
``wants_context = True`` and is handed this as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from torch import Tensor

from refseg_lib.text.graph import LanguageGraph


@dataclass
class Context:
    """One forward pass, seen from inside. Legend: B sentences, I images, T words, C channels.

    Attributes:
        features: Level name to (I, C, h, w), the backbone's maps.
        words: (B, T, C), zero at padding.
        word_mask: (B, T) bool, True = a real word.
        image_of: (B,) the image of each sentence; None when sentence b looks at image b.
        graphs: One language graph per sentence, or None.
        level_words: Level name to (B, T, C): the words as the per-level fusion left them, where
            it changes them (SHNet).
        side_logits: Level name to (B, 1, h, w): further answers that a training loss may look at
            (released CMPC); written by the module that makes them.
    """

    features: Mapping[str, Tensor]
    words: Tensor
    word_mask: Tensor
    image_of: Tensor | None = None
    graphs: Sequence[LanguageGraph] | None = None
    level_words: dict[str, Tensor] = field(default_factory=dict)
    side_logits: dict[str, Tensor] = field(default_factory=dict)
