from pathlib import Path
from typing import Any

import pytest

from refseg_lib.reproduction.planning import Choices
from refseg_lib.reproduction.rendering import write_table
from refseg_lib.reproduction.running import Places


def test_printed_and_measured_stand_in_one_line_with_mean_and_spread(
    tmp_path: Path, render: Any, line: Any
) -> None:
    page = render(tmp_path, "cmsa-2", {"no-attention": [0.40, 0.42, 0.44]})
    cells = line(page, "No attention")
    assert cells[1:3] == ["45.63", "42.00 ± 2.00"]
    assert cells[-3:] == ["3", "7", "1.5"]
    assert line(page, "Word attention")[1:3] == ["47.01", ""]


def test_stars_of_printed_names_make_no_italics(tmp_path: Path, render: Any) -> None:
    assert "row6\\*: multi-level baseline" in render(tmp_path, "cmpc-2", {})


@pytest.mark.parametrize("data", ["parkref_unc", "parkref_gref"])
def test_a_data_set_that_the_table_lacks_is_said_to_stand_beside_another(
    tmp_path: Path, data: str
) -> None:
    page = write_table("cmsa-2", Choices(data), Places(results=tmp_path)).read_text()
    assert ("is not in this table" in page) == (data == "parkref_gref")
