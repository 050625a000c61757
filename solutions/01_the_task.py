# %% [markdown]
# # 01 The task
# learn: what a referring expression is, in English and Chinese, and what makes it hard
# learn: which files a data set of this field consists of, and how they are read
# learn: how a mask is made of polygons, and how two masks are compared
# learn: why oIoU, mIoU and P@X disagree, and why one and the same answer gets three different
#   scores from three code bases
# need: notebook 00; indexing, comparing and summing PyTorch tensors
# minutes: 45

# %% [markdown]
# ## What is a referring expression?
#
# *The dog* is a noun phrase. *The dog on the left* is a **referring expression**: somebody says it
# so that somebody else knows which dog is meant. The task of this course is to play the listener:
# given a picture and an expression, mark the pixels of the one thing that is meant, its
# **referent**.

# %%
import itertools
import json
import pickle
import tempfile
from collections import Counter
from functools import partial
from html import escape
from io import BytesIO
from pathlib import Path
from pprint import pprint

import numpy as np
import torch
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course import check, park, shipped, working

# %%
from refseg_lib.data.batch import Example, collate
from refseg_lib.data.letterbox import letterbox_image, letterbox_mask
from refseg_lib.data.masks import polygons_to_mask, rle_to_mask
from refseg_lib.data.refer import ReferringDataset
from refseg_lib.data.unpickling import load_refs
from refseg_lib.errors import UserError
from refseg_lib.evaluation.predicting import predict
from refseg_lib.evaluation.protocols import PROTOCOLS, count, legacy_mask, shnet_masks, strict_mask
from refseg_lib.evaluation.reading import read_sentence
from refseg_lib.evaluation.scoring import evaluate
from refseg_lib.explain.figure import COLORS, show, style
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.parkref.pages import make_page
from refseg_lib.parkref.writing import plan

style()
data, loaded = park(), shipped("cmsa")

# %% [markdown]
# The course follows five papers, and calls them by their numbers:
#
# | number | its system | its idea |
# |---|---|---|
# | 000 | BUSNet, CVPR 2021 | reason along the sentence, one relation at a time |
# | 001 | CMPC-Net, CVPR 2020 | find what is named, then keep what is related to it |
# | 002 | the bilingual network, TIST 2021 | English and Chinese; words weigh channels and places |
# | 003 | SHNet, ACL Findings 2022 | words and places attend to one another all at once |
# | 004 | CMSA-Net, CVPR 2019 | attention over pairs of a word and a place; gates for levels |
#
# They use four data sets, and ParkRef imitates all four. People wrote them in a game: one
# describes, the other clicks. The rules of the game are what makes the sentences differ.
#
# | in the papers | in ParkRef | what is special |
# |---|---|---|
# | UNC = RefCOCO | `unc` | short, with places: *left dog* |
# | UNC+ = RefCOCO+ | `uncplus` | words of place were forbidden: *dog with spots* |
# | G-Ref = RefCOCOg | `gref` | no hurry: whole phrases, relations between things |
# | ReferIt | `referit` | other photographs, also of what is no thing: *sky*, *path* |
#
# Choose a picture, a flavour and a language. ParkRef's Chinese sentences are not translated: both
# languages are written from one meaning, each in its own word order.


# %%
def bright(picture: Image.Image, mask: NDArray, size: int = 210) -> Image.Image:
    """Enlarge a square picture and darken what is not in the mask."""
    large = picture.resize((size, size), Image.Resampling.LANCZOS)
    return overlay(large, resize_mask(mask, size, size))


def meant(
    sets: dict[tuple, ReferringDataset], picture: int, flavour: str, language: str
) -> Fragment:
    """Draw every referent of a picture, with all that is said about it."""
    chosen, tiles = sets[flavour, language], []
    referents: dict[int, list[int]] = {}
    for i in dict(chosen.by_image())[picture]:
        referents.setdefault(chosen[i].ref_id, []).append(i)
    for members in referents.values():
        said = [chosen[i].sentence for i in members]
        drawn = bright(chosen.image(members[0]), chosen.mask(members[0]))
        lines = "".join(f'<li lang="{language}">{escape(text)}</li>' for text in said)
        inside = f'{image_tag(drawn, said[0])}<ul style="padding-left:20px">{lines}</ul>'
        tiles.append(f'<figure style="margin:0;width:230px">{inside}</figure>')
    row = f'<div style="display:flex;flex-wrap:wrap;gap:20px">{"".join(tiles)}</div>'
    return Fragment(row, f"{len(tiles)} referents")


# %%
flavours = ("unc", "uncplus", "gref", "referit")
sets = {(f, lang): park(f, language=lang) for f in flavours for lang in ("en", "zh")}
scenes = {
    "two dogs, two women, two balloons": data[206].image_id,
    "two men and two dogs": data[129].image_id,
    "three kites and a duck": data[159].image_id,
    "two men, a bike and a balloon": data[70].image_id,
}
languages = {"English": "en", "中文": "zh"}
live(partial(meant, sets), picture=scenes, flavour=list(flavours), language=languages)

# %% [markdown]
# ## When is an expression ambiguous?
#
# When it fits more than one thing. Then nobody can be right. A noun alone is mostly too little:
# here is, for every sentence, how many things of its referent's kind the picture shows.

# %%
instances = json.loads((data.folder / "instances.json").read_text(encoding="utf-8"))
kinds = {entry["id"]: entry["name"] for entry in instances["categories"]}
shown = Counter(
    (entry["image_id"], kinds[entry["category_id"]]) for entry in instances["annotations"]
)
alike = Counter(shown[e.image_id, e.category] for e in data)
figure, ax = plt.subplots(figsize=(6.5, 3))
shares = [100 * alike[n] / len(data) for n in sorted(alike)]
ax.barh([str(n) for n in sorted(alike)], shares, color=COLORS[0])
ax.invert_yaxis()
ax.grid(axis="y", visible=False)
ax.set(xlabel="percent of the sentences", ylabel="things of the kind\nthat is meant")
alone = 100 * alike[1] / len(data)
print(f"The noun alone would do for {alone:.0f} % of the sentences.")
show(figure, alt="Bar chart: most sentences speak of a thing with one or more others of its kind")

# %% [markdown]
# So the other words must decide: a place, a colour, a relation. Every sentence of ParkRef fits one
# thing only; that was checked when it was written. People are less careful. Of real RefCOCO
# sentences some fit two things, and some have a typing error in them. No model can score 100 there.
#
# ## What is in the files?
#
# ParkRef is stored just as RefCOCO is, so one reader serves both:
#
# | file | what it holds |
# |---|---|
# | `refs(unc).p` | who is meant, and what was said: one record per referent |
# | `instances.json` | every outlined thing of every picture, as COCO has it |
# | `images/` | the pictures |
#
# The name in brackets is who split the data into train, val and test: always name it with a score.
# Here is one record of `refs(unc).p`.

# %%
records = {record["ref_id"]: record for record in load_refs(data.folder / "refs(unc).p")}
record = records[data[206].ref_id]
pprint(record, width=110, sort_dicts=False, compact=True)

# %% [markdown]
# Three sentences about one thing; no pixels. `ann_id` leads to them: it is the number of an
# annotation in the other file.

# %%
annotation = next(entry for entry in instances["annotations"] if entry["id"] == record["ann_id"])
outline = annotation["segmentation"]["counts"]
print({**annotation, "segmentation": f"run lengths: {outline[:30]}… ({len(outline)} letters)"})
print(f"\nThe category {annotation['category_id']} is {kinds[annotation['category_id']]!r}.")

# %% [markdown]
# The reader joins the two, and gives you one item per **sentence**. All five papers train and test
# that way: a thing with three sentences counts three times.

# %%
print(data[206])
rows = []
for flavour in flavours:
    split = sets[flavour, "en"]
    referents = len({expression.ref_id for expression in split})
    words = np.mean([len(expression.sentence.split()) for expression in split])
    rows.append([flavour, len(split.by_image()), referents, len(split), float(words)])
head = ["flavour", "pictures", "referents", "sentences", "words per sentence"]
table(head, rows, "The val split of ParkRef")

# %% [markdown]
# A word of warning. A `.p` file is a pickle, and **a pickle is a program**: opening a stranger's
# with `pickle.load` runs whatever it contains. Our reader can build lists, dictionaries, numbers
# and text, and refuses everything else.


# %%
class Trap:
    """Something that a pickle can make run."""

    def __reduce__(self) -> tuple:
        """Ask for a call of print; it could be anything."""
        return print, ("Your files are gone.",)


with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "refs(stranger).p"
    file.write_bytes(pickle.dumps([Trap()]))
    try:
        load_refs(file)
    except UserError as error:
        print(str(error).replace(folder, "…"))

# %% [markdown]
# ## How do several parts become one mask?
#
# Somebody outlined every thing with polygons. A thing behind a lamp post has two parts, and parts
# drawn in a hurry overlap. Here are two that do, on 8 × 12 pixels. What is the mask?

# %%
body = [1.0, 1, 8, 1, 8, 7, 1, 7]  # x, y, x, y, … of the corners
arm = [5.0, 3, 11, 3, 11, 6, 5, 6]
layers = np.stack([polygons_to_mask([part], 8, 12) for part in (body, arm)])
views = {
    "their sum": layers.astype(int).sum(axis=0),
    "sum == 1": (layers.astype(int).sum(axis=0) == 1).astype(int),
    "what is meant": polygons_to_mask([body, arm], 8, 12).astype(int),
}
figure, axes = plt.subplots(1, 3, figsize=(10.5, 2.9))
for ax, (title, cells) in zip(axes, views.items(), strict=True):
    ax.imshow(cells, cmap="cividis", vmin=0, vmax=2)
    for (row, column), number in np.ndenumerate(cells):
        ink = "black" if number == 2 else "white"
        ax.text(column, row, number, ha="center", va="center", color=ink, size=10)
    ax.set_title(title)
    ax.axis("off")
show(figure, alt="Two overlapping rectangles: summed, with a hole, and united into one mask")

# %% [markdown]
# Data sets come with a tool that *adds* the parts: an overlap has 2 there. Code that then asks
# where the sum is 1 punches a hole; at least one well-known code base does.
# The right mask is the union: a pixel is in it as soon as one part covers it.
#
# ### Exercise: one mask from several parts


# %% exercise="union-of-parts"
def union_of_parts(parts: Tensor) -> Tensor:
    """Unite the parts of one object.

    Shapes: parts (P, H, W), uint8 of 0 and 1, or bool. Returns bool (H, W), True where
    at least one part covers the pixel. P may be 1, or 0: then nothing is covered.

    Hint: which axis counts the parts, and what does "at least one" mean for bool
    values?
    """
    # BEGIN SOLUTION
    return parts.bool().any(dim=0)
    # END SOLUTION


# %% check="union-of-parts"
check("union-of-parts", union_of_parts)

# %%
unite = working("union-of-parts")
mine = unite(torch.from_numpy(layers))
print("the same mask as the library's:", bool((mine.numpy() == views["what is meant"]).all()))

# %% [markdown]
# ## How alike are two masks?
#
# The model gives a mask, the data set has the truth. Both are sets of pixels, so compare them as
# sets: the **intersection** $I$ is what they share, the **union** $U$ what they cover together. The
# quotient $I/U$, the *intersection over union* or IoU, is 1 where they agree and 0 where they miss
# each other. Count along:

# %%
colors = {"neither": "#ececec", "found": COLORS[5], "meant": COLORS[4], "both": COLORS[0]}
palette = ListedColormap(list(colors.values()))


def compare(ax: plt.Axes, found: NDArray, wanted: NDArray, title: str) -> None:
    """Draw two masks in four colours."""
    ax.imshow(found + 2 * wanted, cmap=palette, vmin=0, vmax=3)
    ax.set_title(title)
    ax.axis("off")


answer, truth = np.zeros((5, 8), bool), np.zeros((5, 8), bool)
answer[1:4, 1:5], truth[2:5, 3:7] = True, True
figure, ax = plt.subplots(figsize=(6.6, 3.1))
inter, union = count(answer, truth)
compare(ax, answer, truth, f"I = {inter}, U = {union}, IoU = {inter / union:.2f}")
ax.hlines(np.arange(6) - 0.5, -0.5, 7.5, color="white", lw=1.5)
ax.vlines(np.arange(9) - 0.5, -0.5, 4.5, color="white", lw=1.5)
key = [Patch(color=color, label=name) for name, color in colors.items()]
ax.legend(handles=key, loc="center left", bbox_to_anchor=(1, 0.5))
show(figure, alt="Two overlapping rectangles of pixels, the shared ones darker, with I, U and IoU")

# %% [markdown]
# Why not simply count the pixels that are right? Because most pixels are background, and an answer
# that marks nothing at all is right on nearly all of them. IoU never looks at background that both
# leave out.
#
# ### Exercise: intersection and union


# %% exercise="intersection-and-union"
def intersection_and_union(prediction: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Count the pixels that two masks share, and those in either.

    Shapes: prediction and truth bool (B, H, W), True = the thing. Returns two int64
    tensors (B,): the intersection and the union of every sentence, in pixels.

    Hint: combine the masks pixel by pixel first; then count, sentence by sentence.
    """
    # BEGIN SOLUTION
    intersection = (prediction & truth).flatten(1).sum(dim=1)
    union = (prediction | truth).flatten(1).sum(dim=1)
    return intersection, union
    # END SOLUTION


# %% check="intersection-and-union"
check("intersection-and-union", intersection_and_union)

# %% [markdown]
# ## How do many sentences become one number?
#
# There are two ways, and papers call both of them "IoU":
#
# $$\text{oIoU} = \frac{\sum_n I_n}{\sum_n U_n} \qquad\qquad
#   \text{mIoU} = \frac{1}{N} \sum_n \frac{I_n}{U_n}$$
#
# **Overall IoU** adds pixels up first, so a large thing has many votes. **Mean IoU** gives every
# sentence one vote. Two sentences are enough to see it.

# %%
rows = [["a large thing, found well", 9000, 10000], ["a small thing, found badly", 100, 1000]]
overall = (9000 + 100) / (10000 + 1000)
mean = (9000 / 10000 + 100 / 1000) / 2
table(
    ["sentence", "I", "U", "I / U in percent"],
    [[name, i, u, 100 * i / u] for name, i, u in rows]
    + [["oIoU: the sums", 9100, 11000, 100 * overall], ["mIoU: the mean", None, None, 100 * mean]],
    "One split, two scores",
)

# %% [markdown]
# Who fails on small things loses little oIoU and much mIoU. Move the three numbers until the two
# scores agree; there are two ways to get there.


# %%
def two_things(large: int, small: int, times_larger: int) -> Fragment:
    """Draw the scores of a large thing and a small one, given the IoU of each in percent."""
    overall = (times_larger * large + small) / (times_larger + 1)
    mean = (large + small) / 2
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 2.6), width_ratios=(1, 1.3))
    for place, area, score in ((0, times_larger, large), (1.6, 1, small)):
        side = 1.4 * np.sqrt(area / 20)
        left.add_patch(plt.Rectangle((place, 0), side, side, color="#cccccc"))
        left.add_patch(plt.Rectangle((place, 0), side, side * score / 100, color=COLORS[0]))
    left.set(xlim=(-0.1, 2.1), ylim=(-0.05, 1.5), aspect="equal")
    left.set_title("the part found (IoU)")
    left.axis("off")
    bars = right.barh(["mIoU", "oIoU"], [mean, overall], color=[COLORS[1], COLORS[0]])
    right.bar_label(bars, fmt="%.1f", padding=4)
    right.set(xlim=(0, 112), xlabel="percent")
    right.grid(axis="y", visible=False)
    return show(figure, alt=f"oIoU {overall:.1f} and mIoU {mean:.1f} of two things")


live(two_things, large=(0, 100, 5, 90), small=(0, 100, 5, 10), times_larger=(1, 20, 1, 10))

# %% [markdown]
# The main number of all five papers is oIoU. Later papers often print mIoU, and some print one and
# mean the other. So always write both, with their names.
#
# One case is left: nothing meant and nothing found. Then $U = 0$ and there is nothing to divide.
# The answer is right, so its IoU is 1 here. (In the real data sets $U$ is never 0: something is
# always meant.)
#
# ### Exercise: overall and mean IoU


# %% exercise="overall-and-mean-iou"
def overall_and_mean_iou(intersections: Tensor, unions: Tensor) -> tuple[Tensor, Tensor]:
    """Turn the counts of all sentences into the two scores.

    Shapes: intersections and unions float64 (N,), counts of pixels. (float64, because
    the pixels of a whole split are too many for float32 to count.) Returns oIoU and
    mIoU in percent, two float64 tensors without axes, as sums and means are. Where a
    union is 0, the IoU is 1.

    Hint: one is a quotient of sums, the other a mean of quotients. torch.where chooses
    entry by entry, and takes plain numbers too.
    """
    # BEGIN SOLUTION
    overall = intersections.sum() / unions.sum() if unions.any() else torch.ones_like(unions[0])
    each = torch.where(unions > 0, intersections / unions, 1.0)
    return 100 * overall, 100 * each.mean()
    # END SOLUTION


# %% check="overall-and-mean-iou"
check("overall-and-mean-iou", overall_and_mean_iou)

# %% [markdown]
# ## How often is the answer good enough?
#
# A third family of numbers: **P@X** is the percentage of sentences whose IoU is at least $X$.
# P\@0.5 asks whether the right thing was found at all, P\@0.9 whether its border is right too. Four
# sentences with IoUs of 0.95, 0.7, 0.5 and 0.2, for example, have a P\@0.5 of 75: three of four.
# *At least*, or *more than*? The older code and LAVT say at least; SHNet and CRIS say more than. We
# say at least.
#
# ### Exercise: precision at X


# %% exercise="precision-at"
def precision_at(intersections: Tensor, unions: Tensor, threshold: float) -> Tensor:
    """Compute the percentage of sentences whose IoU is at least a threshold.

    Shapes: intersections and unions float64 (N,), counts of pixels; threshold in
    [0, 1]. Returns a float64 tensor without axes, in percent. Where a union is 0, the
    IoU is 1.

    Hint: a comparison gives one bool value per sentence. A bool tensor has no mean, but
    .double() makes it one of 0 and 1 that has.
    """
    # BEGIN SOLUTION
    quality = torch.where(unions > 0, intersections / unions, 1.0)
    return 100 * (quality >= threshold).double().mean()
    # END SOLUTION


# %% check="precision-at"
check("precision-at", precision_at)

# %% [markdown]
# ## What does the trained model score?
#
# Now everything together, with your functions where they passed: CMSA-Net answers 140 sentences.

# %%
counts, scores = working("intersection-and-union"), working("overall-and-mean-iou")
precision = working("precision-at")
first = range(140)
found = [predict(data.image(i), data[i].sentence, loaded).mask for i in first]
wanted = [data.mask(i) for i in first]
intersections, unions = counts(*(torch.from_numpy(np.stack(m)) for m in (found, wanted)))
intersections, unions = intersections.double(), unions.double()
mine = dict(zip(("oIoU", "mIoU"), map(float, scores(intersections, unions)), strict=True))
for x in (0.5, 0.7, 0.9):
    mine[f"P@{x}"] = float(precision(intersections, unions, x))
theirs = evaluate(loaded, data, limit=len(first), progress=False).scores
table(
    ["score", "with these functions", "refseg evaluate"],
    [[name, number, float(theirs[name])] for name, number in mine.items()],
    f"CMSA-Net, the first {len(first)} sentences of parkref_unc val, percent",
    digits=2,
)

# %% [markdown]
# Two columns, one and the same number in each row: you have just written this field's evaluation.
# (The second column comes from batches of sentences; a last digit may differ by rounding.) What do
# the scores hide? Draw every sentence.

# %%
quality = (intersections / unions.clamp(min=1)).numpy()
areas = [int(mask.sum()) for mask in wanted]
levels = np.linspace(0, 1, 101)
curve = np.array([float(precision(intersections, unions, float(x))) for x in levels])
figure, (left, right) = plt.subplots(1, 2, figsize=(10.5, 3.9))
left.scatter(areas, 100 * quality, color=COLORS[0], alpha=0.65, edgecolor="white")
left.axhline(mine["oIoU"], color=COLORS[0], lw=1.4, label="oIoU")
left.axhline(mine["mIoU"], color=COLORS[1], lw=1.4, ls="--", label="mIoU")
left.set(xlabel="pixels of the thing meant", ylabel="IoU in percent", ylim=(-3, 103))
left.legend(loc="lower right")
right.plot(levels, curve, color=COLORS[2])
right.fill_between(levels, curve, color=COLORS[2], alpha=0.12)
marks = (0.5, 0.6, 0.7, 0.8, 0.9)
right.plot(marks, [curve[round(100 * x)] for x in marks], "o", color=COLORS[2])
right.set(xlabel="X", ylabel="P@X in percent", xlim=(0, 1), ylim=(0, 103))
area = np.trapezoid(curve, levels)
print(f"The area under the curve of P@X is {area:.1f}, mIoU is {mine['mIoU']:.1f}.")
show(figure, alt="Left: IoU of every sentence against size. Right: P@X falling with X")

# %% [markdown]
# On the left: most answers are good, and a few miss altogether. No mean tells you that; a curve
# does. On the right every P@X at once: the dots are what papers print. The area below it is mIoU,
# up to the width of the steps: a mean is the area below its own "how many reach X".
#
# ## Can one answer have three scores?
#
# So far nothing was resized: ParkRef's pictures and the model's map both have 128 × 128 pixels.
# Real photographs have 640 × 480, and the networks of these papers give 320 × 320. Somewhere
# between logits and score something is resized, and everybody does it differently:
#
# | protocol | used by | what is compared |
# |---|---|---|
# | `strict` | this course | logits resized to the picture; then a probability of 0.5 or more |
# | `legacy-tf` | RMI, RRN, CMSA, CMPC | logits made 0 or 1; then resized; all but 0 counts |
# | `shnet` | SHNet | more than 0.40, on a small square; the truth is shrunk, all but 0 counts |
#
# Draw the same scenes with twice as many pixels each way, as photographs have: then it matters.

# %%
jobs = {job.number: job for job in plan(height=256)}
examples, cases = [], []
for image_id, members in data.by_image()[:28]:
    page = make_page(jobs[image_id])
    outlines = {entry["id"]: entry["segmentation"] for entry in page.annotations}
    picture = Image.open(BytesIO(page.picture)).convert("RGB")
    for _, same in itertools.groupby(members, key=lambda i: data[i].ann_id):
        expression = data[next(same)]
        words = loaded.vocabulary.encode(read_sentence(loaded, expression.sentence))
        examples.append(Example(words, letterbox_image(picture, 128), image_id=image_id))
        truth = rle_to_mask(outlines[expression.ann_id], 256, 256)
        cases.append((expression.sentence, picture, truth))
with torch.no_grad():
    logits = loaded.model(collate(examples))[:, 0]
print(f"{len(cases)} sentences; logits {tuple(logits.shape)}, truth {cases[0][2].shape}")

# %%
chosen = [sentence for sentence, _, _ in cases].index("red kite")
sentence, picture, truth = cases[chosen]
one = logits[chosen]
pairs = {
    "strict": (strict_mask(one, 256, 256), truth),
    "legacy-tf": (legacy_mask(one, 256, 256), truth),
    "shnet": shnet_masks(one, truth, side=128),
}
figure, axes = plt.subplots(1, 4, figsize=(12, 3.7))
axes[0].imshow(overlay(picture, truth))
axes[0].set_title(f"“{sentence}”")
axes[0].axis("off")
for ax, (name, (mask, target)) in zip(axes[1:], pairs.items(), strict=True):
    inter, union = count(mask, target)
    compare(ax, mask, target, f"{name}\n{inter} / {union} = {100 * inter / union:.1f} %")
    rows, columns = (np.nonzero(target.any(axis=axis))[0] for axis in (1, 0))
    margin = len(target) // 20
    ax.set(xlim=(columns[0] - margin, columns[-1] + margin))
    ax.set(ylim=(rows[-1] + margin, rows[0] - margin))
show(figure, alt="A red kite, and its mask against the truth under three protocols, three IoUs")

# %% [markdown]
# Dark blue is in both, light blue was missed, orange is too much. One answer, three IoUs. In the
# second picture the mask has grown: a small cell that touches a pixel with a hundredth of its
# weight marks that pixel. In the third the *truth* has grown as well.
#
# Take four pixels of a row. Two cells say 1 and 0, and the row is to be twice as long:

# %%
cells = torch.tensor([[[1.0, 0.0]]])
longer = F.interpolate(cells, size=4, mode="linear", align_corners=False)[0, 0]
table(
    ["rule", *(f"pixel {n}" for n in range(4))],
    [
        ["resized", *longer.tolist()],
        ["half or more", *("yes" if x >= 0.5 else "no" for x in longer)],
        ["anything but 0", *("yes" if x > 0 else "no" for x in longer)],
    ],
    "Two cells become four pixels",
    digits=2,
)

# %% [markdown]
# Now you know why a model of yours at 320 × 320 may look *worse* than the paper it copies, or
# better: before the models, compare the rulers.
#
# ### Exercise: three protocols, three answers
#
# The picture is square here, so there are no black bars to cut off (those come in notebook 03).


# %% exercise="three-protocols"
def three_protocols(logits: Tensor, truth: Tensor) -> dict[str, tuple[int, int]]:
    """Score one answer by three rules.

    Shapes: logits (S, S), floating; truth bool (N, N), the picture's own size. Returns
    a dictionary with the keys "strict", "legacy-tf" and "shnet": (intersection, union),
    two int each.

    strict: logits resized to (N, N); probability 0.5 or more; compared with the truth.
    legacy-tf: logits of 0 and more become 1, others 0; resized to (N, N); all but 0 is
    the mask.
    shnet: probability over 0.40 at (S, S); compared with the truth resized to (S, S),
    where all but 0 counts.

    All resizing is bilinear, without anti-aliasing; align_corners is True for shnet
    only.

    Hint: F.interpolate wants four axes and floating numbers; int(...) makes a count an
    int.
    """

    # BEGIN SOLUTION
    def resized(cells: Tensor, size: int, corners: bool) -> Tensor:
        maps = cells[None, None].double()
        return F.interpolate(maps, (size, size), mode="bilinear", align_corners=corners)[0, 0]

    def pair(mask: Tensor, target: Tensor) -> tuple[int, int]:
        return int((mask & target).sum()), int((mask | target).sum())

    small, large = len(logits), len(truth)
    return {
        "strict": pair(resized(logits, large, False) >= 0, truth),
        "legacy-tf": pair(resized(logits >= 0, large, False) > 0, truth),
        "shnet": pair(logits.sigmoid() > 0.40, resized(truth, small, True) > 0),
    }
    # END SOLUTION


# %% check="three-protocols"
check("three-protocols", three_protocols)

# %% [markdown]
# ## How much does the ruler matter?
#
# The same logits for all sentences drawn above, first under your three rules, then under all five
# that the library knows. `square480` is LAVT's: everything squashed to 480 × 480. `cris` is CRIS's:
# over 0.35. (For `shnet` the library takes SHNet's own square of 160 × 160 cells; your function
# took the 128 × 128 of this model.)

# %%
three = working("three-protocols")
answers = [
    three(one, torch.from_numpy(truth)) for one, (_, _, truth) in zip(logits, cases, strict=True)
]
rows = []
for name in ("strict", "legacy-tf", "shnet"):
    pairs = torch.tensor([answer[name] for answer in answers], dtype=torch.float64)
    rows.append([f"exercise: {name}", *map(float, scores(*pairs.T))])
for name, rule in PROTOCOLS.items():
    pairs = torch.tensor(
        [rule(one, truth) for one, (_, _, truth) in zip(logits, cases, strict=True)],
        dtype=torch.float64,
    )
    rows.append([f"library: {name}", *map(float, scores(*pairs.T))])
table(["protocol", "oIoU", "mIoU"], rows, f"The same {len(cases)} answers, percent", digits=2)

# %% [markdown]
# And how good could anybody be? Take a *perfect* answer: the truth itself, shrunk to the 128 × 128
# pixels that the model works on, and nothing wrong with it. What it scores is the ceiling of a
# protocol.

# %%
perfect = [torch.where(letterbox_mask(truth, 128), 20.0, -20.0) for _, _, truth in cases]
areas = [int(truth.sum()) for _, _, truth in cases]
figure, ax = plt.subplots(figsize=(8.5, 4.2))
for name, mark, color in (("strict", "o", 0), ("shnet", "s", 2), ("legacy-tf", "^", 1)):
    pairs = [PROTOCOLS[name](p, t) for p, (_, _, t) in zip(perfect, cases, strict=True)]
    ceiling = [100 * inter / union for inter, union in pairs]
    ax.scatter(areas, ceiling, marker=mark, color=COLORS[color], label=name, alpha=0.8)
    print(f"{name}: a perfect answer has an mIoU of {np.mean(ceiling):.1f}")
ax.set(xscale="log", xlabel="pixels of the thing meant", ylabel="IoU of a perfect answer, percent")
ax.set_xticks([1000, 2000, 5000, 10000], ["1,000", "2,000", "5,000", "10,000"])
ax.minorticks_off()
ax.set_ylim(top=100.5)
ax.legend(loc="lower right")
show(figure, alt="A perfect answer scores lower under the older rule, most of all on small things")

# %% [markdown]
# Nobody gets 100: a border drawn with 128 pixels cannot follow one of 256. But the older rule takes
# away much more than that, and it takes more from small things: most of a small thing is border. A
# P\@0.9 printed by that code speaks of borders that the ruler itself has moved.
#
# So a score without its protocol says little. Every result of this library carries its protocol's
# name, and rows compare only where the names agree: `refseg evaluate … --protocol legacy-tf`.
#
# ## What still fails?
#
# Back to the first 140 sentences. These are the worst:

# %%
order = np.argsort(quality, kind="stable")
table(
    ["sentence", "IoU in percent"],
    [[f"“{data[int(i)].sentence}”", 100 * float(quality[i])] for i in order[:8]],
    "The eight sentences with the lowest IoU",
)

# %% [markdown]
# And here is the first of them, beside what was meant. What did the model mark instead? The cell
# looks up which outlined thing of the picture its answer fits best.

# %%
worst = int(order[0])
expression, picture = data[worst], data.image(worst)
others = [entry for entry in instances["annotations"] if entry["image_id"] == expression.image_id]
fits = [
    count(found[worst], rle_to_mask(entry["segmentation"], *data.size(worst))) for entry in others
]
best = int(np.argmax([inter / union for inter, union in fits]))
instead = kinds[others[best]["category_id"]]
figure, axes = plt.subplots(1, 2, figsize=(7.5, 4.3))
for ax, mask, title in (
    (axes[0], wanted[worst], "what is meant"),
    (axes[1], found[worst], f"what is found: IoU {100 * quality[worst]:.0f} %"),
):
    ax.imshow(bright(picture, mask, 384))
    ax.set_title(title)
    ax.axis("off")
figure.suptitle(f"“{expression.sentence}”")
same = "the thing meant itself" if others[best]["id"] == expression.ann_id else "another one"
print(f"The answer fits best: a {instead} ({same}); what is meant is a {expression.category}.")
display(show(figure, alt=f"{expression.sentence}: the model marks something else"))

# %% [markdown]
# Read the list again: which of these sentences count, and which relate one thing to another? This
# model weighs words against pixels, but it has no step that says *first find all of them, then
# count from the left*, or *find the lady, then look beside her*. What would help is in one of the
# five papers, BUSNet: a network that follows the sentence's structure, one relation at a time.
#
# And note what the scores say about such a case. To oIoU it is a few pixels among many. To mIoU it
# is one sentence of many. To the person who asked, the answer is simply wrong.
