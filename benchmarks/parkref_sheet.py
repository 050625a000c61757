"""Draw the contact sheet of the README: eight parks, each with one sentence and what it means.

python benchmarks/parkref_sheet.py data/parkref.png
"""

import sys
from pathlib import Path

from PIL import Image

from refseg_lib.explain.contact_sheet import contact_sheet
from refseg_lib.explain.overlay import overlay
from refseg_lib.parkref.chinese import in_chinese
from refseg_lib.parkref.english import in_english
from refseg_lib.parkref.pages import Job, entity_mask, make_scene
from refseg_lib.parkref.speaking import describe, worth_meaning

# Places of the test splits that show each kind of thing; four flavours, two pictures each.
SHOWN = (
    ("testA", 0, "unc"),
    ("testB", 1, "unc"),
    ("testA", 4, "uncplus"),
    ("testB", 3, "uncplus"),
    ("testA", 8, "gref"),
    ("testB", 5, "gref"),
    ("testA", 12, "gref"),
    ("testB", 7, "gref"),
)
HEIGHT, SEED = 320, 2024


def cell(split: str, place: int, flavour: str) -> tuple[Image.Image, str]:
    """Draw one park and say something about one thing in it."""
    world, drawn, rng = make_scene(Job(split, place, split == "testA", SEED, HEIGHT))
    for index in rng.permutation(worth_meaning(world)).tolist():
        phrase = describe(world, flavour, index, rng)
        if phrase is not None:
            break
    else:
        raise SystemExit(f"nothing to say about {split} {place} in {flavour}: choose another place")
    long = flavour == "gref"
    english, chinese = in_english(phrase, rng, long), in_chinese(phrase, rng, long)
    mask = entity_mask(phrase.entity, drawn)
    picture = overlay(Image.fromarray(drawn.image), mask)
    return picture, f"{english.sentence}\n{chinese.sentence}"


if __name__ == "__main__":
    cells = [cell(*shown) for shown in SHOWN]
    contact_sheet(cells, columns=4, cell_width=280).save(Path(sys.argv[1]), optimize=True)
