"""From an expression to its language graph (BUSNet, paper 000 §3.2.1).

The paper does not name its parser. Ours reads closed word lists and needs no download; spaCy is
the other back end. Whatever is said, there is a graph: an expression that names nothing is one
node.
"""

from collections.abc import Callable, Sequence

from refseg_lib.errors import UserError
from refseg_lib.text.chinese_grammar import read_chinese
from refseg_lib.text.english_grammar import read_english
from refseg_lib.text.graph import Edge, LanguageGraph, Node
from refseg_lib.text.spacy_parser import read_spacy
from refseg_lib.text.tokens import LANGUAGES, UNKNOWN, tokenize

PARSER_VERSION = 1
"""Grows whenever the same sentence may get another graph; graphs on disk carry it."""
BACKENDS = ("builtin", "spacy")
_READERS: dict[tuple[str, str], Callable[[Sequence[str]], LanguageGraph | None]] = {
    ("builtin", "en"): read_english,
    ("builtin", "zh"): read_chinese,
    ("spacy", "en"): read_spacy,
}


def parse(
    sentence: str | Sequence[str],
    language: str = "en",
    backend: str = "builtin",
    *,
    max_length: int = 20,
    max_nodes: int = 10,
    max_edges: int = 20,
) -> LanguageGraph:
    """Parse an expression into its language graph.

    Args:
        sentence: Any text, read to its end before it is cut; or the tokens that
            :func:`refseg_lib.text.tokens.tokenize` gave, punctuation kept.
        language: ``"en"`` or ``"zh"``.
        backend: ``"builtin"``, or ``"spacy"`` for English where it is installed.
        max_length: Tokens that a model reads; the spans of nodes stay below.
        max_nodes: Nodes kept: the referent and those fewest relations away from it.
        max_edges: Edges kept, those read first.

    Returns:
        A graph with at least one node and no cycle, whose referent is no edge's object. Spans
        count the tokens that ``tokenize(sentence, language, max_length)`` gives. Where nothing is
        named, or what is named lies beyond ``max_length``, the whole expression is the node and
        its own head.

    Raises:
        UserError: Unknown language or back end, spaCy is not installed, a limit below 1, or the
            sentence is no text.
    """
    if language not in LANGUAGES or backend not in BACKENDS:
        raise UserError(
            f"cannot parse language {language!r} with back end {backend!r}: choose a language of"
            f" {', '.join(LANGUAGES)} and a back end of {', '.join(BACKENDS)}"
        )
    reader = _READERS.get((backend, language))
    if reader is None:
        raise UserError("the back end spacy reads English only: use builtin for Chinese")
    if min(max_length, max_nodes) < 1 or max_edges < 0:
        raise UserError(
            f"max_length {max_length}, max_nodes {max_nodes} and max_edges {max_edges}: expected"
            " at least 1, 1 and 0"
        )
    if isinstance(sentence, str):
        # One token per character at most: nothing is cut off before it is understood.
        tokens = tokenize(sentence, language, max_length=max(1, len(sentence) * 4))
    else:
        tokens = list(sentence) or [UNKNOWN]
    return prune(
        reader(tokens) or whole_expression(tokens, language),
        tokens[:max_length],
        language,
        max_nodes=max_nodes,
        max_edges=max_edges,
    )


def whole_expression(tokens: Sequence[str], language: str = "en") -> LanguageGraph:
    """Return the graph of an expression that names nothing: one node, all of it, its own head."""
    text = ("" if language == "zh" else " ").join(tokens)
    return LanguageGraph((Node(text, text, 0, len(tokens)),), (), 0)


def prune(
    graph: LanguageGraph,
    tokens: Sequence[str],
    language: str = "en",
    *,
    max_nodes: int,
    max_edges: int,
) -> LanguageGraph:
    """Make a graph fit: within the tokens, without cycles, not too large.

    An edge goes when it repeats another, leads to the referent or to its own subject, or closes a
    cycle: of a cycle's edges the later one. A referent beyond the tokens is replaced by the first
    node that is left and modifies none.
    """
    glue = "" if language == "zh" else " "
    inside = [i for i, node in enumerate(graph.nodes) if node.start < len(tokens)]
    if not inside:
        return whole_expression(tokens, language)
    kept = [edge for edge in graph.edges if edge.subject in inside and edge.object in inside]
    referent = graph.referent
    if referent not in inside:
        objects = {edge.object for edge in kept}
        referent = next((i for i in inside if i not in objects), inside[0])
    edges: list[Edge] = []
    for edge in kept:
        if edge.object != referent and edge not in edges and not _reaches(edges, edge):
            edges.append(edge)
    near = _by_distance(referent, edges, inside)[:max_nodes]
    edges = [edge for edge in edges if edge.subject in near and edge.object in near][:max_edges]
    order = [i for i in inside if i in near]
    nodes = []
    for i in order:
        node = graph.nodes[i]
        if node.stop > len(tokens):
            text = glue.join(tokens[node.start :])
            node = Node(text, node.head, node.start, len(tokens))
        nodes.append(node)
    return LanguageGraph(
        tuple(nodes),
        tuple(Edge(order.index(e.subject), e.relation, order.index(e.object)) for e in edges),
        order.index(referent),
    )


def _reaches(edges: list[Edge], edge: Edge) -> bool:
    """Say whether the subject of ``edge`` modifies its object already, however indirectly."""
    seen, waiting = set(), [edge.object]
    while waiting:
        node = waiting.pop()
        if node == edge.subject:
            return True
        if node not in seen:
            seen.add(node)
            waiting += [e.object for e in edges if e.subject == node]
    return False


def _by_distance(referent: int, edges: list[Edge], nodes: list[int]) -> list[int]:
    """Return the nodes, those fewest relations away from the referent first."""
    found = [referent]
    for node in found:
        for edge in edges:
            if edge.subject == node and edge.object not in found:
                found.append(edge.object)
    return found + [node for node in nodes if node not in found]
