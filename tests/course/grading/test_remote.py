import time
from collections.abc import Iterator

import pytest
import torch

from refseg_lib.course.checking import examine
from refseg_lib.course.exercise import Case
from refseg_lib.course.grading.remote import Worker
from refseg_lib.course.grading.sandbox import Limits
from refseg_lib.course.registry import find_exercise

X = torch.tensor([1.0, 2.0], dtype=torch.float64)


@pytest.fixture
def worker(limits: Limits) -> Iterator[Worker]:
    with Worker(3, limits) as started:
        yield started


def ask(worker: Worker, source: str, case: Case | None = None) -> object:
    told = worker.begin(source, "f")
    outcome = worker.call(print, case or Case("c", {"x": X}))
    worker.end()
    return told or outcome.error or outcome.value


def test_one_box_serves_exercise_after_exercise_and_none_reaches_the_next(worker: Worker) -> None:
    assert torch.equal(ask(worker, "def f(x): return 2 * x"), 2 * X)  # type: ignore[arg-type]
    ask(worker, "import builtins, torch\nbuiltins.leak = torch.leak = 3\ndef f(x): return x")
    said = str(ask(worker, "def f(x): return leak"))
    assert said.startswith("NameError: name 'leak' is not defined")
    assert "AttributeError" in str(ask(worker, "def f(x): return torch.leak"))


def test_gradients_damage_and_errors_come_back_as_they_do_without_a_box(worker: Worker) -> None:
    exercise = find_exercise("gated-exchange")
    assert worker.begin("def f(x):\n    x.mul_(2)\n    return x.detach()", "f") is None
    outcome = worker.call(print, Case("c", {"x": X}, ("x",)))
    assert outcome.altered == ("x",)
    assert outcome.gradients == {"x": None}
    worker.end()
    assert worker.begin("def f(**k):\n    return k['nothing']", "f") is None
    verdict = examine(exercise, print, caller=worker.call)
    assert verdict.first is not None
    assert verdict.first.finding is not None
    said = "KeyError: 'nothing', in the line: return k['nothing']"
    assert verdict.first.finding.message == said
    worker.end()


def test_after_a_crash_and_after_a_kill_the_next_exercise_has_a_new_worker(worker: Worker) -> None:
    for end in ("__import__('os')._exit(3)", "__import__('os').kill(-1, 9)",
                "__import__('ctypes').string_at(0)"):  # fmt: skip
        # Who kills everyone else may still say that nothing came of it.
        assert str(ask(worker, f"def f(x): {end}")) in ("stopped: its process ended", "None")
        assert torch.equal(ask(worker, "def f(x): return x"), X)  # type: ignore[arg-type]


def test_an_endless_loop_ends_when_its_time_is_over(limits: Limits) -> None:
    with Worker(4, Limits(seconds=2)) as worker:
        begin = time.monotonic()
        said = ask(worker, "def f(x):\n    while True: pass")
        assert said == "stopped: it took longer than 2 seconds"
        assert time.monotonic() - begin < 90
        assert worker._process is None


def test_a_cell_that_defines_nothing_or_does_not_run_is_told_at_once(worker: Worker) -> None:
    assert "defines no function f" in str(worker.begin("x = 1", "f"))
    worker.end()
    assert "SyntaxError" in str(worker.begin("def f(:", "f"))
    worker.end()
    said = worker.begin("import math\nmath.nothing", "f")
    assert said is not None
    assert said.endswith("in the line: math.nothing")
