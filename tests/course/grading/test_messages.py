import io
import json
import math
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.course.comparing import difference
from refseg_lib.course.grading.messages import (
    MOST_ARRAYS,
    BrokenMessage,
    Foreign,
    pack,
    read,
)


def taker(raw: bytes) -> Callable[[int], bytes]:
    stream = io.BytesIO(raw)

    def take(count: int) -> bytes:
        part = stream.read(count)
        if len(part) < count:
            raise EOFError
        return part

    return take


def across(value: Any, *, trusted: bool = False) -> Any:
    return read(taker(pack({"x": value})), trusted=trusted)["x"]


def framed(header: Any, arrays: bytes = b"") -> bytes:
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(raw).to_bytes(8, "big") + raw + arrays


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -(10**30), 0.1, "左边", [1, [2.5, None]], (1, "a"), {"a": [1], 2: "b"},
        float("inf"), torch.tensor([[1.5, -2.0]]), torch.tensor(3), torch.zeros(0, 4),
        torch.tensor([True, False]), torch.arange(3, dtype=torch.uint8),
        torch.tensor([1.5, 3.0], dtype=torch.bfloat16), torch.tensor([1.5], dtype=torch.float16),
        np.arange(6.0).reshape(2, 3), np.array([True]), np.float32(0.5), np.int64(7),
    ],
)  # fmt: skip
def test_data_arrives_as_it_left(value: Any) -> None:
    arrived = across(value)
    assert type(arrived) is type(value)
    assert difference(value, arrived) is None


def test_not_a_number_arrives_as_one() -> None:
    assert math.isnan(across(float("nan")))
    assert across(torch.tensor([float("nan")])).isnan().all()


def test_a_tensor_of_a_graph_or_of_odd_strides_arrives_as_plain_numbers() -> None:
    x = torch.arange(6.0).reshape(2, 3).requires_grad_(True)
    arrived = across((2 * x).T)
    assert torch.equal(arrived, (2 * x).T.detach())
    assert not arrived.requires_grad


def test_a_named_tuple_is_made_again_only_inside_the_box() -> None:
    pair = namedtuple("Pair", ["a", "b"])(1, torch.zeros(2))
    inside = across(pair, trusted=True)
    assert inside.a == 1
    assert torch.equal(inside.b, torch.zeros(2))
    assert type(across(pair)) is tuple


@pytest.mark.parametrize(
    "value", [print, object(), {1, 2}, 1j, np.array([None]), b"raw", torch.zeros(2).to_sparse()]
)
def test_what_is_no_data_arrives_as_a_stranger_equal_to_nothing(value: Any) -> None:
    arrived = across(value)
    assert isinstance(arrived, Foreign)
    assert difference(0, arrived) is not None
    assert difference(torch.zeros(2), arrived) is not None


def test_nesting_and_length_without_end_do_not_cross() -> None:
    assert isinstance(across([[]] * 200_000), Foreign)
    loop: list[Any] = []
    loop.append(loop)
    deep: Any = 1
    for _ in range(50):
        deep = [deep]
    for value in (loop, deep):
        arrived, depth = across(value), 0
        while isinstance(arrived, list):
            arrived, depth = arrived[0], depth + 1
        assert isinstance(arrived, Foreign)
        assert depth < 20


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff" * 8,
        b"\x00" * 8,
        framed(b"{"),
        framed([1, 2]),
        framed({"tree": {}, "sizes": [-1]}),
        framed({"tree": {}, "sizes": [MOST_ARRAYS + 1]}),
        framed({"tree": {}, "sizes": ["8"]}),
        framed({"tree": 3, "sizes": []}),
        framed({"tree": {"x": {"array": 0}}, "sizes": []}),
        framed({"tree": {"x": {"nonsense": 0}}, "sizes": []}),
        framed({"tree": {"x": {"list": [], "int": "0x1"}}, "sizes": []}),
        framed({"tree": {"x": {"dict": [[{"list": []}, True]]}}, "sizes": []}),
        framed({"tree": {"x": {"tensor": [0, "float99"]}}, "sizes": []}),
        framed({"tree": {"x": 3}, "sizes": []}),
        framed(b"[" * 100_000),
    ],
)
def test_what_is_not_a_message_is_refused_as_broken(raw: bytes) -> None:
    with pytest.raises(BrokenMessage):
        read(taker(raw))


def npy(shape: str, descr: str = "<f8", payload: bytes = b"") -> bytes:
    about = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    about += b" " * (-(len(about) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(about).to_bytes(2, "little") + about + payload


@pytest.mark.parametrize(
    "array",
    [
        npy("(100000000000,)"),
        npy("(1,)", payload=b"12345678" * 2),
        npy("(-1,)", payload=b"12345678"),
        npy("(1,)", "|O", b"12345678"),
        npy("(__import__('os').getpid(),)"),
        b"\x80\x04N.",
        b"",
    ],
)
def test_an_array_that_lies_about_itself_is_refused(array: bytes) -> None:
    raw = framed({"tree": {"x": {"array": 0}}, "sizes": [len(array)]}, array)
    with pytest.raises(BrokenMessage):
        read(taker(raw))
