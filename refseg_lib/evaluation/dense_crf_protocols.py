"""Where a dense CRF stands in a protocol: between the network's logits and the threshold."""

from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from refseg_lib.data.letterbox import letterbox_image, unletterbox
from refseg_lib.errors import UserError
from refseg_lib.evaluation.dense_crf import choose_backend, refiner
from refseg_lib.evaluation.protocols import Mask, Protocol, count, get_protocol, legacy_tf

Scorer = Callable[[Image.Image], Protocol]
"""A picture -> what scores the answers to all its sentences."""


def get_scorer(protocol: str, crf: str | None, size: int) -> tuple[Scorer, list[str]]:
    """Look a protocol up, and put a dense CRF into it where one is wanted.

    * ``strict``: logits -> cut the bars off -> bilinear to the original size -> probability ->
      CRF on the original picture -> at least 0.5.
    * ``legacy-tf``: probability at input size -> CRF on the letterboxed picture, black bars and
      all -> the larger label -> the protocol's resize. This is what RMI, RRN, CMSA and CMPC do.

    Args:
        protocol: Protocol id; with a CRF only the two above, as nobody has said where it stands in
            the others.
        crf: A back end of :func:`refseg_lib.evaluation.dense_crf.refine`, or None for no CRF.
        size: Side of the networks' input in pixels.

    Returns:
        The scorer, and what the result's notes must say of it; nothing without a CRF.

    Raises:
        UserError: An unknown protocol, one that has no place for a CRF, or a back end that is
            unknown or not installed.
    """
    plain = get_protocol(protocol)
    if crf is None:
        return lambda _: plain, []
    if protocol not in PLACES:
        raise UserError(
            f"protocol {protocol!r} knows no dense CRF: leave it out, or score under"
            f" {' or '.join(PLACES)}"
        )
    backend, told = choose_backend(crf)
    make, where = PLACES[protocol]
    return lambda picture: make(picture, backend, size), [f"dense CRF {where}: {told}"]


def _strict(picture: Image.Image, backend: str, size: int) -> Protocol:
    del size  # the picture is refined at its own
    refine = refiner(np.asarray(picture.convert("RGB")), backend)

    def score(logits: Tensor, truth: Mask) -> tuple[int, int]:
        probability = torch.sigmoid(unletterbox(logits, *truth.shape))
        return count(refine(probability.cpu().numpy()) >= 0.5, truth)

    return score


def _legacy_tf(picture: Image.Image, backend: str, size: int) -> Protocol:
    square = (letterbox_image(picture, size) * 255).round().byte().permute(1, 2, 0)
    refine = refiner(square.numpy(), backend)

    def score(logits: Tensor, truth: Mask) -> tuple[int, int]:
        refined = refine(torch.sigmoid(logits).cpu().numpy())
        return legacy_tf(torch.logit(torch.from_numpy(refined)), truth)

    return score


PLACES: dict[str, tuple[Callable[[Image.Image, str, int], Protocol], str]] = {
    "strict": (_strict, "at the picture's own size"),
    "legacy-tf": (_legacy_tf, "at the network's input size"),
}
