"""Three digits as three channels."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
import torch

from ganzoo.data.loader import Loader
from ganzoo.data.stacked import MODES, StackedMnist
from ganzoo.errors import DataError
from ganzoo.testing import check_data


def made(split="train", **settings):
    data = StackedMnist(StackedMnist.Config(**{"count": 300, "test_count": 60, **settings}), split)
    data.prepare()
    return data


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("settings", [{}, {"labels": True}, {"size": 32}])
def test_contract_is_kept(settings):
    check_data("stacked-mnist", count=9, test_count=4, **settings)


def test_channels_are_digits_and_the_label_says_which():
    data = made(labels=True)
    batch = data.batch(range(20), rng())
    for image, mode in zip(batch["image"], batch["label"].tolist(), strict=True):
        digits = mode // 100, mode // 10 % 10, mode % 10
        for channel, digit in zip(image, digits, strict=True):
            pixels = ((channel + 1) * 127.5).round().byte().numpy()
            places = np.flatnonzero((data.digits.pixels[..., 0] == pixels).all(axis=(1, 2)))
            assert digit in data.digits.labels[places]
    assert data.modes(range(20)).tolist() == batch["label"].tolist()


def test_there_are_no_classes_unless_asked_for():
    data = made()
    assert (data.spec.classes, data.spec.channels) == (0, 3)
    assert list(data.batch([0], rng())) == ["image"]
    assert made(labels=True).spec.classes == MODES


def test_all_modes_are_there():
    data = made(count=20_000)
    assert len(np.unique(data.modes(range(20_000)))) == MODES
    assert len(data.digits) == 10_000


def test_test_pictures_are_made_of_test_digits():
    data = made()
    test = data.test()
    test.prepare()
    assert (len(test), test.digits.split) == (60, "test")
    assert not {picture.tobytes() for picture in data.digits.pixels} & {p.tobytes() for p in test.digits.pixels}


def test_seed_and_settings_show():
    assert torch.equal(made().batch(range(9), rng())["image"], made().batch(range(9), rng())["image"])
    assert made().fingerprint() == made(workers=2).fingerprint() != made(seed=1).fingerprint()
    assert made().fingerprint() != made(size=32).fingerprint()


def test_the_loader_hands_them_out():
    with Loader(made(), batch_size=16, seed=0) as loader:
        assert next(loader)["image"].shape == (16, 3, 28, 28)


def test_the_digits_may_be_those_of_mnist(tmp_path):
    with pytest.raises(DataError, match="MNIST is not there"):
        made(source="mnist", root=str(tmp_path))
    images, labels = np.full((5, 28, 28), 255, dtype=np.uint8), np.full(5, 7, dtype=np.uint8)
    for name, values in (("train-images-idx3", images), ("train-labels-idx1", labels)):
        content = struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()
        (tmp_path / f"{name}-ubyte.gz").write_bytes(gzip.compress(content))
    data = made(source="mnist", root=str(tmp_path), labels=True)
    assert data.batch([0, 1], rng())["label"].tolist() == [777, 777]
    assert float(data.batch([0], rng())["image"].min()) == 1.0
    assert data.test() is None
