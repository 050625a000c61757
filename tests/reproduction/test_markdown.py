from refseg_lib.reproduction.markdown import table_row


def test_a_row_has_a_cell_for_each_value_an_empty_one_too() -> None:
    row = table_row(["CMSA", "", "52.3 ± 0.3"])
    assert [cell.strip() for cell in row.split("|")] == ["", "CMSA", "", "52.3 ± 0.3", ""]
