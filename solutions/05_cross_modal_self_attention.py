# %% [markdown]
# # 05 Cross-modal self-attention
# learn: why words and pixels should meet before anything is averaged
# learn: attention over all pairs of a word and a pixel, by hand and in code (paper 004, Eq. 1-4)
# learn: why 32,000 pairs hurt, and an exact way around them, which you prove before you code it
# learn: how to look into the attention of a trained network, and what it does not tell
# need: notebooks 02 (words and their mask), 03 (taps and coordinates), 04 (the first segmenter)
# need: softmax, and products of matrices in PyTorch
# need: the extra `notebooks`
# minutes: 90

# %%
import json
import math
import time
from functools import partial
from html import escape

import torch
from matplotlib import pyplot as plt
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course import check, park, plug, plug_in, shipped, working
from refseg_lib.course.setting import DATA
from refseg_lib.evaluation.predicting import predict

# %%
from refseg_lib.explain.figure import COLORS, show, style
from refseg_lib.explain.fragment import Fragment
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.map_grid import map_grid
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.explain.word_row import word_row
from refseg_lib.fusion import pair_attention
from refseg_lib.fusion.cmsa import CMSA
from refseg_lib.fusion.pair_attention import Parts
from refseg_lib.vision.spatial import spatial_coordinates

style()
data, loaded = park(), shipped("cmsa")
where = {expression.sentence: i for i, expression in enumerate(data)}
kites = data.image(where["green kite on the left side"])
RESULTS = DATA.parent / "results"

# %% [markdown]
# ## 1. Why should words and pixels meet?
# In notebook 04 a sentence became *one* vector, the mean of its words, before it met the picture.
# Paper 004 (§3) names the price: such a vector keeps the whole and loses the single word. How much
# of a mean is one word? Below, "left" is swapped for "right" in ever longer sentences, with the
# word vectors of a trained network.


# %%
def mean_word(sentence: str) -> Tensor:
    """Average the unit vectors of a sentence's words, as the trained network knows them."""
    numbers = torch.tensor([loaded.vocabulary.encode(sentence.split())])
    with torch.no_grad():
        vectors = loaded.model.text_encoder(numbers, torch.ones_like(numbers, dtype=torch.bool))
    return F.normalize(vectors, dim=-1).mean(1)


frames = ["{} dog", "dog on {}", "dog on the {} side", "brown spotted dog on the {} side"]
frames.append("spotted dog next to the ball on the {} side")
moves = [(mean_word(f.format("left")) - mean_word(f.format("right"))).norm() for f in frames]

figure, axis = plt.subplots(figsize=(7.6, 2.4))
bars = axis.barh([f.format("left / right") for f in frames], moves)
axis.bar_label(bars, [f"{move:.2f}" for move in moves], padding=5)
axis.invert_yaxis()
axis.set(xlabel="how far the mean moves", xlim=(0, 1.15 * max(moves)))
figure.suptitle("“left” becomes “right”: what of it arrives in the mean?", fontsize=14)
axis.grid(False)
told = [f"{len(f.split())} words {m:.2f}" for f, m in zip(frames, moves, strict=True)]
show(figure, f"Bars that shrink as the sentence grows: {', '.join(told)}")

# %% [markdown]
# The decisive word fades like $1/T$, however long you train: in a mean, "the" counts as much as
# "left".
#
# There is a second price. You saw in notebook 04 that a *sum* of a pixel part and a sentence part
# lifts all pixels by the same step. Nobody can mend that with numbers: let pixel $a$ be the left
# dog, $b$ the right dog, and let a score be $x_p + y_\text{word}$. We want
#
# $$x_a + y_\text{left} > x_b + y_\text{left} \qquad\text{and}\qquad
#   x_b + y_\text{right} > x_a + y_\text{right}.$$
#
# Cancel $y$ on both sides: $x_a > x_b$ and $x_b > x_a$. There are no such numbers. A *product*
# $x_p \cdot y_\text{word}$ has them at once.

# %%
place = torch.linspace(-1, 1, 9)
ways = {
    "a sum": {"left": 0.6 * place - 0.5, "right": 0.6 * place + 0.5},
    "a product": {"left": -1.1 * place, "right": 1.1 * place},
}
figure, axes = plt.subplots(1, 2, figsize=(8.6, 2.6), sharey=True)
for axis, (way, scores) in zip(axes, ways.items(), strict=True):
    for (word, score), line in zip(scores.items(), ("-o", "--s"), strict=True):
        axis.plot(place, score, line, label=f"“{word}”")
        best = score.argmax()
        axis.plot(place[best], score[best], "o", ms=17, mfc="none", mec=COLORS[6], clip_on=False)
    axis.set(title=f"{way} of pixel and word", xlabel="pixel, from left to right")
axes[0].set_ylabel("score")
axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5))
alt = "Left: two parallel lines, the same pixel is best for both words. Right: two crossing lines,"
show(figure, f"{alt} the leftmost pixel is best for “left”, the rightmost for “right”.")

# %% [markdown]
# Circles mark the best pixel. Attention is made of products, $q \cdot k$. So the plan of paper 004:
# keep every word, pair it with every pixel, let all pairs look at each other, and take the mean
# over words *last*.
#
# ## 2. What is a pair?
# For pixel $p$ and word $n$ (paper 004, Eq. 1):
#
# $$f_{pn} = \Bigl[\,\tfrac{v_p}{\lVert v_p\rVert_2}\,;\; \tfrac{e_n}{\lVert e_n\rVert_2}\,;\;
#   s_p\Bigr]$$
#
# $v_p$ is what the backbone sees at $p$, $e_n$ the vector of the word, $s_p$ the place (notebook
# 03). By hand: three pixels in a row, two words, and for once a place of one number instead of
# eight.

# %%
seen = {"left pixel": (4, 3, -1), "middle pixel": (0, 2, 0), "right pixel": (6, 8, 1)}
said = {"“left”": (0, 5), "“dog”": (3, 0)}
rows = []
for pixel, (v1, v2, s) in seen.items():
    for word, (e1, e2) in said.items():
        v, e = math.hypot(v1, v2), math.hypot(e1, e2)
        rows.append([f"{pixel}, {word}", f"({v1}, {v2})", f"({e1}, {e2})"])
        rows[-1] += [v1 / v, v2 / v, e1 / e, e2 / e, float(s)]
heads = ["pair", "v", "e", "v₁/‖v‖", "v₂/‖v‖", "e₁/‖e‖", "e₂/‖e‖", "s"]
table(heads, rows, "3 pixels × 2 words: six pairs, and f of each in the last five columns")

# %% [markdown]
# The right pixel is brighter than the left one; the norm takes that away and keeps the *direction*.
# Now all pairs of a batch at once. Padding words have no direction: their part is zero.


# %% exercise="pair-features"
def pair_features(picture: Tensor, place: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    """Build f of all pairs of a pixel and a word (Eq. 1).

    Shapes: picture (B, P, Cv), place (B, P, 8) or (1, P, 8), words (B, T, Cl),
    word_mask (B, T), True at real words. Returns (B, P, T, Cv + Cl + 8): seen, said,
    place, in this order; the words' part is zero at padding, the rest is not.

    Hint: give each of the three the axis it lacks, expand, concatenate. A pixel of
    zeros exists.
    """
    # BEGIN SOLUTION
    seen = F.normalize(picture, dim=-1)[:, :, None]
    said = (F.normalize(words, dim=-1) * word_mask[..., None])[:, None]
    size = (len(words), picture.shape[1], words.shape[1], -1)
    return torch.cat([part.expand(size) for part in (seen, said, place[:, :, None])], dim=-1)
    # END SOLUTION


# %% check="pair-features"
check("pair-features", pair_features)

# %% [markdown]
# How large is $F$, the collection of all $f_{pn}$? For one sentence of 20 words at the deepest
# level (in the paper a word vector has 1000 numbers, and Res5 has 2048 channels on 40 × 40 pixels):

# %%
features_of = working("pair-features")
for name, side, c_v, c_l in (("laptop", 16, 128, 96), ("paper", 40, 2048, 1000)):
    size = (side**2, 20, c_v + c_l + 8)
    mebibytes = 4 * math.prod(size) / 2**20
    print(f"{name}: P × T × channels = {' × '.join(map(str, size))}: {mebibytes:.0f} MiB")

# %% [markdown]
# ## 3. How does a pair look at all pairs?
# From $f$ come three vectors per pair, a query, a key and a value:
# $q_{pn} = W_q f_{pn}$, $k_{pn} = W_k f_{pn}$, $v_{pn} = W_v f_{pn}$. A pair's query meets the keys
# of all pairs; a softmax makes weights of the scores; the weights mix the values
# (Eq. 2 and 3):
#
# $$\hat v_{pn} = \sum_{p'} \sum_{n'} a_{pn,p'n'}\; v_{p'n'}, \qquad
#   a_{pn,p'n'} = \operatorname*{softmax}_{(p',n')}\bigl(q_{pn}^\top k_{p'n'}\bigr)$$
#
# Two remarks. Eq. 3 as printed has $q$ and $k$ with the indices the other way round; the softmax
# must run over the pairs that the sum runs over, so we let the asking pair have the query. And
# there is no $1/\sqrt d$: the paper prints none. The laptop preset of this course divides by
# $\sqrt{48}$ (`preset.balanced`), because it trains faster; that is our choice.
#
# By hand, one asking pair with $q = 1$, and keys that make the exponentials whole numbers.

# %%
at_pixel = {"left pixel": (4, 8), "middle pixel": (1, 0), "right pixel": (3, 16)}
at_word = {"“left”": (1, 0), "“dog”": (3, 8)}
rows = []
for pixel, (a, e) in at_pixel.items():
    for word, (b, g) in at_word.items():
        key, value = math.log(a) + math.log(b), e + g
        rows.append([f"{pixel}, {word}", key, round(math.exp(1 * key)), value])
total = sum(row[2] for row in rows)
for row in rows:
    row += [f"{row[2]}/{total}", row[2] / total * row[3]]
rows.append(["all pairs", None, total, None, f"{total}/{total}", sum(row[5] for row in rows)])
heads = ["answering pair", "score q·k", "exp(score)", "value v", "weight a", "a · v"]
table(heads, rows, "One pair asks, six answer; the last number is v̂", digits=2)

# %% [markdown]
# Keep this table in mind: it hides a secret that section 6 needs.
#
# Six pairs ask, not one. Batches bring padding: a padding word may ask (nobody will look at what it
# gets), but it may not answer.


# %% exercise="literal-attention"
def literal_attention(query: Tensor, key: Tensor, value: Tensor, word_mask: Tensor) -> Tensor:
    """Let every pair attend to every pair (Eq. 2-3), without 1/sqrt(d).

    Shapes: query, key, value (B, P, T, d), word_mask (B, T), True at real words.
    Returns v_hat (B, P, T, d). Pairs with a padding word never answer; what they get
    themselves does not matter, as long as it is finite.

    Hint: a pair is one thing. Flatten pixels and words into one axis, and back at the
    end.
    """
    # BEGIN SOLUTION
    answers = word_mask.repeat(1, query.shape[1])
    scores = torch.einsum("bid,bjd->bij", query.flatten(1, 2), key.flatten(1, 2))
    weights = torch.softmax(scores.masked_fill(~answers[:, None], float("-inf")), dim=-1)
    return (weights @ value.flatten(1, 2)).unflatten(1, query.shape[1:3])
    # END SOLUTION


# %% check="literal-attention"
check("literal-attention", literal_attention)

# %% [markdown]
# Back to the six pairs, with your function. A trick shows the weights themselves: give every pair a
# value of its own, the six unit vectors. What a pair gets back are its weights. The queries are 1
# as above for the left pixel, 0 for the middle one, -1 for the right one.

# %%
attend = working("literal-attention")
a, e = torch.tensor(list(at_pixel.values())).double().T
b, g = torch.tensor(list(at_word.values())).double().T
keys = (a.log()[:, None] + b.log())[None, :, :, None]
asking = torch.tensor([1.0, 0.0, -1.0]).double()[None, :, None, None].expand(1, 3, 2, 1)
real = torch.ones(1, 2, dtype=torch.bool)
wide = (0, 5)
values = torch.eye(6).double().view(1, 3, 2, 6)
weights = attend(query=F.pad(asking, wide), key=F.pad(keys, wide), value=values, word_mask=real)[0]
got = attend(query=asking, key=keys, value=(e[:, None] + g)[None, :, :, None], word_mask=real)
print(f"v_hat of the pair (left pixel, “left”): {got[0, 0, 0].item():.2f}, as by hand")

# %%
names = [f"{pixel.removesuffix(' pixel')}, {word}" for pixel in at_pixel for word in at_word]
figure, axis = plt.subplots(figsize=(5, 3.6))
drawn = axis.imshow(weights.flatten(0, 1), vmin=0)
axis.set_xticks(range(6), names, rotation=35, ha="right", rotation_mode="anchor")
axis.set_yticks(range(6), names)
axis.set(xlabel="the pair that answers", ylabel="the pair that asks")
axis.grid(False)
figure.colorbar(drawn, label="weight a")
alt = "A 6 × 6 table of weights, every row adding up to one. The two rows of the left pixel prefer"
alt += " the pair left, dog; those of the middle pixel are even; those of the right pixel prefer"
show(figure, alt + " the pair middle, left.")

# %% [markdown]
# ## 4. When is the mean taken?
# Now, at the end (Eq. 4). A linear layer brings $\hat v$ back to the size of $f$, $f$ is added (a
# residual: without attention, $f$ still gets through), and the pairs of a pixel are averaged over
# the $N$ *real* words:
#
# $$\hat f_p = \frac1N \sum_{n=1}^{N} \bigl(W_{\hat v}\, \hat v_{pn} + f_{pn}\bigr)$$
#
# By hand: one pixel, two words that hold 6 and 10, two words of padding that hold 99. The mean is
# $(6 + 10) / 2 = 8$. Not $(6 + 10 + 99 + 99) / 4$, and not $(6 + 10) / 4$ either.


# %% exercise="mean-over-real-words"
def mean_over_real_words(pairs: Tensor, word_mask: Tensor) -> Tensor:
    """Average the pairs of every pixel over the real words of its sentence (Eq. 4).

    Shapes: pairs (B, P, T, d), word_mask (B, T), True at real words. Returns (B, P, d).

    Hint: a mean is a sum and a count; padding stays out of both.
    """
    # BEGIN SOLUTION
    kept = pairs * word_mask[:, None, :, None]
    return kept.sum(dim=2) / word_mask.sum(dim=1)[:, None, None]
    # END SOLUTION


# %% check="mean-over-real-words"
check("mean-over-real-words", mean_over_real_words)

# %% [markdown]
# These three pieces are the whole of cross-modal self-attention. Do they equal the library's
# module? It has the same weights and a 1×1 convolution behind it (§3.3). Two sentences, the second
# with two words of padding, everything in double precision:

# %%
average = working("mean-over-real-words")
torch.manual_seed(0)
module = CMSA(visual=5, language=6, width=4, out=3).double()
seen_map, words = torch.randn(2, 5, 3, 4).double(), torch.randn(2, 4, 6).double()
real = torch.tensor([[True] * 4, [True] * 2 + [False] * 2])


def literal_cmsa(seen_map: Tensor, words: Tensor, word_mask: Tensor) -> Tensor:
    """Compute Eq. 1-4 and the 1×1 convolution with every pair in memory."""
    height, width = seen_map.shape[-2:]
    place = spatial_coordinates(height, width, dtype=seen_map.dtype).flatten(1).mT[None]
    f = features_of(picture=seen_map.flatten(2).mT, place=place, words=words, word_mask=word_mask)
    q, k, v = (layer(f) for layer in (module.query, module.key, module.value))
    v_hat = attend(query=q, key=k, value=v, word_mask=word_mask)
    f_hat = average(pairs=module.output(v_hat) + f, word_mask=word_mask)
    return module.out(f_hat).mT.unflatten(-1, (height, width))


# %%
with torch.no_grad():
    by_you, by_library = literal_cmsa(seen_map, words, real), module(seen_map, words, real)
print(f"largest difference {(by_you - by_library).abs().max():.1e}")
print(f"numbers up to      {by_library.abs().max():.2f}")

# %% [markdown]
# The same numbers, up to the last digits of a double. But the library's module never builds a
# single pair. Why would it avoid them, and how can it?
#
# ## 5. Why do 32,000 pairs hurt?
# The paper has 40 × 40 pixels and up to 20 words: 32,000 pairs, each asking each. Count the bytes
# of the scores alone, for one sentence and one level:

# %%
rows = []
for count in (1, 4, 8, 12, 20):
    pairs = 40 * 40 * count
    one = 4 * pairs**2 / 2**30
    training = 3 * 2 * one
    rows.append([str(count), pairs, pairs**2, one, training, 8 * training])
heads = ["words", "pairs", "scores", "one level", "to train", "8 sentences"]
caption = "GiB in float32: one level; three levels with scores and weights kept; the same 8 times"
table(heads, rows, caption, digits=2)

# %% [markdown]
# The released code (paper 004's, not ours) keeps this within reach by three cuts: it halves keys in
# all three directions, uses fewer channels at two of the levels, and takes one sentence at a time.
# The first two change what is computed.
#
# And the time? Measure your own function, with 20 words and small pictures of 2 × 2 pixels and up.


# %%
def draw_parts(side: int, count: int = 20, channels: int = 32) -> dict[str, Parts]:
    """Draw queries, keys and values of side × side pixels and some words."""
    sizes = (1, side**2, channels), (1, count, channels)
    return {
        name: Parts(*(0.3 * torch.randn(size) for size in sizes))
        for name in ("query", "key", "value")
    }


def run_literal(parts: dict[str, Parts]) -> Tensor:
    """Build all pairs, let them attend, average over words."""
    built = {name: part.pixels[:, :, None] + part.words[:, None] for name, part in parts.items()}
    real = torch.ones(built["query"].shape[::2][:2], dtype=torch.bool)
    return average(pairs=attend(**built, word_mask=real), word_mask=real)


def seconds(run) -> float:
    """Return the fastest of some runs: what else the machine does only adds."""
    spent = []
    while len(spent) < 7 and sum(spent) < 0.5:
        begin = time.perf_counter()
        run()
        spent.append(time.perf_counter() - begin)
    return min(spent)


# %%
torch.set_num_threads(1)
torch.manual_seed(0)
literal = {}
for side in (2, 3, 4, 6, 8, 11):
    literal[20 * side**2] = seconds(partial(run_literal, draw_parts(side)))
    print(f"{20 * side**2:5} pairs: {1000 * literal[20 * side**2]:8.2f} ms")
    if literal[20 * side**2] > 1:
        break
FULL = 32_000
last, spent = list(literal.items())[-1]
guess = spent * (FULL / last) ** 2
print(f"twice the pairs, four times the time: {guess:,.0f} s for all {FULL:,} pairs")

# %% [markdown]
# The last line is a guess, and for one level of one sentence. It was also measured, with 512
# channels, once, on the machine that the file names:

# %%
kept = json.loads((RESULTS / "cmsa_attention.json").read_text())
print(f"results/cmsa_attention.json, {kept['machine']}")
rows = [[row["method"], row["pass"], row.get("seconds"), row.get("mib")] for row in kept["rows"]]
caption = f"{kept['pairs']:,} pairs, {kept['width']} channels; – is where memory ran out"
table(["how", "pass", "processor seconds", "peak MiB"], rows, caption, digits=2)

# %% [markdown]
# "naive" builds all pairs, as you did. "sdpa" is PyTorch's own attention, which never stores all
# scores: the memory is saved, the time is not. "factorised" is what you build next. It is not an
# approximation.
#
# ## 6. Is there an exact way around?
# ### Everything is a sum of a pixel part and a word part
# $f_{pn}$ is a concatenation and $W_k$ is linear. So, as in notebook 04, the matrix falls into
# columns for $[v; s]$ and columns for $e$:
#
# $$k_{pn} = W_k f_{pn} = \underbrace{W_k^{[v;s]} [v_p; s_p]}_{c_p}
#   + \underbrace{W_k^{[e]} e_n}_{d_n}$$
#
# and likewise $q_{pn} = x_p + y_n$ and $v_{pn} = e_p + g_n$ (the letters are the library's:
# $e_p$ here is a value, no longer a word).
#
# ### Identity 1: one softmax over pairs is two small ones
# Look at the exponentials of section 3 again, laid out as pixels × words.

# %%
grid = (a[:, None] * b).long().tolist()
rows = [[pixel, *line, sum(line)] for pixel, line in zip(at_pixel, grid, strict=True)]
rows.append(["sum", *(sum(column) for column in zip(*grid, strict=True)), total])
heads = ["exp(score)", *(f"{word}, e^d = {n}" for word, (n, _) in at_word.items()), "sum"]
print(f"e^c of the pixels: {a.long().tolist()}, e^d of the words: {b.long().tolist()}")
table(heads, rows, "It is a multiplication table")

# %% [markdown]
# That was the secret. For one asking pair, let $a_{p'} = q \cdot c_{p'}$ and
# $b_{n'} = q \cdot d_{n'}$; then its scores are $a_{p'} + b_{n'}$, and
#
# $$\frac{e^{a_{p'} + b_{n'}}}{\sum_{p''}\sum_{n''} e^{a_{p''} + b_{n''}}}
#  = \frac{e^{a_{p'}}\, e^{b_{n'}}}{\bigl(\sum_{p''} e^{a_{p''}}\bigr)\bigl(\sum_{n''}
#    e^{b_{n''}}\bigr)}
#  = \operatorname{softmax}(a)_{p'} \cdot \operatorname{softmax}(b)_{n'}$$
#
# because a double sum of products is the product of the sums. Write it: the weights over pairs,
# without ever taking a softmax of $P \cdot T$ numbers.


# %% exercise="split-softmax"
def split_softmax(pixel_scores: Tensor, word_scores: Tensor, word_mask: Tensor) -> Tensor:
    """Compute the softmax over all pairs (p, n) of pixel_scores[p] + word_scores[n].

    Shapes: pixel_scores (B, P), word_scores (B, T), word_mask (B, T), True at real
    words. Returns (B, P, T) weights that sum to one per sentence, none at padding.

    Hint: two small softmaxes; only one of them has to do with padding.
    """
    # BEGIN SOLUTION
    over_words = word_scores.masked_fill(~word_mask, float("-inf")).softmax(dim=1)
    return pixel_scores.softmax(dim=1)[:, :, None] * over_words[:, None, :]
    # END SOLUTION


# %% check="split-softmax"
check("split-softmax", split_softmax)

# %% [markdown]
# What does it buy? Put the product of weights into Eq. 2, with $v_{p'n'} = e_{p'} + g_{n'}$. Each
# softmax sums to one, so the other one drops out of each half:
#
# $$\hat v_{pn} = \sum_{p'} \operatorname{softmax}_{p'}(q_{pn} \cdot c_{p'})\, e_{p'}
#   \;+\; \sum_{n'} \operatorname{softmax}_{n'}(q_{pn} \cdot d_{n'})\, g_{n'}$$
#
# **Cross-modal self-attention is attention to pixels plus attention to words**, both asked by the
# same pair. By hand: what did the pixels give, what the words?

# %%
split = working("split-softmax")
both = split(
    pixel_scores=a.log()[None], word_scores=b.log()[None], word_mask=torch.tensor([[True, True]])
)[0]
print(f"from pixels {both.sum(1) @ e:.0f} + from words {both.sum(0) @ g:.0f}, together as above")
difference = (both.flatten() - weights[0, 0]).abs().max()
print(f"your two softmaxes against your one over all pairs: {difference:.1e} apart")

# %% [markdown]
# ### Identity 2: the words share one matrix
# Still every pair asks: $T \cdot HW$ queries, each looking at $HW$ pixels. But the query is a sum,
# too, and an exponential turns sums into products:
#
# $$e^{q_{pn} \cdot c_{p'}} = e^{(x_p + y_n) \cdot c_{p'}}
#   = \underbrace{e^{x_p \cdot c_{p'}}}_{E_{p p'}} \; \underbrace{e^{y_n \cdot c_{p'}}}_{F_{n p'}}$$
#
# $E$ is $HW \times HW$ and knows no word; $F$ is $T \times HW$ and knows no asking pixel.

# %%
x, y, c = torch.randn(6, 4).double(), torch.randn(3, 4).double(), torch.randn(6, 4).double()
E, F_ = (x @ c.T).exp(), (y @ c.T).exp()
every = torch.einsum("pnd,kd->pnk", x[:, None] + y, c).exp()
print(f"{every.numel()} exponentials from {E.numel()} + {F_.numel()}:", end=" ")
apart = (torch.einsum("pk,nk->pnk", E, F_) / every - 1).abs().max()
print(f"largest difference {apart:.1e} of the number")

# %% [markdown]
# ### Identity 3: the mean moves inside
# The softmax of word $n$ divides by $Z_{pn} = \sum_{p'} E_{pp'} F_{np'}$, one product of matrices:
# $Z = E F^\top$. Only the *mean* over the $N$ real words is wanted in the end (Eq. 4), so take it
# here. $E$ does not depend on $n$ and comes out of the sum:
#
# $$\frac1N \sum_n \frac{E_{pp'} F_{np'}}{Z_{pn}}
#   = E_{pp'} \sum_n \frac{1}{N Z_{pn}} F_{np'}
#   \qquad\text{that is}\qquad E \odot \Bigl(\frac{1}{N Z}\, F\Bigr)$$
#
# One matrix of weights instead of one per word. Drawn to scale, for 20 words:

# %%
figure, axis = plt.subplots(figsize=(6.6, 4.4))
axis.add_patch(plt.Rectangle((0, 0), 20, 20, color="#c9dcea"))
for line in range(1, 20):
    axis.plot([0, 20], [line, line], color="white", lw=0.7)
    axis.plot([line, line], [0, 20], color="white", lw=0.7)
axis.add_patch(plt.Rectangle((23, 19), 1, 1, color=COLORS[1]))
axis.add_patch(plt.Rectangle((23, 18.4), 1, 20 / 1600, color=COLORS[2]))
axis.annotate("E: HW × HW, and below it\nF: T × HW, a hair", (24, 19.2), xytext=(25.2, 15),
              arrowprops={"arrowstyle": "-", "color": "#8a8a8a"})  # fmt: skip
axis.text(10, 10, "all scores: (T·HW) × (T·HW)", ha="center", va="center",
          bbox={"color": "white", "alpha": 0.9})  # fmt: skip
axis.set(xlim=(0, 37), ylim=(-0.3, 20.3), aspect="equal")
axis.axis("off")
show(figure, "A large square of 20 × 20 tiles, all scores; beside it one single tile, E, with F.")

# %% [markdown]
# ### Exact on paper. And in a computer?
# A product of two exponentials can vanish before it is divided. See float32 do it, and ask how far
# apart the word scores of the trained network really are.

# %%
tiny = torch.tensor(-60.0).exp()
print(f"float32: exp(-60) = {tiny:.1e}, exp(-60) · exp(-60) = {tiny * tiny:.1e}")
print(f"float64: exp(-60) · exp(-60) = {tiny.double() * tiny.double():.1e}")
apart, original = [], pair_attention.mean_softmax


def watched(pixel_scores, word_scores, word_mask, key_mask=None, image_of=None):
    """Note how far the scores of a word are apart, then go on as always."""
    apart.append(float((word_scores.amax(-1) - word_scores.amin(-1)).max()))
    return original(pixel_scores, word_scores, word_mask, key_mask, image_of)


with plug(mean_softmax=watched):
    predict(kites, "green kite on the left side", loaded)
print(f"trained network, one sentence: word scores up to {max(apart):.0f} apart")

# %% [markdown]
# So the identities need care: subtract each row's maximum, as in every softmax, and compute
# exponentials in double precision. (The library goes further: beyond a range of 300 it takes one
# softmax per word after all. It never returns a wrong number to save time.)
#
# Your turn. Keys may be pixels or words: call them keys. When they are words, some may be padding:
# `key_mask`. And when several sentences ask about one picture, pixel scores come once per picture;
# the given lines repeat them.


# %% exercise="mean-softmax"
def mean_softmax(
    pixel_scores: Tensor,
    word_scores: Tensor,
    word_mask: Tensor,
    key_mask: Tensor | None = None,
    image_of: Tensor | None = None,
) -> Tensor:
    """Average over real words n the softmax over k of pixel_scores[p, k] + word_scores[n, k].

    Shapes: pixel_scores (B, P, K), word_scores (B, T, K), word_mask (B, T), True at
    real words, key_mask (B, K), True at keys that exist, None when all do. Returns
    (B, P, K) of the type of pixel_scores; rows sum to one. Scores may be far apart,
    also in float32.

    Hint: build E, F and Z of identities 2 and 3, in double precision; Z is one matrix
    product.
    """
    if image_of is not None:
        pixel_scores = pixel_scores[image_of]
    # BEGIN SOLUTION
    x, y = pixel_scores.double(), word_scores.double()
    if key_mask is not None:
        y = y.masked_fill(~key_mask[:, None], float("-inf"))
    by_pixel = (x - x.amax(-1, keepdim=True)).exp()
    by_word = (y - y.amax(-1, keepdim=True)).exp()
    total = by_pixel @ by_word.mT
    share = word_mask.double() / word_mask.sum(dim=1, keepdim=True)
    weights = by_pixel * ((share[:, None] / total) @ by_word)
    return weights.to(pixel_scores.dtype)
    # END SOLUTION


# %% check="mean-softmax"
check("mean-softmax", mean_softmax)

# %% [markdown]
# A check looks at numbers only: a loop over words passes, too. Whether you saved anything, the
# clock will say.
#
# ### All three together
# Attention to pixels plus attention to words (identity 1), each of them a mean of softmaxes
# (identities 2 and 3). `Parts` is how the library holds a sum of a pixel part and a word part:
# `query.pixels` are the $x_p$, `query.words` the $y_n$.


# %% exercise="cross-attention"
def cross_attention(
    query: Parts,
    key: Parts,
    value: Parts,
    word_mask: Tensor,
    image_of: Tensor | None = None,
    terms: str = "full",
) -> Tensor:
    """Average over real words n what the pairs (p, n) find: Eq. 2-4 before the output layer.

    Shapes: query, key and value have .pixels (B, P, d) and .words (B, T, d); word_mask
    (B, T), True at real words. Returns (B, P, d). Leave terms alone: the trained
    network asks for "full".

    Hint: two calls of library.mean_softmax, into whose place your own can be plugged.
    """
    from refseg_lib.fusion import pair_attention as library

    # Several sentences may ask about one picture: one copy of its pixels for each.
    x, c, e = (library.per_sentence(part.pixels, image_of) for part in (query, key, value))
    # BEGIN SOLUTION
    y, d, g = query.words, key.words, value.words
    to_pixels = library.mean_softmax(x @ c.mT, y @ c.mT, word_mask)
    to_words = library.mean_softmax(x @ d.mT, y @ d.mT, word_mask, key_mask=word_mask)
    return to_pixels @ e + to_words @ g
    # END SOLUTION


# %% check="cross-attention"
check("cross-attention", cross_attention)

# %% [markdown]
# Is it exact? In double precision, against your own literal attention, forwards *and backwards*:

# %%
cross, mine = working("cross-attention"), working("mean-softmax")
parts = {name: Parts(p.double(), w.double()) for name, (p, w) in draw_parts(8, count=4).items()}
leaves = [tensor.requires_grad_() for part in parts.values() for tensor in part]
with plug(mean_softmax=mine):
    short = cross(**parts, word_mask=torch.ones(1, 4, dtype=torch.bool))
long = run_literal(parts)
direction = torch.randn_like(long)
slopes = [torch.autograd.grad(out, leaves, direction) for out in (long, short)]
print(f"values:    {(long - short).abs().max():.1e} apart, numbers up to {long.abs().max():.2f}")
print(f"gradients: {max((s - t).abs().max() for s, t in zip(*slopes, strict=True)):.1e} apart")

# %% [markdown]
# And the clock? This time you can afford all 32,000 pairs.

# %%
factorised = {}
with plug(mean_softmax=mine), torch.no_grad():
    for side in (2, 3, 4, 6, 8, 11, 16, 23, 32, 40):
        mask = torch.ones(1, 20, dtype=torch.bool)
        most, took = 20 * side**2, seconds(partial(cross, **draw_parts(side), word_mask=mask))
        factorised[most] = took
        if took > 3:  # then it builds pairs after all
            break
for n in list(literal)[-3:]:
    print(f"{n:5} pairs: {literal[n] / factorised[n]:.0f} times as fast as literally")

# %%
figure, axis = plt.subplots(figsize=(6.8, 3.9))
for curve, name, line in ((literal, "literally", "-o"), (factorised, "factorised", "-s")):
    axis.loglog(list(curve), list(curve.values()), line, label=name)
axis.loglog([last, FULL], [spent, guess], ":", color=COLORS[0], label="carried on: × 4 per × 2")
axis.axvline(FULL, color="#8a8a8a", lw=1)
style_of = {"xytext": (-9, 5), "textcoords": "offset points", "ha": "right", "weight": "bold"}
axis.annotate(f"{guess:,.0f} s", (FULL, guess), color=COLORS[0], **style_of)
axis.annotate(f"{took:.2f} s", (most, took), color=COLORS[1], **style_of)
axis.set(xlabel="pairs of a word and a pixel, 20 words", ylabel="seconds, one thread")
axis.legend(loc="upper left")
alt = "Two rising lines, both axes logarithmic; the factorised one runs far below the literal one"
show(figure, f"{alt} and ends at {most:,} pairs in {took:.2g} seconds.")

# %% [markdown]
# For small pictures the line is flat: there, calling functions costs more than computing. Far right
# both are as steep, for $HW^2$ is a square, too. What is gone is the factor $T^2 = 400$.
#
# ## 7. What happens inside the trained network?
# Your function takes the place of the library's in the trained CMSA-Net; no weight is touched. The
# last row plugs in the mistake that this notebook began with: words averaged *before* they meet the
# pixels.

# %%
plug_in("cross-attention", sentences=40, mistake="words-first")

# %%
plug_in("mean-softmax", sentences=40, mistake="apart")

# %% [markdown]
# This network was *trained* with the mean at the end. So the last rows tell what this network
# relies on, not how good a network with such a mistake could become. Both of yours at once, and no
# line of the library's attention is left:

# %%
with plug(mean_softmax=mine, cross_attention=cross):
    answer = predict(kites, "green kite on the left side", loaded)
same = (answer.mask == predict(kites, "green kite on the left side", loaded).mask).mean()
print(f"{100 * same:.2f} % of the mask's pixels are the same")

# %% [markdown]
# ### Which word does a pixel listen to?
# Attention to words gives every asking pixel $p$ weights over the words, averaged over the words
# that ask. So each word has a map: where is it listened to? Your `cross_attention` runs; the spy
# around it only looks. Yellow is all of a pixel's attention, dark is none.

# %%
LEVELS = ("c3", "c4", "c5")


def listen(sentence: str):
    """Predict, and keep for every level how much each pixel listens to each word: (T, h, w)."""
    caught = []

    def spy(query, key, value, word_mask, image_of=None, terms="full"):
        caught.append(pair_attention.attention_weights(query, key, word_mask, image_of)[1][0])
        return cross(query, key, value, word_mask, image_of, terms)

    with plug(cross_attention=spy):
        answer = predict(kites, sentence, loaded)
    size = answer.trace["heat_map"].shape[-2:]
    maps = {level: w.T.unflatten(1, size) for level, w in zip(LEVELS, caught, strict=True)}
    return answer, maps


# %%
def draw_listening(sentences: list[str], levels: tuple[str, ...]):
    """Draw a row per sentence: its mask, then the map of each word at each level."""
    heard = [listen(sentence) for sentence in sentences]
    words = len(heard[0][0].tokens)
    figure, axes = plt.subplots(
        len(heard), 1 + words * len(levels), figsize=(9.6, 1.65 * len(heard))
    )
    for line, (answer, maps) in zip(axes, heard, strict=True):
        line[0].imshow(overlay(kites, answer.mask))
        line[0].set_title(f"“{answer.sentence}”", fontsize=12)
        cells = [(level, n) for level in levels for n in range(words)]
        for axis, (level, n) in zip(line[1:], cells, strict=True):
            axis.imshow(maps[level][n], vmin=0, vmax=1)
            axis.set_title(f"{level} “{answer.tokens[n]}”", fontsize=12, weight="normal")
    for axis in axes.flat:
        axis.axis("off")
    return figure


alt = "Two rows of maps, for “left kite” and “right kite”. At c5 pixels of the right half listen to"
alt += " “left”, and pixels of the left margin to “right”; the others listen to “kite”."
show(draw_listening(["left kite", "right kite"], LEVELS), alt)

# %% [markdown]
# One word was swapped. Look at c5: the pixels that listen to "left" are those on the *right*, and
# with "right" it is those on the left. At c3 you can make out the boy and the kites. It looks as if
# a side word were heard where it *rules out*. But that is a reading of pictures. Can you test it?
#
# ### Deaf on one side
# Take the word away from one half of the pixels: their weight for it becomes zero, the weights for
# the other words grow. If "left" rules out, then deafness on the *right* must do harm, deafness on
# the left none. Guess first.


# %%
def silence(n: int, columns: slice):
    """Make a mean_softmax in which the pixels of some columns cannot hear word n."""

    def deaf(pixel_scores, word_scores, word_mask, key_mask=None, image_of=None):
        a = mine(pixel_scores, word_scores, word_mask, key_mask, image_of)
        if key_mask is None:  # these keys are pixels: left as they are
            return a
        hears = torch.ones(16, 16, a.shape[-1])
        hears[:, columns, n] = 0
        a = a * hears.flatten(0, 1)
        return F.normalize(a, p=1, dim=-1)  # rows sum to one again

    return deaf


halves = {"all hear it": slice(0), "right half deaf": slice(8, 16), "left half deaf": slice(8)}

# %%
figure, axes = plt.subplots(2, 3, figsize=(6.6, 4.7))
for line, word in zip(axes, ("left", "right"), strict=True):
    for axis, (name, columns) in zip(line, halves.items(), strict=True):
        with plug(mean_softmax=silence(0, columns)):
            axis.imshow(overlay(kites, predict(kites, f"{word} kite", loaded).mask))
        axis.set_title(f"“{word} kite”: {name}", fontsize=11, weight="normal")
        axis.axis("off")
alt = "“left kite”: with the right half deaf to “left” the right kite is answered, with the left"
alt += " half deaf nothing changes. “right kite”: with the left half deaf, both kites are."
show(figure, alt)

# %% [markdown]
# That is more than a picture: it is an experiment. It speaks for this sentence in this park only.
# Try "green kite on the right side" (its word 4): there, nothing changes, so other words and other
# paths know the side, too.
#
# ### As in Fig. 4 of the paper
# There, the weights are averaged over all asking pairs: how much attention does each word receive,
# per level? (The paper's $l_1, l_2, l_3$ are our c3, c4, c5.) The trace has them.


# %%
def draw_words(answer) -> str:
    """Draw a mask, and beside it the sentence at three levels, shaded by attention received."""
    large, mask = kites.resize((200, 200)), resize_mask(answer.mask, 200, 200)
    picture = image_tag(overlay(large, mask), f"the answer to {answer.sentence}", 120)
    lines = ""
    for level in LEVELS:
        row = word_row(answer.tokens, answer.trace[f"cmsa.{level}.word_attention"][0])
        lines += f'<div style="display:flex;align-items:center;gap:10px">{level}{row}</div>'
    return f'<div style="display:flex;gap:18px;margin:14px 0">{picture}<div>{lines}</div></div>'


sentences = ["orange dog", "boy in pink shirt", "green kite on the left side"]
sentences.append("green kite on the right side")
answers = [predict(kites, sentence, loaded) for sentence in sentences]
Fragment("".join(map(draw_words, answers)), "Attention received by each word, for four sentences")

# %% [markdown]
# The paper finds objects at its highest level, attributes and relations at the lower ones. Do you
# see that here? Look at "orange" and "dog" at c3 and c5, then at the other three. And see how
# little "side" gets, which is a sixth of the mean in section 1.
#
# ### Which pixels are looked at?
# The other half of the attention: how much of it does each pixel *receive*? And beside it, as in
# Fig. 5, the most strongly activated channel of the last feature map.

# %%
left, right = (answer.trace for answer in answers[2:])
maps = {f"left: {level}": left[f"cmsa.{level}.pixel_map"][0] for level in ("c3", "c5")}
maps |= {"left: channel": left["heat_map"][0], "right: channel": right["heat_map"][0]}
map_grid(kites, maps, alt="Received, or strongest channel", shared_scale=False, width=140)

# %% [markdown]
# Honestly: this is no picture of the kites. Much of the attention goes to a few cells, most of them
# at the border, where there is nothing to see. (Such cells are known from large transformers, too.
# Why they form here we have not examined.) And our strongest channel says "not this": the thing
# meant is dark in it. **Attention tells what is looked up, not what is answered.** For the answer,
# look at the mask.
#
# ## 8. Your own sentence
# Type any sentence about this park, and choose a level. What becomes of "left" when you write
# "dog on the left"? What of a word that is said twice?


# %%
def look(sentence: str, level: str) -> Fragment:
    """Show the mask of a sentence, the words that were attended to, and who listens to which."""
    answer, maps = listen(sentence)
    weights = [maps[level][n].mean() for n in range(len(answer.tokens))]
    large = overlay(kites.resize((240, 240)), resize_mask(answer.mask, 240, 240))
    shown = image_tag(large, f"the answer to {sentence}", 200)
    named = {f"{n + 1} {token}": maps[level][n] for n, token in enumerate(answer.tokens)}
    grid = map_grid(kites, named, alt=f"Who listens at {level}", limits=(0, 1), width=110)
    notes = "".join(f"<p>{escape(note)}</p>" for note in answer.notes)
    return Fragment(f"{shown}{notes}{word_row(answer.tokens, weights)}{grid}", sentence)


live(look, sentence="kite on the right", level=list(LEVELS[::-1]))

# %% [markdown]
# ## 9. What still fails?
# Here is a sentence with a *relation*. On the left what was meant, on the right the answer.

# %%
i = where["dog beside the orange dog"]
dogs, sentence = data.image(i), data[i].sentence
answer = predict(dogs, sentence, loaded)
figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.6))
for axis, mask, title in zip(axes, (data.mask(i), answer.mask), ("meant", "answered"), strict=True):
    axis.imshow(overlay(dogs, mask))
    axis.set_title(title)
    axis.axis("off")
figure.suptitle(f"“{sentence}”")
show(figure, "Meant is the white dog beside the orange dog; the answer is the orange dog itself.")

# %% [markdown]
# The answer is a dog, it is orange, and it is beside a dog: every single word is served. What is
# lost is *which* dog is orange. It must be lost. Look at Eq. 1 again: $s_p$ says where a pixel is,
# but nothing says where a word stands. Reorder the words, and the pairs are reordered; every
# softmax and every mean runs over the same set. **CMSA as printed cannot tell two orders of the
# same words apart**, whatever its weights. Your check asked for just that ("neither the order of
# words nor padding matters"). Try it on the trained network:

# %%
blacks = data.image(where["orange dog next to the black dog"])
exchanged = ("orange dog next to the black dog", "black dog next to the orange dog")
answers = [predict(blacks, text, loaded) for text in exchanged]
apart = abs(answers[0].probability - answers[1].probability).max()
figure, axes = plt.subplots(1, 2, figsize=(6.6, 3.6))
for axis, answer in zip(axes, answers, strict=True):
    axis.imshow(overlay(blacks, answer.mask))
    axis.set_title(f"“{answer.sentence}”".replace(" the", "\nthe"), fontsize=12)
    axis.axis("off")
print(f"probabilities differ by at most {apart:.1e}")
show(figure, "Two sentences with the dogs exchanged, and one and the same wrong mask for both.")

# %% [markdown]
# How much does it cost? These scores were measured on all 2,316 sentences of the validation split;
# the cell reads them from the files that it names. "Ordinal" sentences ("third cat from the
# right") need counting, which no single look does.

# %%
analysis = json.loads((RESULTS / "analysis" / "parkref_unc_val" / "analysis.json").read_text())
location = next(kind for kind in analysis["kinds"] if kind["kind"] == "location")["systems"]
rows = [
    [cmsa["label"], cmsa["n"], cmsa["oIoU"], cmsa["P@0.5"], baseline["oIoU"]]
    for cmsa, baseline in zip(location["cmsa"], location["baseline"], strict=True)
]
heads = ["location words", "sentences", "CMSA-Net oIoU", "P@0.5", "baseline oIoU"]
table(heads, rows, "results/analysis/parkref_unc_val/analysis.json")

# %% [markdown]
# Read the last column, too: on ParkRef's short sentences the plain baseline of notebook 04, trained
# for as many steps, is *ahead* of this CMSA-Net. One reason that we know of: but for its softmax
# and a tanh, CMSA as printed is linear in words and pixels, while the baseline has a hidden layer
# with a ReLU at every level. (What the paper beats in its Table 2 has neither attention nor hidden
# layer.) A module is not better because its formula is richer. `results/README.md` tells what was
# tried.
#
# What would help?
#
# - **a word's place**: an LSTM before the attention (papers 001, 002, 003), or positions added to
#   the words (paper 000), and the two sentences above differ at last;
# - **relations as such**: a graph in which "dog" and "orange dog" are two nodes and "beside" an
#   edge (paper 001's relation-aware reasoning, paper 000's bottom-up shift);
# - **levels that talk to each other**, instead of three separate answers: notebook 06.
