"""Putting a meaning into English, the way players of a referring game type it.

Attachment is never left to chance: a modifier belongs to the nearest noun before it that is not a
garment, and "and" takes the reader back to the noun that the modifier before it belongs to.
"""

import numpy as np

from refseg_lib.parkref.meaning import GARMENTS, Clause, Phrase
from refseg_lib.parkref.scene import ANIMALS, STUFF
from refseg_lib.parkref.utterance import (
    ATTRIBUTE,
    ENTITY,
    RELATION,
    UNNECESSARY,
    Speaker,
    Utterance,
)
from refseg_lib.parkref.world import SKY_THINGS
from refseg_lib.text.graph import Edge

RELATION_WORDS: dict[str, tuple[str, ...]] = {
    "left of": ("to the left of", "left of", "on the left side of"),
    "right of": ("to the right of", "right of", "on the right side of"),
    "next to": ("next to", "beside"),
    "in front of": ("in front of",),
    "behind": ("behind",),
    "above": ("above",),
    "under": ("under", "below"),
    "holding": ("holding", "with", "carrying"),
    "walking": ("walking", "with"),
    "riding": ("riding", "on"),
    "sitting on": ("sitting on", "on"),
    "holding by": ("held by", "carried by"),
    "walking by": ("walked by",),
    "wearing": ("in", "wearing", "with"),
    "on": ("on",),
    "between": ("between",),
}
# The same links told as people mostly do: "the kite (that) the man IS HOLDING".
AFTER_WORDS = {
    "holding by": "is holding",
    "walking by": "is walking",
    "riding by": "is riding",
    "sitting on by": "is sitting on",
}
# What an edge of the graph is called, whichever way it was said.
CANONICAL = {
    "to the left of": "left of",
    "on the left side of": "left of",
    "to the right of": "right of",
    "on the right side of": "right of",
    "beside": "next to",
    "below": "under",
    "carrying": "holding",
    "carried by": "held by",
    "flown by": "held by",
    "is holding": "held by",
    "is flying": "held by",
    "is walking": "walked by",
    "is riding": "ridden by",
    "is sitting on": "sat on by",
}
SIDE_BEFORE = {
    "left": ("left", "leftmost", "far left"),
    "right": ("right", "rightmost", "far right"),
    "middle": ("middle", "center"),
    "front": ("front", "closest", "nearest"),
    "back": ("back", "farthest"),
    "top": ("top", "upper"),
    "bottom": ("bottom", "lower"),
    "bottom left": ("bottom left", "lower left"),
    "bottom right": ("bottom right", "lower right"),
    "top left": ("top left", "upper left"),
    "top right": ("top right", "upper right"),
}
# In long style the first of each is left to people in a hurry.
SIDE_AFTER = {
    "left": ("on left", "on the left", "on the left side"),
    "right": ("on right", "on the right", "on the right side"),
    "middle": ("in middle", "in the middle", "in the center"),
    "front": ("in front", "at the front", "closest to us"),
    "back": ("in back", "in the back", "farthest away"),
    "top": ("at top", "at the top"),
    "bottom": ("at bottom", "at the bottom"),
    "bottom left": ("bottom left", "at the bottom left", "in the lower left"),
    "bottom right": ("bottom right", "at the bottom right", "in the lower right"),
    "top left": ("top left", "at the top left", "in the upper left"),
    "top right": ("top right", "at the top right", "in the upper right"),
}
# Only what flies is said to be high or low.
HIGH_AND_LOW = {"top": ("highest",), "bottom": ("lowest",)}
ORDINALS = {2: ("second", "2nd"), 3: ("third", "3rd")}
PATTERN_WORDS = {"striped": ("striped",), "dotted": ("dotted", "spotted", "polka dot")}
SIZE_WORDS = {
    "biggest": ("biggest", "largest", "big"),
    "smallest": ("smallest", "tiniest", "small"),
    "tallest": ("tallest", "tall"),
    "shortest": ("shortest", "short"),
}
NOUN_WORDS = {
    "trousers": ("pants", "trousers"),
    "pond": ("pond", "water"),
    "bike": ("bike", "bicycle"),
    "grass": ("grass", "lawn"),
}
PEOPLE_NOUNS = ("man", "woman", "boy", "girl", "kid", "person", "guy", "lady")


def in_english(phrase: Phrase, rng: np.random.Generator, long: bool = False) -> Utterance:
    """Say a phrase in English.

    Args:
        phrase: The meaning.
        rng: Chooses among ways to say the same.
        long: Whole noun phrases with articles (G-Ref style) instead of telegraph style.

    Returns:
        The utterance with its language graph and word types.
    """
    speaker = Speaker(rng)
    return speaker.done(_noun_phrase(speaker, phrase, long, outermost=True), " ")


def _noun_phrase(
    speaker: Speaker, phrase: Phrase, long: bool, outermost: bool, definite: bool = False
) -> int:
    pick, chance = speaker.pick, speaker.chance
    start = len(speaker.words)
    garments = [clause for clause in phrase.clauses if clause.relation == "wearing"]
    others = [clause for clause in phrase.clauses if clause.relation != "wearing"]
    noun = pick(NOUN_WORDS.get(phrase.noun, (phrase.noun,)))
    adjectives = _adjectives(phrase, speaker)
    before, after = _place(phrase, speaker, long)
    # "red shirt guy", or simply "red shirt", as people type it.
    tag = ""
    if not long and outermost and not after and len(garments) == 1:
        roll = speaker.rng.random()
        garment = garments[0].objects[0]
        bare = phrase.noun == "person" and phrase.size is None
        if garment.color and (roll < 0.3 or (roll < 0.6 and bare and garment.noun == "shirt")):
            words = _adjectives(garment, speaker)
            garments = []
            if bare and garment.noun == "shirt" and not others:
                adjectives, noun = words, "shirt"
            else:
                tag = f"{words} {pick(NOUN_WORDS.get(garment.noun, (garment.noun,)))}"
    if long:
        _article(speaker, phrase, f"{before} {adjectives} {noun}", outermost or definite)
    elif definite or (not outermost and phrase.noun != "trousers" and chance(0.3)):
        speaker.say("the", UNNECESSARY)
    speaker.say(before, ATTRIBUTE)
    speaker.say(tag, ATTRIBUTE)
    speaker.say(adjectives, ATTRIBUTE)
    speaker.say(noun, ENTITY)
    speaker.say(after, ATTRIBUTE)
    node = speaker.node(noun, start, phrase.entity)
    for clause in garments:
        _clause(speaker, node, clause, long)
    for position, clause in enumerate(others):
        if position:
            speaker.say("and", UNNECESSARY)
        elif long and clause.relation not in AFTER_WORDS and chance(0.2):
            person = phrase.noun in PEOPLE_NOUNS
            speaker.say("who is" if person else "that is", UNNECESSARY)
        _clause(speaker, node, clause, long)
    return node


def _place(phrase: Phrase, speaker: Speaker, long: bool) -> tuple[str, str]:
    """Return the location words before and after the noun."""
    pick, place = speaker.pick, phrase.place
    if place is None:
        return "", ""
    if phrase.ordinal > 1:
        ordinal, side = ORDINALS[phrase.ordinal], (f"from {place}", f"from the {place}")
        return (ordinal[0], side[1]) if long else (pick(ordinal), pick(side))
    worn = any(clause.relation == "wearing" for clause in phrase.clauses)
    if (worn and speaker.chance(0.6)) or speaker.chance(0.5):
        return "", pick(SIDE_AFTER[place][1:] if long else SIDE_AFTER[place])
    flying = HIGH_AND_LOW.get(place, ()) if phrase.noun in SKY_THINGS else ()
    return pick(SIDE_BEFORE[place] + flying), ""


def _article(speaker: Speaker, phrase: Phrase, following: str, definite: bool) -> None:
    """Say "the", "a", "an" or nothing before the words that follow."""
    worn = phrase.noun in GARMENTS
    if definite or phrase.noun in STUFF or speaker.chance(0.25 if worn else 0.5):
        speaker.say("the", UNNECESSARY)
    elif phrase.noun != "trousers":
        speaker.say("an" if following.split()[0][0] in "aeiou" else "a", UNNECESSARY)


def _adjectives(phrase: Phrase, speaker: Speaker) -> str:
    words = []
    if phrase.size is not None:
        words.append(speaker.pick(SIZE_WORDS[phrase.size]))
    if phrase.color is not None:
        # Some people say grey.
        words.append(speaker.pick(("gray", "grey")) if phrase.color == "gray" else phrase.color)
    if phrase.pattern is not None:
        coat = phrase.pattern == "dotted" and phrase.noun in (*ANIMALS, "animal")
        words.append("spotted" if coat else speaker.pick(PATTERN_WORDS[phrase.pattern]))
    return " ".join(words)


def _clause(speaker: Speaker, subject: int, clause: Clause, long: bool) -> None:
    flying = clause.relation.startswith("holding") and (
        "kite" in (clause.objects[0].noun, speaker.nodes[subject][0])
    )
    backwards = clause.relation in AFTER_WORDS and (
        clause.relation not in RELATION_WORDS or speaker.chance(0.5)
    )
    if backwards:
        words = "is flying" if flying and speaker.chance(0.5) else AFTER_WORDS[clause.relation]
        if long or speaker.chance(0.3):
            speaker.say("that", UNNECESSARY)
    else:
        words = speaker.pick(_options(speaker, clause, long, flying))
        speaker.say(words, RELATION)
    name = CANONICAL.get(words, words)
    for position, target in enumerate(clause.objects):
        if position:
            speaker.say("and", UNNECESSARY)
        node = _noun_phrase(speaker, target, long, outermost=False, definite=backwards)
        speaker.edges.append(Edge(subject, name, node))
    if backwards:
        speaker.say(words, RELATION)


def _options(speaker: Speaker, clause: Clause, long: bool, flying: bool) -> tuple[str, ...]:
    """Return the words for a relation that come before its landmark."""
    options = RELATION_WORDS[clause.relation]
    noun = clause.objects[0].noun
    if flying:
        options = ("flying", *options) if clause.relation == "holding" else ("flown by", "held by")
    elif noun == "pond":
        options = ("in", "on")
    elif clause.relation == "under" and noun == "tree":
        options = ("under",)
    elif long and clause.relation in ("left of", "right of"):
        options = options[:1]
    elif long and clause.relation == "wearing" and noun != "hat":
        options = ("in", "wearing")
    if speaker.words[-1] == "is":
        # "Who is in front of" reads well, "who is with" does not.
        options = tuple(words for words in options if words != "with") or options
    return options
