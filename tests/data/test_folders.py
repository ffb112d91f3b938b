"""Folders of pictures as data."""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from ganzoo.data import folder_base
from ganzoo.data import pictures as pictures_module
from ganzoo.data.folders import ClassDomains, ClassFolders, ImageFolder, PairedImages, UnpairedImages
from ganzoo.data.listing import list_pictures
from ganzoo.errors import DataError


def rng(seed=0):
    return np.random.default_rng(seed)


def paint(path, colour, size=(24, 20)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (colour, 0, 0)).save(path)


def spoil(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"not a picture")


def make(kind, root, split="train", **settings):
    config = kind.Config(root=str(root), **{"size": 16, **settings})
    data = kind(config, split)
    data.prepare()
    return data


def reds(batch):
    """The red value of each picture's middle, 0 to 255."""
    return ((batch[:, 0, 8, 8] + 1) * 127.5).round().int().tolist()


@pytest.fixture
def unpaired(tmp_path):
    for folder, count, base in (("trainA", 3, 10), ("trainB", 5, 100), ("testA", 2, 50), ("testB", 2, 150)):
        for number in range(count):
            paint(tmp_path / folder / f"{number}.png", base + number)
    return tmp_path


def test_unpaired_batches(unpaired):
    data = make(UnpairedImages, unpaired)
    assert data.spec.images == {"A": (3, 16, 16), "B": (3, 16, 16)}
    assert data.in_memory
    assert len(data) == 5
    batch = data.batch([0, 1, 2, 3], rng())
    assert batch["A"].shape == batch["B"].shape == (4, 3, 16, 16)
    assert batch["A"].dtype == torch.float32
    assert -1 <= batch["A"].min() <= batch["A"].max() <= 1
    assert reds(batch["A"]) == [10, 11, 12, 10]


def test_unpaired_b_is_drawn_independently_of_a(unpaired):
    data = make(UnpairedImages, unpaired)
    drawn = reds(data.batch([0] * 500, rng())["B"])
    assert set(drawn) == {100, 101, 102, 103, 104}
    assert min(drawn.count(value) for value in set(drawn)) > 60


def test_a_batch_is_a_pure_function_of_indices_and_generator(unpaired):
    memory, stream = make(UnpairedImages, unpaired), make(UnpairedImages, unpaired, memory=0)
    assert not stream.in_memory
    for key, value in memory.batch([1, 2], rng(7)).items():
        assert torch.equal(value, stream.batch([1, 2], rng(7))[key])
    assert not torch.equal(memory.batch([1, 2], rng(7))["B"], memory.batch([1, 2], rng(8))["B"])


def test_the_test_split_goes_by_order_without_chance(unpaired):
    test = make(UnpairedImages, unpaired).test()
    test.prepare()
    first, second = test.batch([0, 1], rng(1)), test.batch([0, 1], rng(2))
    assert reds(first["A"]) == [50, 51]
    assert reds(first["B"]) == [150, 151]
    assert torch.equal(first["A"], second["A"])


def test_no_test_folder_no_test_split(tmp_path):
    paint(tmp_path / "trainA" / "0.png", 1)
    paint(tmp_path / "trainB" / "0.png", 1)
    assert make(UnpairedImages, tmp_path).test() is None


def test_a_missing_folder_says_what_to_do(tmp_path):
    with pytest.raises(DataError, match="trainA: no such folder") as caught:
        make(UnpairedImages, tmp_path / "horse2zebra")
    for expected in ("trainA, trainB", "data.root=FOLDER", "--set 'data={type=\"seasons\"}'", "data.download=true"):
        assert expected in caught.value.hint
    (tmp_path / "trainA").mkdir()
    with pytest.raises(DataError, match="no pictures in this folder"):
        make(UnpairedImages, tmp_path)


def test_load_size_follows_size_unless_given(unpaired):
    assert make(UnpairedImages, unpaired, size=256).load_size == 286
    assert make(UnpairedImages, unpaired, size=16).load_size == 18
    assert make(UnpairedImages, unpaired, load_size=20).load_size == 20
    assert make(UnpairedImages, unpaired).test().load_size == 16
    with pytest.raises(ValidationError, match=r"20 is smaller than size \(32\)"):
        make(UnpairedImages, unpaired, size=32, load_size=20)


def test_an_unknown_source_is_refused():
    with pytest.raises(ValidationError, match="known are ae_photos, apple2orange"):
        UnpairedImages.Config(root=".", source="horse2zebre")


@pytest.mark.parametrize("memory", [2.0, 0.0])
def test_all_unreadable_files_are_named_up_front(unpaired, memory):
    for number in range(12):
        spoil(unpaired / "trainA" / f"bad{number:02}.jpg")
    spoil(unpaired / "trainB" / "bad.jpg")
    with pytest.raises(DataError, match="13 of 21 pictures cannot be read") as caught:
        make(UnpairedImages, unpaired, memory=memory)
    assert "bad09.jpg" in caught.value.message
    assert "bad10.jpg" not in caught.value.message
    assert "and 3 more" in caught.value.message
    assert "data.on_error=skip" in caught.value.hint


@pytest.mark.parametrize("memory", [2.0, 0.0])
def test_skip_leaves_unreadable_files_out_and_counts_them(unpaired, memory, caplog):
    spoil(unpaired / "trainA" / "bad.jpg")
    with caplog.at_level(logging.WARNING, "ganzoo.data"):
        data = make(UnpairedImages, unpaired, memory=memory, on_error="skip")
    assert "1 of 9 pictures cannot be read" in caplog.text
    assert len(data.sets["A"]) == 3


def test_nothing_readable_is_an_error_even_when_skipping(tmp_path):
    spoil(tmp_path / "a.png")
    with pytest.raises(DataError, match="none of the pictures"):
        make(ImageFolder, tmp_path, on_error="skip")


def test_a_file_that_breaks_later_stops_with_its_name(unpaired):
    data = make(UnpairedImages, unpaired, memory=0)
    spoil(unpaired / "trainA" / "1.png")
    with pytest.raises(DataError, match=r"1\.png"):
        data.batch([1], rng())


def test_a_file_that_breaks_later_is_replaced_by_the_next(tmp_path, caplog):
    for name, colour in (("cat", 10), ("dog", 20)):
        paint(tmp_path / name / "0.png", colour)
    data = make(ClassFolders, tmp_path, memory=0, on_error="skip")
    spoil(tmp_path / "cat" / "0.png")
    for _ in range(2):
        batch = data.batch([0], rng())
        assert reds(batch["image"]) == [20]
        assert batch["label"].tolist() == [1]
    assert caplog.text.count("left out") == 1
    spoil(tmp_path / "dog" / "0.png")
    with pytest.raises(DataError, match="none of the pictures"):
        data.batch([0], rng())


def test_huge_streaming_sets_are_not_probed(unpaired, monkeypatch):
    monkeypatch.setattr(pictures_module, "PROBED_UP_FRONT", 3)
    spoil(unpaired / "trainA" / "bad.jpg")
    assert not make(UnpairedImages, unpaired, memory=0).in_memory


def test_the_estimate_is_what_the_pictures_take(unpaired):
    data = make(UnpairedImages, unpaired, size=16, load_size=16)
    taken = sum(picture.nbytes for picture in data.sets["B"].memory)
    assert pictures_module.estimate(data.sets["B"]) == taken == 5 * 16 * 19 * 3


def test_the_fingerprint_follows_names_and_sizes(unpaired):
    before = make(UnpairedImages, unpaired).fingerprint()
    assert before == make(UnpairedImages, unpaired, memory=0).fingerprint()
    assert len(before) == 16
    (unpaired / "trainA" / "0.png").rename(unpaired / "trainA" / "9.png")
    assert make(UnpairedImages, unpaired).fingerprint() != before


def test_the_fingerprint_of_a_huge_set_follows_all_names_and_some_sizes(unpaired, monkeypatch):
    def fingerprint():
        return UnpairedImages(UnpairedImages.Config(root=str(unpaired), size=16)).fingerprint()

    small = fingerprint()
    monkeypatch.setattr(pictures_module, "SIZED", 3)  # of 8 pictures, every third of a domain
    before = fingerprint()
    assert before != small
    assert before == make(UnpairedImages, unpaired).fingerprint()
    spoil(unpaired / "trainB" / "1.png")
    assert fingerprint() == before  # as its docstring admits
    spoil(unpaired / "trainB" / "3.png")
    resized = fingerprint()
    assert resized != before
    (unpaired / "trainB" / "1.png").rename(unpaired / "trainB" / "11.png")
    renamed = fingerprint()
    assert renamed != resized
    (unpaired / "trainB" / "11.png").unlink()
    assert fingerprint() not in (before, resized, renamed)


def test_the_fingerprint_hashes_names_and_sizes_as_it_always_has(tmp_path):
    for name in ("trainA/0.png", "trainA/1.png", "trainB/0.jpg", "trainB/1.jpg"):
        paint(tmp_path / name, 1)
    names = ("trainA/0.png", "trainB/0.jpg", "trainA/1.png", "trainB/1.jpg")
    known = "".join(f"{name}\0{(tmp_path / name).stat().st_size}\n" for name in names)
    expected = hashlib.sha256(known.encode()).hexdigest()[:16]
    assert make(PairedImages, tmp_path, layout="folders").fingerprint() == expected


def test_a_file_that_is_gone_is_named_by_the_fingerprint(unpaired):
    data = make(UnpairedImages, unpaired)
    (unpaired / "trainA" / "1.png").unlink()
    with pytest.raises(DataError, match=r"1\.png: no such file"):
        data.fingerprint()


def test_a_name_that_is_no_text_is_read_and_fingerprinted(tmp_path):
    paint(tmp_path / "0.png", 7)
    try:
        (tmp_path / "0.png").rename(tmp_path / os.fsdecode(b"\xff.png"))
    except OSError:
        pytest.skip("this file system has no such names")
    data = make(ImageFolder, tmp_path, memory=0, test_share=0.01)
    assert reds(data.batch([0], rng())["image"]) == [7]
    assert len(data.fingerprint()) == 16


def test_progress_is_shown(unpaired):
    calls = []

    def track(work, what, total):
        calls.append((what, total))
        return work

    UnpairedImages(UnpairedImages.Config(root=str(unpaired), size=16)).prepare(track)
    assert calls == [("decoding pictures", 8)]


def test_a_plain_folder_with_a_share_held_out(tmp_path):
    for number in range(40):
        paint(tmp_path / f"sub{number % 2}" / f"{number}.png", number)
    everything = make(ImageFolder, tmp_path)
    assert len(everything) == 40
    assert everything.test() is None
    assert everything.batch([0], rng())["image"].shape == (1, 3, 16, 16)
    train = make(ImageFolder, tmp_path, test_share=0.25)
    test = train.test()
    test.prepare()
    assert len(train) + len(test) == 40
    assert 4 <= len(test) <= 16
    assert not set(train.sets["image"].items) & set(test.sets["image"].items)


def test_which_files_are_held_out_follows_from_their_names(tmp_path, monkeypatch):
    names = [f"{folder}/{number}.png" for folder in ("cat", "dog") for number in range(20)]
    for name in names:
        paint(tmp_path / name, 1)
    held_out = {name for name in names if zlib.crc32(name.encode()) < 0.25 * 2**32}
    listings = []
    monkeypatch.setattr(folder_base, "list_pictures", lambda *a, **k: listings.append(a) or list_pictures(*a, **k))
    for kind, folders in ((ImageFolder, 1), (ClassFolders, 2)):
        listings.clear()
        train = make(kind, tmp_path, test_share=0.25)
        test = train.test()
        test.prepare()
        assert len(listings) == folders  # what train has found, test need not look for
        for data, expected in ((train, set(names) - held_out), (test, held_out)):
            items = data.sets["image"].items
            assert {str(Path(file).relative_to(tmp_path)) for (file,) in items} == expected
    labels = test.sets["image"].labels.tolist()
    assert labels == ["dog" in file for (file,) in test.sets["image"].items]


def test_grey_pictures_when_asked(tmp_path):
    paint(tmp_path / "a.png", 255)
    data = make(ImageFolder, tmp_path, channels=1)
    assert data.spec.image == (1, 16, 16)
    assert data.batch([0, 0], rng())["image"].shape == (2, 1, 16, 16)


@pytest.fixture
def classes(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for label, name in enumerate(("bird", "cat", "dog")):
            for number in range(count):
                paint(tmp_path / split / name / f"{number}.png", 100 * (split == "test") + 10 * label + number)
    return tmp_path


def test_class_folders_label_by_sorted_name(classes):
    data = make(ClassFolders, classes)
    assert data.spec.class_names == ("bird", "cat", "dog")
    assert data.spec.classes == 3
    batch = data.batch([0, 4, 8], rng())
    assert batch["label"].tolist() == [0, 1, 2]
    assert batch["label"].dtype == torch.int64
    assert reds(batch["image"]) == [0, 11, 22]
    test = data.test()
    test.prepare()
    assert len(test) == 6
    assert reds(test.batch([5], rng())["image"]) == [121]


def test_class_folders_without_splits_and_restricted(classes):
    data = make(ClassFolders, classes / "train", classes=["dog", "bird"])
    assert data.spec.class_names == ("dog", "bird")
    assert data.batch([0, 3], rng())["label"].tolist() == [0, 1]
    assert reds(data.batch([0, 3], rng())["image"]) == [20, 0]
    assert data.test() is None
    with pytest.raises(DataError, match="lion: no such folder"):
        make(ClassFolders, classes, classes=["lion"])


def test_class_names_need_a_folder(tmp_path):
    with pytest.raises(DataError, match="no class folders"):
        _ = ClassFolders(ClassFolders.Config(root=str(tmp_path))).spec


def test_two_classes_as_domains(classes):
    data = make(ClassDomains, classes, A="cat", B="dog")
    batch = data.batch([0, 1, 2], rng())
    assert reds(batch["A"]) == [10, 11, 12]
    assert set(reds(batch["B"])) <= {20, 21, 22}
    test = data.test()
    test.prepare()
    assert reds(test.batch([0, 1], rng())["B"]) == [120, 121]
    assert make(ClassDomains, classes / "train", A="cat", B="dog").test() is None
    with pytest.raises(DataError, match="lion: no such folder") as caught:
        make(ClassDomains, classes, A="lion", B="dog")
    assert "download=true" not in caught.value.hint


def gradient(width=40, height=30):
    y, x = np.mgrid[:height, :width]
    return np.stack([x * 6, y * 8, x * 0], axis=2).astype(np.uint8)


@pytest.mark.parametrize("layout", ["side-by-side", "folders"])
def test_pairs_are_cropped_and_flipped_alike(tmp_path, layout):
    a = gradient()
    for split in ("train", "test"):
        for number in range(2):
            if layout == "folders":
                for key, side in (("A", a), ("B", 255 - a)):
                    path = tmp_path / f"{split}{key}" / f"{number}.png"
                    path.parent.mkdir(exist_ok=True)
                    Image.fromarray(side).save(path)
            else:
                (tmp_path / split).mkdir(exist_ok=True)
                Image.fromarray(np.concatenate([a, 255 - a], axis=1)).save(tmp_path / split / f"{number}.png")
    data = make(PairedImages, tmp_path, layout=layout, load_size=30)
    assert data.paired
    batch = data.batch([0, 1] * 8, rng())
    assert batch["A"].shape == (16, 3, 16, 16)
    assert torch.allclose(batch["A"], -batch["B"], atol=1e-6)  # B is the negative of A, crop for crop
    assert len({tuple(picture[:2, 0, 0].tolist()) for picture in batch["A"]}) > 8
    test = data.test()
    test.prepare()
    assert torch.allclose(test.batch([0], rng())["A"], -test.batch([0], rng())["B"], atol=0.02)


def test_pairs_fall_back_on_val_to_test(tmp_path):
    paint(tmp_path / "train" / "0.png", 1, (40, 20))
    assert make(PairedImages, tmp_path).test() is None
    paint(tmp_path / "val" / "0.png", 9, (40, 20))
    test = make(PairedImages, tmp_path).test()
    test.prepare()
    assert reds(test.batch([0], rng())["B"]) == [9]


def test_a_file_without_partner_is_named(tmp_path):
    for name in ("trainA/0.png", "trainA/1.png", "trainB/0.jpg"):
        paint(tmp_path / name, 1)
    with pytest.raises(DataError, match="1 files of split train have no partner: 1"):
        make(PairedImages, tmp_path, layout="folders")


def test_partners_are_found_whatever_their_endings(tmp_path):
    for name in ("trainA/a.jpg", "trainA/a.b.png", "trainB/a.png", "trainB/a.b.JPG"):
        paint(tmp_path / name, 1)
    items = make(PairedImages, tmp_path, layout="folders").sets["pair"].items
    pairs = [tuple(str(Path(file).relative_to(tmp_path)) for file in item) for item in items]
    assert pairs == [("trainA/a.b.png", "trainB/a.b.JPG"), ("trainA/a.jpg", "trainB/a.png")]


@pytest.mark.parametrize("root", ["pictures", "./pictures", "pictures/../pictures"])
def test_a_fingerprint_does_not_tell_where_the_folder_is(tmp_path, monkeypatch, root):
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "pictures" / "a" / "0.png")
    monkeypatch.chdir(tmp_path)
    there, here = (ImageFolder(ImageFolder.Config(root=str(one), size=8)) for one in (tmp_path / "pictures", root))
    assert here.fingerprint() == there.fingerprint()
