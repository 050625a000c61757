import pytest

from refseg_lib.errors import UserError
from refseg_lib.models.build import ABLATIONS, MODELS
from refseg_lib.models.catalogue import catalogue


def test_every_model_and_every_row_is_listed_with_its_table() -> None:
    lines = catalogue().splitlines()
    for model in MODELS:
        assert any(line.startswith(f"{model}: ") for line in lines)
    for rows in ABLATIONS.values():
        for row in rows:
            place = f"{row.paper.split('_')[0]} {row.table}: {row.row}"
            assert any(line.split()[0] == row.name and place in line for line in lines)


def test_one_model_alone() -> None:
    told = catalogue("cmsa")
    assert told.startswith("cmsa: ")
    assert "attention='full'" in told
    assert "busnet" not in told


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(UserError, match="unknown model 'cmas'; choose one of baseline"):
        catalogue("cmas")
