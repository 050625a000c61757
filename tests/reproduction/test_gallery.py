"""The failure gallery."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from refseg_lib.evaluation.analysis.failures import CAUSES, Failure, FailureReport
from refseg_lib.reproduction.gallery import draw_examples, failure_page

MASK = np.zeros((8, 8), bool)
MASK[:4] = True


def failures(amount: int = 40, pictures: int = 30) -> list[Failure]:
    """Every fifth one of the same cause, several about one picture."""
    return [
        Failure(i, i % pictures, 0.1, CAUSES[i % 5], f"reason <{i}>", ~MASK) for i in range(amount)
    ]


class Split:
    language, id, split = "en", "parkref_unc", "val"

    def __getitem__(self, i: int) -> Any:
        return SimpleNamespace(sentence=f"sentence {i}", image_id=i % 30, sent_id=1000 + i)

    def image(self, i: int) -> Image.Image:
        return Image.new("RGB", (8, 8))

    def mask(self, i: int) -> np.ndarray:
        return MASK


def test_every_cause_shows_its_share_of_examples_of_different_pictures() -> None:
    drawn = draw_examples(failures(), per_cause=6, seed=0)
    assert [failure.cause for failure in drawn] == [cause for cause in CAUSES for _ in range(6)]
    for cause in CAUSES:
        here = [failure for failure in drawn if failure.cause == cause]
        assert len({failure.image_id for failure in here}) == 6
        assert [f.place for f in here] == sorted(f.place for f in here)


def test_the_seed_alone_draws_the_examples() -> None:
    def places(seed: int) -> list[int]:
        return [failure.place for failure in draw_examples(failures(), 3, seed)]

    assert places(0) == places(0)
    assert places(0) != places(1)


def test_a_cause_with_few_failures_shows_them_all() -> None:
    few = [failure for failure in failures(7)]
    assert len(draw_examples(few, 6, 0)) == 7


def test_the_page_tells_of_every_example_the_sentence_the_cause_and_the_reason() -> None:
    report = FailureReport("cmsa", "parkref_unc val en", 100, tuple(failures()))
    page = failure_page(report, Split(), per_cause=2)  # type: ignore[arg-type]
    drawn = draw_examples(report.failures, 2, 0)
    assert page.count("<article>") == len(drawn) == 10
    for failure in drawn:
        assert f"sentence {failure.place}" in page
        assert f"reason &lt;{failure.place}&gt;" in page
        assert page.count(f"Cause: {failure.cause} (8 of 40 failures)") == 2
    assert "40 of 100 answers of cmsa" in page
    assert "<script" not in page


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_fits_a_screen_and_a_telephone(browser: Any, tmp_path: Path, width: int) -> None:
    report = FailureReport("cmsa", "parkref_unc val en", 100, tuple(failures()))
    (tmp_path / "failures.html").write_text(failure_page(report, Split(), 1))  # type: ignore[arg-type]
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((tmp_path / "failures.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("article").count() == 5
    page.close()
