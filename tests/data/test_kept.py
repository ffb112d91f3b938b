"""Decoded pictures on disk: the same pixels, without decoding; never wrong ones, whatever happens to the files."""

from __future__ import annotations

import logging
import os
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from ganzoo.data import kept, pictures
from ganzoo.data.folders import ImageFolder, PairedImages
from ganzoo.data.loader import Loader
from ganzoo.errors import DataError


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kept, "_SPARED", 0)  # however full the disk of the tests is
    kept._tell.cache_clear()
    return tmp_path / "cache" / "pictures"


def photo(path, seed=0, size=(31, 24)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)


@pytest.fixture
def photos(tmp_path):
    for number in range(6):
        photo(tmp_path / "photos" / f"{number}.png", number)
    return tmp_path / "photos"


def make(root, kind=ImageFolder, **settings):
    config = kind.Config(root=str(root), **{"size": 16, "load_size": 18, "crop": "random", "memory": 0, **settings})
    data = kind(config)
    data.prepare()
    return data


def batch(data, seed=3):
    return next(iter(data.batch(range(len(data)), np.random.default_rng(seed)).values()))


def kept_files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def decodings(monkeypatch):
    """The files that were decoded."""
    seen = []

    def noted(real):
        return lambda path, *rest, **more: seen.append(path) or real(path, *rest, **more)

    for name in ("decode", "read_side_by_side"):
        monkeypatch.setattr(pictures, name, noted(getattr(pictures, name)))
    return seen


@pytest.mark.parametrize("settings", [{}, {"channels": 1}, {"load_size": 24}])
def test_pictures_are_decoded_once_and_come_out_the_same(photos, settings, decodings):
    plain = batch(make(photos, **settings))
    decodings.clear()
    assert torch.equal(batch(make(photos, disk=1, **settings)), plain)
    assert len(decodings) == 6
    assert torch.equal(batch(make(photos, disk=1, **settings)), plain)
    assert len(decodings) == 6


def test_pairs_are_kept_too(tmp_path, decodings):
    for number in range(3):
        photo(tmp_path / "pairs" / "train" / f"{number}.png", number, (60, 24))
    plain = batch(make(tmp_path / "pairs", PairedImages))
    assert torch.equal(batch(make(tmp_path / "pairs", PairedImages, disk=1)), plain)
    decodings.clear()
    assert torch.equal(batch(make(tmp_path / "pairs", PairedImages, disk=1)), plain)
    assert not decodings


def test_worker_processes_share_it(photos):
    def drawn(data, workers):
        with Loader(data, batch_size=2, seed=0, workers=workers) as loader:
            return [next(loader)["image"] for _ in range(7)]

    plain = drawn(make(photos), 0)
    for workers in (2, 0):
        for one, other in zip(plain, drawn(make(photos, disk=1), workers), strict=True):
            assert torch.equal(one, other)


def test_off_unless_asked_for_and_not_beside_memory(photos, cache):
    batch(make(photos))
    batch(make(photos, memory=1, disk=1))
    assert not cache.exists()


def test_what_is_too_large_for_it_is_not_kept(photos, cache, caplog):
    data = make(photos, disk=1e-6)
    batch(data)
    assert "GiB, data.disk is 1e-06: they are decoded in each epoch" in caplog.text
    assert not cache.exists()


@pytest.mark.parametrize("alter", ["content", "load_size", "channels"])
def test_other_pixels_are_other_files(photos, cache, alter):
    batch(make(photos, disk=1))
    settings = {"load_size": {"load_size": 20}, "channels": {"channels": 1}}.get(alter, {})
    if alter == "content":
        for number in range(6):
            photo(photos / f"{number}.png", 10 + number)
            os.utime(photos / f"{number}.png", ns=(1, 1))
    assert torch.equal(batch(make(photos, disk=1, **settings)), batch(make(photos, **settings)))
    assert len(kept_files(cache)) == 12


def flipped(content):
    return content[:-5] + bytes([content[-5] ^ 1]) + content[-4:]


@pytest.mark.parametrize(
    "damage",
    [flipped, lambda content: content[:-1], lambda content: content + b"x", lambda content: content[:7],
     lambda content: b"", lambda content: bytes(16), lambda content: bytes(len(content)),
     lambda content: b"\xff" * len(content)],
    ids=["flipped bit", "cut", "longer", "head cut", "empty", "no pixels", "zeros", "ones"],
)  # fmt: skip
def test_damaged_files_are_made_again(photos, cache, damage):
    plain = batch(make(photos, disk=1))
    whole = {path: path.read_bytes() for path in kept_files(cache)}
    for path, content in whole.items():
        path.write_bytes(damage(content))
    assert torch.equal(batch(make(photos, disk=1)), plain)
    assert {path: path.read_bytes() for path in kept_files(cache)} == whole


def test_a_cache_removed_during_training_is_no_loss(photos, cache):
    data = make(photos, disk=1)
    plain = batch(data)
    shutil.rmtree(cache)
    assert torch.equal(batch(data), plain)


@pytest.mark.parametrize("full", [True, False])
def test_where_nothing_can_be_written_pictures_are_decoded(photos, cache, full, caplog, monkeypatch):
    plain = batch(make(photos))
    if full:
        monkeypatch.setattr(kept, "_SPARED", 2**80)
    else:
        cache.parent.mkdir()
        cache.write_text("a file is in the way")
    with caplog.at_level(logging.WARNING, "ganzoo.data"):
        assert torch.equal(batch(make(photos, disk=1)), plain)
    assert caplog.text.count("cannot be kept") == 1
    assert ("the disk is almost full" in caplog.text) == full


def test_a_picture_that_vanished_is_an_error_still(photos):
    data = make(photos, disk=1)
    batch(data)
    (photos / "3.png").unlink()
    with pytest.raises(DataError, match=r"3\.png: no such file"):
        batch(data)
