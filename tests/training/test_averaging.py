import torch
from torch import nn

from refseg_lib.training.averaging import WeightAverage


def layer(value: float) -> nn.Linear:
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def test_the_average_by_hand_over_two_steps() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.5)
    for step, value in enumerate((3.0, 7.0), start=1000):
        nn.init.constant_(model.weight, value)
        average.update(model, step)
    # 1 -> (1 + 3) / 2 = 2 -> (2 + 7) / 2 = 4.5
    assert average.state["weight"].item() == 4.5


def test_the_random_start_is_soon_forgotten() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.998)
    nn.init.constant_(model.weight, 0.0)
    expected = 1.0
    for step in range(100):
        average.update(model, step)
        expected *= (1 + step) / (10 + step)
    assert expected < 1e-8
    assert abs(average.state["weight"].item() - expected) < 1e-12


def test_late_steps_keep_the_whole_share() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.9)
    nn.init.constant_(model.weight, 0.0)
    average.update(model, 10_000)
    assert abs(average.state["weight"].item() - 0.9) < 1e-7


def test_the_model_has_the_average_inside_the_block_and_its_own_weights_after_it() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.5)
    nn.init.constant_(model.weight, 3.0)
    average.update(model, 1000)
    with average.applied(model):
        assert model.weight.item() == 2.0
    assert model.weight.item() == 3.0


def test_its_own_weights_come_back_even_after_an_error() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.5)
    nn.init.constant_(model.weight, 3.0)
    try:
        with average.applied(model):
            raise RuntimeError
    except RuntimeError:
        pass
    assert model.weight.item() == 3.0


def test_without_decay_the_last_weights_count() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.0)
    nn.init.constant_(model.weight, 3.0)
    average.update(model, 1000)
    with average.applied(model):
        assert model.weight.item() == 3.0


def test_the_average_is_no_view_of_the_weights() -> None:
    model = layer(1.0)
    average = WeightAverage(model, 0.9)
    with torch.no_grad():
        model.weight.add_(5)
    assert average.state["weight"].item() == 1.0
