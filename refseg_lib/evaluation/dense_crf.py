"""Dense CRF: pull a mask to the edges of the picture, as papers 000, 001, 002 and 004 report it.

Krähenbühl and Koltun 2011: every pixel hears from every other one how likely that is the thing
meant; near pixels, and near ones of like colour, are heard most. Two back ends give one answer:
``pydensecrf`` is the C++ the papers used, ``torch`` the same in tensors
(:mod:`refseg_lib.evaluation.dense_crf_mean_field`), which needs no compiler.

The released code refines at the networks' own 320x320. The widths here are pixels of whatever
picture they meet.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from refseg_lib.errors import UserError
from refseg_lib.evaluation.dense_crf_mean_field import lattice_kernel, mean_field, pixel_features

Refiner = Callable[[NDArray[np.floating]], NDArray[np.float32]]
"""Probability (H, W) -> refined probability (H, W)."""


@dataclass(frozen=True, kw_only=True)
class CrfSettings:
    """The numbers of a dense CRF; by default those that RMI, RRN, CMSA, CMPC and LSCM released.

    Attributes:
        smooth_width: Standard deviation of the Gaussian of position, in pixels.
        smooth_weight: Its weight.
        color_width: Standard deviation in space of the Gaussian of position and colour, in pixels.
        color_range: Its standard deviation in each of R, G and B, of 255.
        color_weight: Its weight.
        rounds: Mean field rounds.
        clip: Probabilities are moved into [clip, 1 - clip] first. The unary energies are -log p and
            -log(1 - p): at 0 or 1 one of them is infinite, and no neighbour could ever change that
            pixel. The released code clips nothing.
    """

    smooth_width: float = 3.0
    smooth_weight: float = 3.0
    color_width: float = 20.0
    color_range: float = 3.0
    color_weight: float = 10.0
    rounds: int = 5
    clip: float = 1e-6


RIS = CrfSettings()


def refine(
    probability: NDArray[np.floating],
    image: NDArray[np.uint8],
    backend: str = "auto",
    settings: CrfSettings = RIS,
) -> NDArray[np.float32]:
    """Refine one mask.

    Args:
        probability: float (H, W) in [0, 1], of being the thing meant; not logits, not a mask.
        image: uint8 (H, W, 3), RGB, of the same size.
        backend: ``"pydensecrf"``, ``"torch"``, or ``"auto"``: the first if it is installed.
        settings: Widths, weights and rounds.

    Returns:
        float32 (H, W) in [0, 1]; the mask is where it is at least 0.5.

    Raises:
        UserError: Sizes differ, a probability is no number in [0, 1], the image is not uint8 RGB,
            or the back end is unknown or not installed.
    """
    return refiner(image, backend, settings)(probability)


def refiner(
    image: NDArray[np.uint8], backend: str = "auto", settings: CrfSettings = RIS
) -> Refiner:
    """Prepare one picture's filters, to refine the answers to all its sentences.

    Preparing takes longer than refining. Arguments and errors are those of :func:`refine`.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3 or image.size == 0:
        raise UserError(
            f"a dense CRF compares colours of a uint8 RGB image (H, W, 3), got {image.dtype}"
            f" {image.shape}"
        )
    name, _ = choose_backend(backend)
    infer = BACKENDS[name](image, settings)

    def refine_one(probability: NDArray[np.floating]) -> NDArray[np.float32]:
        _check(probability, image.shape[:2])
        clipped = np.clip(probability.astype(np.float64), settings.clip, 1 - settings.clip)
        return infer(clipped)

    return refine_one


def choose_backend(name: str) -> tuple[str, str]:
    """Find out which back end will refine.

    Args:
        name: ``"auto"``, ``"pydensecrf"`` or ``"torch"``.

    Returns:
        ``"pydensecrf"`` or ``"torch"``, and what to tell the reader of a result about it.

    Raises:
        UserError: An unknown name, or pydensecrf was asked for and cannot be imported.
    """
    if name not in ("auto", *BACKENDS):
        raise UserError(
            f"unknown dense CRF back end {name!r}; choose one of auto, {', '.join(BACKENDS)}"
        )
    if name == "torch":
        return "torch", "torch mean field"
    try:
        _pydensecrf()
    except ImportError as error:
        if name == "auto":
            return "torch", f"torch mean field, as pydensecrf cannot be imported ({error})"
        raise UserError(
            f"pydensecrf cannot be imported ({error}): pip install -e '.[crf]', which needs a C++"
            " compiler, or choose the back end torch"
        ) from error
    return "pydensecrf", "pydensecrf"


def _with_torch(image: NDArray[np.uint8], settings: CrfSettings) -> Refiner:
    smooth, color = pixel_features(
        image, settings.smooth_width, settings.color_width, settings.color_range
    )
    kernels = [
        (settings.smooth_weight, lattice_kernel(smooth)),
        (settings.color_weight, lattice_kernel(color)),
    ]

    def infer(probability: NDArray[np.floating]) -> NDArray[np.float32]:
        unary = torch.logit(torch.from_numpy(probability)).float().flatten()
        return mean_field(unary, kernels, settings.rounds).numpy().reshape(probability.shape)

    return infer


def _with_pydensecrf(image: NDArray[np.uint8], settings: CrfSettings) -> Refiner:
    height, width = image.shape[:2]
    crf = _pydensecrf().DenseCRF2D(width, height, 2)
    crf.addPairwiseGaussian(sxy=settings.smooth_width, compat=settings.smooth_weight)
    crf.addPairwiseBilateral(
        sxy=settings.color_width,
        srgb=settings.color_range,
        rgbim=np.array(image, order="C"),  # a copy: it refuses arrays that are read-only
        compat=settings.color_weight,
    )

    def infer(probability: NDArray[np.floating]) -> NDArray[np.float32]:
        energies = -np.log([1 - probability.ravel(), probability.ravel()])
        crf.setUnaryEnergy(energies.astype(np.float32, order="C"))
        return np.array(crf.inference(settings.rounds))[1].reshape(height, width)

    return infer


BACKENDS: dict[str, Callable[[NDArray[np.uint8], CrfSettings], Refiner]] = {
    "pydensecrf": _with_pydensecrf,
    "torch": _with_torch,
}


def _pydensecrf() -> Any:
    return importlib.import_module("pydensecrf.densecrf")


def _check(probability: NDArray[np.floating], size: tuple[int, ...]) -> None:
    if probability.shape != size:
        raise UserError(
            f"probabilities of shape {probability.shape} and an image of {size[0]}x{size[1]}"
            " pixels: a dense CRF needs one probability per pixel"
        )
    if not np.issubdtype(probability.dtype, np.floating):
        raise UserError(
            f"a dense CRF refines probabilities, got {probability.dtype}: give the sigmoid of the"
            " logits, not the mask"
        )
    if not ((probability >= 0) & (probability <= 1)).all():  # NaN is neither
        wrong = probability[~((probability >= 0) & (probability <= 1))]
        raise UserError(
            f"{wrong.size} of {probability.size} probabilities are not in [0, 1], the first is"
            f" {wrong[0]}: give the sigmoid of the logits"
        )
