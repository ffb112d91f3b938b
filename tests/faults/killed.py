"""Trainings in a child process that is killed: at a given change of its run folder, or after some time."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

import ganzoo
from ganzoo import checkpoint
from ganzoo.errors import CheckpointError
from ganzoo.run import Run, step_of

CHANGES = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate"}
"""What Python tells its audit hooks of when a folder is about to change (``open`` for writing)."""


class Killed(Exception):
    """The child was killed before it was done."""


def run_in_child(work: Callable[[], object], folder: Path, *, at_change: int = 0, after: float = 0.0) -> int:
    """Do some work in a fork of this process, which SIGKILL ends before its n-th change of ``folder``, or some
    seconds ``after`` its first.

    Returns:
        The number of changes, where the work came to its end.

    Raises:
        Killed: it did not.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _work_and_exit(work, str(folder), at_change, after, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        raise Killed
    assert os.waitstatus_to_exitcode(status) == 0, told
    return int(told)


def _work_and_exit(work: Callable[[], object], folder: str, at_change: int, after: float, writer: int) -> None:
    changes = 0

    def count(event: str, details: tuple) -> None:
        nonlocal changes
        if event not in CHANGES or not str(details[0]).startswith(folder):
            return
        if event == "open" and not (isinstance(details[1], str) and set(details[1]) & set("wax+")):
            return
        changes += 1
        if changes == at_change:
            os.kill(os.getpid(), signal.SIGKILL)
        if changes == 1 and after:
            timer = threading.Timer(after, os.kill, (os.getpid(), signal.SIGKILL))
            timer.daemon = True
            timer.start()

    code = 1
    try:
        sys.addaudithook(count)
        work()
        os.write(writer, str(changes).encode())
        code = 0
    except BaseException:
        os.write(writer, traceback.format_exc().encode())
    finally:
        os._exit(code)


def go_on(folder: Path, overrides: list[str]) -> None:
    """What a person does after a training died: resume it, or start again where nothing had been saved."""
    try:
        ganzoo.resume(folder)
    except CheckpointError as error:
        if "finished" in str(error):
            return
        assert "no checkpoint" in str(error) or "no run folder" in str(error), error
        if folder.exists():
            shutil.rmtree(folder)
        ganzoo.train("cyclegan", overrides=overrides, out=folder)


def assert_whole(run: Run) -> None:
    """Not a checkpoint is torn."""
    for path in sorted(run.checkpoints.glob("step-*")):
        state = checkpoint.read_state(path)  # compares its hash
        for file in state["sha256"]:
            checkpoint.read_tensors(path, file.removesuffix(".safetensors"), state)  # compares the hash


def assert_same(run: Run, other: Run) -> None:
    """The same weights, averages and optimizers at the end, the same log, and not a checkpoint that is torn."""
    assert_whole(run)
    ends = [checkpoint.find(one.checkpoints) for one in (run, other)]
    assert ends[0].name == ends[1].name
    states = [checkpoint.read_state(end) for end in ends]
    assert states[0]["sha256"] == states[1]["sha256"]
    assert states[0]["random"] == states[1]["random"]
    logs = [[(line["step"], line.get("generator/cycle_A")) for line in one.history()] for one in (run, other)]
    assert logs[0] == logs[1]
    config = json.loads((run.generator / "config.json").read_text())
    assert config["step"] == step_of(ends[0])
