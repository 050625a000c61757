import pytest

from refseg_lib.errors import UserError
from refseg_lib.models.ablations import Ablation, find_ablation

ROWS = (Ablation("plain", "p", "T1", "row1"), Ablation("full", "p", "T1", "row2"))


def test_a_row_is_found_by_its_name() -> None:
    assert find_ablation("net", "full", ROWS) is ROWS[1]


def test_an_unknown_row_is_refused_and_the_known_ones_listed() -> None:
    with pytest.raises(UserError, match="ablation 'fool' of net; choose one of plain, full"):
        find_ablation("net", "fool", ROWS)
    with pytest.raises(UserError, match=r"choose one of \(none\)"):
        find_ablation("net", "full", ())
