import sys

import pytest

from refseg_lib.errors import UserError
from refseg_lib.text.gensim_import import import_gensim_models


def test_without_gensim_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim", None)
    with pytest.raises(UserError, match="pip install gensim"):
        import_gensim_models()


def test_with_gensim_its_models_are_there() -> None:
    pytest.importorskip("gensim")
    assert hasattr(import_gensim_models(), "KeyedVectors")
