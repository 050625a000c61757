"""One batch in shares, on several threads or one after the other: the gradients are added.

At 16 x 16 cells an operation is too small to be shared by two threads (a second thread inside it
makes it slower), but half a batch is not. Losses are means over sentences, so the weighted sum of
the shares' gradients is the gradient of the whole batch.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import torch
from torch import Tensor, nn

from refseg_lib.data.batch import Batch


def share_out(batch: Batch, parts: int) -> list[Batch]:
    """Cut a batch into shares of nearly equal size; sentences about one image stay together.

    Args:
        batch: B sentences.
        parts: At most so many shares; none is empty.
    """
    order = torch.argsort(batch.image_of, stable=True)
    return [take(batch, rows) for rows in order.tensor_split(min(parts, len(batch)))]


def take(batch: Batch, rows: Tensor) -> Batch:
    """Return the batch of some sentences and of the images that they look at.

    Args:
        batch: B sentences.
        rows: (N,) their numbers.
    """
    images, image_of = torch.unique(batch.image_of[rows], return_inverse=True)
    word_mask = batch.word_mask[rows]
    longest = int(word_mask.sum(1).max())
    return replace(
        batch,
        image=None if batch.image is None else batch.image[images],
        features=batch.features and {level: x[images] for level, x in batch.features.items()},
        words=batch.words[rows, :longest],
        word_mask=word_mask[:, :longest],
        graphs=batch.graphs and [batch.graphs[row] for row in rows.tolist()],
        mask=None if batch.mask is None else batch.mask[rows],
        image_of=image_of,
        sentences=batch.sentences and [batch.sentences[row] for row in rows.tolist()],
    )


def backward(
    model: nn.Module,
    batch: Batch,
    loss_of: Callable[[Batch], Tensor],
    workers: int,
    accumulate: int = 1,
    of: int | None = None,
) -> float:
    """Fill the gradients of a model from one batch.

    Nothing random may happen inside the model with more than one worker: threads draw from one
    generator in no fixed order.

    Args:
        model: Its parameters' ``grad`` are replaced.
        batch: What to learn from.
        loss_of: The mean loss over the sentences of a batch.
        workers: Threads.
        accumulate: Parts that are computed one after the other, each by all threads.
        of: Sentences of the whole batch, when this is the share of one process.

    Returns:
        The loss of the batch, times its share of the whole.
    """
    learned = [parameter for parameter in model.parameters() if parameter.requires_grad]
    whole = of or len(batch)

    def work(share: Batch) -> tuple[float, tuple[Tensor | None, ...]]:
        loss = loss_of(share) * (len(share) / whole)
        # Not loss.backward(): two threads would add to the same tensors at the same time.
        return float(loss.detach()), torch.autograd.grad(loss, learned, allow_unused=True)

    total = 0.0
    for parameter in learned:
        parameter.grad = None
    for part in share_out(batch, accumulate) if accumulate > 1 else [batch]:
        if workers == 1:
            done = [work(part)]
        else:
            with ThreadPoolExecutor(workers) as pool:
                done = list(pool.map(work, share_out(part, workers)))
        for position, parameter in enumerate(learned):
            # Always in the order of the shares: the same run gives the same bits.
            for _, gradients in done:
                found = gradients[position]
                if found is not None:
                    so_far = parameter.grad
                    parameter.grad = found if so_far is None else so_far + found
        total += sum(loss for loss, _ in done)
    return total
