"""What somebody is given is where it belongs: in the hand, under the rider, on the leash."""

import numpy as np
import pytest

from refseg_lib.parkref.belongings import give
from refseg_lib.parkref.ground import Ground
from refseg_lib.parkref.scene import Link, Thing, hand

RELATIONS = {
    "umbrella": "holding",
    "balloon": "holding",
    "kite": "holding",
    "dog": "walking",
    "bike": "riding",
    "bench": "sitting on",
}
SIZES = {"umbrella": 0.3, "balloon": 0.2, "kite": 0.2, "dog": 0.2, "bike": 0.25, "bench": 0.2}


def ground(x: float = 0.6, facing: int = 1) -> Ground:
    made = Ground(np.random.default_rng(0), 1.25, 0.35, None, None)
    made.add(Thing("man", x, 0.85, 0.5, "red", facing=facing, bottoms="blue"))
    return made


def stray(category: str) -> Thing:
    return Thing(category, 0.1, 0.5, SIZES[category], "red", facing=-1)


@pytest.mark.parametrize("category", RELATIONS)
def test_a_gift_becomes_a_link_from_person_to_thing(category: str) -> None:
    park = ground()
    assert give(park, 0, stray(category))
    assert park.links == [Link(0, RELATIONS[category], 1)]
    assert park.things[1].category == category
    pose = {"bike": "riding", "bench": "sitting"}.get(category, "standing")
    assert park.things[0].pose == pose
    assert len(park.boxes) == len(park.things) == 2


@pytest.mark.parametrize("facing", [1, -1])
def test_things_go_where_the_hand_and_the_feet_are(facing: int) -> None:
    given = {}
    for category in RELATIONS:
        park = ground(facing=facing)
        assert give(park, 0, stray(category))
        given[category] = park.things[1]
        man = park.things[0]
    x, y = hand(Thing("man", 0.6, 0.85, 0.5, "red", facing=facing))
    assert (given["umbrella"].x, given["umbrella"].y) == (x, y)
    assert given["balloon"].y < y
    assert given["kite"].y < y
    # The leash hangs on the side one faces, and the dog looks the same way.
    assert (given["dog"].x - 0.6) * facing > 0
    assert given["dog"].facing == given["bike"].facing == facing
    assert given["bike"].x == given["bench"].x == man.x


@pytest.mark.parametrize("category", ["umbrella", "dog", "kite"])
def test_what_does_not_fit_changes_nothing(category: str) -> None:
    """At the rim of the picture there is no room for an outstretched arm's load."""
    park = ground(x=1.15)
    before = list(park.things), list(park.boxes), list(park.links)
    assert not give(park, 0, stray(category))
    assert (park.things, park.boxes, park.links) == before
