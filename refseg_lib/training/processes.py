"""One batch learned by several processes, on one machine or on many, through accelerate.

Every process has the whole model and takes its share of each batch. Only what is trained is
exchanged, once per step: the sum of the shares' gradients, weighted by their sentences, is the
gradient of the whole batch, also where shares differ in size. (DistributedDataParallel would
average them as if all were alike, and has little to gain where the backbone is frozen.)
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from refseg_lib.models.devices import find_device


class Processes:
    """The processes of a run; a single one unless torchrun or accelerate launch started more.

    Attributes:
        rank: Number of this process, from 0.
        count: How many there are.
        device: Where this one computes.
    """

    def __init__(self, device: str = "auto") -> None:
        """Find the others, and a device.

        Args:
            device: ``auto``, ``cpu``, ``cuda``, or, for a single process, ``cuda:1``.

        Raises:
            UserError: There is no such device here.
        """
        from accelerate import PartialState

        found = find_device(device)
        self._state = PartialState(cpu=found.type == "cpu")
        self.rank, self.count = self._state.process_index, self._state.num_processes
        # Several processes have a GPU each, which accelerate hands out.
        self.device = (self._state.device or found) if self.count > 1 else found

    @property
    def first(self) -> bool:
        """Whether this is the one that writes files and talks."""
        return self.rank == 0

    def wait(self) -> None:
        """Wait until all processes are here."""
        self._state.wait_for_everyone()

    def total(self, number: float) -> float:
        """Add a number up over the processes."""
        if self.count == 1:
            return number
        return float(_sum(torch.tensor(number, dtype=torch.float64, device=self.device)))

    def agree(self, value: Any) -> Any:
        """Return the first process's value in all of them."""
        if self.count == 1:
            return value
        from accelerate.utils import broadcast_object_list

        return broadcast_object_list([value])[0]

    def gather(self, value: Any) -> list[Any]:
        """Return the values of all processes, by rank."""
        if self.count == 1:
            return [value]
        from accelerate.utils import gather_object

        return gather_object([value])

    def add_gradients(self, model: nn.Module) -> None:
        """Add the gradients up over the processes; a parameter that nobody used keeps None."""
        if self.count == 1:
            return
        learned = [p for p in model.parameters() if p.requires_grad]
        used = torch.tensor([p.grad is not None for p in learned], dtype=torch.float32)
        anywhere = (_sum(used.to(self.device)) > 0).tolist()
        parts = [
            (torch.zeros_like(p) if p.grad is None else p.grad).flatten()
            for p, known in zip(learned, anywhere, strict=True)
            if known
        ]
        # One message instead of one per parameter.
        summed = iter(_sum(torch.cat(parts)).split([len(part) for part in parts]))
        for parameter, known in zip(learned, anywhere, strict=True):
            parameter.grad = next(summed).view_as(parameter) if known else None


def share_of(indices: Sequence[int], images: Sequence[int], rank: int, count: int) -> list[int]:
    """Return the sentences of a batch that one process takes.

    Args:
        indices: The sentences of the whole batch.
        images: The image of each: sentences of one image stay together where shares allow.
        rank: Which process.
        count: Of how many. With fewer sentences than processes some get none.
    """
    order = np.argsort(np.asarray(images), kind="stable")
    return [int(indices[place]) for place in np.array_split(order, count)[rank]]


def _sum(tensor: Tensor) -> Tensor:
    from accelerate.utils import reduce

    return reduce(tensor, "sum")  # pyright: ignore[reportReturnType]
