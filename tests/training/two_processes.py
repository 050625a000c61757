"""What tests/training/test_processes.py starts as one process, or with torchrun as two.

Usage: two_processes.py ROOT OUT BATCH STEPS. Trains a small model; every process writes what it has
after the gradients of the first step were added up, and which sentences it saw.
"""

import json
import sys
from pathlib import Path

import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.models.build import build_model
from refseg_lib.training import loop
from refseg_lib.training.processes import Processes
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.run import Run
from refseg_lib.training.starting import build_vocabulary
from refseg_lib.vision.backbone import build_backbone


def main(root: Path, out: Path, batch: int, steps: int) -> None:
    processes = Processes("cpu")
    train = open_dataset("parkref_unc", root, "train")
    recipe = Recipe(
        rate=1e-3, steps=steps, batch=batch, per_image=2, average=0.9, validate=0, checkpoint=100
    )
    vocabulary = build_vocabulary(train, recipe.max_length)
    torch.manual_seed(0)
    model = build_model(
        "cmsa",
        vocabulary_size=len(vocabulary),
        backbone=build_backbone("laptop", "none"),
        sizes={"input_size": 32, "embedding": 8, "attention": 6, "width": 8},
    ).double()
    gradients: dict[str, torch.Tensor] = {}
    seen: list[int] = []
    add, fed_to = processes.add_gradients, loop._step

    def added(network: torch.nn.Module) -> None:
        add(network)
        if not gradients:
            named = network.named_parameters()
            gradients.update({n: p.grad.clone() for n, p in named if p.grad is not None})

    def counted(run, forward, fed, optimizer):
        seen.extend(fed.indices)
        if fed.batch is not None:
            fed.batch.image, fed.batch.mask = fed.batch.image.double(), fed.batch.mask.double()
        return fed_to(run, forward, fed, optimizer)

    processes.add_gradients, loop._step = added, counted
    loop.train(Run(model, vocabulary, train, None, recipe, out, processes=processes))
    torch.save(gradients, out / f"gradients-{processes.rank}.pt")
    (out / f"seen-{processes.rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
