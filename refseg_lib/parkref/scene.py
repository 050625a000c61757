"""What a park scene is: things, stuff and the links between things, before anything is drawn.

Coordinates are in image heights: ``y`` runs from 0 (top) to 1 (bottom), ``x`` from 0 to
``aspect``. Being unit-free, one scene can be drawn at any resolution.
"""

from dataclasses import dataclass

PEOPLE = ("man", "woman", "boy", "girl")
ANIMALS = ("dog", "cat", "duck")
OBJECTS = ("ball", "kite", "balloon", "umbrella", "bench", "tree", "bike", "boat")
THINGS = PEOPLE + ANIMALS + OBJECTS
STUFF = ("sky", "grass", "path", "pond")
PARTS = ("shirt", "bottoms", "hat")
PATTERNS = ("plain", "striped", "dotted")
COLORS = (
    "red",
    "orange",
    "yellow",
    "green",
    "blue",
    "purple",
    "pink",
    "white",
    "black",
    "brown",
    "gray",
)


@dataclass(frozen=True)
class Thing:
    """One countable object.

    Attributes:
        category: One of :data:`THINGS`.
        x: Horizontal place of the foot point (bottom centre), in image heights.
        y: Vertical place of the foot point; for kites and balloons the bottom of the body.
        height: Height of the whole object in image heights (people: standing height, also when
            they sit or ride).
        color: Main colour: a person's shirt, an animal's coat, a tree's crown, the object itself.
        pattern: One of :data:`PATTERNS`; of the shirt, the coat or the object.
        facing: 1 looks right, -1 looks left.
        pose: People: ``standing``, ``sitting`` (on a bench) or ``riding`` (a bike). Dogs and
            cats: ``standing`` or ``sitting``. Trees: ``round`` or ``pine``. Else ``standing``.
        bottoms: People only: colour of trousers or skirt.
        hat: People only: colour of the hat, or None.
        hair: People only: colour of the hair.
        skin: People only: tone, 0 (light) to 3 (dark).
    """

    category: str
    x: float
    y: float
    height: float
    color: str
    pattern: str = "plain"
    facing: int = 1
    pose: str = "standing"
    bottoms: str | None = None
    hat: str | None = None
    hair: str | None = None
    skin: int = 0


@dataclass(frozen=True)
class Link:
    """Thing ``subject`` stands in ``relation`` to thing ``object`` by construction.

    Relations: ``holding`` (umbrella, balloon, kite: a string or handle goes to the hand),
    ``walking`` (a dog on a leash), ``riding`` (a bike), ``sitting on`` (a bench).
    """

    subject: int
    relation: str
    object: int


@dataclass(frozen=True)
class Scene:
    """One park.

    Attributes:
        things: In no particular order; :func:`paint_order` says who covers whom.
        links: Relations that hold by construction.
        aspect: Width over height.
        horizon: Height of the line where grass meets sky.
        path: None, or (x at the horizon, x at the bottom, width at the bottom).
        pond: None, or (centre x, centre y, radius x, radius y) of an ellipse on the grass.
        mood: Seed of what is never named: clouds, hills, sun, tufts of grass.
    """

    things: tuple[Thing, ...]
    links: tuple[Link, ...]
    aspect: float
    horizon: float
    path: tuple[float, float, float] | None
    pond: tuple[float, float, float, float] | None
    mood: int

    def linked(self, subject: int, relation: str) -> int | None:
        """Return the thing that ``subject`` is linked to by ``relation``, or None."""
        for link in self.links:
            if link.subject == subject and link.relation == relation:
                return link.object
        return None


def hand(thing: Thing) -> tuple[float, float]:
    """Return where a person's holding hand is, in scene coordinates."""
    lift = {"standing": 0.56, "sitting": 0.46, "riding": 0.60}[thing.pose]
    return thing.x + thing.facing * 0.26 * thing.height, thing.y - lift * thing.height


def paint_order(scene: Scene) -> list[int]:
    """Return the things' indices from the farthest to the nearest.

    Nearer feet cover farther ones. What is held, ridden or sat on goes with its person, so that
    no stranger is painted in between.
    """
    anchor = [thing.y for thing in scene.things]
    rank = [0] * len(scene.things)
    for link in scene.links:
        if link.relation in ("holding", "riding", "sitting on"):
            anchor[link.object] = scene.things[link.subject].y
            # A bench and a bike are behind the legs of the person; a held thing is before it.
            rank[link.object] = 1 if link.relation == "holding" else -1
    return sorted(range(len(scene.things)), key=lambda index: (anchor[index], rank[index], index))
