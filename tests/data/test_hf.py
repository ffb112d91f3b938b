"""Data sets of the Hub, and Parquet files of one's own, as data."""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import subprocess
import sys

import numpy as np
import parquet
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from ganzoo.data import tables
from ganzoo.data.hf import HubDataset
from ganzoo.data.loader import Loader
from ganzoo.errors import DataError
from ganzoo.testing import check_data, check_resume, small_settings

datasets = pytest.importorskip("datasets", reason="data sets need the package: pip install 'ganzoo[datasets]'")

TRAIN = [*range(30), *range(100, 121)]  # 51 pictures of these reds, in 14 row groups of two files
BOTH = pytest.mark.parametrize("streaming", [False, True], ids=["mapped", "streamed"])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")


def publish(folder):
    """Two files to train on, one to test on."""
    parquet.labelled(folder / "data/train-00000-of-00002.parquet", range(30))
    parquet.labelled(folder / "data/train-00001-of-00002.parquet", range(100, 121))
    parquet.labelled(folder / "data/test-00000-of-00001.parquet", range(50, 60))
    return folder


def files_in(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.fixture
def root(tmp_path):
    return publish(tmp_path / "reds")


@pytest.fixture
def there(hub, root, tmp_path, monkeypatch):
    """The local Hub, with the data set ``some/reds``, as ``datasets`` sees it, too."""
    from huggingface_hub import HfFileSystem

    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.endpoint)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)
    HfFileSystem.clear_instance_cache()
    hub.publish("dataset", "some/reds", files_in(root) | {"README.md": b"---\nlicense: mit\n---\n"})
    return hub


def made(**settings):
    settings = {"size": 8, "workers": 0, **settings}
    if "root" in settings:
        settings["root"] = str(settings["root"])
    data = HubDataset(HubDataset.Config(**settings))
    data.prepare()
    return data


def reds(batch, key="image"):
    """The red value of each picture's middle."""
    return ((batch[key][:, 0, 4, 4] + 1) * 127.5).round().int().tolist()


def rng(seed=0):
    return np.random.default_rng(seed)


def take(loader, count):
    with loader:
        return list(itertools.islice(loader, count))


def same(one, other):
    return all(torch.equal(a[key], b[key]) for a, b in zip(one, other, strict=True) for key in a)


# What a batch is


@BOTH
def test_columns_become_batches(root, streaming):
    data = made(root=root, label="label", streaming=streaming)
    assert len(data) == 51
    assert (data.spec.images, data.spec.class_names) == ({"image": (3, 8, 8)}, ("dark", "bright"))
    batch = data.batch([0, 29, 30, 50], rng())
    assert reds(batch) == [0, 29, 100, 120]
    assert batch["label"].tolist() == [0, 0, 1, 1]
    assert batch["label"].dtype == torch.int64
    assert set(made(root=root, streaming=streaming).batch([1], rng())) == {"image"}


@BOTH
def test_the_contract_of_data(root, streaming):
    check_data("hf-datasets", root=str(root), size=8, label="label", streaming=streaming)


@BOTH
def test_the_test_split_is_found_or_named(root, streaming):
    test = made(root=root, streaming=streaming).test()
    test.prepare()
    assert reds(test.batch([0, 9], rng())) == [50, 59]
    swapped = made(root=root, streaming=streaming, split="test", test_split="train")
    assert (len(swapped), swapped.test().part_of_it) == (10, "train")
    assert made(root=root, split="test").test() is None


def test_one_file_is_a_data_set_without_a_test_split(root):
    data = made(root=root / "data" / "test-00000-of-00001.parquet", streaming=True)
    assert (len(data), data.test()) == (10, None)


@BOTH
@pytest.mark.parametrize("stored", [parquet.png, lambda red: {"bytes": parquet.png(red), "path": None}])
def test_pictures_of_other_programs(tmp_path, streaming, stored):
    columns = {"picture": [stored(red) for red in (3, 4)], "kind": [1, 0]}
    file = parquet.write(tmp_path / "plain.parquet", columns)
    data = made(root=file, image="picture", label="kind", class_names=["cat", "dog"], streaming=streaming)
    batch = data.batch([0, 1], rng())
    assert (reds(batch), batch["label"].tolist(), data.spec.class_names) == ([3, 4], [1, 0], ("cat", "dog"))


@BOTH
def test_two_columns_are_a_pair_with_one_crop_and_flip(tmp_path, streaming):
    noise = [rng(number).integers(0, 256, (40, 48, 3), dtype=np.uint8) for number in range(4)]
    encoded = [parquet.encoded(Image.fromarray(pixels)) for pixels in noise]
    file = parquet.write(tmp_path / "pairs.parquet", {"photo": encoded, "map": encoded})
    data = made(root=file, A="photo", B="map", size=32, crop="random", streaming=streaming)
    batch = data.batch([0, 1, 2, 3], rng())
    assert data.paired
    assert data.spec.images == {"A": (3, 32, 32), "B": (3, 32, 32)}
    assert batch["A"].shape == (4, 3, 32, 32)
    assert torch.equal(batch["A"], batch["B"])
    assert not torch.equal(batch["A"], data.batch([0, 1, 2, 3], rng(1))["A"])
    alone = data.part([0, 1, 2, 3], rng(), slice(2, 4))
    assert torch.equal(alone["B"], batch["B"][2:])


def test_mapped_and_streamed_are_the_same_pictures(root):
    one, other = (made(root=root, label="label", streaming=streaming) for streaming in (False, True))
    assert same([one.batch(range(51), rng())], [other.batch(range(51), rng())])
    assert one.fingerprint() == other.fingerprint() != one.test().fingerprint()


# What is wrong


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"split": "all"}, "there is no split 'all'", "Splits are train, test."),
        ({"image": "picture"}, "there is no column 'picture'", "Columns are image, label."),
        ({"image": "label"}, "column 'label' holds no pictures, but int64", "image, label"),
        ({"label": "image"}, "column 'image' holds no labels", ""),
        ({"label": "kind"}, "there is no column 'kind'", "Columns are image, label."),
    ],
)
@BOTH
def test_what_is_not_there_is_named_with_what_is(root, settings, message, hint, streaming):
    with pytest.raises(DataError, match=message) as caught:
        assert made(root=root, streaming=streaming, **settings).spec
    assert hint in caught.value.hint


def test_numbers_need_names(tmp_path):
    file = parquet.write(tmp_path / "plain.parquet", {"image": [parquet.png(1)], "label": [0]})
    with pytest.raises(DataError, match="numbers without names") as caught:
        assert made(root=file, label="label", streaming=True).spec
    assert "data.class_names=" in caught.value.hint


def test_a_missing_folder_and_one_of_other_files(tmp_path):
    with pytest.raises(DataError, match="no such folder or file"):
        made(root=tmp_path / "nowhere")
    (tmp_path / "train.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"its data is no Parquet, but train\.csv") as caught:
        made(root=tmp_path)
    assert "refs/convert/parquet" in caught.value.hint


@pytest.mark.parametrize("streaming", [False, True])
def test_a_torn_file_is_named_before_training(root, streaming):
    (root / "data" / "train-00001-of-00002.parquet").write_bytes(b"PAR1 torn")
    with pytest.raises(DataError, match=r"(reading|preparing|finding) .*reds"):
        made(root=root, streaming=streaming)


def test_a_file_without_the_column_is_named(root):
    parquet.write(root / "data" / "train-00001-of-00002.parquet", {"image": parquet.pictures([1])})
    with pytest.raises(DataError, match=r"train-00001-of-00002\.parquet: there is no column 'label'"):
        made(root=root, label="label", streaming=True)


def test_settings_that_do_not_go_together():
    for settings, message in (
        ({}, "say where the data is"),
        ({"name": "some/reds", "root": "reds"}, "say where the data is"),
        ({"name": "parquet"}, "should match pattern"),
        ({"root": "reds", "A": "photo"}, "a column each for A and B"),
        ({"root": "reds", "A": "photo", "B": "map", "label": "kind"}, "pairs have no label"),
    ):
        with pytest.raises(ValidationError, match=message):
            HubDataset.Config(**settings)


def spoilt(tmp_path):
    """Five rows: whole, no picture in its bytes, none at all but a file of this machine, a label of no class, whole."""
    outside = tmp_path / "outside.png"
    outside.write_bytes(parquet.png(99))
    pictures = [*parquet.pictures([1, 2, 3, 4, 5])]
    pictures[1]["bytes"] = b"no picture"
    pictures[2] = {"bytes": None, "path": str(outside)}
    return parquet.write(tmp_path / "bad.parquet", {"image": pictures, "label": [0, 0, 0, -1, 0]}, group=2)


@BOTH
def test_a_bad_row_is_named_or_left_out(tmp_path, caplog, streaming):
    settings = {"root": spoilt(tmp_path), "label": "label", "class_names": ["it"], "streaming": streaming}
    data = made(**settings)
    for row, message in ((1, "not a picture"), (2, "there is no picture"), (3, "label -1 is none of 1")):
        with pytest.raises(
            DataError, match=rf"bad\.parquet \(train\), row {row}.*: {message}|row {row}: {message}"
        ) as caught:
            data.batch([row], rng())
        assert "data.on_error=skip" in caught.value.hint
    with caplog.at_level(logging.WARNING, logger="ganzoo.data"):
        assert reds(made(**settings, on_error="skip").batch([0, 1, 2, 3, 4], rng())) == [1, 5, 5, 5, 5]
    assert len(caplog.records) == 3


def test_without_the_package_it_says_what_to_install(monkeypatch, root):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match="needs the package datasets") as caught:
        made(root=root)
    assert caught.value.hint == "pip install 'ganzoo[datasets]'"


# Streaming: who reads what, and when


@pytest.fixture
def read(monkeypatch):
    """(file, row group) in the order in which they were read."""
    groups = []
    real = tables.open_parquet

    class Counting:
        def __init__(self, file):
            self.file, self.opened = file, real(file)

        def __getattr__(self, name):
            return getattr(self.opened, name)

        def __enter__(self):
            return self.opened

        def __exit__(self, *error):
            self.opened.close()

        def read_row_group(self, group, columns):
            groups.append((self.file, group))
            return self.opened.read_row_group(group, columns=columns)

    monkeypatch.setattr(tables, "open_parquet", Counting)
    return groups


def loader(root, *, lanes=2, window=12, batch_size=3, **how):
    data = made(root=root, streaming=True, window=window, label="label", workers=lanes)
    return Loader(data, batch_size=batch_size, seed=1, **{"workers": 0, **how})


def test_an_epoch_reads_each_row_group_once_and_one_more_at_a_cut(root, read):
    for seen in (0, 1):
        data = made(root=root, streaming=True, window=8)
        assert read == []
        batches = take(Loader(data, batch_size=3, seed=seen), 17)
        assert sorted(red for batch in batches for red in reds(batch)) == TRAIN
        assert len(read) == len(set(read)) == 14
        read.clear()


def test_a_resume_reads_what_it_needs_and_not_what_was_before(root, read):
    data = made(root=root, streaming=True, window=4)
    whole = take(Loader(data, batch_size=3, seed=1), 17)
    read.clear()
    data = made(root=root, streaming=True, window=4)
    assert same(take(Loader(data, batch_size=3, seed=1, start=12), 1), whole[12:13])
    assert len(read) <= 4


def test_what_is_kept_does_not_grow(root):
    data = made(root=root, streaming=True, window=8)
    table = data.rows.table
    for batch in take(Loader(data, batch_size=3, seed=0), 40):
        assert batch["image"].shape == (3, 3, 8, 8)
        assert sum(table.blocks[block] for block in table._kept) <= 8 + 2 * 4


def test_workers_make_the_batches_of_one_process_from_any_position(root):
    alone = take(loader(root), 40)
    assert same(alone, take(loader(root, workers=2), 40))
    assert same(alone[11:], take(loader(root, workers=2, start=11), 29))
    assert same(alone[30:], take(loader(root, start=30), 10))
    assert not same(alone[:17], alone[17:34])


def test_processes_share_out_the_samples(root):
    for epoch in (0, 1):
        ranks = [take(loader(root, rank=rank, world=2, start=8 * epoch), 8) for rank in (0, 1)]
        seen = [[red for batch in batches for red in reds(batch)] for batches in ranks]
        assert not set(seen[0]) & set(seen[1])
        assert len(set(seen[0]) | set(seen[1])) == 48
    assert not torch.equal(ranks[0][0]["image"], ranks[1][0]["image"])


def test_processes_and_workers_read_row_groups_of_their_own(root, read):
    per_lane = []
    for rank, lane in itertools.product((0, 1), (0, 1)):
        data = made(root=root, streaming=True, window=4, workers=2)
        order = Loader(data, batch_size=3, seed=1, rank=rank, world=2, workers=0).order
        read.clear()
        for k in range(lane, 8, 2):
            data.batch(order.indices(k), rng())
        per_lane.append(set(read))
    twice = sum(len(lane) for lane in per_lane) - len(set.union(*per_lane))
    assert twice <= 3  # where the cuts between four lanes go through


def test_what_travels_to_a_worker_is_small_and_reads(root):
    data = made(root=root, streaming=True)
    data.batch([0], rng())
    sent = pickle.dumps(data)
    assert len(sent) < 5000
    assert reds(pickle.loads(sent).batch([30], rng())) == [100]


# The Hub


@BOTH
def test_a_data_set_of_the_hub(there, streaming):
    data = made(name="some/reds", label="label", streaming=streaming)
    batch = data.batch([0, 29, 30, 50], rng())
    assert (len(data), reds(batch), batch["label"].tolist()) == (51, [0, 29, 100, 120], [0, 0, 1, 1])
    assert there.leaked == []
    before = data.fingerprint()
    repository = there["datasets/some/reds"]
    files = repository.commits[repository.refs["main"]]
    repository.commit("main", {name: file for name, file in files.items() if "00001" not in name}, "fewer")
    assert len(made(name="some/reds", streaming=streaming)) == 30
    commit = next(iter(repository.commits))
    again = made(name="some/reds", revision=commit, streaming=streaming)
    assert (len(again), again.fingerprint()) == (51, before)


def test_streaming_downloads_nothing(there, tmp_path):
    made(name="some/reds", streaming=True).batch([0], rng())
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".arrow"]
    assert not [path for path in (tmp_path / "hub-cache").rglob("*") if path.name.endswith(".parquet")]


@pytest.mark.parametrize(
    ("settings", "message", "hint"),
    [
        ({"name": "some/nothing"}, "doesn't exist on the Hub or cannot be accessed", "Look at the name"),
        ({"name": "other/secret"}, "doesn't exist on the Hub or cannot be accessed", "hf auth login, or HF_TOKEN"),
        ({"revision": "nope"}, "Revision 'nope' doesn't exist", "A revision is a branch, a tag or a commit"),
        ({"name": "some/csv"}, r"its data is no Parquet, but train\.csv", "refs/convert/parquet"),
        ({"name": "some/text"}, "doesn't contain any data files", "refs/convert/parquet"),
        ({"name": "some/two"}, r"available configs: \['a', 'b'\]", "data.subset=NAME"),
        ({"name": "some/two", "subset": "c"}, r"Available: \['a', 'b'\]", "data.subset=NAME"),
    ],
)
def test_what_the_hub_does_not_give(there, settings, message, hint):
    two = (
        b"---\nconfigs:\n- {config_name: a, data_files: data/train*}\n- {config_name: b, data_files: data/test*}\n---\n"
    )
    there.publish("dataset", "other/secret", {"README.md": b""}, private=True)
    there.publish("dataset", "some/csv", {"train.csv": b"a,b\n1,2\n"})
    there.publish("dataset", "some/text", {"README.md": b"nothing"})
    there.publish("dataset", "some/two", there["datasets/some/reds"].files() | {"README.md": two})
    with pytest.raises(DataError, match=message) as caught:
        made(**{"name": "some/reds", **settings})
    assert hint in caught.value.hint


def test_a_gated_data_set_says_so(there):
    there["datasets/some/reds"].gated = True
    with pytest.raises(DataError, match="gated dataset") as caught:
        made(name="some/reds")
    assert "HF_TOKEN" in caught.value.hint


def test_a_card_cannot_name_a_file_of_this_machine(there, root, tmp_path):
    card = f"---\nconfigs:\n- config_name: default\n  data_files: {root}/data/train*\n---\n"
    there.publish("dataset", "some/evil", {"README.md": card.encode()})
    with pytest.raises(DataError, match="some/evil"):
        made(name="some/evil")


def test_without_a_network(there, monkeypatch):
    before = made(name="some/reds")
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    again = made(name="some/reds")
    assert (len(again), again.fingerprint()) == (51, before.fingerprint())
    commit = before.source.commit
    assert len(made(name="some/reds", revision=commit)) == 51
    with pytest.raises(DataError, match=f"commit {commit}, which is here, may not be 'dev'"):
        made(name="some/reds", revision="dev")
    with pytest.raises(DataError, match="out of reach"):
        made(name="some/reds", streaming=True)
    with pytest.raises(DataError, match="Couldn't reach 'some/unseen'") as caught:
        made(name="some/unseen")
    assert "network" in caught.value.hint


@pytest.mark.parametrize("on_error", ["stop", "skip"])
def test_a_hub_that_fails_in_the_middle_ends_it_and_skips_nothing(there, on_error, caplog):
    data = made(name="some/reds", streaming=True, on_error=on_error)
    there.fail("GET", "/datasets/some/reds/resolve/", 500, times=1000)
    with pytest.raises(DataError, match=r"reading some/reds \(train\): .*500"):
        data.batch([0], rng())
    assert "left out" not in caplog.text


# Training


def table(**settings):
    return "data={" + ", ".join(f"{key}={value}" for key, value in {"type": '"hf-datasets"', **settings}.items()) + "}"


@pytest.mark.parametrize(
    ("model", "streaming", "workers"),
    [("dcgan", True, 2), ("cgan", True, 0), ("cgan", False, 2), ("pix2pix", True, 2), ("pix2pix", False, 0)],
)
def test_a_training_goes_on_bit_by_bit(model, streaming, workers, root, tmp_path):
    columns = {"label": '"label"'} if model == "cgan" else {}
    size = 28
    if model == "pix2pix":
        root, size = tmp_path / "pairs", 64
        pictures = [
            parquet.encoded(Image.fromarray(rng(n).integers(0, 256, (70, 72, 3), dtype=np.uint8))) for n in range(14)
        ]
        parquet.write(root / "train.parquet", {"photo": pictures[:7], "map": pictures[7:]}, group=2)
        columns = {"A": '"photo"', "B": '"map"'}
    settings = {"root": f'"{root}"', "size": size, "load_size": size + 4, "crop": '"random"', "window": 5, **columns}
    data = table(**settings, streaming=str(streaming).lower(), workers=workers)
    small = [setting for setting in small_settings(model) if not setting.startswith("data.")]
    check_resume(model, tmp_path, [*small, data])


def test_the_command_line_trains_from_the_hub_with_workers(there, tmp_path):
    data = table(name='"some/reds"', streaming="true", size=28, workers=2)
    settings = [setting for setting in small_settings("dcgan") if not setting.startswith("data.")]
    sets = itertools.chain.from_iterable(("--set", setting) for setting in [*settings, data, "train.steps=4"])
    command = [sys.executable, "-m", "ganzoo", "train", "dcgan", "--out", str(tmp_path / "run"), *sets]
    environment = os.environ | {"HF_ENDPOINT": there.endpoint, "HF_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "generator" / "config.json").is_file()
    assert not list((tmp_path / "home").rglob("*.arrow"))
