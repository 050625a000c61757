"""Asking a translator, which is foreign code: it may raise, return nothing, too few, or no text.

One bad sentence must not cost the others of its batch, and a translator that is plainly broken
must not be asked a hundred thousand times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from refseg_lib.errors import UserError

GIVE_UP_AFTER = 10
"""So many sentences in a row, each failing alone: the translator is broken, not the sentences."""


@dataclass(frozen=True)
class Fault:
    """No translation.

    Attributes:
        reason: Why, in one line.
        known: True where the translator itself says that it does not know this sentence.
    """

    reason: str
    known: bool = False


def ask(
    translate: Callable[[list[str]], Sequence[str]], texts: list[str], in_vain: int = 0
) -> list[tuple[str, str | Fault]]:
    """Translate a batch; one that fails as a whole is asked for sentence by sentence.

    Args:
        translate: English sentences in, as many Chinese ones out.
        texts: The batch.
        in_vain: Sentences that failed in a row before this batch, without the translator saying
            that it does not know them.

    Returns:
        Each sentence with its translation or what went wrong, in order. The last ones are left
        out once :data:`GIVE_UP_AFTER` failed in a row.
    """
    try:
        answers: Any = translate(list(texts))
    except UserError as error:
        fault = Fault(str(error), known=True)
    except Exception as error:
        # Reported for every sentence it concerns: not swallowed, but told once at the end.
        fault = Fault(" ".join(f"{type(error).__name__}: {error}".split()))
    else:
        fault = _shape_fault(answers, len(texts))
        if fault is None:
            return [(text, checked(one)) for text, one in zip(texts, answers, strict=True)]
    if len(texts) == 1:
        return [(texts[0], fault)]
    found: list[tuple[str, str | Fault]] = []
    for text in texts:
        found += ask(translate, [text])
        in_vain = count_in_vain(in_vain, found[-1][1])
        if in_vain >= GIVE_UP_AFTER:
            break
    return found


def count_in_vain(so_far: int, answer: str | Fault) -> int:
    """Count on: one more for a fault, 0 again where the translator answered or knows its limits."""
    return so_far + 1 if isinstance(answer, Fault) and not answer.known else 0


def checked(answer: Any) -> str | Fault:
    """Accept text that is not empty, with its blanks and line breaks made single blanks."""
    if not isinstance(answer, str):
        return Fault(f"the translator returned {type(answer).__name__} instead of text")
    text = " ".join(answer.split())
    try:
        text.encode()
    except UnicodeEncodeError:
        return Fault("the translator returned text that is no valid Unicode")
    return text or Fault("the translator returned an empty sentence")


def _shape_fault(answers: Any, count: int) -> Fault | None:
    if answers is None:
        return Fault("the translator returned nothing")
    if isinstance(answers, str) or not hasattr(answers, "__len__"):
        return Fault(f"the translator returned {type(answers).__name__}, expected a list of texts")
    if len(answers) != count:
        return Fault(f"the translator returned {len(answers)} texts for {count} sentences")
    return None
