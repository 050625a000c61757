"""How a trained model reads a sentence: with the same rule as in its training."""

from refseg_lib.models.saved import Loaded
from refseg_lib.text.tokens import tokenize


def read_sentence(loaded: Loaded, sentence: str, language: str | None = None) -> list[str]:
    """Cut a sentence into the tokens that the model was trained on.

    Args:
        loaded: The model; its configuration names language, length and punctuation.
        sentence: Any text.
        language: ``"en"`` or ``"zh"``, where it is not the model's own.

    Returns:
        At least one token; ``loaded.vocabulary.encode`` makes numbers of them.
    """
    config = loaded.config
    return tokenize(
        sentence,
        language or config.get("language", "en"),
        max_length=config.get("max_length", 20),
        keep_punctuation=config.get("keep_punctuation", True),
    )
