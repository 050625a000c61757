"""gensim, imported in one place: it takes half a second and is not installed everywhere."""

from types import ModuleType

from refseg_lib.errors import UserError


def import_gensim_models() -> ModuleType:
    """Return ``gensim.models``.

    Raises:
        UserError: gensim is not installed.
    """
    try:
        from gensim import models
    except ImportError as error:
        raise UserError(
            "word vectors need the package gensim, which is not installed: run `pip install gensim`"
        ) from error
    return models
