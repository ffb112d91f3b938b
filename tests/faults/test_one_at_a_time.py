"""A run folder takes one training at a time, and says whose it is."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import threading
from collections.abc import Iterator

import pytest
from broken import assert_told, command, settings
from killed import assert_same

import ganzoo
from ganzoo import lock
from ganzoo.distributed import World
from ganzoo.errors import CheckpointError
from ganzoo.lock import held
from ganzoo.recipe.schema import Recipe
from ganzoo.run import Run
from ganzoo.training import _working_in

pytestmark = pytest.mark.faults


@pytest.fixture
def overrides(tiny) -> list[str]:
    return [*tiny, "networks.generator.filters=2", "train.steps=4", "train.checkpoint_every=2", "runtime.device=cpu"]


@pytest.fixture
def at_work(tmp_path, overrides) -> Iterator[int]:
    """A process that trains in ``run``, and waits for ever once it has saved its first checkpoint."""
    reader, writer = os.pipe()

    class Waiting:
        @ganzoo.hookimpl
        def checkpoint_saved(self, run, step, folder):
            os.write(writer, b"saved")
            signal.pause()

    child = os.fork()
    if child == 0:
        try:
            ganzoo.train("cyclegan", overrides=overrides, out=tmp_path / "run", listeners=[Waiting()])
        finally:
            os._exit(1)
    os.close(writer)
    assert os.read(reader, 5) == b"saved"
    yield child
    os.close(reader)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_second_training_is_refused_until_the_first_has_ended(at_work, tmp_path, overrides):
    run = tmp_path / "run"
    assert_told(*command("resume", run), f"{run}: process {at_work} on ", "trains in it", "Wait for it")
    train = ("train", "cyclegan", "--out", run, *settings(overrides))
    assert_told(*command(*train), f"{run}: process {at_work} on ", "Choose another")
    assert [line["step"] for line in Run.open(run).history()] == [2]
    assert ganzoo.load(run).config.step == 2, "others may read it"
    os.kill(at_work, signal.SIGKILL)
    os.waitid(os.P_PID, at_work, os.WEXITED | os.WNOWAIT)  # a lock is gone with its process, however it ended
    code, printed = command("resume", run)
    assert code == 0, printed
    ganzoo.train("cyclegan", overrides=overrides, out=tmp_path / "undisturbed")
    assert_same(Run.open(run), Run.open(tmp_path / "undisturbed"))
    assert not (run / lock.NAME).exists()


def test_of_those_that_begin_at_the_same_moment_one_trains(tmp_path):
    recipe = Recipe(model="x", data={"type": "x"}, networks={"x": {"type": "x"}}, train={"steps": 1, "batch_size": 1})
    made, refused, begin = [], [], threading.Barrier(4)

    def create(number: int) -> None:
        begin.wait()
        try:
            made.append((number, Run.create(recipe, tmp_path / str(number))))
        except CheckpointError as error:
            refused.append(error.message)

    for number in range(30):
        threads = [threading.Thread(target=create, args=(number,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [number for number, _ in made] == list(range(30))
    assert len(refused) == 90
    assert all("has just begun in it" in message or "already holds something" in message for message in refused)


def test_runs_that_are_named_at_the_same_moment_have_folders_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    recipe = Recipe(model="x", data={"type": "x"}, networks={"x": {"type": "x"}}, train={"steps": 1, "batch_size": 1})
    made: list[Run] = []
    threads = [threading.Thread(target=lambda: made.append(Run.create(recipe))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({run.folder for run in made}) == 8


def test_a_lock_whose_file_was_removed_meanwhile_is_none(tmp_path, monkeypatch):
    """Who opened the file, and locked it after its holder had removed it, must take the new one."""
    with held(tmp_path):
        theirs = os.open(tmp_path / lock.NAME, os.O_RDWR)
    real, opened = os.open, [theirs]
    monkeypatch.setattr(lock.os, "open", lambda *rest: opened.pop() if opened else real(*rest))
    with held(tmp_path):
        assert opened == []
        monkeypatch.undo()
        with pytest.raises(CheckpointError, match=f"process {os.getpid()} on "), held(tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_where_there_are_no_locks_training_goes_on(tmp_path, monkeypatch):
    def unknown(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    with held(tmp_path), held(tmp_path):
        pass


def test_the_leading_process_alone_holds_the_folder(tmp_path):
    run = Run(tmp_path, None)
    with _working_in(run, World(0, 2)):
        assert (tmp_path / lock.NAME).exists()
        with _working_in(run, World(1, 2)), pytest.raises(CheckpointError), _working_in(run, World(0, 1)):
            pass


def test_a_lock_is_no_way_out_of_the_folder(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / lock.NAME).symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match=r"ganzoo\.lock"), held(tmp_path / "run"):
        pass
    assert not (tmp_path / "outside").exists()
