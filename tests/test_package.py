import subprocess
import sys

import pytest

import refseg_lib
from refseg_lib.evaluation.predicting import predict


def test_every_name_that_is_offered_can_be_had() -> None:
    assert refseg_lib.predict is predict
    for name in refseg_lib.__all__:
        assert callable(getattr(refseg_lib, name)), name


def test_offering_names_imports_nothing_heavy() -> None:
    program = "import sys, refseg_lib; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'predikt'"):
        refseg_lib.predikt  # noqa: B018
