"""Digits that the project draws itself."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ganzoo.data.glyphs import Glyphs
from ganzoo.data.handwriting import CHUNK, STYLES, draw
from ganzoo.data.loader import Loader
from ganzoo.testing import check_data


def made(split="train", **settings):
    data = Glyphs(Glyphs.Config(**{"count": 300, "test_count": 200, **settings}), split)
    data.prepare()
    return data


def all_of(data):
    return data.batch(range(len(data)), np.random.default_rng(0))


@pytest.mark.parametrize("settings", [{}, {"size": 32}, {"size": 64, "channels": 3}])
def test_contract_is_kept(settings):
    check_data("glyphs", count=12, test_count=5, **settings)


def test_labels_go_round_and_all_digits_have_their_names():
    data = made()
    assert all_of(data)["label"].tolist() == [index % 10 for index in range(300)]
    assert (data.spec.classes, data.spec.class_names) == (10, tuple("0123456789"))


def test_three_channels_repeat_the_grey():
    images = all_of(made(count=4, channels=3))["image"]
    assert images.shape == (4, 3, 28, 28)
    assert torch.equal(images[:, :1].expand_as(images), images)


def test_white_strokes_lie_on_black_and_inside_the_picture():
    pixels = made(count=2000).pixels[..., 0]
    assert 0.08 < pixels.mean() / 255 < 0.18, "near MNIST's 0.13"
    assert pixels.max(axis=(1, 2)).min() > 150, "no digit is faint"
    border = np.concatenate([pixels[:, 0], pixels[:, -1], pixels[:, :, 0], pixels[:, :, -1]])
    assert (border > 0).mean() < 1e-3


def test_edges_are_soft_and_the_same_digit_is_never_drawn_twice_alike():
    pixels = made(count=1000).pixels
    between = ((pixels > 20) & (pixels < 235)).sum() / (pixels > 20).sum()
    assert 0.2 < between < 0.7
    assert len({picture.tobytes() for picture in pixels}) == 1000


def test_a_picture_depends_on_seed_and_index_and_not_on_the_count():
    long, short = made(count=CHUNK + 70), made(count=CHUNK + 7)
    assert np.array_equal(long.pixels[: CHUNK + 7], short.pixels)
    assert not np.array_equal(made(seed=1, count=50).pixels, long.pixels[:50])


def test_no_test_picture_is_a_training_picture():
    train, test = made(count=2000), made(count=2000).test()
    test.prepare()
    assert len(test) == 200
    assert not {picture.tobytes() for picture in train.pixels} & {picture.tobytes() for picture in test.pixels}


def test_every_digit_has_styles_that_differ():
    assert [len(set(styles)) >= 3 for styles in STYLES] == [True] * 10


def test_larger_pictures_show_the_same_digits():
    small, large = (draw((0, 0), np.arange(20) % 10, size).astype(float) for size in (28, 56))
    halved = large.reshape(20, 28, 2, 28, 2).mean(axis=(2, 4))
    alike = [np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(small, halved, strict=True)]
    assert min(alike) > 0.97


def test_what_is_drawn_stays_what_it_was():
    """Pixels may differ by a rounding between machines, so the mean of the middle 4x4 is compared."""
    means = draw((0, 0), np.arange(10), 28)[:, 12:16, 12:16].mean(axis=(1, 2))
    assert means == pytest.approx([0, 172, 8, 148, 140, 146, 202, 105, 184, 99], abs=2)


def test_a_fingerprint_follows_the_settings():
    assert made().fingerprint() == made().fingerprint() != made(seed=3).fingerprint()


def test_ten_thousand_are_drawn_in_seconds():
    start = time.process_time()
    made(count=10_000)
    assert time.process_time() - start < 6.0


def test_the_loader_hands_them_out_in_the_same_order_again():
    data = made()
    with Loader(data, batch_size=16, seed=4) as first, Loader(data, batch_size=16, seed=4, start=1) as second:
        next(first)
        one, other = next(first), next(second)
    assert torch.equal(one["image"], other["image"])
    assert torch.equal(one["label"], other["label"])


@pytest.mark.parametrize("settings", [{"size": 8}, {"channels": 2}, {"count": 0}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValidationError):
        Glyphs.Config(**settings)
