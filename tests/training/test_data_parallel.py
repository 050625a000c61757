"""Several threads learn what one would."""

import pytest
import torch
from torch import Tensor, nn

from refseg_lib.data.batch import Batch
from refseg_lib.text.graph import LanguageGraph, Node
from refseg_lib.training.data_parallel import backward, share_out, take


def some_batch() -> Batch:
    torch.manual_seed(0)
    lengths = torch.tensor([3, 1, 4, 2, 2])
    word_mask = torch.arange(4)[None] < lengths[:, None]
    return Batch(
        image=torch.randn(3, 3, 4, 4, dtype=torch.float64),
        words=torch.randint(1, 9, (5, 4)) * word_mask,
        word_mask=word_mask,
        graphs=[LanguageGraph((Node(str(b), str(b), 0, 1),), (), 0) for b in range(5)],
        mask=torch.randint(0, 2, (5, 1, 4, 4)).double(),
        image_of=torch.tensor([2, 0, 2, 1, 0]),
        sentences=list("abcde"),
    )


class Net(nn.Module):
    """Looks at image and words; one parameter is never used."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(9, 3, dtype=torch.float64))
        self.bias = nn.Parameter(torch.randn((), dtype=torch.float64))
        self.unused = nn.Parameter(torch.randn(2, dtype=torch.float64))

    def forward(self, batch: Batch) -> Tensor:
        assert batch.image is not None
        words = (self.table[batch.words] * batch.word_mask[..., None]).sum(1)
        seen = batch.image[batch.image_of]
        return torch.einsum("bc,bchw->bhw", words, seen)[:, None].tanh() + self.bias


def loss_of(net: Net):
    return lambda batch: (net(batch) - batch.mask).square().mean()


@pytest.mark.parametrize("workers", [1, 2, 3, 9])
@pytest.mark.parametrize("accumulate", [1, 2, 5])
def test_the_gradients_of_the_shares_add_up_to_those_of_the_batch(
    workers: int, accumulate: int
) -> None:
    net, batch = Net(), some_batch()
    want = loss_of(net)(batch)
    table, bias = torch.autograd.grad(want, [net.table, net.bias])
    loss = backward(net, batch, loss_of(net), workers, accumulate)
    assert loss == pytest.approx(float(want.detach()), abs=1e-12)
    torch.testing.assert_close(net.table.grad, table, rtol=0, atol=1e-12)
    torch.testing.assert_close(net.bias.grad, bias, rtol=0, atol=1e-12)
    assert net.unused.grad is None


def test_the_share_of_a_process_counts_for_as_many_sentences_as_it_has() -> None:
    net, batch = Net(), some_batch()
    table, bias = torch.autograd.grad(loss_of(net)(batch), [net.table, net.bias])
    summed = torch.zeros_like(table), torch.zeros_like(bias)
    for rows in ([0, 3], [1, 2, 4]):
        backward(net, take(batch, torch.tensor(rows)), loss_of(net), 1, of=len(batch))
        assert net.table.grad is not None
        assert net.bias.grad is not None
        summed[0].add_(net.table.grad)
        summed[1].add_(net.bias.grad)
    torch.testing.assert_close(summed[0], table, rtol=0, atol=1e-12)
    torch.testing.assert_close(summed[1], bias, rtol=0, atol=1e-12)


def test_every_sentence_goes_to_one_share_with_its_own_image_graph_and_mask() -> None:
    batch = some_batch()
    assert batch.image is not None
    assert batch.mask is not None
    assert batch.graphs is not None
    seen = []
    for share in share_out(batch, 2):
        assert share.image is not None
        assert share.mask is not None
        assert share.graphs is not None
        for b, sentence in enumerate(share.sentences):
            old = "abcde".index(sentence)
            seen.append(old)
            image = share.image[share.image_of[b]]
            assert torch.equal(image, batch.image[batch.image_of[old]])
            assert torch.equal(share.mask[b], batch.mask[old])
            assert share.graphs[b].nodes[0].text == str(old)
            length = int(batch.word_mask[old].sum())
            assert share.words[b, :length].tolist() == batch.words[old, :length].tolist()
            assert int(share.word_mask[b].sum()) == length
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_sentences_about_one_image_stay_together_and_no_image_is_carried_for_nothing() -> None:
    first, second = share_out(some_batch(), 2)
    assert sorted(first.sentences + second.sentences) == list("abcde")
    assert first.image is not None
    assert second.image is not None
    assert len(first.image) + len(second.image) <= 4


def test_what_is_taken_is_as_wide_as_its_own_longest_sentence() -> None:
    taken = take(some_batch(), torch.tensor([1, 3]))
    assert taken.words.shape == (2, 2)
    assert taken.word_mask.tolist() == [[True, False], [True, True]]


def test_a_mistake_in_a_thread_is_not_lost() -> None:
    def wrong(batch: Batch) -> Tensor:
        raise ValueError("in a thread")

    with pytest.raises(ValueError, match="in a thread"):
        backward(Net(), some_batch(), wrong, 2)
