from refseg_lib.models.build import ABLATIONS
from refseg_lib.reproduction.published import ABLATION_TABLES, methods, published


def one(**wanted: str) -> float | None:
    found = [
        row.value
        for row in published()
        if all(getattr(row, name) == value for name, value in wanted.items())
    ]
    assert len(found) == 1
    return found[0]


def test_numbers_known_from_the_abstracts_are_there() -> None:
    assert len(published()) == 857
    table = {"table": "T1", "dataset": "UNC", "split": "val", "metric": "oIoU"}
    assert one(paper="004_CMSA_CVPR19", method="CMSA+GF (ours)", **table) == 58.32
    assert one(paper="001_CMPC_CVPR20", method="CMPC+TGFE (ours)", **table) == 61.36


def test_scores_are_percentages() -> None:
    scores = [row.value for row in published() if row.metric == "oIoU" or "@" in row.metric]
    assert len(scores) > 700
    assert all(0 < value < 100 for value in scores if value is not None)


def test_every_ablation_table_has_rows_in_their_printed_order() -> None:
    assert all(len(methods(paper, table)) >= 4 for paper, table in ABLATION_TABLES)
    assert methods("004_CMSA_CVPR19", "T2")[0] == "No attention"
    assert methods("004_CMSA_CVPR19", "T2")[-1] == "Cross-modal self-attention"


def test_every_row_of_every_ablation_table_can_be_built_by_name() -> None:
    known = {(row.paper, row.table, row.row) for rows in ABLATIONS.values() for row in rows}
    missing = [
        (paper, table, method)
        for paper, table in ABLATION_TABLES
        for method in methods(paper, table)
        if (paper, table, method) not in known
    ]
    assert missing == []


def test_no_ablation_stands_for_a_row_that_was_never_printed() -> None:
    printed = {(row.paper, row.table, row.method) for row in published()}
    for rows in ABLATIONS.values():
        assert {(row.paper, row.table, row.row) for row in rows} <= printed
        assert len({row.name for row in rows}) == len(rows)
