from refseg_lib.models.build import build_model
from refseg_lib.reproduction.claims import CLAIMS
from refseg_lib.reproduction.planning import Choices, plan, why_not
from refseg_lib.reproduction.published import PAPERS, published, table_names
from refseg_lib.reproduction.rows import MAIN, rows_of
from refseg_lib.vision.backbone import build_backbone


def test_every_printed_score_stands_in_a_row_of_a_table_with_a_name() -> None:
    in_tables = [
        number for table in table_names() for row in rows_of(table) for number in row.printed
    ]
    scores = [
        number
        for number in published()
        if number.paper in PAPERS and number.table.startswith("T") and number.metric != "avg_length"
    ]
    assert sorted(map(repr, in_tables)) == sorted(map(repr, scores))


def test_every_row_of_an_ablation_table_has_a_network_that_can_be_built() -> None:
    trunk = build_backbone("laptop", "none")
    for table in CLAIMS:
        for row in rows_of(table):
            assert row.network is not None, row.method
            build_model(
                row.network.model,
                vocabulary_size=9,
                backbone=trunk,
                sizes={key: value for key, value in row.network.sizes.items() if key == "levels"},
                **row.network.options,
            )


def test_the_main_table_puts_each_system_beside_its_own_papers_numbers() -> None:
    rows = {row.network.model: row for row in rows_of(MAIN) if row.network and row.printed}
    for model, row in rows.items():
        assert {PAPERS[number.paper] for number in row.printed} == {model}
        assert all("ours" in n.method or n.method == "SHNet* (320x320)" for n in row.printed)
    assert set(rows) == {"cmsa", "cmpc", "bilingual", "shnet", "busnet"}


def test_with_crf_every_system_of_the_main_table_is_scored_with_one() -> None:
    tasks = plan([MAIN], Choices("parkref_unc", crf=True, splits=("val",)))
    assert len(tasks) == 7
    assert all(task.crf and task.splits == ("val",) for task in tasks)
    assert not any(task.crf for task in plan([MAIN], Choices("parkref_unc")))


def test_chinese_rows_are_those_of_chinese_data_and_no_others() -> None:
    for table in [MAIN, *table_names()]:
        for row in rows_of(table):
            if row.network is not None and row.printed:
                chinese = {number.dataset == "Chinese-UNC" for number in row.printed}
                assert chinese == {row.network.language == "zh"}, (table, row.method)


def test_rows_that_say_glove_start_from_it_and_rows_that_say_without_do_not() -> None:
    for table in CLAIMS:
        for row in rows_of(table):
            assert row.network is not None
            said = row.method.lower()
            if "w/o glove" in said:
                assert not row.network.glove
            elif "glove" in said:
                assert row.network.glove, row.method


def test_a_row_that_is_not_run_says_why() -> None:
    for table in table_names():
        for row in rows_of(table):
            if row.network is None:
                assert why_not(row, Choices())
    assert all(why_not(row, Choices(preset="laptop")) for row in rows_of("shnet-3"))
    assert not any(why_not(row, Choices(preset="paper")) for row in rows_of("shnet-3"))
