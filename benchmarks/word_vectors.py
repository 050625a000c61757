"""Are Chinese word vectors trained on ParkRef sensible? Nearest neighbours, and a count.

python benchmarks/word_vectors.py PARKREF_ROOT results/word_vectors_zh.json

PARKREF_ROOT is where `refseg data make parkref` wrote. Skip-gram on the Chinese training sentences
of gref, and of unc and gref together, with several windows and rounds. "Sensible" is counted: how
many of the nearest neighbours of every colour, side and animal are of the same kind. The list of
kinds is written here, by hand, and was not used in training.
"""

import json
import sys
import time
from pathlib import Path

from refseg_lib.data.corpus import token_lists
from refseg_lib.data.refer import open_dataset
from refseg_lib.files import write_atomically
from refseg_lib.text.skipgram import train_skipgram

# kind -> its words, how many neighbours are looked at
KINDS = {
    "colours": ("白色 黑色 绿色 红色 蓝色 粉色 黄色 紫色 橘色 棕色 橙色 灰色", 5),
    "sides": (
        "左边 右边 左侧 右侧 前面 后面 旁边 上方 下方 上面 下面 左上角 右上角 左下角 右下角 左 右",
        3,
    ),
    "animals": ("狗 猫 鸭子 动物 斑点狗", 2),
}
ASKED = "左 左边 左侧 左上角 红色 狗 女人 气球".split()
SETTINGS = ((5, 10), (2, 10), (2, 30), (1, 30))


def of_one_kind(vectors) -> dict[str, float]:
    told = {}
    for kind, (listed, count) in KINDS.items():
        words = [word for word in listed.split() if word in vectors.key_to_index]
        near = [w for word in words for w, _ in vectors.most_similar(word, topn=count)]
        told[kind] = round(100 * sum(w in words for w in near) / len(near), 1)
    return told


def main() -> None:
    root, target = map(Path, sys.argv[1:])
    unc, gref = (
        token_lists(open_dataset(f"parkref_{flavour}", root, "train", "zh"))
        for flavour in ("unc", "gref")
    )
    runs = []
    for name, corpus in {"gref": gref, "unc and gref": unc + gref}.items():
        for window, epochs in SETTINGS:
            start = time.process_time()
            vectors = train_skipgram(corpus, window=window, epochs=epochs)
            runs.append(
                {
                    "corpus": name,
                    "sentences": len(corpus),
                    "tokens": sum(map(len, corpus)),
                    "words": len(vectors),
                    "window": window,
                    "epochs": epochs,
                    "cpu_seconds": round(time.process_time() - start, 1),
                    "neighbours_of_one_kind_percent": of_one_kind(vectors),
                    "neighbours": {
                        word: [near for near, _ in vectors.most_similar(word, topn=6)]
                        if word in vectors.key_to_index
                        else "jieba never cuts this word alone here"
                        for word in ASKED
                    },
                }
            )
            print(json.dumps(runs[-1], ensure_ascii=False))
    told = {
        "command": "python benchmarks/word_vectors.py PARKREF_ROOT OUT.json",
        "data": "refseg data make parkref --size 1500",
        "runs": runs,
    }
    write_atomically(target, json.dumps(told, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
