"""Where a published number and a measured one meet: the columns of a reproduced table."""

from collections.abc import Sequence
from dataclasses import dataclass

from refseg_lib.errors import UserError
from refseg_lib.reproduction.rows import Row

# What the papers call a data set -> its id here, in each family.
FAMILIES = {
    "parkref": {
        "UNC": "parkref_unc",
        "UNC+": "parkref_uncplus",
        "G-Ref": "parkref_gref",
        "ReferIt": "parkref_referit",
        "Chinese-UNC": "parkref_unc",
    },
    "refcoco": {
        "UNC": "refcoco_unc",
        "UNC+": "refcocop_unc",
        "G-Ref": "refcocog_google",
        "ReferIt": "referit",
        "Chinese-UNC": "refcoco_unc",
    },
}


@dataclass(frozen=True)
class Column:
    """Where one published number and one measured number meet.

    Attributes:
        dataset: As the papers call it.
        split: As printed.
        data: The data set id on which it is measured.
        measured_split: The split of it.
    """

    dataset: str
    split: str
    data: str
    measured_split: str

    @property
    def matching(self) -> bool:
        """Whether it is measured on what stands, in its family, for what was printed."""
        return any(ids.get(self.dataset) == self.data for ids in FAMILIES.values())


def columns_of(rows: Sequence[Row], data: str, splits: Sequence[str] = ()) -> list[Column]:
    """Find out where the numbers of a table are measured.

    Args:
        rows: The rows of the table.
        data: A family, or one data set id. A data set that the table does not have is put beside
            the first column that the table has; ParkRef's Chinese beside the only one printed.
        splits: Only columns of these splits; all if there is none.

    Raises:
        UserError: Neither a family nor a data set, or no column of these splits.
    """
    columns = _all_columns(rows, data)
    chosen = [column for column in columns if not splits or column.measured_split in splits]
    if not chosen:
        known = ", ".join(dict.fromkeys(column.measured_split for column in columns))
        raise UserError(f"--splits {','.join(splits)}: on {data} this table has {known}")
    return chosen


def _all_columns(rows: Sequence[Row], data: str) -> list[Column]:
    printed = list(dict.fromkeys((n.dataset, n.split) for row in rows for n in row.printed))
    if data in FAMILIES:
        ids = FAMILIES[data]
        return [Column(name, split, ids[name], split) for name, split in printed]
    named = {name for ids in FAMILIES.values() for name, known in ids.items() if known == data}
    if not named:
        known = sorted({known for ids in FAMILIES.values() for known in ids.values()})
        raise UserError(
            f"--data {data}: choose a family ({', '.join(FAMILIES)}) or one of {', '.join(known)}"
        )
    fitting = [Column(name, split, data, split) for name, split in printed if name in named]
    if not fitting:
        name, split = printed[0]
        return [Column(name, split, data, "val")]
    chinese = [(name, split) for name, split in printed if name.startswith("Chinese")]
    if (
        chinese
        and not any(name in named for name, _ in chinese)
        and data in FAMILIES["parkref"].values()
    ):
        # ParkRef speaks Chinese in all its flavours, the papers in one.
        fitting.append(Column(*chinese[0], data, fitting[0].measured_split))
    return fitting
