"""build_model: a whole system by name."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.models import bilingual_net, busnet, cmpc_net, cmsa_net, shnet
from refseg_lib.models.ablations import Ablation, find_ablation
from refseg_lib.models.baseline import build_baseline
from refseg_lib.models.initialise import initialise
from refseg_lib.models.joint_net import build_joint_net
from refseg_lib.models.presets import get_preset
from refseg_lib.models.system import ReferringSegmenter
from refseg_lib.vision.backbone import Backbone, build_backbone

# name -> function of (backbone, preset, variant, vocabulary_size, **options)
MODELS: dict[str, Callable[..., ReferringSegmenter]] = {
    "baseline": build_baseline,
    "cmsa": cmsa_net.build_cmsa_net,
    "cmpc": cmpc_net.build_cmpc_net,
    "bilingual": bilingual_net.build_bilingual_net,
    "shnet": shnet.build_shnet,
    "busnet": busnet.build_busnet,
    "joint": build_joint_net,
}
# name -> the rows of the papers' tables that are this model with other options.
ABLATIONS: dict[str, tuple[Ablation, ...]] = {
    "cmsa": cmsa_net.ABLATIONS,
    "cmpc": cmpc_net.ABLATIONS,
    "bilingual": bilingual_net.ABLATIONS,
    "shnet": shnet.ABLATIONS,
    "busnet": busnet.ABLATIONS,
}
VARIANTS = ("paper", "released")
COMPONENTS = ("text_encoder", "level_fusion", "across_fusion", "head")


def build_model(
    name: str,
    preset: str = "laptop",
    variant: str = "paper",
    *,
    vocabulary_size: int,
    ablation: str | None = None,
    backbone: Backbone | str | None = None,
    sizes: dict[str, Any] | None = None,
    **components: Any,
) -> ReferringSegmenter:
    """Build a model with fresh weights (and a pretrained backbone).

    Args:
        name: A key of ``MODELS``.
        preset: ``"laptop"`` (128 px, trains in minutes on a CPU) or ``"paper"`` (320 px,
            ResNet-101).
        variant: ``"paper"``, as printed, or ``"released"``, as the authors' code does it.
        vocabulary_size: Words of the vocabulary, the four special ones included.
        ablation: A row of the paper's ablation tables, see ``ABLATIONS`` and ``refseg models``.
            Options and sizes given beside it win.
        backbone: A module with ``channels`` and ``strides``, the name of a backbone (its default
            weights), or None for the preset's.
        sizes: Fields of :class:`refseg_lib.models.presets.Preset` to change, e.g.
            ``{"width": 64}``.
        **components: Your own ``text_encoder``, ``level_fusion``, ``across_fusion`` or ``head``
            (modules, see :class:`refseg_lib.models.system.ReferringSegmenter`) instead of the
            model's; anything else is an option of the model, e.g. ``attention="word"`` for cmsa.

    Returns:
        The model, in training mode.

    Raises:
        UserError: Something unknown was asked for; the message lists what there is.
    """
    if name not in MODELS:
        raise UserError(f"unknown model {name!r}; choose one of {', '.join(MODELS)}")
    if variant not in VARIANTS:
        raise UserError(f"unknown variant {variant!r}; choose one of {', '.join(VARIANTS)}")
    if ablation is not None:
        row = find_ablation(name, ablation, ABLATIONS.get(name, ()))
        components = {**row.options, **components}
        sizes = {**row.sizes, **(sizes or {})}
    chosen = get_preset(preset, name)
    fields = vars(chosen)
    for field in sizes or {}:
        if field not in fields:
            raise UserError(f"unknown size {field!r}; choose among {', '.join(fields)}")
    chosen = replace(chosen, **(sizes or {}))
    if backbone is None:
        backbone = chosen.backbone
    if isinstance(backbone, str):
        backbone = build_backbone(backbone)
    own = {key: components.pop(key) for key in COMPONENTS if key in components}
    options = list(inspect.signature(MODELS[name]).parameters)[4:]
    for key in components:
        if key not in options:
            raise UserError(
                f"unknown option {key!r} for {name}; components are {', '.join(COMPONENTS)},"
                f" options of {name} are {', '.join(options) or '(none)'}"
            )
    model = MODELS[name](backbone, chosen, variant, vocabulary_size, **components)
    for part in COMPONENTS:
        initialise(getattr(model, part))
    for part, module in own.items():
        setattr(model, part, module)
    model.config = {
        "name": name,
        "preset": preset,
        "variant": variant,
        "ablation": ablation,
        "vocabulary_size": vocabulary_size,
        "backbone": getattr(backbone, "name", type(backbone).__name__),
        "backbone_weights": getattr(backbone, "weights", None),
        "backbone_frozen": getattr(backbone, "frozen", False),
        "input_size": chosen.input_size,
        "sizes": dict(sizes or {}),
        "options": components,
        "own_components": sorted(own),
    }
    return model
