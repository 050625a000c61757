"""The command line, ``refseg``: thin, every verb is one function elsewhere."""

from refseg_lib.cli.command import main

__all__ = ["main"]
