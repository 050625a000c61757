# %% [markdown]
# # 06 Gated multi-level fusion
# learn: what three levels of one network hold, and why adding them up is not enough
# learn: where gates come from, and how levels talk through them (paper 004, Eq. 5)
# learn: to read a trained network's gates, and to test what you believe about them
# learn: what Table 3 of paper 004 compares, and how each of its rows is built here
# need: notebook 05 (cross-modal self-attention); notebook 03 for taps and strides
# need: sigmoid and tanh, and what a convolution does
# need: the extra `notebooks`
# minutes: 55

# %%
import math
from dataclasses import replace
from html import escape

import torch
from matplotlib import pyplot as plt
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course import check, park, plug, plug_in, shipped, working
from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.evaluation.predicting import predict
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.explain.figure import COLORS, show, style

# %%
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.map_grid import map_grid
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.fusion.gated import gate
from refseg_lib.models.build import ABLATIONS, build_model
from refseg_lib.reproduction.published import published

style()
data, loaded = park(), shipped("cmsa")
LEVELS = ("c3", "c4", "c5")
where = {expression.sentence: i for i, expression in enumerate(data)}
kites = data.image(where["green kite on the left side"])

# %% [markdown]
# ## 1. What do three levels see?
# In notebook 05 the sentence met the picture three times: at c3, c4 and c5 (the paper's Res3, Res4
# and Res5). Each meeting ended in a map $X^i$ with 96 channels. A head can read only *one* map.
# What is in the three?
#
# 96 channels cannot be drawn at once. So ask each cell one thing: how far is its vector from the
# mean vector of its map? Where a cell *stands out*, the level has something to say.


# %%
def look_inside(sentence: str, picture=kites, network=loaded):
    """Predict, and keep what goes into the fusion (X, m, r) and what comes out of it (F)."""
    kept = {}

    def spy(levels, memory, reset, gamma):
        kept.update(X=levels, m=memory, r=reset, F=gate(levels, memory, reset, gamma))
        return kept["F"]

    with plug(gated_exchange=spy):
        return predict(picture, sentence, network), kept


def stands_out(x: Tensor) -> Tensor:
    """Measure, of a (1, C, h, w) map, each cell's distance from the mean cell."""
    return (x - x.mean((2, 3), keepdim=True)).norm(dim=1)[0]


def three_abreast(maps: dict[str, Tensor], picture=kites, width: int = 125, **how) -> Fragment:
    """Lay maps over a picture, three to a row."""
    grid = map_grid(picture, maps, width=width, **how)
    return Fragment(f'<div style="max-width:{3 * (width + 18)}px">{grid}</div>', grid.text)


# %%
maps = {}
for sentence in ("orange dog", "green kite on the left side"):
    kept = look_inside(sentence)[1]
    for level, x in zip(LEVELS, kept["X"], strict=True):
        maps[f"{level}: {sentence.split()[1]}"] = stands_out(x)
three_abreast(maps, alt="How far each cell stands out", shared_scale=False)

# %% [markdown]
# First row "orange dog", second row "green kite on the left side". (Every map has a scale of its
# own.) At c3 the thing that was named stands out. At c5 the boy does, whoever was named, and for
# the second sentence also the left half, where the sentence sends you. c4 is hard to read at this
# point. Three levels, three kinds of knowledge; a mask needs them together.
#
# ## 2. Do the maps fit on one another?
# To add two maps, cell by cell, they need one grid. In an ordinary network they have none: each
# stage halves the picture. So the coarser maps are enlarged to the finest grid, bilinearly. Cells
# are areas, so what counts are their *centres*. By hand, two cells that become four:
#
# | new cell | its centre, in old cells | mix | value |
# |---|---|---|---|
# | 1 | −0.25, before the first centre | all of cell 1 | 0 |
# | 2 | 0.25 | ¾ of cell 1, ¼ of cell 2 | 1 |
# | 3 | 0.75 | ¼ of cell 1, ¾ of cell 2 | 3 |
# | 4 | 1.25, behind the last centre | all of cell 2 | 4 |
#
# The old cells hold 0 and 4. In PyTorch this is `align_corners=False`.


# %% exercise="same-grid"
def same_grid(levels: list[Tensor]) -> list[Tensor]:
    """Bring all maps onto the finest grid among them, bilinearly.

    Shapes: levels is a list of maps (B, C, h, w), each of its own height and width; the
    finest has the most cells and may stand anywhere. Returns a list in the same order,
    all of the finest size.

    Hint: find the size first, then give it to torch.nn.functional.interpolate.
    """
    # BEGIN SOLUTION
    target = max((tuple(x.shape[2:]) for x in levels), key=math.prod)
    return [F.interpolate(x, target, mode="bilinear", align_corners=False) for x in levels]
    # END SOLUTION


# %% check="same-grid"
check("same-grid", same_grid)

# %% [markdown]
# Which levels differ here? The backbone says so itself:

# %%
fit = working("same-grid")
with torch.no_grad():
    features = loaded.model.backbone(letterbox_image(kites, 128)[None])
for name, x in features.items():
    print(f"{name}: stride {loaded.model.backbone.strides[name]}, map {tuple(x.shape)}")

early, late = fit([features["c2"], features["c5"]])
seen = {"c2, 32 × 32": features["c2"], "c5, 16 × 16": features["c5"], "c5 enlarged": late}
maps = {name: stands_out(x) for name, x in seen.items()}
three_abreast(maps, alt="How far each cell stands out", shared_scale=False)

# %% [markdown]
# c3, c4 and c5 have one grid already. That is no luck: the backbone is *dilated* (notebook 03), as
# DeepLab is in paper 004. So in the trained network your function has nothing to do, and there is
# no point in plugging it in. With another backbone it is needed.
#
# ## 3. Why not just add them up?
# Look at how large the numbers of the three levels are:

# %%
answer, kept = look_inside("green kite on the left side")
sizes = [x.abs().mean().item() for x in kept["X"]]
rows = [[level, size, 100 * size / sum(sizes)] for level, size in zip(LEVELS, sizes, strict=True)]
table(["level", "mean |X|", "share, %"], rows, "How loud is each level?")

# %% [markdown]
# In a sum, the loudest wins: c3 and c5 are a whisper beside c4. Nor can a sum know that c3 is to be
# trusted *here* and c5 *there*. The smallest remedy is one number per cell and level, the gate
# $m_i \in [0, 1]$:
#
# $$\sum_i m_i \odot X^i$$
#
# One gate weighs all channels of its cell. By hand, one cell, two levels, two channels:
#
# | | gate | channel 1 | channel 2 |
# |---|---|---|---|
# | level 1 | 0.75 | 2 | 4 |
# | level 2 | 0.25 | −8 | 12 |
# | plain sum | | −6 | 16 |
# | gated sum | | 1.5 − 2 = **−0.5** | 3 + 3 = **6** |
#
# This is a row of paper 004's Table 3, "CMSA+Gated": each level times its own gate, "without
# interactions with features from other levels" (§4.3).


# %% exercise="self-gated-sum"
def self_gated_sum(levels: list[Tensor], memory: list[Tensor]) -> Tensor:
    """Add up the levels, each weighted by its own gate ("CMSA+Gated").

    Shapes: levels is a list of maps (B, C, h, w), memory a list of as many gates
    (B, 1, h, w). Returns one map (B, C, h, w).

    Hint: the axis of length 1 fits every channel by itself.
    """
    # BEGIN SOLUTION
    weighted = [m * x for x, m in zip(levels, memory, strict=True)]
    return torch.stack(weighted).sum(dim=0)
    # END SOLUTION


# %% check="self-gated-sum"
check("self-gated-sum", self_gated_sum)

# %% [markdown]
# ## 4. Where do gates come from?
# From the map itself. The paper gives every level a *memory gate* $m_i$ and a *reset gate* $r_i$,
# both maps of one channel, each computed from its own level only (§3.3). It does not print how. Our
# choice: one 3×3 convolution per level with two outputs, then a sigmoid. (The released code makes
# a gate per *channel*, and adds 1 before the sigmoid; we start the bias at 1.)
#
# By hand: a map of one channel and one cell that holds 2. Only the middle of the kernel meets it,
# say 0.5; the bias is 1. The score is $0.5 \cdot 2 + 1 = 2$, and the gate $\sigma(2) \approx 0.88$.
# The eight other places of the kernel look at zeros, the padding.


# %% exercise="memory-gates"
def memory_gates(
    levels: list[Tensor], weights: list[Tensor], biases: list[Tensor]
) -> tuple[list[Tensor], list[Tensor]]:
    """Compute the memory and the reset gate of every level.

    Shapes: levels is a list of maps (B, C, h, w), weights a list of kernels
    (2, C, 3, 3), biases a list of (2,). Output 0 is the memory gate, output 1 the reset
    gate. Returns two lists of maps (B, 1, h, w), memory gates first, with numbers in
    [0, 1].

    Hint: with which padding does a 3 × 3 convolution keep the size of a map?
    """
    # BEGIN SOLUTION
    memory, reset = [], []
    for x, kernel, b in zip(levels, weights, biases, strict=True):
        m, r = F.conv2d(x, kernel, b, padding=1).sigmoid().chunk(2, dim=1)
        memory.append(m)
        reset.append(r)
    return memory, reset
    # END SOLUTION


# %% check="memory-gates"
check("memory-gates", memory_gates)

# %% [markdown]
# Now with real weights. First those of a network that has learned *nothing* yet: freshly drawn, on
# the same pretrained backbone.


# %%
open_gates = working("memory-gates")


def draw_gates(sentence: str, network) -> tuple[dict[str, Tensor], float]:
    """Compute a network's gates by your function; say how far they are from its own."""
    kept = look_inside(sentence, network=network)[1]
    made = [network.model.across_fusion.gates[level] for level in LEVELS]
    with torch.no_grad():
        memory, reset = open_gates(kept["X"], [c.weight for c in made], [c.bias for c in made])
    yours, own = [*memory, *reset], [*kept["m"], *kept["r"]]
    apart = max((a - b).abs().max().item() for a, b in zip(yours, own, strict=True))
    names = [f"{kind} {level}" for kind in ("memory", "reset") for level in LEVELS]
    return {name: g[0, 0] for name, g in zip(names, yours, strict=True)}, apart


torch.manual_seed(0)
size = len(loaded.vocabulary)
fresh = replace(loaded, model=build_model("cmsa", vocabulary_size=size).eval())
gates, apart = draw_gates("orange dog", fresh)
print(f"your gates and the network's own are at most {apart:.0e} apart")
three_abreast(gates, alt="Gates before training", limits=(0, 1))

# %% [markdown]
# Yellow is open (1), dark is closed (0). Chance has drawn these gates, but they are what gates are
# meant to be: mostly open, and different from place to place. Remember them for section 6.
#
# ## 5. How do levels talk?
# The full module does more than weigh. Level $i$ hears the other levels, each through *its own*
# memory gate and a learned number $\gamma_j$ (Eq. 5):
#
# $$G^i = (1 - m_i) \odot X^i + \sum_{j \neq i} \gamma_j\, m_j \odot X^j$$
# $$F_o^i = r_i \odot \tanh(G^i) + (1 - r_i) \odot X^i$$
#
# Read it as a conversation. $m_i$ near 1: "I pass on what I have, and make room for what I hear."
# $m_i$ near 0: "I keep mine and stay silent." And $r_i$ says how much of the conversation counts:
# at 0 the level leaves as it came. By hand, one cell, one channel, two levels:

# %%
own, m, r, gamma = (2.0, -1.0), (0.25, 0.5), (1.0, 0.5), (0.5, 1.0)
rows = []
for i, other in ((0, 1), (1, 0)):
    keeps, hears = own[i] - m[i] * own[i], gamma[other] * m[other] * own[other]
    squashed = math.tanh(keeps + hears)
    result = own[i] + r[i] * (squashed - own[i])
    rows.append([f"level {i + 1}", own[i], m[i], r[i], gamma[i], keeps, hears])
    rows[-1] += [keeps + hears, squashed, result]
heads = ["", "X", "m", "r", "γ", "keeps (1−m)X", "hears γmX of the other", "G", "tanh G", "F"]
table(heads, rows, "Two levels exchange messages, once", digits=3)

# %% [markdown]
# Take a pencil and follow the second row: level 2 keeps half of −1, hears $0.5 \cdot 0.25 \cdot 2$
# from level 1, and its reset gate takes the result only half. All levels talk at the same time:
# what level 2 hears is the $X^1$ that came in, not the $F^1$ just computed.


# %% exercise="gated-exchange"
def gated_exchange(
    levels: list[Tensor], memory: list[Tensor], reset: list[Tensor], gamma: Tensor
) -> list[Tensor]:
    """Let the levels exchange messages (Eq. 5).

    Shapes: levels is a list of L maps X (B, C, h, w), memory and reset are lists of L
    gates (B, 1, h, w), gamma (L,). Returns a list of L maps F (B, C, h, w).

    Hint: a message belongs to its sender. Compute what each level sends once, then
    deliver.
    """
    # BEGIN SOLUTION
    sent = [g * m * x for g, m, x in zip(gamma, memory, levels, strict=True)]
    fused = []
    for i, (x, m, r) in enumerate(zip(levels, memory, reset, strict=True)):
        heard = [message for j, message in enumerate(sent) if j != i]
        controller = sum(heard, start=(1 - m) * x)
        fused.append(r * controller.tanh() + (1 - r) * x)
    return fused
    # END SOLUTION


# %% check="gated-exchange"
check("gated-exchange", gated_exchange)

# %% [markdown]
# The three $F_o^i$ are added, and a head makes the mask of their sum (Eq. 6). Put your function
# into the trained network, in the place of the library's. No weight is touched.

# %%
plug_in("gated-exchange", sentences=40, mistake="kept-inverted")

# %% [markdown]
# ## 6. What do the trained gates do?
# You have seen the gates before training. Here are those of the trained network, by your function.
# What do you expect for "orange dog"?

# %%
talk = working("gated-exchange")
gates, apart = draw_gates("orange dog", loaded)
print(f"your gates and the network's own are at most {apart:.0e} apart")
three_abreast(gates, alt="Gates after training", limits=(0, 1))

# %% [markdown]
# Flat. Not a drawing error: every gate has one value everywhere. For this sentence only? Take the
# lowest and the highest number of each gate over four sentences:

# %%
sentences = ["orange dog", "boy in pink shirt", "green kite on the left side"]
sentences.append("green kite on the right side")
collected = [draw_gates(sentence, loaded)[0] for sentence in sentences]
rows = []
for name in gates:
    values = torch.stack([one[name] for one in collected])
    rows.append([name, values.min().item(), values.max().item()])
table(["gate", "lowest", "highest"], rows, "All cells, four sentences", digits=4)

# %% [markdown]
# So these gates look neither at the place nor at the sentence. (Elsewhere in the split there are
# cells where one of them moves, but very few.) Why? A gate is a sigmoid of a score. Here are the
# scores, before the sigmoid, of the fresh network and of the trained one.


# %%
def scores_of(network) -> dict[str, Tensor]:
    """Compute the scores of all gates, before the sigmoid, over all cells and sentences."""
    found = {}
    for sentence in sentences:
        for level, x in zip(LEVELS, look_inside(sentence, network=network)[1]["X"], strict=True):
            with torch.no_grad():
                both = network.model.across_fusion.gates[level](x)[0].flatten(1)
            for kind, score in zip(("memory", "reset"), both, strict=True):
                found.setdefault(f"{kind} {level}", []).append(score)
    return {name: torch.cat(parts) for name, parts in sorted(found.items())}


ranges = {"fresh": scores_of(fresh), "trained": scores_of(loaded)}

# %%
figure, axis = plt.subplots(figsize=(7.6, 3.8))
axis.axvspan(-5, 5, color="#e8e8e8", lw=0)
for (whose, scores), color, up in zip(ranges.items(), COLORS, (-0.16, 0.16), strict=False):
    for row, score in enumerate(scores.values()):
        label = whose if row == 0 else None
        ends = [score.min(), score.max()]
        axis.plot(ends, [row + up] * 2, lw=7, color=color, label=label, solid_capstyle="butt")
axis.set_xscale("symlog", linthresh=5)
axis.set_xticks([-10_000, -1000, -100, -5, 0, 5, 100, 1000, 10_000])
axis.set_xticklabels(["−10,000", "", "−100", "−5", "0", "5", "100", "", "10,000"])
axis.set_yticks(range(6), list(ranges["fresh"]))
axis.invert_yaxis()
axis.set_xlabel("score before the sigmoid; in the grey band a gate can still move")
axis.legend(loc="center left")
alt = "Ranges of six gates' scores. Before training all lie within or near minus 5 to 5; after it"
show(figure, f"{alt} memory c4 lies far below, the five others far above.")

# %% [markdown]
# The grey band is where a sigmoid is a dial. Far outside it is a switch, and worse: its slope
# $m (1 - m)$ is zero in float32, so no gradient ever brings such a gate back. What drove it there?
# A score adds up $9 \cdot 96$ products with $X$, and nothing in Eq. 5 keeps $X$ small: behind a
# tanh, a level may grow as loud as it likes (section 3). That is what we *think*; the figure shows
# only where the scores ended.

# %%
with torch.no_grad():
    for name, score in ranges["trained"].items():
        m = score.sigmoid()
        print(f"{name}: steepest slope m(1 - m) of any cell is {(m * (1 - m)).max():.1g}")

# %% [markdown]
# ### What is left of Eq. 5?
# Switches can be read like a circuit. Write Eq. 5 down with $m_3 = m_5 = 1$, $m_4 = 0$ and all
# $r = 1$, before you go on. You get
#
# $$F^3 = \tanh(\gamma_5 X^5), \qquad F^4 = \tanh(X^4 + \gamma_3 X^3 + \gamma_5 X^5), \qquad
#   F^5 = \tanh(\gamma_3 X^3).$$
#
# Levels 3 and 5 have *changed places*. Level 4 listens to both and never speaks. Can you see the
# exchange? Above what goes in, below what comes out:

# %%
answer, kept = look_inside("green kite on the right side")
maps = {}
for kind, name in (("X", "into"), ("F", "out of")):
    for level, x in zip(LEVELS, kept[kind], strict=True):
        maps[f"{name} {level}"] = stands_out(x)
three_abreast(maps, alt="How far each cell stands out", shared_scale=False)

# %% [markdown]
# Look across: what goes into c3 comes out of c5, and the other way round. And c4, hard to read in
# section 1, comes out as patches: so loud that tanh leaves little but signs.
#
# ### Does the network need its gates?
# Now you can experiment. The formula needs no gates at all. If it is right, the score must not
# change. Then force the gates: memory 0 (nobody speaks), memory 1 (all pass on everything), reset 0
# (no conversation: a plain sum of the $X^i$). Guess the order before you run the cell.


# %%
def forced(m: float | None = None, r: float | None = None):
    """Make an exchange with some gates held at one number."""

    def exchange(levels, memory, reset, gamma):
        memory = memory if m is None else [torch.full_like(one, m) for one in memory]
        reset = reset if r is None else [torch.full_like(one, r) for one in reset]
        return talk(levels, memory, reset, gamma)

    return exchange


def without_gates(levels, memory, reset, gamma):
    """Compute what Eq. 5 comes to for this network: see the formula above."""
    c3, c4, c5 = gamma[0] * levels[0], levels[1], gamma[2] * levels[2]
    return [c5.tanh(), (c3 + c4 + c5).tanh(), c3.tanh()]


# %%
add_gated = working("self-gated-sum")
WAYS = {
    "as trained": forced(),
    "the formula, no gates": without_gates,
    "memory 0: nobody speaks": forced(m=0.0),
    "memory 1: all pass on everything": forced(m=1.0),
    "reset 0: a plain sum": forced(r=0.0),
    "your self-gated sum, no tanh": lambda x, m, r, gamma: [add_gated(x, m)],
}
rows = []
for way, exchange in WAYS.items():
    with plug(gated_exchange=exchange):
        rows.append([way, evaluate(loaded, data, limit=60, progress=False).scores["oIoU"]])
table(["fusion", "oIoU, %"], rows, "Trained CMSA-Net, first 60 sentences of val", digits=2)

# %% [markdown]
# Three things to read off:
#
# - The formula scores as the trained network does. For this network the gates *are* switches.
# - With nobody speaking, each level is $\tanh(X^i)$, and little is lost. So the messages matter
#   little here; 60 sentences are too few to call it nothing.
# - Without the tanh the score falls apart. It does the task of section 3: it makes three levels
#   equally loud, and this network relies on that.
#
# Honest limits: this is one network, trained small and short. It was trained *with* Eq. 5, so the
# rows tell what it relies on, not how good a network without it could become. For that you must
# train each one, as the paper did.

# %% [markdown]
# ## 7. What does Table 3 of the paper compare?
# Its upper four rows use Res5 alone and compare ways to join words and pixels. The lower five have
# all three levels and compare ways to join levels. The scores below are the authors': measured *by
# them*, on UNC val, with ResNet-101 and with DenseCRF, which smooths masks along outlines
# afterwards. We did not measure them. Beside each row stands the name that builds it here, and what
# it costs at the laptop preset.

# %%
PAPER = "004_CMSA_CVPR19"
printed = {
    row.method: row.value
    for row in published()
    if (row.paper, row.table, row.metric) == (PAPER, "T3", "oIoU")
}
rows = []
for kind in ABLATIONS["cmsa"]:
    if (kind.paper, kind.table) == (PAPER, "T3"):
        built = build_model("cmsa", ablation=kind.name, vocabulary_size=size)
        trained = [p.numel() for p in built.parameters() if p.requires_grad]
        joining = sum(p.numel() for p in built.across_fusion.parameters())
        used = len(built.level_fusion.levels)
        rows.append([kind.row, printed[kind.row], kind.name, used, sum(trained), joining])
heads = ["row", "authors' IoU", 'build_model("cmsa", ablation=…)', "levels", "parameters"]
heads.append("of these, to join levels")
table(heads, rows, "Table 3 of paper 004: IoU in percent on UNC val, as printed by the authors",
      digits=2)  # fmt: skip

# %% [markdown]
# Two steps deserve a look. From "CMSA-W" to any of the lower five: using three levels at all. From
# "CMSA+Gated", which you wrote in section 3, to "CMSA+GF": the messages and the tanh. And see what
# a gate costs: one convolution per level with one or two outputs, against whole stacks of them in
# PPM or Deconv.
#
# Is the printed order also the order on this course's data? Nothing here has answered that: it
# takes nine trainings. The trained comparison comes with the notebooks about reproduction, which
# are still to be written. `refseg models` lists every row that can be built; what is our reading
# where the paper is short stands in `refseg_lib/models/cmsa_net.py`.
#
# ## 8. Be the gates
# Choose a sentence and a way to fuse. You see the gates as they are used (memory, then reset), what
# comes out of each level, and the mask. What becomes of "left" when all pass on everything?

# %%
GATES = [f"{kind} {level}" for kind in ("m", "r") for level in LEVELS]
USED = {
    "as trained": (None, None),
    "memory 0: nobody speaks": (0.0, None),
    "memory 0.5: everybody halves": (0.5, None),
    "memory 1: all pass on everything": (1.0, None),
    "reset 0.5: half the conversation": (None, 0.5),
    "reset 0: a plain sum": (None, 0.0),
}


# %%
def be_the_gates(sentence: str, gates: tuple[float | None, float | None]) -> Fragment:
    """Draw gates, levels and mask for one sentence with these gates held."""
    kept = {}

    def spy(levels, memory, reset, gamma):
        kept["memory"] = [m if gates[0] is None else torch.full_like(m, gates[0]) for m in memory]
        kept["reset"] = [r if gates[1] is None else torch.full_like(r, gates[1]) for r in reset]
        kept["F"] = talk(levels, kept["memory"], kept["reset"], gamma)
        return kept["F"]

    with plug(gated_exchange=spy):
        answer = predict(kites, sentence, loaded)
    used = [one[0, 0] for one in kept["memory"] + kept["reset"]]
    out = {f"out of {k}": stands_out(x) for k, x in zip(LEVELS, kept["F"], strict=True)}
    told = escape("; ".join(answer.notes))
    large = overlay(kites.resize((240, 240)), resize_mask(answer.mask, 240, 240))
    shown = image_tag(large, f"the answer to {sentence}", 190)
    named = dict(zip(GATES, used, strict=True))
    upper = map_grid(kites, named, alt="Gates as used", limits=(0, 1), width=72)
    lower = map_grid(kites, out, alt="How far cells stand out", shared_scale=False, width=110)
    return Fragment(f"{upper}{lower}{shown}<p>{told}</p>", f"Gates, levels and mask for {sentence}")


live(be_the_gates, sentence="green kite on the left side", gates=USED)

# %% [markdown]
# ## 9. What still fails?
# A sentence that needs counting. On the left what was meant, on the right the answer.

# %%
FAILS = "third person from the left"
i = where[FAILS]
crowd = data.image(i)
answer, kept = look_inside(FAILS, crowd)
figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.6))
for axis, mask, title in zip(axes, (data.mask(i), answer.mask), ("meant", "answered"), strict=True):
    axis.imshow(overlay(crowd, mask))
    axis.set_title(title)
    axis.axis("off")
figure.suptitle(f"“{FAILS}”")
show(figure, "Meant is the third of four; the answer covers the fourth and patches of the third.")

# %%
maps = {level: stands_out(x) for level, x in zip(LEVELS, kept["X"], strict=True)}
three_abreast(maps, crowd, alt="How far each cell stands out", shared_scale=False)

# %% [markdown]
# Does any level mark the third person alone? To count, one must find all persons, order them, and
# stop at the third. A gate weighs a cell by what its own neighbourhood holds. It opens and closes;
# it does not compare two places. And what no level knows, no way of joining them can pass on.
#
# What would help?
#
# - **gates that stay dials**: normalise $X$ before the gate's convolution, so that scores stay
#   where a sigmoid has a slope (we have not trained that);
# - **gates that read the sentence**: here a gate knows it only through $X$; in paper 001 the
#   *words* guide what passes between levels (its text-guided exchange);
# - **reasoning between places**: a graph over the picture's regions (paper 001), or a step for
#   every node of the sentence (paper 000).
