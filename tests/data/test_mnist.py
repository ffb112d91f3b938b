"""MNIST, Fashion-MNIST and CIFAR-10, from small files of the published formats."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import tarfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganzoo.data import cifar
from ganzoo.data.cifar import Cifar10
from ganzoo.data.download import Archive
from ganzoo.data.loader import Loader
from ganzoo.data.mnist import FashionMnist, Mnist, read_idx
from ganzoo.errors import DataError
from ganzoo.testing import check_data

REAL = Path(__file__).parents[3] / "shared" / "data"


def rng():
    return np.random.default_rng(0)


def idx(values):
    return struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def write_idx(folder, *, count=12, compress=True, names=("train", "t10k")):
    folder.mkdir(parents=True, exist_ok=True)
    numbers = np.random.default_rng(5)
    for name in names:
        images = numbers.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        labels = (np.arange(count) % 10).astype(np.uint8)
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            content = idx(values)
            file = folder / f"{name}-{kind}-ubyte{'.gz' if compress else ''}"
            file.write_bytes(gzip.compress(content) if compress else content)


def records(count=6, first=0):
    numbers = np.random.default_rng(first).integers(0, 256, (count, 3073), dtype=np.uint8)
    numbers[:, 0] = (first + np.arange(count)) % 10
    return numbers


def write_records(folder):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(1, 6):
        (folder / f"data_batch_{number}.bin").write_bytes(records(first=number).tobytes())
    (folder / "test_batch.bin").write_bytes(records(first=9).tobytes())


def opened(kind, root, split="train", **settings):
    data = kind(kind.Config(root=str(root), **settings), split)
    data.prepare()
    return data


@pytest.mark.parametrize("kind", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("settings", [{}, {"size": 32}, {"size": 16, "channels": 3}])
def test_contract_is_kept(tmp_path, kind, settings):
    write_idx(tmp_path)
    check_data(kind, root=str(tmp_path), **settings)


@pytest.mark.parametrize("layout", ["", "MNIST/raw", "raw"])
@pytest.mark.parametrize("compress", [True, False])
def test_files_are_found_flat_or_where_torchvision_puts_them(tmp_path, layout, compress):
    write_idx(tmp_path / layout, compress=compress)
    assert len(opened(Mnist, tmp_path)) == 12


def test_pixels_and_labels_are_those_of_the_files(tmp_path):
    write_idx(tmp_path)
    data = opened(Mnist, tmp_path)
    batch = data.batch([3, 11], rng())
    stored = read_idx(tmp_path / "train-images-idx3-ubyte.gz")[[3, 11]]
    assert np.allclose(batch["image"][:, 0].numpy(), stored / 127.5 - 1, atol=1e-6)
    assert batch["label"].tolist() == [3, 1]


def test_32_pads_with_black_and_other_sizes_resize(tmp_path):
    write_idx(tmp_path)
    plain, padded, small = (opened(Mnist, tmp_path, size=size).pixels for size in (28, 32, 14))
    assert np.array_equal(padded[:, 2:-2, 2:-2], plain)
    assert padded[:, :2].max() == padded[:, :, -2:].max() == 0
    assert small.shape == (12, 14, 14, 1)


def test_the_fingerprint_is_that_of_the_pictures_and_not_of_the_files(tmp_path):
    write_idx(tmp_path / "a")
    write_idx(tmp_path / "b", compress=False)
    write_idx(tmp_path / "c", count=11)
    one, same, other = (opened(Mnist, tmp_path / name).fingerprint() for name in "abc")
    assert one == same != other


def test_missing_files_name_the_ways_on(tmp_path):
    with pytest.raises(DataError, match="Fashion-MNIST is not there") as caught:
        opened(FashionMnist, tmp_path)
    for way in ("--set data.root=FOLDER", "--set data.download=true", "--set 'data={type=\"glyphs\"}'"):
        assert way in caught.value.hint


def test_without_test_files_there_is_no_test(tmp_path):
    write_idx(tmp_path, names=("train",))
    assert opened(Mnist, tmp_path).test() is None
    write_idx(tmp_path)
    assert len(opened(Mnist, tmp_path).test()) == 12


@pytest.mark.parametrize(
    "content", [b"", b"\0\0\x08", b"\0\0\x0d\x01\0\0\0\0", idx(np.zeros((2, 3), np.uint8))[:-1], b"\0\0\x08\x09\0\0"]
)
def test_what_is_no_idx_file_is_named(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(DataError, match="file: not an idx file"):
        read_idx(tmp_path / "file")


def test_a_damaged_compressed_file_is_named(tmp_path):
    (tmp_path / "file.gz").write_bytes(gzip.compress(idx(np.zeros(99, np.uint8)))[:-9])
    with pytest.raises(DataError, match=r"file\.gz"):
        read_idx(tmp_path / "file.gz")


def test_images_and_labels_must_belong_together(tmp_path):
    write_idx(tmp_path)
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(5, np.uint8))))
    with pytest.raises(DataError, match="do not belong together"):
        opened(Mnist, tmp_path)


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A mirror of tmp_path/mirror."""
    folder = tmp_path / "mirror"
    folder.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("GANZOO_MIRROR", f"http://127.0.0.1:{server.server_port}")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def known(archive, file):
    """The archive as if ``file`` were the published one."""
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return Archive(archive.name, archive.url, len(content), digest, archive.folder, archive.embedded)


@pytest.mark.parametrize("kind", [Mnist, FashionMnist])
def test_missing_files_are_fetched_when_asked(mirror, tmp_path, monkeypatch, kind):
    folder = {Mnist: "mnist", FashionMnist: "fashion-mnist"}[kind]
    write_idx(mirror / folder)
    archives = {name: known(archive, mirror / folder / archive.file) for name, archive in kind.published.items()}
    monkeypatch.setattr(kind, "published", archives)
    data = opened(kind, tmp_path / "data", download=True)
    assert (len(data), len(data.test())) == (12, 12)
    again = opened(kind, tmp_path / "data")
    assert again.fingerprint() == data.fingerprint()


def test_a_file_that_is_not_the_published_one_is_refused(mirror, tmp_path):
    write_idx(mirror / "mnist")
    with pytest.raises(DataError, match="not the same file") as caught:
        opened(Mnist, tmp_path / "data", download=True)
    assert "glyphs" in caught.value.hint


def test_published_files_have_sizes_and_hashes():
    archives = [*Mnist.published.values(), *FashionMnist.published.values(), cifar.PUBLISHED]
    assert len({archive.sha256 for archive in archives}) == 9
    assert all(len(archive.sha256) == 64 and archive.size for archive in archives)
    assert Mnist.published["train-labels-idx1-ubyte"].file == "train-labels-idx1-ubyte.gz"


@pytest.mark.parametrize("layout", ["", "cifar-10-batches-bin"])
def test_cifar_is_read_from_its_binary_version(tmp_path, layout):
    write_records(tmp_path / layout)
    check_data("cifar10", root=str(tmp_path))
    data = opened(Cifar10, tmp_path, flip=False)
    assert (len(data), len(data.test())) == (30, 6)
    batch = data.batch([0, 7], rng())
    second = records(first=2)[1]
    assert batch["label"].tolist() == [1, 3]
    assert np.allclose(batch["image"][1].flatten().numpy(), second[1:] / 127.5 - 1, atol=1e-6), "planes, then rows"


def test_cifar_flips_half_of_the_training_pictures(tmp_path):
    write_records(tmp_path)
    data = opened(Cifar10, tmp_path)
    images, plain = data.batch(range(30), rng())["image"], opened(Cifar10, tmp_path, flip=False)
    stored = plain.batch(range(30), rng())["image"]
    flipped = [not image.equal(as_is) for image, as_is in zip(images, stored, strict=True)]
    assert 5 < sum(flipped) < 25
    assert images[flipped.index(True)].equal(stored[flipped.index(True)].flip(-1))
    test = data.test()
    assert test.batch([0], rng())["image"].equal(test.batch([0], np.random.default_rng(9))["image"])


def test_cifar_is_read_from_class_folders(tmp_path):
    for split, count in (("train", 2), ("test", 1)):
        for label, name in enumerate(Cifar10.class_names):
            for number in range(count):
                path = tmp_path / split / name / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (32, 32 + number), (label * 20, 0, 0)).save(path)
    data = opened(Cifar10, tmp_path)
    batch = data.batch(range(20), rng())
    assert batch["image"].shape == (20, 3, 32, 32)
    assert ((batch["image"][:, 0, 0, 0] + 1) * 127.5 / 20).round().int().tolist() == batch["label"].tolist()
    assert len(data.test()) == 10
    check_data("cifar10", root=str(tmp_path), size=64)


def test_cifar_missing_and_cut_off_files_are_named(tmp_path):
    with pytest.raises(DataError, match=r"no data_batch_1\.bin or train/CLASS") as caught:
        opened(Cifar10, tmp_path)
    assert 'data={type="glyphs", size=32, channels=3}' in caught.value.hint
    assert "--set data.download=true" in caught.value.hint
    write_records(tmp_path)
    (tmp_path / "test_batch.bin").write_bytes(bytes(5000))
    with pytest.raises(DataError, match=r"test_batch\.bin: not a file of CIFAR-10"):
        opened(Cifar10, tmp_path, "test")


def tar_of(**members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        evil = tarfile.TarInfo("../evil.txt")
        archive.addfile(evil, io.BytesIO())
    return buffer.getvalue()


def test_cifar_is_fetched_and_the_files_of_pictures_alone_are_unpacked(mirror, tmp_path, monkeypatch):
    parts = {f"data_batch_{number}": records(first=number).tobytes() for number in range(1, 6)}
    (mirror / "cifar-10-binary.tar.gz").write_bytes(tar_of(**parts, test_batch=records(first=9).tobytes()))
    monkeypatch.setattr(cifar, "PUBLISHED", known(cifar.PUBLISHED, mirror / "cifar-10-binary.tar.gz"))
    root = tmp_path / "data" / "cifar10"
    data = opened(Cifar10, root, download=True)
    assert (len(data), len(data.test())) == (30, 6)
    assert sorted(path.suffix for path in root.iterdir()) == [".bin"] * 6 + [".json"]
    assert not list(tmp_path.rglob("evil.txt"))


def test_a_damaged_cifar_archive_is_named(tmp_path):
    file = tmp_path / "cifar.tar.gz"
    for content in (b"nothing", tar_of(data_batch_1=b""), tar_of()[:-40]):
        file.write_bytes(content)
        with pytest.raises(DataError, match=r"cifar\.tar\.gz is damaged"):
            cifar.unpack(file, tmp_path)


def test_the_loader_needs_no_workers(tmp_path):
    write_idx(tmp_path)
    data = opened(Mnist, tmp_path, workers=4)
    with Loader(data, batch_size=4, seed=0) as loader:
        assert loader.workers == 0
        assert next(loader)["image"].shape == (4, 1, 28, 28)


@pytest.mark.skipif(not (REAL / "mnist").is_dir(), reason="the real pictures are not here")
@pytest.mark.parametrize(("kind", "mean"), [(Mnist, 0.1325), (FashionMnist, 0.2868)])
def test_real_test_files_are_read(kind, mean):
    """Ten thousand pictures, a thousand or so of each class, as bright as they are known to be."""
    data = opened(kind, REAL / {Mnist: "mnist", FashionMnist: "fashion-mnist"}[kind], "test")
    assert data.pixels.shape == (10_000, 28, 28, 1)
    assert np.bincount(data.labels).min() > 850
    assert data.pixels.mean() / 255 == pytest.approx(mean, abs=1e-4)
