import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier
from typing import Any

import numpy as np
import pytest
import torch

from refseg_lib.data.letterbox import letterbox_image, letterbox_mask
from refseg_lib.data.refer import open_dataset
from refseg_lib.errors import UserError
from refseg_lib.text.parsing import parse
from refseg_lib.training.samples import Samples
from refseg_lib.training.starting import build_vocabulary
from refseg_lib.vision.backbone import build_backbone

SIZE = 32


@pytest.fixture
def samples(small_parkref: Path) -> Samples:
    dataset = open_dataset("parkref_unc", small_parkref, "train")
    return Samples(dataset, build_vocabulary(dataset, 20), SIZE, 20)


def test_every_sentence_of_a_batch_finds_its_own_picture_words_and_mask(samples: Samples) -> None:
    chosen = [5, 0, 7, 1]
    batch = samples.batch(chosen)
    dataset = samples.dataset
    assert batch.image is not None
    assert batch.mask is not None
    for row, index in enumerate(chosen):
        picture = letterbox_image(dataset.image(index), SIZE)
        assert torch.equal(batch.image[batch.image_of[row]], picture)
        assert torch.equal(batch.mask[row, 0] > 0, letterbox_mask(dataset.mask(index), SIZE))
        words = batch.words[row][batch.word_mask[row]].tolist()
        assert words == samples.words[index]


def test_a_picture_with_several_sentences_stands_in_the_batch_once(samples: Samples) -> None:
    chosen = samples.groups[0] + samples.groups[1][:1]
    batch = samples.batch(chosen)
    assert batch.image is not None
    assert len(batch.image) == 2
    assert len(batch.words) == len(chosen)


def test_masks_from_memory_are_the_masks_from_disk(samples: Samples) -> None:
    first, second = samples.batch([3]).mask, samples.batch([3]).mask
    assert first is not None
    assert second is not None
    assert torch.equal(first, second)
    assert np.array_equal(
        first[0, 0].numpy() > 0, letterbox_mask(samples.dataset.mask(3), SIZE).numpy()
    )


def test_two_threads_that_draw_one_mask_at_a_time_both_get_it(samples: Samples) -> None:
    expected = letterbox_mask(samples.dataset.mask(3), SIZE)
    read, both_here = samples.dataset.read_mask, Barrier(2)

    def slow(*arguments: Any) -> Any:
        both_here.wait(timeout=10)
        return read(*arguments)

    samples.dataset = replace(samples.dataset, read_mask=slow)
    with ThreadPoolExecutor(2) as pool:
        for batch in pool.map(samples.batch, [[3], [3]]):
            assert batch.mask is not None
            assert torch.equal(batch.mask[0, 0] > 0, expected)


@pytest.mark.parametrize("size", [32, 33])
def test_every_sentence_keeps_the_mask_of_its_own_thing(samples: Samples, size: int) -> None:
    """33 x 33 pixels do not fill whole bytes; sentences about one thing share its mask."""
    dataset = samples.dataset
    again = Samples(dataset, build_vocabulary(dataset, 20), size, 20)
    everything = range(len(dataset))
    for _ in range(2):
        batch = again.batch(everything)
        assert batch.mask is not None
        for index in everything:
            expected = letterbox_mask(dataset.mask(index), size)
            assert torch.equal(batch.mask[index, 0] > 0, expected), index


def test_a_mask_is_drawn_once_for_all_sentences_about_the_thing(samples: Samples) -> None:
    read, drawn = samples.dataset.read_mask, []

    def counted(*arguments: Any) -> Any:
        drawn.append(arguments)
        return read(*arguments)

    samples.dataset = replace(samples.dataset, read_mask=counted)
    for _ in range(2):
        samples.batch(range(len(samples.dataset)))
    assert len(drawn) == len({expression.ann_id for expression in samples.dataset})
    assert len(drawn) < len(samples.dataset)


def test_masks_take_memory_only_where_they_are_drawn(samples: Samples) -> None:
    resident = Path("/proc/self/statm")
    huge = Path("/sys/kernel/mm/transparent_hugepage/enabled")
    if not resident.exists() or (huge.exists() and "[always]" in huge.read_text()):
        pytest.skip("not Linux, or this system gives all memory in large pages")

    def pages() -> int:
        return int(resident.read_text().split()[1])

    dataset, before = samples.dataset, pages()
    large = Samples(dataset, build_vocabulary(dataset, 20), 8_000, 20)
    promised = large._masks.nbytes // os.sysconf("SC_PAGE_SIZE")
    large._masks.reshape(-1)[:: 1 << 20] = 1  # one byte in every MiB
    assert pages() - before < promised / 4


def test_cached_features_are_the_backbones_up_to_half_precision(samples: Samples) -> None:
    backbone = build_backbone("laptop", "none")
    done = []
    samples.cache_features(backbone, ("c4", "c5"), lambda n, of: done.append((n, of)), at_once=3)
    assert done[-1] == (len(samples.groups), len(samples.groups))
    batch = samples.batch([6, 2])
    assert batch.image is None
    assert batch.features is not None
    for row, index in enumerate([6, 2]):
        maps = backbone(letterbox_image(samples.dataset.image(index), SIZE)[None])
        for level, stored in batch.features.items():
            torch.testing.assert_close(
                stored[batch.image_of[row]], maps[level][0], atol=2e-3, rtol=2e-3
            )


def test_maps_from_disk_are_the_maps_from_memory(samples: Samples, tmp_path: Path) -> None:
    backbone, levels = build_backbone("laptop", "none"), ("c4", "c5")
    samples.cache_features(backbone, levels, lambda *_: None)
    from_memory = samples.batch([6, 2, 3]).features
    assert from_memory is not None
    for expected in ([3, 6, 8], [8]):
        again = Samples(samples.dataset, build_vocabulary(samples.dataset, 20), SIZE, 20)
        done: list[int] = []
        again.cache_on_disk(
            backbone, levels, tmp_path, 1.0, lambda n, _, done=done: done.append(n), at_once=3
        )
        assert done == expected
        assert again.cached
        batch = again.batch([6, 2, 3])
        assert batch.image is None
        assert batch.features is not None
        for level, maps in from_memory.items():
            assert torch.equal(batch.features[level], maps), level


def test_a_disk_cache_that_is_too_large_leaves_the_pictures(
    samples: Samples, tmp_path: Path
) -> None:
    backbone = build_backbone("laptop", "none")
    samples.cache_on_disk(backbone, ("c4",), tmp_path, 1e-9, lambda *_: None)
    assert not samples.cached
    batch = samples.batch([1])
    assert batch.features is None
    assert batch.image is not None


def test_a_value_that_half_precision_cannot_hold_is_told(samples: Samples) -> None:
    backbone = build_backbone("laptop", "none")
    backbone.trunk.get_buffer("c4_deviation").fill_(1e-9)
    with pytest.raises(UserError, match=r"c4 maps of laptop .*beyond half precision"):
        samples.cache_features(backbone, ("c4", "c5"), lambda *_: None)


def test_the_memory_estimate_is_what_the_cache_then_takes(samples: Samples) -> None:
    backbone = build_backbone("laptop", "none")
    told = samples.feature_gib(backbone, ("c3", "c5"))
    samples.cache_features(backbone, ("c3", "c5"), lambda *_: None)
    taken = sum(maps.nbytes for maps in samples._features.values())
    assert told == pytest.approx(taken / 2**30)


def test_every_sentence_of_a_batch_keeps_its_language_graph(samples: Samples) -> None:
    dataset = samples.dataset
    assert samples.batch([2, 0]).graphs is None
    graphs = [parse(dataset[index].sentence) for index in range(len(dataset))]
    vocabulary = build_vocabulary(dataset, 20)
    batch = Samples(dataset, vocabulary, SIZE, 20, graphs).batch([5, 0, 7])
    assert batch.graphs == [graphs[5], graphs[0], graphs[7]]
    with pytest.raises(UserError, match=f"1 language graphs given for the {len(dataset)} sent"):
        Samples(dataset, vocabulary, SIZE, 20, graphs[:1])
