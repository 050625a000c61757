import torch

from refseg_lib.course.draw import Draw, first_words


def test_the_same_seed_and_purpose_draw_the_same_numbers() -> None:
    one, two = Draw(3, "a", "b"), Draw(3, "a", "b")
    assert torch.equal(one.normal(2, 3), two.normal(2, 3))
    assert one.number(0, 9) == two.number(0, 9)


def test_another_seed_or_purpose_draws_other_numbers() -> None:
    first = Draw(3, "a").normal(4)
    assert not torch.equal(first, Draw(4, "a").normal(4))
    assert not torch.equal(first, Draw(3, "b").normal(4))
    assert not torch.equal(first, Draw(3, "a", "a").normal(4))


def test_numbers_stay_in_their_range_and_both_ends_occur() -> None:
    draw = Draw(0)
    assert {draw.number(2, 4) for _ in range(60)} == {2, 3, 4}
    drawn = draw.integers(200, low=1, high=4)
    assert set(drawn.tolist()) == {1, 2, 3}
    uniform = draw.uniform(200, low=-1.0, high=3.0)
    assert uniform.min() >= -1
    assert uniform.max() < 3
    assert uniform.max() > 2


def test_an_order_of_two_or_more_is_never_the_old_one() -> None:
    for seed in range(30):
        order = Draw(seed).permutation(2)
        assert order.tolist() == [1, 0]
    assert Draw(0).permutation(1).tolist() == [0]


def test_numbers_come_in_the_precision_asked_for() -> None:
    assert Draw(0).normal(2).dtype == torch.float64
    assert Draw(0).normal(2, dtype=torch.float32).dtype == torch.float32


def test_a_sentence_of_two_words_has_two_true_and_then_padding() -> None:
    mask = first_words([2, 3], longest=4)
    assert mask.tolist() == [[True, True, False, False], [True, True, True, False]]
