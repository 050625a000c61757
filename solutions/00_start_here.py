# %% [markdown]
# # 00 Start here
# learn: whether everything on this machine is ready for the course
# learn: how to ask a trained model about a picture, in words of your own
# learn: how a notebook of this course is built, and how its exercises check your code
# need: this repository with its environment (`make lab` in the README does all of it)
# need: Python; PyTorch tensors help from the second notebook on
# minutes: 10

# %% [markdown]
# ## Is everything here?
#
# Put the cursor into the cell below and press Shift+Enter. It imports what this notebook uses and
# looks at your machine.

# %%
import math
import os
from html import escape
from pathlib import Path

import numpy as np
import torch
from matplotlib import pyplot as plt
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from refseg_lib import doctor
from refseg_lib.course import check, park, shipped, working
from refseg_lib.course.checking import examine
from refseg_lib.course.progress import ProgressCard
from refseg_lib.course.registry import find_exercise
from refseg_lib.course.setting import data_folder
from refseg_lib.evaluation.metrics import iou
from refseg_lib.evaluation.predicting import predict

# %%
from refseg_lib.evaluation.protocols import count
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.figure import show, style
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table

style()
report = doctor.examine(Path(os.path.relpath(data_folder())))
print("All that the course needs is here." if report.ok else "Something is MISSING.")
print(*[line for line in report.lines if not line.startswith("ok")], sep="\n")

# %% [markdown]
# *MISSING* stops you: do what the line says. *absent* does not. Nothing in this course needs a GPU
# or one of the real data sets. Where a notebook uses an extra that is absent, it says so and goes
# on.
#
# The next cell opens **ParkRef**, the data set that the course draws itself: pictures of a park,
# and sentences about them. The first time it has to be drawn; that takes about a minute.

# %%
data = park()
model = shipped("cmsa")
print(f"{len(data)} sentences about {len(data.by_image())} pictures to look at")

# %% [markdown]
# ## What does a sentence mean in a picture?
#
# That question is the whole subject. A picture and a sentence go in, and out comes a **mask**: for
# every pixel, whether it belongs to the thing meant. The trained network here is CMSA-Net; in
# notebooks 05 and 06 you write its two main parts yourself.
#
# Choose a picture, write a sentence, press Enter. *The red kite*, *dog on the right*, *woman on the
# left*: whatever you see. What is meant keeps its colours; the rest is darkened.


# %%
def bright(picture: Image.Image, mask: NDArray, size: int = 384) -> Image.Image:
    """Enlarge a square picture and darken what is not in the mask."""
    large = picture.resize((size, size), Image.Resampling.LANCZOS)
    return overlay(large, resize_mask(mask, size, size))


def ask(picture: Image.Image, sentence: str) -> Fragment:
    """Draw what the model takes a sentence to mean."""
    answer = predict(picture, sentence, model)
    told = f"The answer to “{sentence}”: {describe_mask(answer.mask)}"
    notes = "".join(f"<p>{escape(note)}</p>" for note in answer.notes)
    return Fragment(image_tag(bright(picture, answer.mask), told) + notes, told)


# %%
pictures = {
    "two dogs, two women, two balloons": data.image(206),
    "two men and two dogs": data.image(129),
    "three kites and a duck": data.image(159),
    "umbrellas, balls and a balloon": data.image(194),
    "two men, a bike and a balloon": data.image(70),
}
live(ask, picture=pictures, sentence="left dog")

# %% [markdown]
# A widget like this one needs a running notebook. Where none is running, as on a web page, the
# picture of its first choice stands in its place.
#
# ## Does it read, or does it guess?
#
# A network could look for the most striking thing and ignore you. So give it two sentences that
# differ in a single word, about two dogs of one colour.

# %%
scene = pictures["two dogs, two women, two balloons"]
pair = ("left dog", "right dog")
answers = [predict(scene, sentence, model) for sentence in pair]
figure, axes = plt.subplots(1, 2, figsize=(7.5, 4.1))
for ax, sentence, answer in zip(axes, pair, answers, strict=True):
    ax.imshow(bright(scene, answer.mask))
    ax.set_title(f"“{sentence}”")
    ax.axis("off")
shared = 100 * float(iou(*count(answers[0].mask, answers[1].mask)))
print(f"Of all pixels in either answer, {shared:.0f} % are in both.")
show(figure, alt="Two orange dogs: the left one is marked for left dog, the right for right dog")

# %% [markdown]
# The picture is the same, the answer is not: this network reads. How a word gets that power is what
# the course is about.
#
# ## What does a notebook look like here?
#
# All of them go the same way: a card that says what you will learn and how long it takes; a
# question; a picture; the smallest numbers by hand; code; exercises; a look inside the trained
# model; and last a picture on which it **fails**, and what would help.
#
# Run the cells from top to bottom. Nothing breaks when you skip an exercise: later cells take the
# library's own function until yours passes, and print which one they use.
#
# ## How does an exercise work?
#
# You get a function without a body. You write it, run its cell, and run the check below. Here is a
# small one to warm up on.
#
# A network does not say yes or no. For every pixel it gives a **logit** $x$, any real number, and
# the sigmoid makes it a probability:
#
# $$p = \sigma(x) = \frac{1}{1 + e^{-x}}$$
#
# The mask is where $p$ is at least 0.5. Five logits by hand:

# %%
rows = []
for x in (3.0, 0.5, 0.0, -0.5, -3.0):
    p = 1 / (1 + math.exp(-x))
    rows.append([f"{x:+.1f}", p, "yes" if p >= 0.5 else "no"])
table(["logit x", "p", "in the mask"], rows, "From a number to a decision", digits=3)

# %% [markdown]
# Look at the middle row: a logit of 0 is a tie, and a tie counts as the thing meant. Somebody has
# to decide that, and all who compare numbers must decide it alike. Notebook 01 has more of that
# kind.
#
# ### Exercise: your first mask
#
# Replace the line `raise NotImplementedError` by your own code.


# %% exercise="first-mask"
def first_mask(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Turn logits into a mask.

    Shapes: logits of any shape. Returns a bool tensor of the same shape, True where the
    probability of a pixel is at least the threshold; a tie is True.

    Hint: PyTorch has the sigmoid; one comparison does the rest, for all pixels at once.
    """
    # BEGIN SOLUTION
    return torch.sigmoid(logits) >= threshold
    # END SOLUTION


# %% check="first-mask"
check("first-mask", first_mask)

# %% [markdown]
# ## How do you read that card?
#
# Before you write anything it says *not started*. To see what it says about a mistake, here is
# somebody else's answer, wrong on purpose. (`examine` looks at an answer without counting it as
# yours.)


# %%
def too_hasty(logits: Tensor, threshold: float = 0.5) -> Tensor:
    """Forget something."""
    return logits > threshold


examine(find_exercise("first-mask"), too_hasty)

# %% [markdown]
# From top to bottom:
#
# - **the points** earned, and a bar of them;
# - **what was asked**, line by line: ✓ met, ✗ not met. Each line has its own points, so half an
#   answer earns half. A line with ○ cannot be judged yet: wrong numbers have wrong gradients too,
#   say, so mend the numbers first;
# - **Looks like**: when your answer behaves just like a mistake that others make, the card says
#   which;
# - **Look at this first**: the smallest input on which something is wrong, what was expected and
#   what came, with a frame around what differs. A large tensor is shown in part; which part is
#   written below it. Open *the input* to see what your function was given;
# - **Hint**: folded away; every further try offers one more, up to three.
#
# The check never reads your code. A loop is as right as one line: what counts is what your function
# returns, on numbers drawn for the purpose. Once yours has passed, run the cells below its check
# again: they then take yours.
#
# ## What is it good for?
#
# This: the same probabilities, and *your* function makes the mask. Move the threshold and watch a
# cautious model become a greedy one.

# %%
mark = working("first-mask")
logits = torch.logit(torch.from_numpy(answers[0].probability))


def decide(threshold: float) -> Fragment:
    """Draw the mask at a threshold."""
    mask = mark(logits, threshold).numpy()
    told = f"Threshold {threshold:.2f}: {int(mask.sum())} pixels of {mask.size}"
    drawn = image_tag(bright(scene, mask), f"“{pair[0]}”. {told}")
    return Fragment(f"<p>{told}</p>{drawn}", told)


same = bool((mark(logits).numpy() == answers[0].mask).all())
print(f"At 0.5 this is the model's own mask: {same}")
live(decide, threshold=(0.05, 0.95, 0.05, 0.5))

# %% [markdown]
# ## How far are you?
#
# Your best result of every exercise is kept in a file beside the data, on this machine only. The
# card below shows it; so does `refseg progress` in a terminal.

# %%
ProgressCard()

# %% [markdown]
# ## Where to go from here?
#
# | notebook | what it is about |
# |---|---|
# | 00 start here | this one |
# | [01 the task] | sentences, masks, files and scores; why one answer has three scores |
# | [02 words] | from text to numbers: vocabulary, word vectors, padding, Chinese |
# | [03 pictures] | from pixels to feature maps; how a network knows where a cell lies |
# | [04 the first segmenter] | words and cells put side by side; your first training |
# | [05 cross-modal self-attention] | every word looks at every pixel, and how to afford that |
# | [06 gated multi-level fusion] | coarse and fine maps that correct each other |
#
# [01 the task]: 01_the_task.ipynb
# [02 words]: 02_words.ipynb
# [03 pictures]: 03_pictures.ipynb
# [04 the first segmenter]: 04_first_segmenter.ipynb
# [05 cross-modal self-attention]: 05_cross_modal_self_attention.ipynb
# [06 gated multi-level fusion]: 06_gated_fusion.ipynb
#
# Take them in this order; each needs the one before.
#
# ## What still fails?
#
# Ask for something that is not there.

# %%
other = pictures["two men and two dogs"]
answer = predict(other, "the kite", model)
figure, axes = plt.subplots(1, 2, figsize=(7.5, 4.1))
axes[0].imshow(bright(other, np.ones_like(answer.mask)))
axes[0].set_title("no kite anywhere")
axes[1].imshow(bright(other, answer.mask))
axes[1].set_title("“the kite”")
for ax in axes:
    ax.axis("off")
print(f"Pixels marked as the kite: {int(answer.mask.sum())} of {answer.mask.size};")
print(f"the surest of them has a probability of {answer.probability.max():.2f}.")
show(figure, alt="Two men and two dogs without a kite; asked for it, the model marks other pixels")

# %% [markdown]
# There is no kite, and the model marks something all the same; the printed probability says how
# sure it is. Every sentence it was trained on means something in its picture: nothing ever taught
# it that the answer may be *nothing*. What would help: sentences in training that mean nothing in
# their picture, with an empty mask as the truth; or a second output that says whether the thing is
# there at all.
