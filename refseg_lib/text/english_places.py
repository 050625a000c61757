"""Places in an English expression: where in the picture, and where from something else.

"On the left", "second from the right", "closest to us", "bottom left corner of the photo" say
where in the picture and name nothing. "On the left of the tree" is a relation to the tree.
"""

from collections.abc import Callable, Sequence

from refseg_lib.text import english_words as words

_SKIPPED = words.DETERMINERS | {"very", "far", "most", "just", "more", "absolute", "extreme"}
_PLACE_WORDS = words.PLACES | words.NEARNESS


def _span(tokens: Sequence[str], at: int) -> tuple[int, int, int]:
    """Return where the preposition, the place words and the word for a side end."""
    n = len(tokens)
    first = at + (tokens[at] in words.PLACE_PREPOSITIONS)
    begin = first
    while begin < n and tokens[begin] in _SKIPPED and tokens[begin] != "far":
        begin += 1
    run = begin
    while run < n and (tokens[run] in _PLACE_WORDS or tokens[run] in ("very", "most", "-", "and")):
        run += 1
    while run > begin and tokens[run - 1] in ("very", "most", "-", "and"):
        run -= 1
    side = run
    while side < n and side < run + 2 and tokens[side] in words.SIDES:
        side += 1
    return first, run, side


def place_stop(
    tokens: Sequence[str],
    at: int,
    seen: bool,
    noun_after: Callable[[Sequence[str], int], str],
) -> int:
    """Return where a place that begins at ``at`` ends; ``at`` where none begins.

    Args:
        tokens: The expression.
        at: Where to look.
        seen: Whether something was named before: only then can a bare "left" be said of it.
        noun_after: Gives the head noun of the phrase that begins somewhere, or ``""``.
    """
    if at >= len(tokens):
        return at
    first, run, side = _span(tokens, at)
    prepared = first > at
    onlooker = _onlooker_stop(tokens, at)
    if onlooker > at:
        return onlooker
    dial = _dial_stop(tokens, first)
    if dial > first:
        return dial
    begin = first
    while begin < len(tokens) and tokens[begin] in _SKIPPED and tokens[begin] != "far":
        begin += 1
    placed = run > begin
    sided = side > run and (placed or (prepared and tokens[run] in ("side", "corner")))
    if not placed and not sided:
        return at
    stop = side if sided else run
    if stop < len(tokens) and tokens[stop] == "away":
        stop += 1
    tail = _onlooker_stop(tokens, stop)
    if tail > stop:
        return tail if prepared or seen or not sided else at
    if stop < len(tokens) and (tokens[stop] == "of" or _relates(tokens, run, stop)):
        return at
    follower = noun_after(tokens, stop)
    if not follower:
        # "The bottom right corner" alone: better a corner than nothing.
        return stop if prepared or seen or not sided else at
    if not prepared:
        # "Table nearest woman" relates, "kid left umbrella" does not.
        near = all(word in words.NEARNESS for word in tokens[begin:stop])
        return stop if seen and not near else at
    if tokens[at] in ("from", "to", "towards", "toward") or not seen or sided:
        return stop
    # "Man on left bench" is about a bench, "man on left white shirt" about a man.
    return stop if follower in words.GARMENTS or follower in words.PEOPLE else at


def _relates(tokens: Sequence[str], run: int, stop: int) -> bool:
    """Say whether "closest to", "near" and their like go on to name what is close."""
    return stop == run and tokens[run - 1] in words.NEARNESS and tokens[stop] in ("to", "from")


def _onlooker_stop(tokens: Sequence[str], at: int) -> int:
    """Return where "to us", "of the picture", "in this photo" ends, else ``at``."""
    if at + 1 >= len(tokens):
        return at
    after = at + 1
    while after < len(tokens) and tokens[after] in words.DETERMINERS:
        after += 1
    if after == len(tokens):
        return at
    word = tokens[after]
    if tokens[at] in ("to", "from", "at", "toward", "towards", "of") and word in words.VIEWERS:
        of = tokens[at] == "of" and word == "camera"
        return at if of else after + 1
    # A screen or a frame may be a thing; "left of screen" hardly is.
    whole = word in words.FRAMES and word not in ("screen", "frame", "view", "shot")
    inside = tokens[at] in ("in", "of", "from", "on") and whole
    of = at > 0 and tokens[at] == "of" and word in words.FRAMES
    of = of and (tokens[at - 1] in _PLACE_WORDS or tokens[at - 1] in words.SIDES)
    return after + 1 if inside or of else at


def _dial_stop(tokens: Sequence[str], at: int) -> int:
    """Return where "3 o'clock" ends: people give places by an imagined dial."""
    if at < len(tokens) and tokens[at].isdigit():
        rest = [word for word in tokens[at + 1 : at + 4] if word != "'"]
        if rest[:1] == ["oclock"]:
            return at + 2
        if rest[:2] == ["o", "clock"]:
            return at + 3 + (tokens[at + 2] == "'")
    return at


def relation_of_place(tokens: Sequence[str], at: int) -> tuple[int, str]:
    """Read "on the left side of", "right of", "at the end of" as a relation.

    Returns:
        Where it ends and its type, such as ``"left of"``; ``(at, "")`` where there is none.
    """
    first, run, side = _span(tokens, at)
    if side >= len(tokens) or tokens[side] != "of" or tokens[at] in words.DETERMINERS:
        return at, ""
    places = [word for word in tokens[first:run] if word in words.PLACES]
    sides = tokens[run:side]
    if not places and (first == at or not sides):
        return at, ""
    for hand in ("left", "right"):
        if hand in places and len(places) == 1:
            return side + 1, f"{hand} of"
    if places == ["back"] and first > at and not sides:
        return side + 1, "behind"
    if places in (["front"], ["top"]) and first > at and not sides:
        return side + 1, "in front of" if places == ["front"] else "on top of"
    if list(sides) == ["side"] and not places:
        return side + 1, "next to"
    name = sides[-1] if sides and sides[-1] not in ("side", "hand") else places[-1]
    return side + 1, f"{name} of"
