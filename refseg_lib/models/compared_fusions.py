"""The multimodal representations that paper 004 compares CMSA with (Table 3, first three rows)."""

from collections.abc import Mapping

from torch import nn

from refseg_lib.fusion.concat import Concat
from refseg_lib.fusion.levels import PerLevel
from refseg_lib.fusion.multimodal_lstm import MultimodalLSTM, WordsAndStates
from refseg_lib.fusion.sentence import SentenceAsWord
from refseg_lib.models.presets import Preset
from refseg_lib.text.lstm import LSTMEncoder


def compared(
    representation: str,
    cmsa: PerLevel,
    channels: Mapping[str, int],
    preset: Preset,
    vocabulary_size: int,
) -> tuple[nn.Module, nn.Module]:
    """Make the text encoder and the level fusion of one of the comparisons.

    All read the sentence with an LSTM whose words and states have ``preset.embedding`` channels, as
    the code of RMI and RRN does.

    Args:
        representation: ``"cmsa_sentence"``, ``"rmi_lstm"`` or ``"rrn_cnn"``.
        cmsa: The model's CMSA, which CMSA-S gives the sentence as its only word.
        channels: Level name to channels.
        preset: Sizes.
        vocabulary_size: Rows of the word table.
    """
    width = preset.embedding
    lstm = LSTMEncoder(vocabulary_size, embedding=width, width=width)
    if representation == "cmsa_sentence":
        return lstm, SentenceAsWord(cmsa, cmsa.levels)
    if representation == "rrn_cnn":

        def concat(level: str, visual: int) -> nn.Module:
            return Concat(
                visual=visual,
                language=width,
                width=preset.hidden,
                out=preset.width,
                balanced=preset.balanced,
            )

        return lstm, SentenceAsWord(PerLevel(concat, channels, "concat"), tuple(channels))
    encoder = WordsAndStates(lstm, width)

    def read(level: str, visual: int) -> nn.Module:
        return MultimodalLSTM(
            visual=visual,
            language=encoder.width,
            reduced=preset.embedding,
            out=preset.width,
            balanced=preset.balanced,
        )

    return encoder, PerLevel(read, channels, "rmi")
