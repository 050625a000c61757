from hypothesis import given
from hypothesis import strategies as st

from refseg_lib.training.order import epoch_batches

groups = st.lists(st.integers(1, 6), min_size=1, max_size=30).map(
    lambda sizes: [
        list(range(sum(sizes[:i]), sum(sizes[:i]) + size)) for i, size in enumerate(sizes)
    ]
)


@given(groups, st.integers(1, 9), st.integers(1, 4), st.integers(0, 3))
def test_an_epoch_holds_every_sentence_once(
    by_image: list[list[int]], batch: int, per_image: int, epoch: int
) -> None:
    count = sum(len(members) for members in by_image)
    lengths = [1 + (7 * i) % 5 for i in range(count)]
    batches = epoch_batches(by_image, lengths, batch, per_image, seed=0, epoch=epoch)
    assert sorted(i for chosen in batches for i in chosen) == list(range(count))
    assert all(len(chosen) <= max(batch, per_image) for chosen in batches)


@given(groups, st.integers(1, 3))
def test_no_batch_holds_more_of_one_image_than_allowed_by_its_pieces(
    by_image: list[list[int]], per_image: int
) -> None:
    owner = {i: row for row, members in enumerate(by_image) for i in members}
    lengths = [3] * len(owner)
    # With room for one piece only, a batch is one piece of one image.
    for chosen in epoch_batches(by_image, lengths, per_image, per_image, 0, 0):
        if len(chosen) == per_image > 1:
            assert len({owner[i] for i in chosen}) <= per_image


def test_the_order_depends_on_seed_and_epoch_and_on_nothing_else() -> None:
    by_image = [[2 * i, 2 * i + 1] for i in range(40)]
    lengths = [1 + i % 7 for i in range(80)]

    def order(seed: int, epoch: int) -> list[list[int]]:
        return epoch_batches(by_image, lengths, 8, 2, seed, epoch)

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


def test_sentences_of_like_length_share_a_batch() -> None:
    """Padding shrinks against a random order: that is what the sorting is for."""
    by_image = [[i] for i in range(400)]
    lengths = [1 + (i * 37) % 12 for i in range(400)]
    batches = epoch_batches(by_image, lengths, 16, 1, 0, 0)
    padded = sum(max(lengths[i] for i in b) * len(b) for b in batches)
    assert padded < 1.25 * sum(lengths)
