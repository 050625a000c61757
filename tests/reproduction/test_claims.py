from refseg_lib.reproduction.claims import CLAIMS, claimed_methods
from refseg_lib.reproduction.rows import rows_of


def test_a_claim_is_what_the_paper_prints() -> None:
    for table, claims in CLAIMS.items():
        printed = {
            (number.method, number.dataset): number.value
            for row in rows_of(table)
            for number in row.printed
            if number.metric == "oIoU" and number.split == "val"
        }
        for claim in claims:
            datasets = {data for method, data in printed if claim.dataset in (None, data)}
            assert datasets, claim
            for data in datasets:
                assert printed[claim.better, data] > printed[claim.worse, data], claim


def test_claimed_rows_are_rows_of_their_table() -> None:
    for table in CLAIMS:
        assert claimed_methods(table) <= {row.method for row in rows_of(table)}


def test_every_paper_has_central_claims_and_their_rows_are_fewer() -> None:
    papers = {table.rpartition("-")[0] for table in CLAIMS}
    central = {
        table.rpartition("-")[0] for table, claims in CLAIMS.items() for c in claims if c.central
    }
    assert central == papers
    for table, claims in CLAIMS.items():
        rows = claimed_methods(table, central=True)
        assert rows == {m for c in claims if c.central for m in (c.better, c.worse)}
        assert rows <= claimed_methods(table)
