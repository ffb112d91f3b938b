"""The loader's stream of batches is a pure function of data, seed, number and rank, whoever prepares it."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from itertools import islice

import numpy as np
import pytest
import torch
from PIL import Image
from worker_data import Buggy, Deadly, Numbers

from ganzoo.data import Loader
from ganzoo.data.folders import ImageFolder
from ganzoo.errors import DataError


def take(loader, count):
    with loader:
        return list(islice(loader, count))


def same(first, second):
    return all(torch.equal(a[key], b[key]) for a, b in zip(first, second, strict=True) for key in a.keys() | b.keys())


@pytest.fixture
def pictures(tmp_path):
    noise = np.random.default_rng(0)
    for number in range(10):
        Image.fromarray(noise.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(tmp_path / f"{number}.png")
    return tmp_path


def streaming(root, **settings):
    config = ImageFolder.Config(root=str(root), size=8, load_size=12, crop="random", memory=0, **settings)
    data = ImageFolder(config)
    data.prepare()
    return data


def test_an_epoch_shows_every_sample_once_and_the_next_another_order():
    batches = take(Loader(Numbers(10), batch_size=3, seed=0), 6)
    first, second = (torch.cat([batch["index"] for batch in part]).tolist() for part in (batches[:3], batches[3:]))
    assert len(set(first)) == len(set(second)) == 9
    assert first != second


def test_batches_per_epoch_drop_the_incomplete_one():
    assert Loader(Numbers(10), batch_size=3, seed=0).batches_per_epoch == 3
    assert Loader(Numbers(10), batch_size=2, seed=0, world=2).batches_per_epoch == 2


def test_too_few_samples_say_so():
    with pytest.raises(DataError, match="3 samples do not fill one batch of 4") as caught:
        Loader(Numbers(3), batch_size=4, seed=0)
    assert "train.batch_size to 3" in caught.value.hint


def test_a_start_in_the_middle_is_the_same_stream():
    whole = take(Loader(Numbers(10), batch_size=3, seed=5), 8)
    assert same(whole[4:], take(Loader(Numbers(10), batch_size=3, seed=5, start=4), 4))
    loader = Loader(Numbers(10), batch_size=3, seed=5)
    list(islice(loader, 4))
    assert loader.position == 4


def test_seeds_differ():
    assert not same(
        take(Loader(Numbers(9), batch_size=3, seed=0), 3), take(Loader(Numbers(9), batch_size=3, seed=1), 3)
    )


def test_ranks_share_out_the_batch_of_one_process():
    whole = take(Loader(Numbers(12), batch_size=4, seed=0), 6)
    parts = [take(Loader(Numbers(12), batch_size=2, seed=0, rank=rank, world=2), 6) for rank in (0, 1)]
    for one, left, right in zip(whole, *parts, strict=True):
        assert one["index"].tolist() == left["index"].tolist() + right["index"].tolist()
        assert one["draw"].tolist() == left["draw"].tolist() + right["draw"].tolist()


@pytest.mark.parametrize("workers", [0, 1])
def test_ranks_crop_and_flip_as_one_process_and_read_their_own_share_alone(pictures, workers, monkeypatch):
    data = streaming(pictures)
    whole = take(Loader(data, batch_size=4, seed=0, workers=0), 4)
    read = []
    fetch = data.sets["image"].fetch
    if not workers:
        monkeypatch.setattr(data.sets["image"], "fetch", lambda index: read.append(index) or fetch(index))
    for rank in (0, 1):
        part = take(Loader(data, batch_size=2, seed=0, rank=rank, world=2, workers=workers), 4)
        assert same(part, [{"image": batch["image"][2 * rank : 2 * rank + 2]} for batch in whole])
    assert len(read) == (0 if workers else 16)


def test_workers_make_the_same_batches_and_end(pictures):
    data = streaming(pictures)
    alone = take(Loader(data, batch_size=2, seed=3, workers=0), 12)
    assert same(alone, take(Loader(data, batch_size=2, seed=3, workers=2), 12))
    assert same(alone[7:], take(Loader(data, batch_size=2, seed=3, start=7, workers=1), 5))
    assert multiprocessing.active_children() == []


def test_workers_are_used_only_for_what_streams(pictures):
    assert Loader(streaming(pictures, workers=3), batch_size=2, seed=0).workers == 3
    assert Loader(Numbers(4), batch_size=2, seed=0).workers == 0


def test_a_picture_that_breaks_under_a_worker_is_named(pictures):
    data = streaming(pictures)
    for path in pictures.iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match=r"\d\.png: not a picture") as caught:
        take(Loader(data, batch_size=2, seed=0, workers=1), 1)
    assert "Traceback" not in str(caught.value)
    assert "data.on_error=skip" in caught.value.hint


def test_a_picture_left_out_by_a_worker_is_logged_here_once(pictures, caplog):
    data = streaming(pictures, on_error="skip")
    (pictures / "4.png").write_bytes(b"broken")
    with caplog.at_level(logging.WARNING, "ganzoo.data"):
        skipping = take(Loader(data, batch_size=5, seed=0, workers=2), 6)
    assert caplog.text.count("4.png") == 1
    assert same(skipping, take(Loader(data, batch_size=5, seed=0, workers=0), 6))


def test_a_killed_worker_is_an_error_not_a_hang():
    started = time.monotonic()
    with pytest.raises(DataError, match="worker process that reads pictures died") as caught:
        take(Loader(Deadly(10), batch_size=2, seed=0, workers=1), 10)
    assert "data.workers=0" in caught.value.hint
    assert time.monotonic() - started < 60


def test_an_error_of_the_data_itself_is_not_taken_for_a_death():
    with pytest.raises(OSError, match="the data's own fault"):
        take(Loader(Buggy(10), batch_size=2, seed=0, workers=1), 1)


SCRIPT = """
import signal, sys, time
from itertools import islice
from ganzoo.data import Loader
from ganzoo.data.folders import ImageFolder
signal.signal(signal.SIGTERM, signal.default_int_handler)
print("script runs", flush=True)
data = ImageFolder(ImageFolder.Config(root=sys.argv[1], size=8, memory=0))
data.prepare()
loader = Loader(data, batch_size=2, seed=0, workers=2)
list(islice(loader, 3))
try:
    print("ready", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    list(islice(loader, 12))
    loader.close()
    print("went on after ctrl-c", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_main_process_alone_and_a_bare_script_runs_once(pictures, tmp_path_factory, number):
    script = tmp_path_factory.mktemp("script") / "train.py"
    script.write_text(SCRIPT)
    command = [sys.executable, str(script), str(pictures)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        lines = [process.stdout.readline(), process.stdout.readline()]
        os.killpg(process.pid, number)  # what a terminal and torchrun do: every process of the group gets it
        rest = process.communicate(timeout=60)[0]
    assert lines == ["script runs\n", "ready\n"]
    assert rest == "went on after ctrl-c\n"
    assert process.returncode == 0
