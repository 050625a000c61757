"""plug: put your own function where the models use the library's.

    with plug(cross_attention=mine):
        logits = model(batch)

Your function takes the arguments of the library's function of that name and returns the same
kind of thing; ``PLUGS`` says where each lives. Weights stay what they are, so a correct function
leaves every prediction as it was. The exchange is undone at the end of the block, whatever happens.
"""

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from refseg_lib.errors import UserError
from refseg_lib.fusion.pair_attention import Parts, per_sentence


@dataclass(frozen=True)
class Plug:
    """One exchangeable function.

    Attributes:
        module: Where the models look it up.
        attribute: Under which name.
        arguments: What a caller's own function is called with.
        adapt: Turns a caller's own function into one with the library function's arguments.
    """

    module: str
    attribute: str
    arguments: tuple[str, ...]
    adapt: Callable[[Callable[..., Any]], Callable[..., Any]]


def _as_it_is(mine: Callable[..., Any]) -> Callable[..., Any]:
    return mine


def _adapt_cross_attention(mine: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Spare the caller shared images and ablations."""

    def cross_attention(
        query: Parts,
        key: Parts,
        value: Parts,
        word_mask: Tensor,
        image_of: Tensor | None = None,
        terms: str = "full",
    ) -> Tensor:
        if terms != "full":
            raise UserError(
                f"a plugged cross_attention computes the full attention, the model was built with"
                f" attention={terms!r}; build it with attention='full'"
            )
        expanded = (
            Parts(per_sentence(part.pixels, image_of), part.words) for part in (query, key, value)
        )
        return mine(*expanded, word_mask)

    return cross_attention


def _adapt_coordinates(mine: Callable[[int, int], Tensor]) -> Callable[..., Tensor]:
    """Spare the caller orders, devices and types."""

    def spatial_coordinates(
        height: int, width: int, order: str = "rmi", device: Any = None, dtype: Any = None
    ) -> Tensor:
        return mine(height, width).to(device=device, dtype=dtype)

    return spatial_coordinates


PLUGS: dict[str, Plug] = {
    # (query, key, value: Parts(pixels (B, P, d), words (B, T, d)), word_mask (B, T)) -> (B, P, d):
    # of every pair's attended value v_hat (B, P, T, d), the mean over the real words
    "cross_attention": Plug(
        "refseg_lib.fusion.pair_attention",
        "cross_attention",
        ("query", "key", "value", "word_mask"),
        _adapt_cross_attention,
    ),
    # see refseg_lib.fusion.gated.gate
    "gate": Plug(
        "refseg_lib.fusion.gated", "gate", ("levels", "memory", "reset", "gamma"), _as_it_is
    ),
    # (height, width) -> (8, height, width)
    "spatial_coordinates": Plug(
        "refseg_lib.vision.spatial",
        "spatial_coordinates",
        ("height", "width"),
        _adapt_coordinates,
    ),
}


@contextlib.contextmanager
def plug(**functions: Callable[..., Any]) -> Iterator[None]:
    """Use your own functions in all models inside the block.

    Args:
        **functions: Name in ``PLUGS`` = your function.

    Raises:
        UserError: An unknown name, or something that cannot be called with the arguments.
    """
    with contextlib.ExitStack() as undo:
        for name, mine in functions.items():
            if name not in PLUGS:
                raise UserError(
                    f"nothing called {name!r} to plug into; choose among {', '.join(PLUGS)}"
                )
            place = PLUGS[name]
            _check_arguments(name, mine, place.arguments)
            module = importlib.import_module(place.module)
            undo.callback(setattr, module, place.attribute, getattr(module, place.attribute))
            setattr(module, place.attribute, place.adapt(mine))
        yield


def _check_arguments(name: str, mine: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    if not callable(mine):
        raise UserError(f"plug({name}=...) needs a function, got {type(mine).__name__}")
    try:
        inspect.signature(mine).bind(*arguments)
    except TypeError as error:
        raise UserError(
            f"plug({name}=...) calls your function with ({', '.join(arguments)}), which it does"
            f" not take: {error}"
        ) from error
