from pathlib import Path

import pytest
import torch

from refseg_lib.data.refer import open_dataset
from refseg_lib.models.build import build_model
from refseg_lib.parkref.writing import make_parkref
from refseg_lib.training.recipes import Recipe
from refseg_lib.training.run import Run
from refseg_lib.training.starting import build_vocabulary
from refseg_lib.vision.backbone import build_backbone


@pytest.fixture(scope="session")
def small_parkref(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root with a ParkRef of a dozen images."""
    root = tmp_path_factory.mktemp("data")
    make_parkref(root, train_images=8, height=64, workers=1)
    return root


RECIPE = Recipe(
    rate=1e-3,
    steps=6,
    batch=4,
    per_image=2,
    average=0.9,
    validate=0,
    validate_sentences=4,
    checkpoint=2,
    cache_gib=0.0,
)


@pytest.fixture
def make_run(small_parkref: Path, tmp_path: Path):
    """A function that prepares the same small run again and again."""

    def make(name: str = "run", recipe: Recipe = RECIPE, resume: bool = False) -> Run:
        train = open_dataset("parkref_unc", small_parkref, "train")
        vocabulary = build_vocabulary(train, recipe.max_length)
        torch.manual_seed(recipe.seed)
        model = build_model(
            "cmsa",
            vocabulary_size=len(vocabulary),
            backbone=build_backbone("laptop", "none"),
            sizes={"input_size": 32, "embedding": 8, "attention": 6, "width": 8},
        )
        return Run(model, vocabulary, train, None, recipe, tmp_path / name, resume)

    return make
