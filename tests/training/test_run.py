from collections.abc import Callable

from refseg_lib.training.run import Run


def test_a_run_says_model_and_data_in_one_line(make_run: Callable[..., Run]) -> None:
    assert make_run().what == "cmsa (paper, laptop) on parkref_unc train en"


def test_a_run_is_alone_unless_told_otherwise(make_run: Callable[..., Run]) -> None:
    assert make_run().processes.count == 1
