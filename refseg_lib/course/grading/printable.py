"""Texts of strangers, made fit for a line."""


def printable(text: str) -> str:
    """Replace what is no printable character (line breaks, turned text, broken bytes) by ``?``."""
    return "".join(character if character.isprintable() else "?" for character in text)
