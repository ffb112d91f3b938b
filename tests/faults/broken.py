"""What a disk does to those who write on it, and a command line to try it with."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from killed import CHANGES

from ganzoo.cli.main import main


def command(*arguments: object, first: Callable[[], object] = lambda: None) -> tuple[int, str]:
    """Run a command in a fork of this process, which does something else ``first``: exit code and what was printed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code = 70
        try:
            os.close(reader)
            os.dup2(writer, 1)
            os.dup2(writer, 2)
            sys.stdout, sys.stderr = (os.fdopen(fd, "w", buffering=1) for fd in (1, 2))
            first()
            main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 71
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as pipe:
        printed = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), printed


def settings(overrides: list[str]) -> list[str]:
    """Recipe keys as the command line takes them."""
    return [part for setting in overrides for part in ("--set", setting)]


def assert_told(code: int, printed: str, *words: str) -> None:
    """It exited as for what a person can mend, and said it once, without a traceback."""
    assert code == 2, printed
    assert [line[:7] for line in printed.splitlines()].count("error: ") == 1, printed
    assert "Traceback" not in printed
    assert "fault of ganzoo" not in printed
    for word in words:
        assert word in printed


def when_changing(name: str, do: Callable[[], object], time: int = 1) -> None:
    """Do something just before a file or folder whose path ends like that is made or opened for writing.

    What is written beside and renamed counts by its own name: ``.NAME.PROCESS.tmp``. For good: for a child process.
    """
    left = time

    def notice(event: str, details: tuple) -> None:
        nonlocal left
        if event not in CHANGES or left == 0:
            return
        if event == "open" and not (isinstance(details[1], str) and set(details[1]) & set("wax+")):
            return
        if re.sub(r"\.([^/]+?)(\.new)?\.\d+\.tmp", r"\1", str(details[0])).endswith(name):
            left -= 1
            if left == 0:
                do()

    sys.addaudithook(notice)


def fill_up(room: int) -> None:
    """From now on no file of this process may grow beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system of its own in a new folder; what is yielded mounts it anew with other options.

    Skips the test where this process may not mount one.
    """
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if made.returncode:
        pytest.skip(f"no file system can be mounted here: {made.stderr.strip()}")
    try:
        yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@contextlib.contextmanager
def unchangeable(folder: Path, beside: Path) -> Iterator[Callable[[], None]]:
    """What is yielded makes the folder one that nobody, root neither, may add to or remove from."""
    trial = beside / "trial"
    trial.mkdir()
    tried = subprocess.run(["chattr", "+i", trial], capture_output=True, text=True, check=False)
    subprocess.run(["chattr", "-i", trial], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"chattr +i does not work here: {tried.stderr.strip()}")
    try:
        yield lambda: subprocess.run(["chattr", "+i", folder], check=True)
    finally:
        subprocess.run(["chattr", "-i", folder], check=True)
