import torch

from refseg_lib.fusion.context import Context


def test_what_one_forward_pass_leaves_behind_is_not_seen_by_the_next():
    """The dictionaries that modules write to are made anew for every context."""
    words, mask = torch.zeros(1, 1, 1), torch.ones(1, 1).bool()
    first, second = Context({}, words, mask), Context({}, words, mask)
    first.side_logits["c5"] = words
    first.level_words["c5"] = words
    assert second.side_logits == {}
    assert second.level_words == {}
