"""What each ablation table claims: which row is better than which."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """One row is said to be better than another.

    Attributes:
        better: A row's ``method``.
        worse: Another's.
        idea: What the difference is meant to show.
        dataset: On which of the papers' data sets, where the table has several.
        central: Whether it is about an idea that the paper's title or abstract names.
    """

    better: str
    worse: str
    idea: str
    dataset: str | None = None
    central: bool = False


_CMSA = "Cross-modal self-attention"
_GF = "CMSA+GF (ours)"
_LAYERS = "CMPC with {} graph-conv layers"

CLAIMS: dict[str, tuple[Claim, ...]] = {
    "busnet-2": (
        Claim("row2: + Positional Encoding (with Self-attention)", "row1: Baseline",
              "words that see each other"),
        Claim("row3: + Positional Encoding + GloVe = Multi-level",
              "row2: + Positional Encoding (with Self-attention)", "GloVe vectors"),
        Claim("row6: Multi-level + BIAR = Refinement", "row4: Multi-level + FPN",
              "BIAR instead of FPN", central=True),
        Claim("row6: Multi-level + BIAR = Refinement", "row5: Multi-level + ConvLSTM",
              "BIAR instead of ConvLSTM", central=True),
        Claim("row7: Refinement + BUS-1", "row6: Multi-level + BIAR = Refinement",
              "bottom-up shift", central=True),
        Claim("row7: Refinement + BUS-1", "row8: Refinement + Concat-1",
              "a shift instead of concatenation"),
        Claim("row7: Refinement + BUS-1", "row9: Refinement + BUS-1 w/o Type",
              "typed relations"),
        Claim("row12: Refinement + BUS-2", "row7: Refinement + BUS-1", "two reasoned levels"),
        Claim("row12: Refinement + BUS-2", "row11: Refinement + BUS-4", "not four"),
    ),
    "cmpc-2": (
        Claim("row2: EP", "row1: baseline (single level)", "entity perception", central=True),
        Claim("row3: RAR", "row1: baseline (single level)", "relation-aware reasoning"),
        Claim("row4: EP+RAR", "row2: EP", "reasoning on top of perception", central=True),
        Claim("row5: EP+RAR+GloVe", "row4: EP+RAR", "GloVe vectors"),
        Claim("row7: TGFE", "row6*: multi-level baseline with ConvLSTM only",
              "text-guided exchange", central=True),
        Claim("row10: EP+RAR+TGFE", "row7: TGFE", "CMPC on top of TGFE", central=True),
        Claim("row11: EP+RAR+TGFE+GloVe", "row10: EP+RAR+TGFE", "GloVe vectors, all levels"),
    ),
    "cmpc-3": (
        Claim("CMPC+TGFE n=1", "CMPC only (no TGFE)", "one round of exchange"),
        Claim("CMPC+TGFE n=3", "CMPC+TGFE n=1", "three rounds"),
    ),
    "cmpc-4": (
        Claim(_LAYERS.format(1), _LAYERS.format(0), "one graph convolution", "UNC"),
        Claim(_LAYERS.format(1), _LAYERS.format(2), "one is enough on UNC", "UNC"),
        Claim(_LAYERS.format(2), _LAYERS.format(1), "two on the longer sentences", "G-Ref"),
    ),
    "bilingual-4": (
        Claim("row2: LE", "row1: baseline", "linguistic early fusion", central=True),
        Claim("row3: LA", "row1: baseline", "linguistic attention", central=True),
        Claim("row4: LE+LA", "row3: LA", "both"),
        Claim("row5: LE+LA+MUTAN", "row4: LE+LA", "bilinear fusion"),
        Claim("row9: LE+LA+CLAF", "row6: CLAF", "LE and LA under CLAF"),
        Claim("row10: LE+LA+MUTAN+CLAF", "row5: LE+LA+MUTAN", "CLAF", central=True),
    ),
    "shnet-2": (
        Claim("row2: Only HCAM", "row1: Baseline", "HCAM", central=True),
        Claim("row3: Only SFM", "row1: Baseline", "SFM", central=True),
        Claim("row8: SHNet", "row3: Only SFM", "HCAM on top of SFM", central=True),
        Claim("row8: SHNet", "row4: SFM+ConvLSTM", "HCAM instead of ConvLSTM"),
        Claim("row8: SHNet", "row5: SFM+Conv3D", "HCAM instead of Conv3D"),
        Claim("row8: SHNet", "row6: SHNet w/o Glove", "GloVe vectors"),
        Claim("row8: SHNet", "row7: SHNet w/o P.E", "positions"),
    ),
    "shnet-4": (
        Claim("SFM+HCAM, 320x320", "SFM+MGATE, 320x320", "HCAM instead of paper 004's gates"),
        Claim("SFM+HCAM, 320x320", "SFM+TGFE, 320x320", "HCAM instead of TGFE"),
        Claim("SFM+HCAM, 320x320", "SFM+GBFM, 320x320", "HCAM instead of GBFM"),
        Claim("SFM+HCAM, 448x448", "SFM+HCAM, 320x320", "a larger picture"),
    ),
    "cmsa-2": (
        Claim("Word attention", "No attention", "attention over words"),
        Claim("Pixel attention", "No attention", "attention over pixels"),
        Claim(_CMSA, "Pixel attention", "pairs instead of pixels alone"),
        Claim(_CMSA, "Word-pixel pair attention", "self-attention between pairs"),
        Claim(_CMSA, "No attention", "cross-modal self-attention", central=True),
    ),
    "cmsa-3": (
        Claim("CMSA-W", "CMSA-S", "words instead of one sentence vector"),
        Claim("CMSA-W", "RRN-CNN*", "CMSA instead of concatenation"),
        Claim("CMSA+Gated", "CMSA+ConvLSTM", "gates instead of ConvLSTM", central=True),
        Claim(_GF, "CMSA+Gated", "gates that see the other levels", central=True),
        Claim(_GF, "CMSA+PPM", "gates instead of a pyramid"),
    ),
}  # fmt: skip


def claimed_methods(table: str, *, central: bool = False) -> set[str]:
    """List the rows that carry a table's claims; empty where it is a table of main results.

    Args:
        table: Its name.
        central: Only the rows of claims about an idea that the paper's title or abstract names.
    """
    claims = [claim for claim in CLAIMS.get(table, ()) if claim.central or not central]
    return {name for claim in claims for name in (claim.better, claim.worse)}
