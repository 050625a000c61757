r"""From a sentence to tokens, English and Chinese.

English follows the rule that every TensorFlow release of this field shares: cut at runs of
non-word characters, keep the punctuation as tokens, lower-case, drop one closing full stop.
Chinese (paper 002 §3.2.2) is cut by jieba; Latin words inside a Chinese sentence follow the
English rule. Sentences are first brought to Unicode form NFKC, so that a full-width comma or an
"é" made of two code points is what it looks like.
"""

import functools
import re
import unicodedata
import warnings
from collections.abc import Callable

from refseg_lib.errors import UserError

LANGUAGES = ("en", "zh")
UNKNOWN = "<unk>"
"""The token that stands for a word nobody knows, and for an empty sentence."""

_RUNS = re.compile(r"\w+|[^\w\s]+")
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f]")


def tokenize(
    sentence: str, language: str = "en", max_length: int = 20, keep_punctuation: bool = True
) -> list[str]:
    """Cut a sentence into lower-case tokens.

    Args:
        sentence: Any text: empty, very long and emoji are all fine.
        language: ``"en"`` or ``"zh"``; sentences of mixed script work with both.
        max_length: Tokens kept, from the left (20 in papers 000 and 004, 25 in 003).
        keep_punctuation: Whether runs of punctuation stay as tokens, as in the TensorFlow
            releases. SHNet (003) drops them.

    Returns:
        1 to ``max_length`` tokens; ``["<unk>"]`` where nothing is left.

    Raises:
        UserError: The sentence is no text, or the language is unknown.
    """
    if not isinstance(sentence, str):
        raise UserError(f"a sentence must be text, got {type(sentence).__name__}: {sentence!r}")
    if language not in LANGUAGES:
        raise UserError(f"language {language!r} is unknown: choose one of {', '.join(LANGUAGES)}")
    text = unicodedata.normalize("NFKC", sentence)
    tokens = _cut_chinese(text) if language == "zh" else _cut_english(text)
    if tokens and tokens[-1] in (".", "。"):
        tokens.pop()
    if not keep_punctuation:
        tokens = [token for token in tokens if re.search(r"\w", token)]
    return tokens[:max_length] or [UNKNOWN]


def _cut_english(text: str) -> list[str]:
    return _RUNS.findall(text.lower())


def _cut_chinese(text: str) -> list[str]:
    tokens: list[str] = []
    for piece in _jieba_cut()(text):
        # Lower-case only after the cut: jieba's dictionary knows "T恤" but not "t恤".
        tokens.extend([piece.lower()] if _HAN.search(piece) else _cut_english(piece))
    return tokens


@functools.cache
def _jieba_cut() -> Callable[[str], list[str]]:
    """Load jieba's dictionary once, without its messages and without its cache.

    jieba would keep a marshalled dictionary under a fixed name in the shared temporary folder:
    another user of the machine could plant one. Reading the text dictionary takes half a second.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import jieba
    except ImportError as error:
        raise UserError(
            "Chinese sentences are cut by the package jieba, which is not installed:"
            " run `pip install jieba`"
        ) from error
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer.lcut
