"""Does each reasoning step of BUSNet look at what its phrase means?

Paper 000 shows it on four pictures (§4.4, Fig. 3): the maps X_n and X'_n of every node of the
language graph are fed into the mask decoder, and what comes out, a probability per cell, is drawn
as the "initial" and the "shifted attention map". ParkRef knows the mask of every entity that a
sentence mentions, so here these two maps are scored for every node of a split (traces
``bus.initial`` and ``bus.shifted``; the shifted map of the referent is the answer).

* pointing: the share of the strongest cell that lies in the entity's mask;
* AUC: how often a point inside the mask has a stronger response than a point outside it;
* inside: the share of the whole response that lies in the mask.

By chance they are the entity's share of the picture, 50 %, and that share again; a map that is the
same everywhere scores just that. A model may also show the referent whatever the node is: so the
maps of the sentence's *other* nodes are scored on the same mask, but for those whose entity lies in
it, as a hat in its wearer; and so is the answer, for every node. A node that nothing modifies is
never shifted: its two maps are one, listed as the initial one. A shift whose attention is the same
everywhere says nothing of where: how many are so is counted too.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch

from refseg_lib.data.refer import ReferringDataset
from refseg_lib.errors import UserError
from refseg_lib.evaluation.analysis.drawn_truth import Mask, open_truth
from refseg_lib.evaluation.analysis.grounding_report import Grounding, GroundingRow, shift_rows
from refseg_lib.evaluation.analysis.node_truth import entities_of, groups_of, lies_inside
from refseg_lib.evaluation.analysis.pointing import (
    Cells,
    auc,
    coverage,
    pointing,
    response_inside,
)
from refseg_lib.evaluation.analysis.questions import Question, Reply, ask, first_sentences
from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.models.saved import Loaded

MAPS = ("initial", "shifted")


def ground_steps(
    loaded: Loaded,
    dataset: ReferringDataset,
    limit: int | None = None,
    *,
    graphs: str = "truth",
    progress: bool = True,
) -> Grounding:
    """Score the maps of every node.

    Args:
        loaded: A BUSNet.
        dataset: A split of ParkRef.
        limit: Ask only the first so many sentences.
        graphs: ``"truth"`` for ParkRef's own graphs, or a parser: ``"builtin"``, ``"spacy"``. A
            parser's node is scored where a true one has the same head and shares a token with it.
        progress: Show a progress bar.

    Raises:
        UserError: The model has no such maps, or the data are not ParkRef.
    """
    truth, kept = open_truth(dataset), first_sentences(dataset, limit)
    parsed = graphs_for(loaded.model, dataset, graphs)
    if parsed is None:
        raise UserError(
            f"{loaded.config['name']} reasons along no language graph, so it has no steps to look"
            " at: give a BUSNet"
        )
    questions = [Question(i, dataset[i].sentence, parsed[i]) for i in kept]
    found: dict[tuple[str, str], list[tuple[float, ...]]] = defaultdict(list)
    attention: dict[str, list[Cells]] = defaultdict(list)
    unmatched = unseen = 0
    for reply in ask(
        loaded,
        dataset,
        questions,
        look_inside=True,
        title=f"steps on {dataset.id} {dataset.split}",
        progress=progress,
    ):
        i = kept[reply.number]
        assert reply.graph is not None
        meant = entities_of(reply.graph, reply.tokens, truth.told(i))
        unmatched += meant.count(None)
        maps = _maps(reply)
        for level, shifts in _attention(reply).items():
            attention[level] += shifts
        masks = [None if entity is None else truth.mask(entity) for entity in meant]
        for node, entity in enumerate(meant):
            if entity is None or masks[node] is None:
                unseen += entity is not None
                continue
            for name, map_of in maps.items():
                scores = _score(map_of, node, masks)
                for group in groups_of(reply.graph, node, entity):
                    if name != "shifted" or "modified" in group or "hops" in group:
                        found[group, name].append(scores)
    return Grounding(
        model=loaded.config["name"],
        dataset=f"{dataset.id} {dataset.split} {dataset.language}",
        graphs=graphs,
        sentences=len(kept),
        unmatched=unmatched,
        unseen=unseen,
        rows=tuple(_row(key, found[key]) for key in sorted(found, key=_place)),
        shifts=shift_rows(attention),
    )


def _maps(reply: Reply) -> dict[str, Cells]:
    """Take a sentence's own maps out of its batch: map to (nodes, h, w), or (1, h, w)."""
    own = (reply.inside["bus.node"][:, 0] == reply.row).cpu()
    shown = {name: reply.inside.get(f"bus.{name}") for name in MAPS}
    maps = {name: x.cpu()[own].double().numpy() for name, x in shown.items() if x is not None}
    if not maps:
        raise UserError(
            "the model shows no map of its nodes, so nothing can be scored: give a BUSNet made by"
            " build_model"
        )
    # One answer for all nodes: it has no others.
    maps["answer"] = torch.sigmoid(reply.logits)[None].double().numpy()
    return maps


def _attention(reply: Reply) -> dict[str, list[Cells]]:
    """Take a sentence's edges out of its batch: level to a map (h, w) of each."""
    own = reply.inside["bus.node"][:, 0] == reply.row
    found = {}
    for name in reply.inside:
        if name.startswith("bus.") and name.endswith(".attention"):
            kept = reply.inside[name][own[reply.inside["bus.edge"][:, 0]]].cpu().double()
            found[name.split(".")[1]] = list(kept.numpy())
    return found


def _score(maps: Cells, node: int, masks: Sequence[Mask | None]) -> tuple[float, ...]:
    mask = masks[node]
    assert mask is not None
    covered = coverage(mask, *maps.shape[1:])
    own = maps[min(node, len(maps) - 1)]
    others = [
        m
        for other, m in enumerate(maps)
        if other != node and len(maps) > 1 and not lies_inside(masks[other], mask)
    ]
    first_three = (pointing(own, covered), auc(own, covered), response_inside(own, covered))
    if not others:
        return (covered.mean(), *first_three, np.nan, np.nan)
    elsewhere = [(pointing(m, covered), auc(m, covered)) for m in others]
    return (covered.mean(), *first_three, *np.mean(elsewhere, 0))


def _row(key: tuple[str, str], scores: list[tuple[float, ...]]) -> GroundingRow:
    table = 100 * np.array(scores)
    mean = table[:, :4].mean(0).round(2).tolist()
    both = table[~np.isnan(table[:, 4])]
    compared = both[:, [1, 2, 4, 5]].mean(0).round(2).tolist() if len(both) else [None] * 4
    return GroundingRow(
        group=key[0],
        map=key[1],
        n=len(table),
        area=mean[0],
        pointing=mean[1],
        auc=mean[2],
        inside=mean[3],
        n_others=len(both),
        own_pointing=compared[0],
        own_auc=compared[1],
        other_pointing=compared[2],
        other_auc=compared[3],
    )


def _place(key: tuple[str, str]) -> tuple[int, str, str]:
    order = ("referent", "object", "hops")
    return (order.index(key[0].partition(":")[0].partition(",")[0]), *key)
