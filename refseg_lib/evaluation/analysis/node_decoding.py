"""Every node of BUSNet through the whole decoder: what the model would answer if it stopped there.

Paper 000 §4.4 feeds {X_n} and {X'_n} "into the decoder of segmentation". The traces of
:class:`refseg_lib.models.stepwise.StepwiseSegmenter` take that to be the mask head alone, level by
level; but the head has only ever seen what BIAR makes of all levels together. Here a node's maps of
all reasoned levels stand where the referent's do, beside the picture's own, so that what comes out
for the referent's X' is the answer itself.
"""

import torch

from refseg_lib.data.batch import Batch
from refseg_lib.fusion.bus import BottomUpShift
from refseg_lib.fusion.context import Context
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.trace import Trace


def decode_nodes(model: ReferringSegmenter, batch: Batch) -> Trace:
    """Let the decoder answer for every node.

    Args:
        model: A BUSNet; any other has no nodes.
        batch: With graphs.

    Returns:
        ``bus.all.initial`` and ``bus.all.shifted``, (N, h, w) probabilities on the head's grid, of
        the N nodes of the batch in the order of ``bus.node``. Empty for a model without nodes.
    """
    reasoning = model.level_fusion
    if not isinstance(reasoning, BottomUpShift) or batch.graphs is None:
        return {}
    features = model.features(batch)
    words = model.text_encoder(batch.words, batch.word_mask)
    context = Context(features, words, batch.word_mask, batch.image_of, batch.graphs)
    maps = reasoning.node_maps(context)
    counts = torch.tensor([len(graph.nodes) for graph in batch.graphs])
    sentence = torch.arange(len(batch)).repeat_interleave(counts).to(words.device)
    nodes = Context(
        features, words[sentence], batch.word_mask[sentence], batch.image_of[sentence], None
    )
    found = {}
    for place, name in enumerate(("initial", "shifted")):
        levels = {level: pair[place] for level, pair in maps.items()}
        found[f"bus.all.{name}"] = torch.sigmoid(model.decode(levels, nodes).float())[:, 0]
    return found
