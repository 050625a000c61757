import pytest

from refseg_lib.errors import UserError
from refseg_lib.training.recipes import RECIPES, get_recipe


def test_the_paper_recipe_is_what_paper_004_and_its_code_say() -> None:
    recipe = get_recipe("cmsa", "paper")
    assert (recipe.optimizer, recipe.rate, recipe.weight_decay) == ("adam", 2.5e-4, 5e-4)
    assert (recipe.power, recipe.batch, recipe.clip) == (0.9, 1, 0.0)
    # The released code ends at a rate of 1e-5.
    assert recipe.rate * recipe.end == pytest.approx(1e-5)


def test_settings_given_as_text_take_the_type_of_the_setting() -> None:
    recipe = get_recipe("cmsa", "laptop", {"steps": "12", "rate": "1e-4", "precision": "bf16"})
    assert (recipe.steps, recipe.rate, recipe.precision) == (12, 1e-4, "bf16")
    assert RECIPES["cmsa", "laptop"].steps != 12, "the stored recipe must not change"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"stepps": "3"}, "weight_decay"),
        ({"steps": "many"}, "steps=many"),
        ({"steps": "0"}, "at least 1"),
        ({"loaders": "0"}, "loaders=0: it must be at least 1"),
        ({"precision": "fp8"}, "bf16"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, str], told: str) -> None:
    with pytest.raises(UserError, match=told):
        get_recipe("cmsa", "laptop", settings)


def test_an_unknown_model_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="baseline at laptop"):
        get_recipe("cmsaa", "laptop")
