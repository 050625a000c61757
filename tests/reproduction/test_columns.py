import pytest

from refseg_lib.errors import UserError
from refseg_lib.reproduction.columns import columns_of
from refseg_lib.reproduction.rows import rows_of


def test_a_family_measures_each_printed_data_set_on_its_own() -> None:
    found = {(c.dataset, c.split): c.data for c in columns_of(rows_of("cmpc-1"), "parkref")}
    assert found["UNC", "testB"] == "parkref_unc"
    assert found["G-Ref", "val"] == "parkref_gref"
    real = {c.data for c in columns_of(rows_of("cmpc-1"), "refcoco")}
    assert real == {"refcoco_unc", "refcocop_unc", "refcocog_google", "referit"}


def test_a_data_set_that_the_table_lacks_stands_beside_its_first_column_and_on_val() -> None:
    (column,) = columns_of(rows_of("cmsa-2"), "parkref_gref")
    assert (column.dataset, column.split) == ("UNC", "val")
    assert (column.data, column.measured_split) == ("parkref_gref", "val")


def test_only_the_wanted_splits_are_left_and_one_that_is_not_there_is_said() -> None:
    rows = rows_of("cmpc-1")
    found = columns_of(rows, "parkref", ["val", "test"])
    assert {(c.data, c.split) for c in found} == {
        ("parkref_unc", "val"),
        ("parkref_uncplus", "val"),
        ("parkref_gref", "val"),
        ("parkref_referit", "test"),
    }
    with pytest.raises(UserError, match=r"--splits test: on parkref_unc this table has val, testA"):
        columns_of(rows, "parkref_unc", ["test"])


def test_the_chinese_of_every_flavour_stands_beside_the_only_chinese_that_is_printed() -> None:
    rows = rows_of("main")
    found = {(c.dataset, c.split, c.measured_split) for c in columns_of(rows, "parkref_referit")}
    assert found == {("ReferIt", "test", "test"), ("Chinese-UNC", "val", "test")}
    assert {c.dataset for c in columns_of(rows, "refcocog_google")} == {"G-Ref"}
    unc = [c for c in columns_of(rows, "parkref_unc") if c.dataset == "Chinese-UNC"]
    assert [c.measured_split for c in unc] == ["val", "testA", "testB"]
