"""What a drawn park promises: labels that agree with the picture, with each other and with size."""

from dataclasses import replace

import numpy as np
import pytest

from refseg_lib.parkref.canvas import MAX_THINGS
from refseg_lib.parkref.drawing import COLOR_RGB, STUFF_CODES, Rendering, extent, render
from refseg_lib.parkref.scene import COLORS, PEOPLE, THINGS, Link, Scene, Thing, hand

POSES = {
    **{person: ("standing", "sitting", "riding") for person in PEOPLE},
    "dog": ("standing", "sitting"),
    "cat": ("standing", "sitting"),
    "tree": ("round", "pine"),
}
EVERY_THING = [(c, pose) for c in THINGS for pose in POSES.get(c, ("standing",))]


def park(*things: Thing, links: tuple[Link, ...] = (), **changes: object) -> Scene:
    """Return a meadow with ``things`` on it."""
    scene = Scene(things, links, 1.5, 0.3, None, None, 7)
    return replace(scene, **changes)


def family() -> Scene:
    """Return a scene with every kind of link, stuff and part."""
    girl = Thing("girl", 0.3, 0.7, 0.35, "red", "dotted", bottoms="blue", hat="yellow")
    man = Thing("man", 0.75, 0.8, 0.5, "green", "striped", -1, bottoms="black", hair="gray")
    woman = Thing("woman", 1.2, 0.75, 0.5, "pink", bottoms="white", pose="sitting", skin=2)
    hand_x, _ = hand(girl)
    things = (
        girl,
        man,
        woman,
        Thing("kite", hand_x + 0.1, 0.25, 0.2, "purple"),
        Thing("dog", 0.45, 0.82, 0.2, "brown", facing=-1),
        Thing("bench", 1.2, 0.75, 0.18, "orange"),
        Thing("duck", 1.05, 0.9, 0.15, "white"),
    )
    links = (Link(0, "holding", 3), Link(1, "walking", 4), Link(2, "sitting on", 5))
    return park(*things, links=links, path=(0.5, 0.4, 0.4), pond=(1.05, 0.88, 0.3, 0.08))


def near_boundary(labels: np.ndarray) -> np.ndarray:
    """Return where a pixel has another label among its eight neighbours."""
    padded = np.pad(labels, 1, mode="edge")
    h, w = labels.shape
    return np.any(
        [padded[i : i + h, j : j + w] != labels for i in range(3) for j in range(3)], axis=0
    )


def test_the_same_scene_gives_the_same_bytes() -> None:
    """Nothing but the scene decides what is drawn, whatever was drawn in between."""
    first = render(family(), 96)
    render(park(Thing("cat", 0.5, 0.8, 0.3, "gray"), mood=1), 64)
    second = render(family(), 96)
    for name in ("image", "things", "parts"):
        assert getattr(first, name).tobytes() == getattr(second, name).tobytes()


def test_mood_changes_only_what_has_no_name() -> None:
    """Another mood moves clouds and tufts; things and parts stay pixel for pixel."""
    one, two = render(family(), 96), render(replace(family(), mood=8), 96)
    assert (one.image != two.image).any()
    np.testing.assert_array_equal(one.parts, two.parts)
    first_stuff = min(STUFF_CODES.values())
    is_thing = (one.things > 0) & (one.things < first_stuff)
    np.testing.assert_array_equal(is_thing, (two.things > 0) & (two.things < first_stuff))
    np.testing.assert_array_equal(one.things[is_thing], two.things[is_thing])


def test_a_larger_drawing_shrinks_to_the_same_labels() -> None:
    """Labels at 4x, looked up at the pixels of 1x, differ at boundaries only."""
    scene = replace(family(), pond=None)
    small, large = render(scene, 96), render(scene, 384)
    assert large.things.shape == (384, 576)
    for name in ("things", "parts"):
        expected, got = getattr(small, name), getattr(large, name)[1::4, 1::4]
        inner = ~near_boundary(near_boundary(expected) * 1 + expected * 2)
        assert inner.mean() > 0.5
        assert (expected != got)[inner].mean() < 0.001


def test_edges_of_labels_and_picture_agree_to_half_a_pixel() -> None:
    """Across a black ball, labelled and blackened widths agree: half a pixel a side."""
    drawn = render(park(Thing("ball", 0.75, 0.9, 0.5, "black")), 96)
    differences = []
    for row in range(45, 75):
        labelled = np.flatnonzero(drawn.things[row] == 1)
        left, right = labelled[0] - 3, labelled[-1] + 4
        light = drawn.image[row].max(axis=1).astype(float)
        grass = light[left]
        black = light[labelled[0] + 2]
        blackened = ((grass - light[left:right]) / (grass - black)).clip(0, 1)
        # The highlight inside is no edge.
        blackened[4:-4] = 1.0
        differences.append(blackened.sum() - len(labelled))
        # Where the edge is oblique, one row of samples may miss a little more.
        assert abs(differences[-1]) < 1.5
        assert max(blackened[0], blackened[-1]) < 0.2
    assert abs(np.mean(differences)) < 0.5


def test_the_nearer_thing_covers_the_farther_one() -> None:
    """Of two balls at one place the lower (nearer) one is whole, in whatever order they come."""
    far = Thing("ball", 0.7, 0.80, 0.3, "red")
    near = Thing("ball", 0.8, 0.85, 0.3, "blue")
    alone = render(park(near), 96).things == 1
    for things, k in (((far, near), 2), ((near, far), 1)):
        drawn = render(park(*things), 96).things
        np.testing.assert_array_equal(drawn == k, alone)
        hidden = (render(park(far), 96).things == 1) & alone
        assert hidden.any()
        assert (drawn[hidden] == k).all()


def test_parts_lie_on_people_only() -> None:
    """Every part pixel is a person's pixel; hats only on those who wear one."""
    scene = family()
    drawn = render(scene, 128)
    assert set(np.unique(drawn.parts)) == {0, 1, 2, 3}
    owners = np.unique(drawn.things[drawn.parts > 0])
    assert {scene.things[k - 1].category for k in owners} <= set(PEOPLE)
    assert {scene.things[k - 1].hat for k in np.unique(drawn.things[drawn.parts == 3])} == {
        "yellow"
    }


def test_strings_and_leashes_are_seen_and_change_no_label() -> None:
    """A kite that is held differs from one that is not by its person's arm alone."""
    kite = Thing("kite", 1.1, 0.4, 0.2, "purple")
    girl = Thing("girl", 0.4, 0.9, 0.35, "red", bottoms="blue")
    held = render(park(girl, kite, links=(Link(0, "holding", 1),)), 128)
    # "walking" a thing that is painted first draws the same arm and no string to a kite.
    free = render(park(girl, kite), 128)
    changed = held.things != free.things
    x0, y0, x1, y1 = (round(128 * c) for c in extent(girl))
    changed[y0 : y1 + 1, x0 : x1 + 1] = False
    assert not changed.any()
    seen = (held.image != free.image).any(axis=2)
    seen[y0 : y1 + 1, x0 : x1 + 1] = False
    assert seen.sum() > 40


def test_a_leash_is_seen_between_hand_and_dog() -> None:
    """With the dog on a leash the picture changes between the two, the labels do not."""
    man = Thing("man", 0.4, 0.9, 0.5, "red", bottoms="blue")
    dog = Thing("dog", 1.1, 0.9, 0.2, "white")
    cat = Thing("cat", 0.05, 0.95, 0.05, "gray")
    # Walking either animal stretches the same arm.
    led, free = (render(park(man, dog, cat, links=(Link(0, "walking", k),)), 128) for k in (1, 2))
    between = slice(round(128 * extent(man)[2]) + 1, round(128 * extent(dog)[0]) - 1)
    assert (led.image != free.image)[:, between].any(axis=(0, 2)).all()
    np.testing.assert_array_equal(led.things, free.things)


def test_shadows_are_seen_and_change_no_label() -> None:
    """Around the foot of a ball, away from the ball itself, the grass is darker and still grass."""
    empty = render(park(), 128)
    ball = render(park(Thing("ball", 0.75, 0.8, 0.2, "red")), 128)
    clear = ~near_boundary((near_boundary(ball.things) * 1 + ball.things).astype(int))
    grass = (ball.things == STUFF_CODES["grass"]) & clear
    darker = empty.image.astype(int).sum(axis=2) - ball.image.astype(int).sum(axis=2) > 15
    assert (darker & grass).sum() > 15
    assert not (darker & grass)[: round(0.74 * 128)].any()
    balloon = render(park(Thing("balloon", 0.75, 0.6, 0.2, "red")), 128)
    np.testing.assert_array_equal(balloon.image[80:], empty.image[80:])


@pytest.mark.parametrize(("category", "pose"), EVERY_THING)
@pytest.mark.parametrize("facing", [1, -1])
def test_a_thing_fills_its_extent_and_nothing_outside(
    category: str, pose: str, facing: int
) -> None:
    """What is drawn lies in the box, reaches all but its arm side, and covers 20 to 85% of it."""
    height = 256
    for hat in (None, "blue") if category in PEOPLE else (None,):
        thing = Thing(
            category, 0.75, 0.85, 0.4, "red", facing=facing, pose=pose, hat=hat, bottoms="black"
        )
        links = ()
        things = [thing]
        if category in PEOPLE:
            # Holding makes the reach as long as it gets.
            things.append(Thing("ball", 0.05, 0.1, 0.02, "red"))
            links = (Link(0, "holding", 1),)
        ys, xs = np.nonzero(render(park(*things, links=links), height).things == 1)
        drawn = np.array([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]) / height
        box = np.array(extent(thing))
        outside = np.array([1, 1, -1, -1]) * (box - drawn)
        assert (outside < 1.5 / height).all(), (outside * height, "pixels outside")
        assert (outside > -0.05 * thing.height - 1.5 / height).all(), "the box is loose"
        share = len(xs) / height**2 / ((box[2] - box[0]) * (box[3] - box[1]))
        assert 0.2 < share < 0.85


def test_facing_left_is_the_mirror_of_facing_right() -> None:
    """The front of a dog, a duck and a bike is where it faces."""
    for category in ("dog", "duck", "bike", "boat", "cat"):
        thing = Thing(category, 0.75, 0.9, 0.4, "red")
        right = render(park(thing), 384).things == 1
        left = render(park(replace(thing, facing=-1)), 384).things == 1
        mirrored = right[:, ::-1]
        union = (left | mirrored).sum()
        assert (left & mirrored).sum() > 0.95 * union
        assert (left & right).sum() < 0.92 * union


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("category", PEOPLE)
def test_clothes_have_the_colour_they_are_said_to_have(category: str, color: str) -> None:
    """The mean colour of plain shirt, bottoms and hat is nearest to its name's, of all names."""
    other = "red" if color != "red" else "blue"
    for part, clothes in enumerate(
        ((color, other, other), (other, color, other), (other, other, color)), start=1
    ):
        shirt, bottoms, hat = clothes
        for pose in ("standing", "sitting"):
            person = Thing(
                category, 0.7, 0.9, 0.6, shirt, bottoms=bottoms, hat=hat, hair="brown", pose=pose
            )
            assert nearest_color(render(park(person), 128), part) == color


def nearest_color(drawn: Rendering, part: int) -> str:
    """Return the name nearest to the mean colour of a part."""
    mean = drawn.image[drawn.parts == part].mean(axis=0)
    return min(COLOR_RGB, key=lambda name: float(np.linalg.norm(mean - COLOR_RGB[name])))


@pytest.mark.parametrize("color", COLORS)
def test_things_have_the_colour_they_are_said_to_have(color: str) -> None:
    """Of the pixels of a plain thing near any named colour, most are near its own."""
    names = list(COLOR_RGB)
    table = np.array([COLOR_RGB[name] for name in names])
    for category in ("dog", "cat", "duck", "ball", "kite", "balloon", "umbrella", "bench", "tree"):
        drawn = render(park(Thing(category, 0.75, 0.9, 0.5, color)), 128)
        pixels = drawn.image[drawn.things == 1].astype(int)
        distance = np.linalg.norm(pixels[:, None] - table, axis=2)
        close = distance.min(axis=1) < 40
        counts = np.bincount(distance.argmin(axis=1)[close], minlength=len(names))
        assert names[int(counts.argmax())] == color, category


def test_stuff_is_where_the_scene_says() -> None:
    """Above the horizon sky or nothing, in the pond pond, on the path path, else grass."""
    scene = park(path=(0.4, 0.3, 0.3), pond=(1.1, 0.7, 0.3, 0.1))
    things = render(scene, 128).things
    assert set(np.unique(things[:36])) == {0, STUFF_CODES["sky"]}
    assert things[round(0.7 * 128), round(1.1 * 128)] == STUFF_CODES["pond"]
    assert things[127, round(0.3 * 128)] == STUFF_CODES["path"]
    assert things[127, 190] == STUFF_CODES["grass"]
    area = np.pi * 0.3 * 0.1
    assert (things == STUFF_CODES["pond"]).sum() / 128**2 == pytest.approx(area, rel=0.03)


def test_a_seated_person_is_lower_and_a_swimming_duck_has_no_legs() -> None:
    """Poses and water change what is drawn."""
    man = Thing("man", 0.75, 0.9, 0.6, "red", bottoms="blue")
    tall = render(park(man), 128).things == 1
    low = render(park(replace(man, pose="sitting")), 128).things == 1
    assert np.flatnonzero(low.any(axis=1))[0] > np.flatnonzero(tall.any(axis=1))[0] + 8
    duck = Thing("duck", 0.75, 0.8, 0.3, "brown")
    ashore = render(park(duck), 128)
    afloat = render(park(duck, pond=(0.75, 0.8, 0.5, 0.15)), 128)
    feet = slice(round(0.78 * 128), round(0.79 * 128) + 1)

    def orange(drawn: Rendering) -> int:
        near = np.abs(drawn.image.astype(int) - (250, 150, 40)).sum(axis=2) < 60
        return int((near & (drawn.things == 1))[feet].sum())

    assert orange(ashore) > 0
    assert orange(afloat) == 0


def test_a_scene_of_too_many_things_is_refused() -> None:
    """One thing more than there are labels raises instead of mixing labels up."""
    balls = tuple(Thing("ball", 0.02 * k, 0.9, 0.02, "red") for k in range(MAX_THINGS))
    assert render(park(*balls), 64).things.max() == STUFF_CODES["grass"]
    with pytest.raises(ValueError, match="at most 61 things, got 62"):
        render(park(*balls, balls[0]), 64)


def test_things_at_and_beyond_the_border_are_cut_off_there() -> None:
    """A thing half outside is half drawn; one outside is not drawn; a tiny picture works."""
    ball = Thing("ball", 0.0, 0.9, 0.4, "red")
    whole = (render(park(replace(ball, x=0.75)), 128).things == 1).sum()
    half = (render(park(ball), 128).things == 1).sum()
    assert half == pytest.approx(whole / 2, rel=0.03)
    assert not (render(park(replace(ball, x=-3.0)), 128).things == 1).any()
    assert render(family(), 8).image.shape == (8, 12, 3)
