import pytest
import torch

from refseg_lib.training.random_state import random_states, restore_random_states

GPU = torch.device("cuda", 1)


def test_what_was_drawn_once_is_drawn_again() -> None:
    cpu = torch.device("cpu")
    states = random_states(cpu)
    first = torch.rand(3)
    assert not torch.equal(torch.rand(3), first)
    restore_random_states(cpu, states)
    assert torch.equal(torch.rand(3), first)


def test_a_gpu_has_a_generator_of_its_own_that_goes_on_too(monkeypatch: pytest.MonkeyPatch) -> None:
    generators = {GPU: torch.Generator().manual_seed(5)}
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda on: generators[on].get_state())
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda s, on: generators[on].set_state(s))
    states = random_states(GPU)
    first = torch.rand(3, generator=generators[GPU])
    restore_random_states(GPU, states)
    assert torch.equal(torch.rand(3, generator=generators[GPU]), first)


def test_a_run_from_a_processor_may_go_on_on_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("there is no state to restore")

    monkeypatch.setattr(torch.cuda, "set_rng_state", never)
    restore_random_states(GPU, random_states(torch.device("cpu")))
