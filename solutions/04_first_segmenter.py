# %% [markdown]
# # 04 The first segmenter
# learn: how a sentence reaches every pixel: tile, concatenate, convolve
# learn: why a 1×1 convolution over a concatenation never needs the concatenation
# learn: what a mask is blamed for, and how to compute that when the network is very sure
# learn: to train a segmenter with a loop you can read, and to look at what it gets wrong
# need: notebooks 01 to 03, and the idea of gradient descent
# need: the extra `notebooks`
# minutes: 50

# %%
import itertools
import math
import time
from dataclasses import replace
from functools import partial
from html import escape
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from refseg_lib.course import check, park, shipped, working
from refseg_lib.data.batch import pad_words
from refseg_lib.data.letterbox import letterbox_image, letterbox_mask
from refseg_lib.evaluation.metrics import iou, score
from refseg_lib.evaluation.predicting import predict
from refseg_lib.evaluation.protocols import count
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.evaluation.shuffling import shuffle_across_images

# %%
from refseg_lib.explain.figure import show, style
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.map_grid import map_grid
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.fusion.cmsa import mean_over_words, picture_vectors, word_vectors
from refseg_lib.fusion.heads import enlarge
from refseg_lib.fusion.levels import PerLevel
from refseg_lib.models.build import build_model
from refseg_lib.models.saved import Loaded
from refseg_lib.training.losses import cross_entropy, dice
from refseg_lib.training.order import epoch_batches
from refseg_lib.training.samples import Samples
from refseg_lib.training.starting import build_vocabulary

style()
data = park()
baseline = shipped("baseline")
print(f"{len(data)} sentences about {len(data.by_image())} pictures; none of them is trained on")

# %% [markdown]
# ## Why must every pixel hear the sentence?
# Here is one picture, and two sentences about it. The picture does not change; the mask does. So
# a network that looks at a pixel must know what was said *while* it looks.

# %%
pair = (13, 17)
figure, axes = plt.subplots(1, 2, figsize=(7.5, 4))
for axis, i in zip(axes, pair, strict=True):
    axis.imshow(overlay(data.image(i), data.mask(i)))
    axis.set_title(f"“{data[i].sentence}”", fontsize=13)
    axis.axis("off")
alt = "The same park twice: each sentence leaves another boy in colour, all else is grey."
show(figure, alt)

# %% [markdown]
# The plainest way is to write the sentence under every pixel. It is what the papers of this course
# improve on (in paper 004 the row "No attention" of Table 2 comes closest to it):
#
# | step | what | shape |
# |---|---|---|
# | backbone | the picture as $P$ cells with $C_v$ channels (notebook 03) | $(I, P, C_v)$ |
# | words | the mean of the word vectors (notebook 02) | $(B, C_l)$ |
# | **tile, concatenate** | at every cell $p$: $[v_p; l]$ | $(B, P, C_v + C_l)$ |
# | **convolve** | 1×1: the same small network at every cell | $(B, P, C)$ |
# | head | one logit per cell, enlarged to pixels (paper 004, Eq. 6) | $(B, 1, H, W)$ |
# | **loss** | how wrong is that? | a number |
#
# $I$ counts images, $B$ sentences: several sentences may ask about one image. You write what is
# bold.

# %% [markdown]
# ## What does “tile and concatenate” mean?
# The smallest numbers: one image with two pixels, $v_1 = [5]$ and $v_2 = [7]$; one sentence,
# $l = [1, 2]$. Then
#
# | pixel | from the picture | from the sentence |
# |---|---|---|
# | 1 | 5 | 1, 2 |
# | 2 | 7 | 1, 2 |
#
# The left part changes from pixel to pixel, the right part does not. When a second sentence asks
# about the same image, there is a second table: the same left part, another right part.
# `image_of` says which image each sentence asks about: with `image_of = [0, 0, 1]` there are three
# sentences about two images. `None` means that sentence b asks about image b.


# %% exercise="tile-and-concatenate"
def tile_and_concatenate(picture: Tensor, sentence: Tensor, image_of: Tensor | None) -> Tensor:
    """Join the vector of every pixel with the vector of the sentence that asks about it.

    Shapes: picture (I, P, Cv), sentence (B, Cl), image_of (B,) or None when sentence b
    asks about image b. Returns (B, P, Cv + Cl), the picture's channels first.

    Hint: first one copy of the image per sentence, then one copy of the sentence per
    pixel.
    """
    # BEGIN SOLUTION
    seen = picture if image_of is None else picture[image_of]
    said = sentence.unsqueeze(1).expand(-1, seen.shape[1], -1)
    return torch.cat([seen, said], dim=-1)
    # END SOLUTION


# %% check="tile-and-concatenate"
check("tile-and-concatenate", tile_and_concatenate)

# %% [markdown]
# With real numbers: the cells along the middle of the picture above, as the trained baseline sees
# them. Eight channels of the picture, eight of each sentence.

# %%
tile = working("tile-and-concatenate")
with torch.no_grad():
    pixels = letterbox_image(data.image(pair[0]), 128)[None]
    cells = picture_vectors(baseline.model.backbone(pixels)["c5"], balanced=True)
    asked = [read_sentence(baseline, data[i].sentence) for i in pair]
    numbers, word_mask = pad_words([baseline.vocabulary.encode(tokens) for tokens in asked])
    vectors = word_vectors(baseline.model.text_encoder(numbers, word_mask), word_mask, True)
    said = mean_over_words(vectors, word_mask)
    joined = tile(cells[..., :8], said[:, :8], torch.tensor([0, 0]))
print("picture", tuple(cells.shape), "sentences", tuple(said.shape), "joined", tuple(joined.shape))

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 4), sharey=True)
for axis, rows, i in zip(axes, joined, pair, strict=True):
    drawn = axis.imshow(rows.unflatten(0, (16, 16))[9].T, vmin=-2, vmax=2, aspect="auto")
    axis.axhline(7.5, color="white", linewidth=3)
    axis.set_title(f"“{data[i].sentence}”", fontsize=13)
    axis.set_xlabel("cell, from left to right")
    axis.grid(False)
axes[0].set_yticks([3.5, 11.5], ["picture", "sentence"])
figure.colorbar(drawn, ax=axes, label="value")
alt = "Two tables of channels by cells. The upper half, the picture's, changes along the row and is"
show(figure, f"{alt} the same in both; the lower half is constant along the row and differs.")

# %% [markdown]
# ## Can one convolution use what was said?
# Not alone. Let a pixel be [dog, cat]: $v_1 = [1, 0]$ is a dog, $v_2 = [0, 1]$ a cat. Let the
# sentence be "dog", $l = [1, 0]$, or "cat", $l = [0, 1]$. Take one output with weights
# $W = [1, 0, 1, 0]$ and bias $b = -1$:
#
# | | pixel 1 (dog) | pixel 2 (cat) | difference |
# |---|---|---|---|
# | "dog" is said | 1 + 1 − 1 = **1** | 0 + 1 − 1 = 0 | 1 |
# | "cat" is said | 1 + 0 − 1 = 0 | 0 + 0 − 1 = −1 | 1 |
#
# Look at the last column: the sentence lifts *all* pixels by the same step. Which pixel is ahead
# never changes, whatever $W$ is. But put a ReLU behind it, and the two rows read 1, 0 and 0, 0:
# this unit is on for *a dog when "dog" was said*. A second convolution adds up such units. So the
# fusion is convolution, ReLU, convolution.
#
# ## Do you need the concatenation at all?
# The sum over all channels splits into two sums:
#
# $$W\,[v_p; l] + b \;=\; (W_v\,v_p + b) + W_l\,l$$
#
# The first part does not know the sentence: compute it once per *image*. The second does not know
# the pixel: compute it once per *sentence*. Nothing is approximated.


# %% exercise="split-convolution"
def split_convolution(
    picture: Tensor,
    sentence: Tensor,
    image_of: Tensor | None,
    weight: Tensor,
    bias: Tensor,
) -> Tensor:
    """Compute W [v_p; l] + b at every pixel, without building [v_p; l].

    Shapes: picture (I, P, Cv), sentence (B, Cl), image_of (B,) or None when sentence b
    asks about image b, weight (O, Cv + Cl) with the picture's columns first, bias (O,).
    Returns (B, P, O).

    Hint: cut weight into the columns for the picture and the columns for the sentence.
    """
    # BEGIN SOLUTION
    for_picture, for_sentence = weight.tensor_split([picture.shape[-1]], dim=1)
    once_per_image = picture @ for_picture.T + bias
    once_per_sentence = sentence @ for_sentence.T
    if image_of is not None:
        once_per_image = once_per_image[image_of]
    return once_per_image + once_per_sentence.unsqueeze(1)
    # END SOLUTION


# %% check="split-convolution"
check("split-convolution", split_convolution)

# %% [markdown]
# ## Does the trained baseline agree?
# It keeps $W$ in two pieces already. Glue them together, let your function take them apart again,
# and compare with what the trained layer itself says about the picture above.

# %%
split = working("split-convolution")
layer = baseline.model.level_fusion.modules_by_level["c5"]
weight = torch.cat([layer.from_picture.weight, layer.from_words.weight], 1)
with torch.no_grad():
    hidden = split(cells, said, torch.tensor([0, 0]), weight, layer.from_picture.bias)
    by_you = layer.out(hidden.relu()).mT.unflatten(-1, (16, 16))
    feature = baseline.model.backbone(pixels)["c5"]
    words = baseline.model.text_encoder(numbers, word_mask)
    by_itself = layer(feature, words, word_mask, torch.tensor([0, 0]))
apart, size = (by_you - by_itself).abs().max(), by_itself.abs().max()
print(f"largest difference {apart:.1e}, values up to {size:.1f}")

images, sentences, grid, out = 6, 32, 256, len(weight)
literal = sentences * grid * out * weight.shape[1]
shared = images * grid * out * cells.shape[-1] + sentences * out * said.shape[-1]
print(f"{sentences} sentences about {images} images, millions of products:")
print(f"literal {literal / 1e6:.0f}, split {shared / 1e6:.0f}: {literal / shared:.1f} times fewer")

# %% [markdown]
# ## How do vectors become a mask?
# By a head: a convolution that gives each cell one logit (paper 004, Eq. 6), then a bilinear
# enlargement. A logit above 0 means "yes". Before you train anything, ask what the best head could
# reach. Take true masks, average them over cells, enlarge again, and score *that*.

# %%
truths = torch.stack([letterbox_mask(data.mask(i), 128) for i in range(100)])[:, None]
rounded = {}
for side in (8, 4, 2):
    averaged = F.avg_pool2d(truths.float(), side) - 0.5
    rounded[128 // side] = enlarge(averaged, (128, 128)) >= 0
    shared, either = truths & rounded[128 // side], truths | rounded[128 // side]
    best = iou(shared.sum((1, 2, 3)), either.sum((1, 2, 3))).mean()
    print(f"{128 // side} × {128 // side} logits: a perfect network has mIoU {100 * best:.1f}")

# %%
small = int(truths.sum((1, 2, 3)).argmin())
shown = {"truth, 128 × 128": truths[small], **{f"{n} × {n}": m[small] for n, m in rounded.items()}}
figure, axes = plt.subplots(1, 4, figsize=(9, 2.9))
for axis, (name, mask) in zip(axes, shown.items(), strict=True):
    axis.imshow(mask[0], cmap="cividis", interpolation="nearest")
    axis.set_title(name, fontsize=12.5)
    axis.axis("off")
figure.suptitle(f"“{data[small].sentence}”", fontsize=13)
show(figure, "The mask of a small thing, and what is left of its outline on ever finer grids.")

# %% [markdown]
# So the outline, not only the fusion, decides the score. The models of this course use a head that
# answers on the finest of these grids, with the help of an early backbone map. You will use it as
# it is: `refseg_lib/fusion/heads.py`, `DetailHead`. That is our choice; the papers answer on
# 40 × 40 cells.

# %% [markdown]
# ## What is a mask blamed for?
# Paper 004 (Eq. 7) uses binary cross-entropy, averaged over all pixels. (It is printed there
# without its minus.) With $x$ the logit, $p = \sigma(x)$ the probability and $m$ the truth, 0 or 1:
#
# $$L_\text{BCE} = -\operatorname{mean}_\text{pixels}
# \bigl[\,w\,m \log p + (1 - m) \log(1 - p)\,\bigr]$$
#
# Here $w$ is a weight for the pixels of the thing meant; all others weigh 1. Paper 000 adds Dice,
# which asks for overlap, one sentence at a time:
#
# $$L_\text{Dice} = \operatorname{mean}_\text{sentences}
# \Bigl[\,1 - \frac{2 \sum p\,m + 1}{\sum p + \sum m + 1}\,\Bigr]$$
#
# The two "+ 1" keep an empty mask from dividing by zero; they are our choice, the paper prints no
# formula.
#
# The smallest numbers: four pixels, $m = [1, 0, 0, 0]$, all logits 0, $w = 1$. Then $p = \frac12$
# everywhere, $L_\text{BCE} = \log 2 \approx 0.69$, and
# $L_\text{Dice} = 1 - (2 \cdot \frac12 + 1) / (2 + 1 + 1) = \frac12$.
#
# ## Why from logits?
# Late in training a network is very sure. See what a probability makes of that:

# %%
for x in (10.0, 100.0):
    p = torch.sigmoid(torch.tensor(x))
    print(f"logit {x:g}: p = {p.item():.9g}, so -log(1 - p) = {-torch.log(1 - p).item():.6g}")
print("the true cost of a logit of 100 where the mask is 0: log(1 + exp(100)) = 100")

# %% [markdown]
# A single infinite pixel makes the whole loss infinite, and all weights NaN one step later.


# %% exercise="segmentation-loss"
def segmentation_loss(logits: Tensor, mask: Tensor, foreground: float) -> Tensor:
    """Add cross-entropy and Dice loss, as above.

    Shapes: logits (B, 1, H, W), mask (B, 1, H, W), float, 0 or 1; foreground is the
    weight w. Returns a scalar, right and finite for logits of ±100 and for an empty
    mask.

    Hint: torch.nn.functional has a binary cross-entropy "with logits".
    """
    # BEGIN SOLUTION
    weights = 1 + (foreground - 1) * mask
    entropy = F.binary_cross_entropy_with_logits(logits, mask, weight=weights)
    probability, truth = logits.sigmoid().flatten(1), mask.flatten(1)
    overlap = 2 * (probability * truth).sum(1) + 1
    overlap = overlap / (probability.sum(1) + truth.sum(1) + 1)
    return entropy + (1 - overlap).mean()
    # END SOLUTION


# %% check="segmentation-loss"
check("segmentation-loss", segmentation_loss)

# %% [markdown]
# ## Why two losses?
# Let a network be right about the background ($p = 0.02$ there), and let it give the pixels of the
# thing meant a probability of your choice, from 0 (*finds nothing*) to 1 (*finds all of it*). Make
# the thing small: what does each loss still pay for finding it?


# %%
def draw_losses(size: int, loss):
    """Draw both losses over the probability given to a thing that covers size percent."""
    truth = (torch.arange(10_000) < 100 * size).float().view(1, 1, 100, 100)
    given = torch.linspace(0.005, 0.995, 45)
    both = [torch.where(truth > 0.5, torch.logit(p), math.log(0.02 / 0.98)) for p in given]
    figure, axis = plt.subplots(figsize=(7, 3.6))
    axis.plot(given, [loss(x, truth, 1.0) for x in both], label="sum", color="#4d4d4d")
    axis.plot(given, [dice(x, truth) for x in both], "--", label="Dice")
    axis.plot(given, [cross_entropy(x, truth) for x in both], ":", label="cross-entropy")
    axis.set(xlabel="probability of its pixels", ylabel="loss", ylim=(0, 2.1))
    axis.set_title(f"the thing covers {size} % of the picture")
    axis.legend()
    alt = f"Losses falling with the probability given to a thing of {size} percent of the picture"
    return show(figure, f"{alt}: Dice falls from about 1, cross-entropy by the thing's share only.")


live(partial(draw_losses, loss=working("segmentation-loss")), size=(1, 50, 1, 3))

# %% [markdown]
# Cross-entropy counts pixels: a thing of 3 % can earn little, and "nothing anywhere" is almost
# free. Dice counts things: each sentence pays up to 1, however small what it means.
#
# ## How fast should it learn?
# Fast at first, slower later, and not at full speed before the first steps have found a direction.
# Papers 000, 001 and 004 let the rate die away as a polynomial of power 0.9; the warm-up is our
# choice. In the warm-up, step 0 has 1 / warmup of the full rate, step 1 has 2 / warmup, up to the
# full rate. Afterwards, with $t$ running from 0 to 1 over the steps that are left,
#
# $$\text{rate}(t) = \text{full rate} \cdot
# \bigl(\text{end} + (1 - \text{end})\,(1 - t)^{\text{power}}\bigr)$$
#
# `end` is the *share* of the full rate that is left at $t = 1$. By hand: 10 steps, no warm-up,
# power 1, end 0, full rate 1: step 0 has 1, step 5 has ½, and step 10, after the last, has 0.


# %% exercise="polynomial-rate"
def polynomial_rate(
    step: int, steps: int, rate: float, power: float, end: float, warmup: int
) -> float:
    """Compute the learning rate of one step.

    step: its number, the first is 0 (it may also be steps or more: the rate then stays
    where it ended). steps: of the whole training, warm-up included. rate: the full
    rate. power, end: see above. warmup: how many steps warm up; 0 for none. Returns a
    number.

    Hint: treat step < warmup first.
    """
    # BEGIN SOLUTION
    if step < warmup:
        return rate * (step + 1) / warmup
    t = min(1.0, (step - warmup) / (steps - warmup))
    return rate * (end + (1 - end) * (1 - t) ** power)
    # END SOLUTION


# %% check="polynomial-rate"
check("polynomial-rate", polynomial_rate)

# %%
rate_of = working("polynomial-rate")
STEPS = 400
schedule = {"steps": STEPS, "rate": 3e-3, "power": 0.9, "end": 0.01, "warmup": 20}
figure, axis = plt.subplots(figsize=(7, 3))
axis.plot([rate_of(step=step, **schedule) for step in range(STEPS)])
axis.set(xlabel="step", ylabel="learning rate", title="The schedule you will train with")
show(figure, "The rate rises straight to 0.003 in 20 steps, then falls almost straight to 0.")

# %% [markdown]
# ## What goes into the network?
# Your `split_convolution`, twice a matrix, a ReLU. Everything around it is the library's baseline,
# cut down so that it trains in about a minute: one backbone level instead of three, 64 channels
# instead of 96. The backbone is frozen, as in the papers; the word vectors start at random.


# %%
class FirstFusion(nn.Module):
    """Tile, concatenate, convolve: hidden = ReLU(W [v; l] + b), then a second convolution."""

    def __init__(self, visual: int, language: int = 96, width: int = 128, out: int = 64) -> None:
        super().__init__()
        # Eight more channels tell each cell where it lies (notebook 03).
        self.first = nn.Linear(visual + 8 + language, width)
        self.second = nn.Linear(width, out)

    def forward(self, feature, words, word_mask, image_of=None):
        """Fuse (I, Cv, h, w) with words (B, T, Cl) into (B, out, h, w)."""
        cells = picture_vectors(feature, balanced=True)
        said = mean_over_words(word_vectors(words, word_mask, balanced=True), word_mask)
        hidden = F.relu(split(cells, said, image_of, self.first.weight, self.first.bias))
        return self.second(hidden).mT.unflatten(-1, feature.shape[-2:])


# %%
def fresh_model(vocabulary) -> Loaded:
    """Build the network with random weights; the same ones every time."""
    torch.manual_seed(0)
    fusion = PerLevel(lambda level, visual: FirstFusion(visual), {"c5": 128}, "first")
    sizes = {"levels": ("c5",), "width": 64}
    model = build_model(
        "baseline", vocabulary_size=len(vocabulary), sizes=sizes, level_fusion=fusion
    )
    return Loaded(model, model.config, vocabulary)


pupils = park(split="train")
mine = fresh_model(build_vocabulary(pupils, max_length=20))
trained = [p for p in mine.model.parameters() if p.requires_grad]
print(f"{sum(p.numel() for p in trained):,} weights to train, {len(mine.vocabulary)} words")

# %% [markdown]
# A frozen backbone says the same about a picture every time. So let it look at each picture once,
# and keep what it says.

# %%
# One thread: at this size a second one waits more than it works, and sums come out the same
# on every machine.
torch.set_num_threads(1)
pupils = replace(pupils, rows=pupils.rows[:6000])
samples = Samples(pupils, mine.vocabulary, size=128, max_length=20)
begin = time.perf_counter()
samples.cache_features(mine.model.backbone, mine.model.used_levels(), lambda done, of: None)
print(f"{len(samples.groups)} pictures looked at in {time.perf_counter() - begin:.0f} s")


def batches():
    """Hand out batches of about 32 sentences without end, in another order in every epoch."""
    for epoch in itertools.count():
        order = epoch_batches(samples.groups, samples.lengths, 32, 4, seed=0, epoch=epoch)
        yield from map(samples.batch, order)


# %% [markdown]
# ## What does it answer before training?
# Three sentences from the validation split. Keep the answers, to compare.

# %%
few = (17, 42, 57)
before = [predict(data.image(i), data[i].sentence, mine).probability for i in few]
for i, probability in zip(few, before, strict=True):
    print(f"“{data[i].sentence}”: {probability.min():.2f} to {probability.max():.2f}")

# %% [markdown]
# ## The loop
# This is all of it. Read it line by line: a batch, a rate, logits, a loss, gradients, a step. The
# convolution, the loss and the rate are yours. It takes about a minute, longer on a busy machine,
# and prints every 50 steps how far it is.

# %%
loss_of = working("segmentation-loss")
optimizer = torch.optim.Adam(trained)
losses, begin = [], time.perf_counter()
mine.model.train()
for step, batch in enumerate(itertools.islice(batches(), STEPS)):
    for group in optimizer.param_groups:
        group["lr"] = rate_of(step=step, **schedule)
    logits = mine.model(batch)
    loss = loss_of(logits=logits, mask=batch.mask, foreground=1.0)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    losses.append(loss.item())
    if not math.isfinite(losses[-1]):
        raise RuntimeError(f"the loss is {losses[-1]} at step {step}: lower the rate")
    if (step + 1) % 50 == 0:
        print(f"step {step + 1}: loss {np.mean(losses[-50:]):.3f}")
seconds = time.perf_counter() - begin
print(f"{STEPS} steps in {seconds:.0f} s")

# %%
smooth = np.convolve(losses, np.ones(20) / 20, "valid")
figure, axis = plt.subplots(figsize=(7, 3.6))
axis.plot(losses, color="#56b4e9", alpha=0.5, linewidth=1, label="each batch")
axis.plot(np.arange(19, STEPS), smooth, color="#0072b2", label="mean of the last 20")
axis.set(xlabel="step", ylabel="cross-entropy + Dice", ylim=(0, None))
axis.set_title("The loss while it trains")
axis.legend()
show(figure, f"The loss falls from {losses[0]:.2f} to about {smooth[-1]:.2f}, fast, then slowly.")

# %% [markdown]
# ## What does it answer now?
# Yours has seen each of 6,000 sentences about twice. The shipped baseline has the same kind of
# fusion on three levels, and has trained for twelve minutes. Yellow is a high probability.

# %%
shown = []
for i, guess in zip(few, before, strict=True):
    picture, sentence = data.image(i), data[i].sentence
    maps = {
        "what was meant": data.mask(i).astype(float),
        "before": guess,
        "yours, now": predict(picture, sentence, mine).probability,
        "shipped": predict(picture, sentence, baseline).probability,
    }
    grid = map_grid(picture, maps, alt=f"“{sentence}”", limits=(0, 1), width=150)
    shown.append(f'<p style="margin:10px 0 0 0">“{sentence}”</p>{grid}')
Fragment("".join(shown), "Masks of three sentences: true, before training, after it, shipped.")

# %% [markdown]
# ## How good is it?
# Score a hundred sentences of the validation split. `answers` asks one sentence after the other and
# keeps the masks, so that you can look at them later.

# %%
FIRST = range(100)
own = [data[i].sentence for i in FIRST]


def answers(loaded: Loaded, sentences: list[str]) -> list[np.ndarray]:
    """Ask sentence k about the picture of validation sentence k."""
    return [predict(data.image(i), sentences[i], loaded).mask for i in FIRST]


def row(name: str, masks: list[np.ndarray]) -> list[str | float]:
    """Score masks against the things that sentence k truly means."""
    counts = [count(mask, data.mask(i)) for i, mask in zip(FIRST, masks, strict=True)]
    scores = score(*zip(*counts, strict=True))
    spread = np.std([100 * float(iou(*both)) for both in counts]) / len(counts) ** 0.5
    return [name, scores["oIoU"], scores["mIoU"], float(spread), scores["P@0.5"]]


heads = ["who, and what was said", "oIoU", "mIoU", "± mIoU", "P@0.5"]

# %%
untrained = fresh_model(mine.vocabulary)
found = {"yours": answers(mine, own), "shipped": answers(baseline, own)}
minutes = baseline.config["minutes"]
rows = [
    row("yours before training", answers(untrained, own)),
    row(f"yours after {seconds:.0f} seconds", found["yours"]),
    row(f"shipped, after {minutes:.0f} minutes", found["shipped"]),
]
table(heads, rows, "100 sentences of parkref_unc val, in percent")

# %% [markdown]
# ± is one standard error, what a hundred sentences are worth: where two scores are closer than
# that, do not call one of them better.
#
# ## Does it listen?
# A good score does not prove it. A network could learn what is *usually* meant and never read. Two
# controls, on the same hundred pictures:
#
# - **shuffled**: every picture is asked about with a sentence written for another picture. What was
#   meant stays the same. A network that listens must fall.
# - **noun only**: "woman in the upper left" becomes "woman". The pictures hold two or more things
#   of that name, so whoever needs the rest of the sentence must fall too, but less.

# %%
source = shuffle_across_images([data[i].image_id for i in FIRST], seed=0)
ways = {
    "its own sentence": own,
    "the noun only": [data[i].category for i in FIRST],
    "shuffled sentences": [own[k] for k in source],
}
rows = []
for name, loaded in (("yours", mine), ("shipped", baseline)):
    for what, texts in ways.items():
        masks = found[name] if texts is own else answers(loaded, texts)
        rows.append(row(f"{name}: {what}", masks))
table(heads, rows, "The same hundred pictures, asked in three ways")

# %% [markdown]
# ## Ask it yourself
# Change the picture, change one word, say nonsense. What does it do with a word it never saw?


# %%
def ask(picture: int, sentence: str, loaded: Loaded):
    """Show what a network answers to any sentence."""
    answer = predict(data.image(picture), sentence, loaded)
    large, mask = data.image(picture).resize((480, 480)), resize_mask(answer.mask, 480, 480)
    share = f"{100 * answer.mask.mean():.0f} % of the picture is chosen"
    told = "; ".join([share, *answer.notes])
    return image_tag(overlay(large, mask), f"{sentence}: {told}", 320) + f"<p>{escape(told)}</p>"


pictures = {"boys and a cat": 12, "cats and balls": 42, "ducks": 53, "dogs": 87}
live(partial(ask, loaded=mine), picture=pictures, sentence="boy wearing white hat")

# %% [markdown]
# ## How does it fail?
# Do not stop at the score. Sort the answers into four kinds:
#
# - **found**: IoU at least 0.5;
# - **nothing**: not one pixel is chosen;
# - **another thing**: less than a third of what is chosen belongs to the thing meant;
# - **blurred**: it covers the thing meant, but spills over to others or leaves much out.

# %%
KINDS = ("found", "another thing", "blurred", "nothing")


def kind(mask: np.ndarray, truth: np.ndarray) -> str:
    """Say how an answer failed, or that it did not."""
    shared, either = count(mask, truth)
    if 2 * shared >= either:
        return "found"
    if not mask.any():
        return "nothing"
    return "another thing" if 3 * shared < mask.sum() else "blurred"


# %%
kinds = {who: [kind(m, data.mask(i)) for i, m in enumerate(found[who])] for who in found}
figure, axis = plt.subplots(figsize=(7.5, 2.6))
for line, seen in enumerate(kinds.values()):
    left = 0
    for name, color in zip(KINDS, plt.cm.cividis([0.1, 0.45, 0.75, 1.0]), strict=True):
        many = seen.count(name)
        axis.barh(line, many, left=left, color=color, label=name if line == 0 else None)
        ink = "white" if name in KINDS[:2] else "black"
        axis.text(left + many / 2, line, many or "", ha="center", va="center", color=ink)
        left += many
axis.set(yticks=[0, 1], yticklabels=list(kinds), xlabel="sentences", xlim=(0, 100))
axis.invert_yaxis()
axis.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
told = [f"{who} " + ", ".join(f"{k} {seen.count(k)}" for k in KINDS) for who, seen in kinds.items()]
show(figure, f"Kinds of answers among 100 sentences: {'; '.join(told)}.")

# %% [markdown]
# One picture for each kind that yours has: what was meant above, what it chose below.

# %%
examples = {name: kinds["yours"].index(name) for name in KINDS[1:] if name in kinds["yours"]}
figure, axes = plt.subplots(2, len(examples), figsize=(2.6 * len(examples), 5.4), squeeze=False)
for column, (name, i) in zip(axes.T, examples.items(), strict=True):
    column[0].imshow(overlay(data.image(i), data.mask(i)))
    column[1].imshow(overlay(data.image(i), found["yours"][i]))
    column[0].set_title(fill(f"“{data[i].sentence}”", 24), fontsize=11, weight="normal")
    column[1].set_title(f"yours: {name}", fontsize=12)
for axis in axes.flat:
    axis.axis("off")
show(figure, f"Failures of your network, one of each kind: {', '.join(examples)}.")

# %% [markdown]
# *Another thing* is the interesting kind: the outline is fine, the choice is wrong. The network saw
# what there is, but did not work out which one was meant.
#
# ## What still fails?
# Not only yours. Here is the sentence of the hundred on which the shipped baseline does worst.

# %%
truths = [data.mask(i) for i in FIRST]
scores = [float(iou(*count(m, t))) for m, t in zip(found["shipped"], truths, strict=True)]
worst = int(np.argmin(scores))
figure, axes = plt.subplots(1, 2, figsize=(7.5, 4.1))
axes[0].imshow(overlay(data.image(worst), truths[worst]))
axes[1].imshow(overlay(data.image(worst), found["shipped"][worst]))
axes[0].set_title("what was meant")
axes[1].set_title(f"the shipped baseline: IoU {scores[worst]:.2f}")
figure.suptitle(f"“{data[worst].sentence}”")
for axis in axes:
    axis.axis("off")
show(figure, f"“{data[worst].sentence}”: the thing meant, and another that the baseline chose.")

# %% [markdown]
# One reason can be proved without any picture. The sentence is the *mean* of its word vectors, and
# a mean does not know an order. Whatever you train, these two get the same answer:

# %%
for sentence in ("brown dog in front of yellow boat", "yellow boat in front of brown dog"):
    answer = predict(data.image(87), sentence, baseline)
    print(f"{sentence}: {answer.mask.sum()} pixels, highest {answer.probability.max():.4f}")

# %% [markdown]
# What would help? Every word should speak for itself, so that "left" can be asked of a place and
# "dog" of a shape; and every pixel should be able to look at the others, because "third from the
# left" is about all of them. Both at once is cross-modal self-attention: notebook 05.
#
# Do not take our word for it. Paper 004 gains by it on photographs (Table 2). On ParkRef the
# shipped CMSA-Net does *not* beat this baseline after as many steps; `results/README.md` has the
# numbers, and what we think is the reason.
