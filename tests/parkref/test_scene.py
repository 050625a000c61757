"""A scene says who is tied to whom, and who is painted over whom."""

from refseg_lib.parkref.scene import Link, Scene, Thing, hand, paint_order


def park(*things: Thing, links: tuple[Link, ...] = ()) -> Scene:
    return Scene(things, links, 1.25, 0.3, None, None, 0)


def person(x: float, y: float, **changes: object) -> Thing:
    return Thing("man", x, y, 0.5, "red", bottoms="blue", **changes)  # type: ignore[arg-type]


def test_what_is_nearer_is_painted_later() -> None:
    scene = park(person(0.2, 0.9), person(0.4, 0.5), Thing("dog", 0.6, 0.7, 0.2, "black"))
    assert paint_order(scene) == [1, 2, 0]


def test_no_stranger_is_painted_between_a_rider_and_the_bike() -> None:
    """The bench and the bike come right before their person, the umbrella right after."""
    strangers = (person(0.3, 0.69), person(0.5, 0.71))
    for relation, expected in (("riding", [3, 2]), ("sitting on", [3, 2]), ("holding", [2, 3])):
        # The thing's own foot point is elsewhere; only its person's counts.
        thing = Thing("bike", 0.4, 0.1, 0.3, "red")
        scene = park(*strangers, person(0.4, 0.7), thing, links=(Link(2, relation, 3),))
        assert paint_order(scene) == [0, *expected, 1]


def test_a_dog_on_a_leash_stands_where_it_stands() -> None:
    dog = Thing("dog", 0.4, 0.5, 0.2, "black")
    assert paint_order(park(person(0.4, 0.7), dog, links=(Link(0, "walking", 1),))) == [1, 0]


def test_every_thing_is_painted_once() -> None:
    things = [person(0.1 * i, 0.9 - 0.05 * i) for i in range(6)]
    assert sorted(paint_order(park(*things, links=(Link(0, "holding", 5),)))) == list(range(6))


def test_a_link_is_found_from_its_subject_and_its_relation_only() -> None:
    scene = park(person(0.2, 0.9), person(0.4, 0.9), links=(Link(0, "holding", 1),))
    assert scene.linked(0, "holding") == 1
    assert scene.linked(0, "riding") is None
    assert scene.linked(1, "holding") is None


def test_the_hand_is_on_the_side_one_faces_and_above_the_feet() -> None:
    right, left = hand(person(0.5, 0.8, facing=1)), hand(person(0.5, 0.8, facing=-1))
    assert right[0] > 0.5 > left[0]
    assert 0.5 - left[0] == right[0] - 0.5
    assert 0.3 < right[1] < 0.8
    assert hand(person(0.5, 0.8, pose="sitting"))[1] > right[1]
