"""`refseg probe`: what is typed reaches the function."""

import argparse
from pathlib import Path
from typing import Any

import pytest

from refseg_lib.cli.analysis_verbs import add_analysis_verbs
from refseg_lib.reproduction import probing


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Parse a line and return what the function was given."""
    given: list[Any] = []
    monkeypatch.setattr(probing, "probe", lambda *one, **named: given.append((*one, named)))
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers()

    def verb(name: str, run: Any, about: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=about)
        added.set_defaults(run=run)
        return added

    add_analysis_verbs(verb)

    def ask(line: str) -> Any:
        chosen = parser.parse_args(line.split())
        chosen.run(chosen)
        return given.pop()

    return ask


def test_what_is_typed_is_asked(asked: Any) -> None:
    line = "probe cmpc --data parkref_gref --split test --root D --lang zh --limit 5 --out O"
    where = {"device": "cuda:1"}
    told = ("cmpc", "parkref_gref", Path("D"), "test", Path("O"), "zh", 5, where)
    assert asked(f"{line} --device cuda:1") == told


def test_all_english_sentences_below_data_are_the_default(asked: Any) -> None:
    line = "probe runs/mine --data parkref_unc --split val --out O"
    told = ("runs/mine", "parkref_unc", Path("data"), "val", Path("O"), "en", None)
    assert asked(line) == (*told, {"device": "auto"})


@pytest.mark.parametrize("line", ["probe cmpc --split val --out O", "probe --data x --split val"])
def test_model_data_split_and_out_are_needed(asked: Any, line: str) -> None:
    with pytest.raises(SystemExit):
        asked(line)
