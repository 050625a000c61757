"""What crosses the sandbox's border: JSON and `.npy` arrays, never a pickle, never without bounds.

One message is a length (8 bytes, big-endian), a JSON header of that length, and the arrays that the
header announces with their sizes. This file is also read by the worker inside the sandbox.
"""

import io
import json
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

MOST_HEADER = 4 * 2**20
MOST_ARRAYS = 64 * 2**20
MOST_DEPTH = 8
MOST_ITEMS = 100_000
_KINDS = {"b", "i", "u", "f"}
# NumPy has no bfloat16: its bits travel as int16.
_TENSORS = {str(dtype).removeprefix("torch."): dtype for dtype in (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64,
    torch.float16, torch.float32, torch.float64, torch.bfloat16,
)}  # fmt: skip


class BrokenMessage(Exception):
    """What came is no message: cut off, too large, or not of this form."""


def pack(content: dict[str, Any]) -> bytes:
    """Turn a message into bytes.

    What cannot cross (objects, object arrays, nesting without end) crosses as its type's name.
    """
    arrays: list[bytes] = []
    budget = [MOST_ITEMS]
    tree = {str(name): _flatten(value, arrays, 0, budget) for name, value in content.items()}
    header = json.dumps({"tree": tree, "sizes": [len(array) for array in arrays]}).encode()
    return len(header).to_bytes(8, "big") + header + b"".join(arrays)


def read(take: Callable[[int], bytes], *, trusted: bool = False) -> dict[str, Any]:
    """Read one message.

    Args:
        take: Gives exactly so many bytes, or raises.
        trusted: Whether named tuples may be made of it; from the box they come as plain ones.

    Raises:
        BrokenMessage: It is larger than allowed, or not what :func:`pack` writes.
    """
    length = int.from_bytes(take(8), "big")
    if not 0 < length <= MOST_HEADER:
        raise BrokenMessage(f"a header of {length} bytes")
    try:
        header = json.loads(take(length))
        sizes, tree = header["sizes"], header["tree"]
        fits = all(type(size) is int and size >= 0 for size in sizes) and isinstance(tree, dict)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenMessage(f"a header that cannot be read: {type(error).__name__}") from None
    if not fits or sum(sizes) > MOST_ARRAYS or len(sizes) > MOST_ITEMS:
        raise BrokenMessage("more arrays than allowed")
    arrays = [_array(take(size)) for size in sizes]
    try:
        return {name: _unflatten(value, arrays, 0, trusted) for name, value in tree.items()}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise BrokenMessage(f"a value that cannot be read: {type(error).__name__}") from None


class Foreign:
    """Stands for something that could not cross: equal to nothing, of no known kind."""

    def __init__(self, kind: str) -> None:
        """Remember the name of its type, which is all that is known of it."""
        self.kind = kind[:80]

    def __repr__(self) -> str:
        return f"<{self.kind}>"


def _flatten(value: Any, arrays: list[bytes], depth: int, budget: list[int]) -> Any:
    budget[0] -= 1
    long = isinstance(value, dict | list | tuple) and len(value) > budget[0]
    if depth > MOST_DEPTH or budget[0] < 0 or long:
        return {"other": "something nested or long without end"}
    if value is None or type(value) in (bool, str):
        return value
    if type(value) is int:
        return {"int": hex(value)}
    if type(value) is float:
        return {"float": value.hex()}
    if isinstance(value, Tensor):
        return _flatten_tensor(value, arrays)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _KINDS:
        place = _store(np.asarray(value), arrays)
        return {"scalar" if isinstance(value, np.generic) else "array": place}
    if isinstance(value, dict):
        pairs = [
            [_flatten(item, arrays, depth + 1, budget) for item in pair] for pair in value.items()
        ]
        return {"dict": pairs}
    if isinstance(value, list | tuple):
        items = [_flatten(item, arrays, depth + 1, budget) for item in value]
        if hasattr(value, "_fields"):
            return {"named": [list(value._fields), items]}  # type: ignore[union-attr]
        return {"list" if isinstance(value, list) else "tuple": items}
    return {"other": type(value).__name__}


def _flatten_tensor(value: Tensor, arrays: list[bytes]) -> dict[str, Any]:
    name = str(value.dtype).removeprefix("torch.")
    if name not in _TENSORS or value.layout != torch.strided or value.is_meta:
        return {"other": f"{name} tensor"}
    plain = value.detach().cpu().contiguous()
    if name == "bfloat16":
        plain = plain.view(torch.int16)
    return {"tensor": [_store(plain.numpy(), arrays), name]}


def _store(array: np.ndarray, arrays: list[bytes]) -> int:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    arrays.append(buffer.getvalue())
    return len(arrays) - 1


def _array(raw: bytes) -> np.ndarray:
    stream = io.BytesIO(raw)
    try:
        version = np.lib.format.read_magic(stream)
        if version != (1, 0):
            raise BrokenMessage(f"an array in .npy version {version}")
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        if dtype.kind not in _KINDS:
            raise BrokenMessage(f"an array of {dtype}")
        size = int(dtype.itemsize)
        for side in shape:
            size *= side
        if size != len(raw) - stream.tell():
            raise BrokenMessage("an array whose shape does not fit its bytes")
        stream.seek(0)
        return np.load(stream, allow_pickle=False)
    except (
        ValueError,
        SyntaxError,
        TypeError,
        OverflowError,
        RecursionError,
        MemoryError,
    ) as error:
        raise BrokenMessage(f"an array that cannot be read: {type(error).__name__}") from None


def _unflatten(value: Any, arrays: list[np.ndarray], depth: int, trusted: bool) -> Any:
    if depth > MOST_DEPTH + 1:
        raise ValueError("nested too deeply")
    if value is None or isinstance(value, bool | str):
        return value
    ((kind, content),) = value.items()
    if kind == "int":
        return int(content, 16)
    if kind == "float":
        return float.fromhex(content)
    if kind == "tensor":
        place, name = content
        tensor = torch.from_numpy(arrays[place])
        return tensor.view(torch.bfloat16) if name == "bfloat16" else tensor.to(_TENSORS[name])
    if kind == "array":
        return arrays[content]
    if kind == "scalar":
        return arrays[content].reshape(())[()]
    if kind == "dict":
        return {
            _key(_unflatten(name, arrays, depth + 1, trusted)): _unflatten(
                item, arrays, depth + 1, trusted
            )
            for name, item in content
        }
    if kind in ("list", "tuple"):
        items = [_unflatten(item, arrays, depth + 1, trusted) for item in content]
        return items if kind == "list" else tuple(items)
    if kind == "named":
        names, items = content[0], [_unflatten(i, arrays, depth + 1, trusted) for i in content[1]]
        return namedtuple("Named", names)(*items) if trusted else tuple(items)  # type: ignore[misc]
    if kind == "other":
        return Foreign(str(content))
    raise ValueError(kind)


def _key(value: Any) -> Any:
    if not isinstance(value, str | int | bool | float | None):
        raise TypeError("a key must be a text or a number")
    return value
