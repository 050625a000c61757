"""Giving people something to do: a balloon to hold, a dog to walk, a bike, a bench."""

from dataclasses import replace

from refseg_lib.parkref.drawing import extent
from refseg_lib.parkref.ground import MOST_THINGS, Ground
from refseg_lib.parkref.scene import Link, Thing, hand


def give(ground: Ground, index: int, thing: Thing) -> bool:
    """Give ``thing`` to person ``index``; False when it does not fit there."""
    person, rng = ground.things[index], ground.rng
    if thing.category == "bike":
        changed = replace(person, pose="riding")
        thing = replace(
            thing, x=person.x, y=person.y, height=0.52 * person.height, facing=person.facing
        )
        relation = "riding"
    elif thing.category == "bench":
        changed = replace(person, pose="sitting", y=min(person.y, 0.95))
        thing = replace(thing, x=person.x, y=changed.y - 0.005, height=0.36 * person.height)
        relation = "sitting on"
    else:
        changed = person
        hand_x, hand_y = hand(person)
        if thing.category == "umbrella":
            scale = float(rng.uniform(0.56, 0.66))
            thing = replace(thing, x=hand_x, y=hand_y, height=scale * person.height)
            relation = "holding"
        elif thing.category == "balloon":
            lift = float(rng.uniform(0.10, 0.2))
            drift = person.facing * float(rng.uniform(0.02, 0.08))
            thing = replace(thing, x=hand_x + drift, y=hand_y - lift)
            relation = "holding"
        elif thing.category == "kite":
            drift = person.facing * float(rng.uniform(0.12, 0.35))
            thing = replace(thing, x=hand_x + drift, y=float(rng.uniform(0.25, 0.36)))
            relation = "holding"
        else:
            drift = person.facing * (0.28 * person.height + 0.75 * thing.height)
            thing = replace(
                thing, x=person.x + drift, y=person.y + 0.01, facing=person.facing, pose="standing"
            )
            relation = "walking"
    # The person's own box does not count: touching is the point of a link.
    own, ground.boxes[index] = ground.boxes[index], (-9.0, -9.0, -8.9, -8.9)
    fits = ground.free(thing) and ground.free(changed)
    ground.boxes[index] = own
    if not fits or len(ground.things) >= MOST_THINGS:
        return False
    ground.things[index] = changed
    ground.boxes[index] = extent(changed)
    ground.links.append(Link(index, relation, ground.add(thing)))
    return True
