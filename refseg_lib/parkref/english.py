"""Putting a meaning into English, the way players of a referring game type it.

Attachment is never left to chance: a modifier belongs to the nearest noun before it that is not a
garment, and "and" takes the reader back to the noun that the modifier before it belongs to.
"""

import numpy as np

from refseg_lib.parkref.meaning import Clause, Phrase
from refseg_lib.parkref.utterance import (
    ATTRIBUTE,
    ENTITY,
    RELATION,
    UNNECESSARY,
    Speaker,
    Utterance,
)
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
    "riding by": ("ridden by",),
    "sitting on by": ("used by",),
    "wearing": ("in", "wearing", "with"),
    "on": ("on",),
    "between": ("between",),
}
# What an edge of the graph is called, whichever way it was said.
CANONICAL = {
    "to the left of": "left of",
    "on the left side of": "left of",
    "to the right of": "right of",
    "on the right side of": "right of",
    "beside": "next to",
    "below": "under",
}
SIDE_BEFORE = {
    "left": ("left", "leftmost", "far left"),
    "right": ("right", "rightmost", "far right"),
    "middle": ("middle", "center"),
    "front": ("front", "closest", "nearest"),
    "back": ("back", "farthest"),
    "top": ("top", "highest", "upper"),
    "bottom": ("bottom", "lowest", "lower"),
    "bottom left": ("bottom left", "lower left"),
    "bottom right": ("bottom right", "lower right"),
    "top left": ("top left", "upper left"),
    "top right": ("top right", "upper right"),
}
SIDE_AFTER = {
    "left": ("on left", "on the left", "to the left", "on the left side"),
    "right": ("on right", "on the right", "to the right", "on the right side"),
    "middle": ("in middle", "in the middle", "in the center"),
    "front": ("in front", "at the front", "closest to us"),
    "back": ("in back", "in the back", "farthest away"),
    "top": ("at top", "at the top", "up high"),
    "bottom": ("at bottom", "at the bottom"),
    "bottom left": ("at bottom left", "in the lower left", "bottom left"),
    "bottom right": ("at bottom right", "in the lower right", "bottom right"),
    "top left": ("at top left", "in the upper left", "top left"),
    "top right": ("at top right", "in the upper right", "top right"),
}
ORDINALS = {2: ("second", "2nd"), 3: ("third", "3rd")}
PATTERN_WORDS = {"striped": ("striped",), "dotted": ("dotted", "spotted", "polka dot")}
SIZE_WORDS = {
    "biggest": ("biggest", "largest", "big"),
    "smallest": ("smallest", "tiniest", "small"),
    "tallest": ("tallest", "tall"),
    "shortest": ("shortest", "short"),
}
NOUN_WORDS = {"trousers": ("pants", "trousers"), "pond": ("pond", "water"), "bike": ("bike", "bicycle")}


def in_english(phrase: Phrase, rng: np.random.Generator, long: bool = False) -> Utterance:
    """Say a phrase in English.

    Args:
        phrase: The meaning.
        rng: Chooses among ways to say the same.
        long: Whole noun phrases with articles (G-Ref style) instead of telegraph style.

    Returns:
        The utterance with its language graph and word types.
    """
    speaker = Speaker()
    return speaker.done(_noun_phrase(speaker, phrase, rng, long, outermost=True), " ")


def _noun_phrase(
    speaker: Speaker, phrase: Phrase, rng: np.random.Generator, long: bool, outermost: bool
) -> int:
    def pick(options: tuple[str, ...]) -> str:
        return options[int(rng.integers(len(options)))]

    start = len(speaker.words)
    garments = [clause for clause in phrase.clauses if clause.relation == "wearing"]
    others = [clause for clause in phrase.clauses if clause.relation != "wearing"]
    noun = pick(NOUN_WORDS.get(phrase.noun, (phrase.noun,)))
    adjectives = _adjectives(phrase, pick)
    before = ""
    after = ""
    if phrase.place is not None:
        if phrase.ordinal > 1:
            before = pick(ORDINALS[phrase.ordinal])
            after = pick((f"from {phrase.place}", f"from the {phrase.place}"))
        elif garments or long or rng.random() < 0.5:
            after = pick(SIDE_AFTER[phrase.place])
        else:
            before = pick(SIDE_BEFORE[phrase.place])
    # "red shirt guy", or simply "red shirt", as people type it.
    tag = ""
    if not long and outermost and len(garments) == 1 and garments[0].objects[0].color:
        roll = rng.random()
        garment = garments[0].objects[0]
        words = _adjectives(garment, pick)
        bare = phrase.noun == "person" and phrase.size is None
        if roll < 0.6 and bare and garment.noun == "shirt" and not others:
            adjectives, noun, garments = words, "shirt", []
        elif roll < 0.3:
            garments = []
            tag = f"{words} {pick(NOUN_WORDS.get(garment.noun, (garment.noun,)))}"
    if long:
        definite = outermost or phrase.place or phrase.size or rng.random() < 0.5
        plural = phrase.noun == "trousers"
        if definite:
            speaker.say("the", UNNECESSARY)
        elif not plural:
            following = f"{before} {adjectives} {noun}".split()[0]
            speaker.say("an" if following[0] in "aeiou" else "a", UNNECESSARY)
    elif not outermost and rng.random() < 0.4:
        speaker.say("the" if phrase.noun != "trousers" else "", UNNECESSARY)
    speaker.say(before, ATTRIBUTE)
    speaker.say(tag, ATTRIBUTE)
    speaker.say(adjectives, ATTRIBUTE)
    speaker.say(noun, ENTITY)
    speaker.say(after, ATTRIBUTE)
    node = speaker.node(noun, start, phrase.entity)
    for clause in garments:
        _clause(speaker, node, clause, rng, long)
    for position, clause in enumerate(others):
        if position:
            speaker.say("and", UNNECESSARY)
        elif long and rng.random() < 0.35:
            _opening(speaker, phrase, clause, rng)
        _clause(speaker, node, clause, rng, long)
    return node


def _adjectives(phrase: Phrase, pick) -> str:  # noqa: ANN001
    words = []
    if phrase.size is not None:
        words.append(pick(SIZE_WORDS[phrase.size]))
    if phrase.color is not None:
        # Some people say grey.
        words.append(pick(("gray", "grey")) if phrase.color == "gray" else phrase.color)
    if phrase.pattern is not None:
        words.append(pick(PATTERN_WORDS[phrase.pattern]))
    return " ".join(words)


def _opening(
    speaker: Speaker, phrase: Phrase, clause: Clause, rng: np.random.Generator
) -> None:
    """Start a relative clause: "who is", "that is", "standing"."""
    person = phrase.noun in ("man", "woman", "boy", "girl", "kid", "person", "guy", "lady")
    if clause.relation in ("holding", "walking", "riding", "sitting on", "on") or rng.random() < 0.6:
        speaker.say("who is" if person else "that is", UNNECESSARY)
    elif person:
        # Only a relation of place may follow; the pose itself is not part of the claim.
        speaker.say("who is", UNNECESSARY)


def _clause(
    speaker: Speaker, subject: int, clause: Clause, rng: np.random.Generator, long: bool
) -> None:
    options = RELATION_WORDS[clause.relation]
    if clause.relation == "holding" and clause.objects[0].noun == "kite":
        options = ("flying", "holding", "with")
    if speaker.words and speaker.words[-1] == "is":
        # "who is with", "who is in front of" read well; "who is to the left of" does too.
        options = tuple(words for words in options if words != "with") or options
    if clause.relation == "under" and clause.objects[0].noun == "tree":
        options = ("under",)
    words = options[int(rng.integers(len(options)))]
    speaker.say(words, RELATION)
    name = CANONICAL.get(words, words)
    for position, target in enumerate(clause.objects):
        if position:
            speaker.say("and", UNNECESSARY)
        node = _noun_phrase(speaker, target, rng, long, outermost=False)
        speaker.edges.append(Edge(subject, name, node))
