import pytest
import torch

from refseg_lib.training.precision import bf16_is_native, computes_in_bf16


@pytest.mark.parametrize(
    ("precision", "native", "want"),
    [
        ("fp32", True, False),
        ("fp32", False, False),
        ("bf16", True, True),
        ("bf16", False, True),
        ("auto", True, True),
        ("auto", False, False),
    ],
)
def test_auto_takes_half_precision_only_where_it_is_native_and_the_others_insist(
    monkeypatch: pytest.MonkeyPatch, precision: str, native: bool, want: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert computes_in_bf16(precision, "cpu") is want


def test_a_graphics_card_is_asked_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert bf16_is_native("cuda")
    assert not bf16_is_native("cpu")
