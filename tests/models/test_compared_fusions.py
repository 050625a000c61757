"""The representations that paper 004 compares CMSA with."""

import pytest
import torch
from torch import nn

from refseg_lib.fusion.concat import Concat
from refseg_lib.fusion.levels import PerLevel
from refseg_lib.fusion.multimodal_lstm import MultimodalLSTM
from refseg_lib.fusion.sentence import SentenceAsWord
from refseg_lib.models.compared_fusions import compared
from refseg_lib.models.presets import get_preset

CHANNELS = {"c4": 5, "c5": 6}


class Mine(nn.Module):
    """In CMSA's place: gives back the words it is handed."""

    def forward(self, feature, words, word_mask, image_of=None):
        return words


def make(representation):
    cmsa = PerLevel(lambda level, visual: Mine(), CHANNELS, "cmsa")
    return compared(representation, cmsa, CHANNELS, get_preset("laptop"), 20)


def test_cmsa_s_hands_cmsa_the_last_state_as_its_only_word():
    encoder, fusion = make("cmsa_sentence")
    words = torch.tensor([[4, 5, 6], [7, 8, 0]])
    mask = words > 0
    states = encoder(words, mask)
    got = fusion({level: torch.zeros(2, c, 2, 2) for level, c in CHANNELS.items()}, states, mask)
    assert fusion.levels == ("c4", "c5")
    torch.testing.assert_close(got["c5"], torch.stack([states[0, 2:3], states[1, 1:2]]))


@pytest.mark.parametrize(("name", "kind"), [("rrn_cnn", Concat), ("rmi_lstm", MultimodalLSTM)])
def test_the_others_have_a_module_of_their_own_per_level_and_no_cmsa(name, kind):
    encoder, fusion = make(name)
    per_level = fusion.fusion if isinstance(fusion, SentenceAsWord) else fusion
    assert {k: type(m) for k, m in per_level.modules_by_level.items()} == dict.fromkeys(
        CHANNELS, kind
    )
    assert encoder.embedding.table.shape == (20, 96)


def test_only_rmi_reads_words_beside_states():
    assert make("rmi_lstm")[0].width == 2 * make("rrn_cnn")[0].width
