"""What gpu.py measures of a step and of CMSA's attention, and how it takes the time."""

import dataclasses
import functools
import statistics
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import NamedTuple

import torch
from cmsa import METHODS
from literal_forms import VOCABULARY, graphs
from torch.utils.flop_counter import FlopCounterMode

from refseg_lib.data.batch import Batch
from refseg_lib.fusion.pair_attention import Parts
from refseg_lib.models.build import build_model
from refseg_lib.models.presets import get_preset
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.training import loop
from refseg_lib.training.feeding import Fed
from refseg_lib.training.optimizers import make_optimizer
from refseg_lib.training.processes import Processes
from refseg_lib.training.recipes import get_recipe
from refseg_lib.training.run import Run
from refseg_lib.vision.backbone import build_backbone

SYSTEMS = ("baseline", "cmsa", "cmpc", "bilingual", "shnet", "busnet")
Row = dict[str, object]
# Pieces yield what each row is about and how it is measured, and are sent the row.
Asked = Generator[tuple[Row, Callable[[], Row]], Row | None]


class Setting(NamedTuple):
    """How large everything is.

    Sides in pixels; ``matmul`` is the side of the matrices whose product is the yardstick;
    ``attention`` is cells per side, words and channels; seconds are what one measurement may take,
    training seconds what one run or pretraining may.
    """

    device: str
    work: Path
    small: bool
    preset: str = "paper"
    sizes: dict[str, int] = {}  # noqa: RUF012 (never changed)
    batch: int = 16
    words: int = 20
    matmul: int = 8192
    attention: tuple[int, int, int] = (40, 20, 512)
    seconds: float = 10.0
    side: int = 320
    images: int = 6000
    backbone: str = "resnet50"
    most_steps: int = 20_000
    train_seconds: float = 380.0


def small(device: str, work: Path) -> Setting:
    """Make everything so small that all pieces together take seconds."""
    names = ("embedding", "multimodal", "shared", "attention", "width", "hidden")
    sizes = {"input_size": 32, "vector": 8} | dict.fromkeys(names, 8)
    return Setting(
        device, work, True, preset="laptop", sizes=sizes, batch=2, words=4, matmul=64,
        attention=(4, 3, 8), seconds=0.0, side=64, images=4, backbone="laptop", most_steps=2,
        train_seconds=0.0,
    )  # fmt: skip


def on_gpu(setting: Setting) -> bool:
    return setting.device == "cuda"


def clock(setting: Setting) -> float:
    """Read the clock once all that was asked of the device is done."""
    if on_gpu(setting):
        torch.cuda.synchronize()
    return time.perf_counter()


def repeated(setting: Setting, work: Callable[[], object]) -> list[float]:
    """Time calls, one after the other, after three to warm up; at most 50."""
    for _ in range(1 if setting.small else 3):
        work()
    taken: list[float] = []
    until = clock(setting) + setting.seconds
    least = 1 if setting.small else 5
    while len(taken) < least or (clock(setting) < until and len(taken) < 50):
        begun = clock(setting)
        work()
        taken.append(clock(setting) - begun)
    return taken


def most_memory(setting: Setting, work: Callable[[], object]) -> float | None:
    """Find the most memory, in GiB, that a call takes together with what is there before it."""
    if not on_gpu(setting):
        return None
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    work()
    torch.cuda.synchronize()
    return round(torch.cuda.max_memory_allocated() / 2**30, 3)


@functools.cache
def matmul_rate(device: str, side: int) -> float:
    """Multiply two bf16 matrices; return TFLOP/s by the median time of the calls."""
    setting = Setting(device, Path(), False, seconds=1.0)
    one, other = (torch.randn(side, side).to(device, torch.bfloat16) for _ in range(2))
    return 2 * side**3 / statistics.median(repeated(setting, lambda: one @ other)) / 1e12


def step_row(
    setting: Setting,
    system: str,
    precision: str,
    batch: int,
    per_image: int = 1,
    compiled: bool = False,
    channels_last: bool = False,
) -> Row:
    """Measure training's own step on random pictures and words."""
    torch.manual_seed(0)
    preset = get_preset(setting.preset, system)
    recipe = dataclasses.replace(
        get_recipe(system, setting.preset),
        batch=batch, workers=1, precision=precision, compile=compiled, channels_last=channels_last,
    )  # fmt: skip
    model = build_model(
        system,
        setting.preset,
        vocabulary_size=VOCABULARY,
        backbone=build_backbone(preset.backbone, "none"),
        sizes=setting.sizes,
    ).to(setting.device)
    model.train()
    if channels_last:
        model.to(memory_format=torch.channels_last)
    side = model.config["input_size"]
    rates = recipe.rate, recipe.weight_decay, recipe.decay_meaning, side**2
    optimizer = make_optimizer(model, recipe.optimizer, *rates, recipe.table_rate)
    words = torch.randint(4, VOCABULARY, (batch, setting.words))
    given = Batch(
        torch.rand(-(-batch // per_image), 3, side, side),
        words,
        torch.ones_like(words).bool(),
        graphs(batch),
        (torch.rand(batch, 1, side, side) > 0.9).float(),
        torch.arange(batch) // per_image,
    )
    processes = Processes(setting.device)
    run = Run(model, Vocabulary.build([]), None, None, recipe, Path(), processes=processes)
    fed = Fed(given, range(batch), batch)
    plain = loop._forward(model, dataclasses.replace(recipe, compile=False))
    with FlopCounterMode(display=False) as counter:
        loss = loop._step(run, plain, fed, optimizer)
    if not loss < float("inf"):
        raise RuntimeError(f"{system}: the loss is {loss}, the step was not a whole one")
    forward = loop._forward(model, recipe)
    begun = clock(setting)
    loop._step(run, forward, fed, optimizer)
    first = clock(setting) - begun
    peak = most_memory(setting, lambda: loop._step(run, forward, fed, optimizer))
    seconds = statistics.median(repeated(setting, lambda: loop._step(run, forward, fed, optimizer)))
    rate = matmul_rate(setting.device, setting.matmul)
    achieved = counter.get_total_flops() / seconds / 1e12
    return {
        "words": setting.words,
        "input_size": side,
        "first_step_s": round(first, 2),
        "step_ms": round(1000 * seconds, 2),
        "sentences_per_s": round(batch / seconds, 2),
        "peak_gib": peak,
        "tflop_per_step": counter.get_total_flops() / 1e12,
        "tflop_per_s": achieved,
        "bf16_matmul_tflop_per_s": rate,
        "share_of_bf16_matmul": round(achieved / rate, 4),
    }


def steps(setting: Setting, system: str) -> Asked:
    """Measure the step of a system with its recipe's batch and a larger one, in both precisions."""
    published = 1 if setting.small else get_recipe(system, setting.preset).batch
    for precision in ("bf16", "fp32"):
        for batch in dict.fromkeys((published, setting.batch)):
            key = {"system": system, "precision": precision, "batch": batch}
            yield key, functools.partial(step_row, setting, **key)


def grouping(setting: Setting) -> Asked:
    """Measure CMSA's step with the sentences of one picture together, compiled, channels last."""
    if setting.small:
        # Without compiling, which takes longer than all else here.
        torch.compile = lambda call, **_: call
    for compiled in (False, True):
        for channels_last in (False, True):
            for per_image in (1, 8):
                key = {"system": "cmsa", "precision": "bf16", "batch": setting.batch}
                key |= {"per_image": per_image, "compiled": compiled}
                key |= {"channels_last": channels_last}
                yield key, functools.partial(step_row, setting, **key)


def attention_row(setting: Setting, method: str, precision: str, backward: bool) -> Row:
    """Measure one way of attending from every (pixel, word) pair to every pair."""
    grid, words, width = setting.attention
    kind = {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]
    torch.manual_seed(0)
    # Norms as at the start of training: scores of order one.
    scale = width**-0.25 / 2**0.5
    shapes = (1, grid**2, width), (1, words, width)
    parts = [
        Parts(*((scale * torch.randn(shape)).to(setting.device, kind) for shape in shapes))
        for _ in range(3)
    ]
    leaves = [tensor.requires_grad_(backward) for part in parts for tensor in part]
    mask = torch.ones(1, words, dtype=torch.bool, device=setting.device)

    def attend(how: str) -> torch.Tensor:
        out = METHODS[how](*parts, mask)
        if backward:
            torch.autograd.grad(out.square().sum(), leaves)
        return out.detach()

    with torch.no_grad():
        want = METHODS["factorised"](*parts, mask).float()
        off = ((METHODS[method](*parts, mask).float() - want).abs().max() / want.abs().max()).item()
    if precision == "fp32" and not off < 1e-3:
        raise RuntimeError(f"{method}: differs from the factorised form by {off:.1e}")
    held = torch.cuda.memory_allocated() / 2**30 if on_gpu(setting) else 0.0
    peak = most_memory(setting, lambda: attend(method))
    taken = repeated(setting, lambda: attend(method))
    return {
        "pairs": grid**2 * words,
        "width": width,
        "ms": round(1000 * statistics.median(taken), 3),
        "calls": len(taken),
        "mib_above_inputs": None if peak is None else round(1024 * (peak - held), 1),
        "difference_from_factorised": off,
    }


def attention(setting: Setting) -> Asked:
    """Compare the factorised attention of CMSA with torch's kernel and with the printed formula."""
    for precision in ("fp32", "bf16"):
        for backward in (False, True):
            for method in METHODS:
                key = {"method": method, "precision": precision, "backward": backward}
                yield key, functools.partial(attention_row, setting, **key)
