"""Before the first step: sentences encoded, and the frozen backbone's maps kept where allowed."""

from typing import Any

from refseg_lib.evaluation.graphs import graphs_for
from refseg_lib.training.progress import Progress
from refseg_lib.training.run import Run
from refseg_lib.training.samples import Samples


def prepare_samples(run: Run) -> Samples:
    """Make a run's training samples; says so where features are not cached."""
    recipe, model = run.recipe, run.model
    size = model.config["input_size"]
    graphs = graphs_for(model, run.train, recipe.graphs)
    samples = Samples(run.train, run.vocabulary, size, recipe.max_length, graphs)
    levels = model.used_levels()
    backbone: Any = model.backbone
    if recipe.cache_gib and backbone.frozen:
        needed = samples.feature_gib(backbone, levels)
        if recipe.cache == "disk":
            with Progress("backbone", len(samples.groups), 0, None) as progress:
                samples.cache_on_disk(backbone, levels, run.cache, recipe.cache_gib, progress.jump)
        elif needed > recipe.cache_gib:
            print(
                f"features of {len(samples.groups)} images need {needed:.1f} GiB, cache_gib is"
                f" {recipe.cache_gib}: the backbone runs at every step instead"
            )
        else:
            with Progress("backbone", len(samples.groups), 0, None) as progress:
                samples.cache_features(backbone, levels, progress.jump)
    return samples
