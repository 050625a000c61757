import math

import pytest
import torch
from torch import nn

from refseg_lib.errors import UserError
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.training.optimizers import (
    make_optimizer,
    plateau,
    polynomial,
    split_parameters,
)


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words = WordEmbedding(5, 3)
        self.layer = nn.Conv2d(3, 2, 1)
        self.norm = nn.BatchNorm2d(2)
        self.frozen = nn.Linear(2, 2).requires_grad_(False)


def test_only_convolution_weights_are_decayed() -> None:
    model = Small()
    decayed, spared, tables = split_parameters(model)
    assert [id(p) for p in decayed] == [id(model.layer.weight)]
    assert {id(p) for p in spared} == {
        id(p) for p in (model.layer.bias, model.norm.weight, model.norm.bias)
    }
    assert [id(p) for p in tables] == [id(model.words.table)]


def test_given_word_vectors_move_at_their_own_rate() -> None:
    model = Small()
    optimizer = make_optimizer(model, "adam", 1e-2, 0.0, "summed", 4, table_rate=0.1)
    rates = {id(p): group["lr"] for group in optimizer.param_groups for p in group["params"]}
    assert rates[id(model.words.table)] == pytest.approx(1e-3)
    assert rates[id(model.layer.weight)] == 1e-2


def test_decay_of_a_mean_loss_pulls_like_the_papers_decay_of_a_summed_loss() -> None:
    """One SGD-like comparison: gradient of sum-loss + L2 equals H*W times ours."""
    pixels = 16
    weight = torch.tensor([[2.0]], dtype=torch.float64)
    summed_gradient = 5e-4 * weight
    model = nn.Linear(1, 1, bias=False).double()
    optimizer = make_optimizer(model, "adam", 1e-3, 5e-4, "summed", pixels)
    ours = optimizer.param_groups[0]["weight_decay"] * weight
    torch.testing.assert_close(ours * pixels, summed_gradient)


def test_literal_decay_is_taken_as_it_stands() -> None:
    optimizer = make_optimizer(nn.Linear(1, 1), "adamw", 1e-3, 5e-4, "literal", 320 * 320)
    assert optimizer.param_groups[0]["weight_decay"] == 5e-4


def test_polynomial_schedule_by_hand() -> None:
    factor = polynomial(steps=10, power=0.9, end=0.04)
    assert factor(0) == 1.0
    assert math.isclose(factor(5), 0.04 + 0.96 * 0.5**0.9)
    assert math.isclose(factor(10), 0.04)
    assert math.isclose(factor(99), 0.04), "never below the end"


def test_warm_up_grows_to_the_full_rate() -> None:
    factor = polynomial(steps=100, power=0.9, warmup=10)
    grown = [factor(step) for step in range(11)]
    assert grown == sorted(grown)
    assert grown[0] == pytest.approx(0.1)
    assert grown[10] == 1.0


@pytest.mark.parametrize(
    ("name", "meaning", "told"), [("sgdd", "summed", "adamw"), ("adam", "sum", "literal")]
)
def test_unknown_names_list_the_known_ones(name: str, meaning: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        make_optimizer(nn.Linear(1, 1), name, 1e-3, 0.0, meaning, 4)


@pytest.mark.parametrize("aim", ["score", "loss"])
def test_plateau_lowers_the_rate_after_the_third_look_without_a_new_best(aim: str) -> None:
    optimizer = make_optimizer(nn.Linear(1, 1), "adamw", 1.2e-4, 9e-5, "literal", 4)
    schedule = plateau(optimizer, aim)
    sign = 1 if aim == "score" else -1
    # The best comes second; three looks below it, then three more.
    rates = []
    for score in (10, 20, 19, 20, 18, 17, 16, 15, 21, 20, 20):
        schedule.step(sign * score)
        rates.append(optimizer.param_groups[0]["lr"] / 1.2e-4)
    assert rates == pytest.approx([1, 1, 1, 1, 0.7, 0.7, 0.7, 0.49, 0.49, 0.49, 0.49])


def test_plateau_lowers_every_group_and_goes_on_where_a_checkpoint_left_it() -> None:
    optimizer = make_optimizer(Small(), "adam", 1e-2, 0.0, "summed", 4, table_rate=0.1)
    first = plateau(optimizer, "score", factor=0.5, patience=0)
    first.step(5.0)
    second = plateau(optimizer, "score", factor=0.5, patience=0)
    second.load_state_dict(first.state_dict())
    second.step(4.0)
    assert {group["lr"] for group in optimizer.param_groups} == {5e-3, 5e-4}


def test_an_unknown_aim_of_plateau_is_refused() -> None:
    with pytest.raises(UserError, match=r"'accuracy'.*score, loss"):
        plateau(make_optimizer(nn.Linear(1, 1), "adam", 1e-3, 0.0, "summed", 4), "accuracy")


@pytest.mark.parametrize("power", [0.9, 0.7])
def test_polynomial_of_both_papers_powers_ends_where_it_should(power: float) -> None:
    factor = polynomial(steps=100, power=power)
    assert math.isclose(factor(75), 0.25**power)
    assert factor(100) == 0.0


def test_adamw_pulls_weights_to_zero_by_rate_times_decay_and_adam_through_its_gradient() -> None:
    """One step without any gradient from the loss: 1 - rate * decay, and 1 - rate."""
    for name, want in (("adamw", 1 - 0.1 * 0.5), ("adam", 1 - 0.1)):
        layer = nn.Linear(1, 1, bias=False).double()
        nn.init.ones_(layer.weight)
        optimizer = make_optimizer(layer, name, 0.1, 0.5, "literal", 4)
        layer.weight.grad = torch.zeros_like(layer.weight)
        optimizer.step()
        assert math.isclose(layer.weight.item(), want, rel_tol=1e-6)


def test_radam_starts_as_plain_momentum_where_adam_already_divides_by_the_gradients_size() -> None:
    """With a gradient of 5, Adam's first step is the rate; RAdam's is the rate times 5."""
    for name, want in (("adam", 0.1), ("radam", 0.5)):
        layer = nn.Linear(1, 1, bias=False).double()
        nn.init.zeros_(layer.weight)
        optimizer = make_optimizer(layer, name, 0.1, 0.0, "literal", 4)
        layer.weight.grad = torch.full_like(layer.weight, 5.0)
        optimizer.step()
        assert math.isclose(-layer.weight.item(), want, rel_tol=1e-6)
