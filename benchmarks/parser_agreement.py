"""How well are expressions parsed? On ParkRef against its own graphs, and on real sentences.

refseg data make parkref --size 1500 --out DATA
python benchmarks/parser_agreement.py DATA ../shared/real/text results/parser_agreement.json

ParkRef: a parsed graph *equals* the true one when the set of nodes (head, first token, last token),
the set of edges (subject node, relation type, object node) and the referent's node are all the
same; the order of nodes and edges is free, nothing else is. Chinese true spans are moved to the
tokens that hold them (`data.graph_cache.on_tokens`), since jieba cuts 小路上 into 小 路上.

spaCy's figure is also that of the names given to its dependencies (`text.spacy_parser`), so the
figure without types stands beside it.

The word lists were written while looking at ParkRef and at these real sentences: the figures say
what the parser does on them, not what it would do on a new kind of expression.

Real sentences: an *entity* is whatever the parser makes a node of, described without a noun ("red",
"the tallest", "him") or with one; *with a noun* counts the latter alone. An old attribute parse
comes with the sentences; its `r1` is the head noun, reduced to its singular by a rule ("glas").
Heads agree when one reduces to the other. spaCy, where it is installed, reads every eighth real
sentence.
"""

import gzip
import hashlib
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from refseg_lib.data.graph_cache import graphs_of
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.text.english_chunks import PHRASE, chunk
from refseg_lib.text.english_grammar import read_english
from refseg_lib.text.graph import LanguageGraph
from refseg_lib.text.parsing import parse
from refseg_lib.text.spacy_parser import read_spacy
from refseg_lib.text.tokens import tokenize

Reader = Callable[[list[str]], LanguageGraph | None]
FLAVOURS = ("gref", "unc", "uncplus", "referit")
SPLITS = ("train", "val", "test")
PLURALS = {"men": "man", "women": "woman", "children": "child", "people": "person"}
# Who is right in the 50 disagreements printed, as one reader saw them: p our parser, o the old
# parse, b both readings are fair, n neither. They hold for this sample only.
VERDICTS = "poppnbnnppbpbpppopppopppppbppbppnpopopbpopbppppppb"
VERDICTS_OF = "425e5a2416c5"


def meaning(graph: LanguageGraph) -> tuple[Any, ...]:
    nodes = [(node.head, node.start, node.stop) for node in graph.nodes]
    edges = {(nodes[e.subject], e.relation, nodes[e.object]) for e in graph.edges}
    return Counter(nodes), edges, nodes[graph.referent]


def agreement(found: Iterable[LanguageGraph], true: Iterable[LanguageGraph]) -> dict[str, Any]:
    pairs = [(meaning(f), meaning(t)) for f, t in zip(found, true, strict=True)]
    told: dict[str, Any] = {"sentences": len(pairs)}
    same = [f == t for f, t in pairs]
    told["equal %"] = round(100 * sum(same) / len(pairs), 2)
    untyped = [{(s, o) for s, _, o in f[1]} == {(s, o) for s, _, o in t[1]} for f, t in pairs]
    told["edges without types equal %"] = round(100 * sum(untyped) / len(pairs), 2)
    for part, name in enumerate(("nodes", "edges", "referent")):
        told[f"{name} equal %"] = round(
            100 * sum(f[part] == t[part] for f, t in pairs) / len(pairs), 2
        )
    return told


def on_parkref(root: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for flavour in FLAVOURS:
        for language in ("en", "zh"):
            sets = [open_dataset(f"parkref_{flavour}", root, split, language) for split in SPLITS]
            true = [graph for data in sets for graph in graphs_of(data, "truth")]
            sentences = [expression.sentence for data in sets for expression in data]
            told[f"{flavour} {language} builtin"] = agreement(
                [parse(sentence, language) for sentence in sentences], true
            )
            if language == "en" and flavour == "gref" and spacy_is_there():
                told["gref en spacy"] = agreement(
                    [parse(sentence, "en", "spacy") for sentence in sentences], true
                )
    return told


def spacy_is_there() -> bool:
    try:
        read_spacy(["dog"])
    except UserError as error:
        print(error, file=sys.stderr)
        return False
    return True


def stems(word: str) -> set[str]:
    found = {word, PLURALS.get(word, word)}
    found |= {word.removesuffix("s"), word.removesuffix("es")}
    return found | ({word.removesuffix("ies") + "y"} if word.endswith("ies") else set())


def on_real(rows: list[dict[str, Any]], read: Reader, wrong: list[tuple[str, str, str]]) -> Any:
    tokens = [tokenize(row["sent"], max_length=10_000) for row in rows]
    started = time.process_time()
    graphs = [read(words) for words in tokens]
    seconds = time.process_time() - started
    parsed = with_head = agreed = 0
    for row, graph in zip(rows, graphs, strict=True):
        parsed += graph is not None
        old = row["attr"].get("r1", [None])[0]
        if old is not None:
            with_head += 1
            head = graph.nodes[graph.referent].head if graph is not None else ""
            same = bool(stems(head) & stems(old))
            agreed += same
            if not same:
                wrong.append((row["sent"], head or "(nothing named)", old))
    count = len(rows)
    nouns = sum(any(piece.kind == PHRASE for piece in chunk(words)) for words in tokens)
    told = {
        "sentences": count,
        "with an entity %": round(100 * parsed / count, 2),
        "with a relation %": round(100 * sum(bool(g and g.edges) for g in graphs) / count, 2),
        "head agrees with r1 %": round(100 * agreed / with_head, 2),
        "of": with_head,
        "sentences per CPU second": round(count / seconds),
    }
    if read is read_english:
        told["with a noun %"] = round(100 * nouns / count, 2)
    return told


def main() -> None:
    root, real, target = sys.argv[1:]
    source = Path(real) / "refcoco_family_eval_splits.json.gz"
    splits = json.loads(gzip.decompress(source.read_bytes()))
    wrong: list[tuple[str, str, str]] = []
    told: dict[str, Any] = {"parkref": on_parkref(root), "real": {}, "real, spacy": {}}
    for name, rows in splits.items():
        told["real"][name] = on_real(rows, read_english, wrong)
        # The whole way, cut to 20 tokens: nothing may crash or come out without a node.
        assert all(parse(row["sent"]).check().nodes for row in rows)
    if spacy_is_there():
        for name, rows in splits.items():
            told["real, spacy"][name] = on_real(rows[::8], read_spacy, [])
    relations = Counter(
        edge.relation
        for rows in splits.values()
        for row in rows
        for edge in parse(row["sent"]).edges
    )
    top = relations.most_common(30)
    told["relations"] = {
        "types": len(relations),
        "covered by 30 %": round(100 * sum(n for _, n in top) / relations.total(), 2),
        "most frequent": dict(top),
    }
    shown = random.Random(0).sample(sorted(wrong), 50)
    for number, (sentence, ours, old) in enumerate(shown):
        print(f"{number:2d} {sentence!r}: {ours} here, {old} there")
    digest = hashlib.sha256(json.dumps(shown).encode()).hexdigest()[:12]
    told["disagreements"] = {"in all": len(wrong), "read": 50, "sample": digest}
    if digest == VERDICTS_OF:
        names = {"p": "we are right", "o": "r1 is right", "b": "both are fair", "n": "neither is"}
        count = Counter(VERDICTS)
        told["disagreements"] |= {name: count[letter] for letter, name in names.items()}
    Path(target).write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(told, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
