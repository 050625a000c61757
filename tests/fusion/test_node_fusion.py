"""The fusion F of paper 000, Eq. 2."""

import torch

from refseg_lib.fusion.node_fusion import NodeFusion, SentenceFusion, fuse
from refseg_lib.vision.spatial import spatial_coordinates


def literal(module, feature, phrase):
    """Eq. 2, cell by cell, of one phrase about one picture."""
    _, height, width = feature.shape
    place = spatial_coordinates(height, width, dtype=torch.float64)
    out = torch.zeros(module.picture.out_channels, height, width, dtype=torch.float64)
    for y in range(height):
        for x in range(width):
            seen = torch.cat([feature[:, y, x], place[:, y, x]])
            picture = torch.tanh(module.picture.weight[:, :, 0, 0] @ seen + module.picture.bias)
            out[:, y, x] = picture * torch.tanh(module.phrase.weight @ phrase)
    return out


def make(kind=NodeFusion, balanced=False):
    torch.manual_seed(0)
    return kind(visual=5, language=6, width=4, balanced=balanced).double()


def test_it_is_equation_2_for_several_phrases_about_shared_pictures(case):
    module = make()
    phrases, image_of = torch.randn(4, 6, dtype=torch.float64), torch.tensor([1, 0, 0, 1])
    got = fuse(module.look(case.feature), module.listen(phrases), image_of)
    for n in range(4):
        want = literal(module, case.feature[image_of[n]], phrases[n])
        torch.testing.assert_close(got[n], want, rtol=0, atol=1e-12)


def test_attention_laid_on_the_picture_leaves_place_and_bias_alone(case):
    """F(A * V, P, o) from the two parts: what the relational shift counts on."""
    module = make()
    attention = torch.rand(2, 1, 3, 4, dtype=torch.float64) * 2 - 1
    phrase = torch.randn(2, 6, dtype=torch.float64)
    scene = module.look(case.feature)
    got = torch.tanh(scene.place + attention * scene.visual) * module.listen(phrase)
    for n in range(2):
        want = literal(module, attention[n] * case.feature[n], phrase[n])
        torch.testing.assert_close(got[n], want, rtol=0, atol=1e-12)


def test_a_whole_sentence_is_the_mean_of_its_real_words(case):
    module = make(SentenceFusion)
    dirty = torch.where(case.word_mask[..., None], case.words, torch.full_like(case.words, 9.0))
    got = module(case.feature, dirty, case.word_mask, case.image_of)
    for b in range(3):
        feature, words, _ = case.single(b)
        want = literal(module, feature[0], words[0].mean(0))
        torch.testing.assert_close(got[b], want, rtol=0, atol=1e-12)


def test_balanced_words_have_one_size_whatever_their_table_holds(case):
    module = make(SentenceFusion, balanced=True)
    got = module(case.feature, case.words, case.word_mask, case.image_of)
    small = module(case.feature, case.words * 1e-3, case.word_mask, case.image_of)
    torch.testing.assert_close(got, small, rtol=0, atol=1e-12)
    feature, words, _ = case.single(0)
    unit = words[0] / words[0].norm(dim=1, keepdim=True) * 6**0.5
    want = literal(module, feature[0], unit.mean(0))
    torch.testing.assert_close(got[0], want, rtol=0, atol=1e-12)
