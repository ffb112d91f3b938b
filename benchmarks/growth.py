"""How cost grows: seconds to begin with 10^2 to 10^6 files, and memory against batch, picture and run length.

    python benchmarks/growth.py files memory length

``files``: folders of hard links to small JPEG, which are streamed, each row in a process of its own. To make a million
links takes seconds in memory (``TMPDIR=/dev/shm``) and minutes on a disk, and is not counted. ``memory``: the most
memory of a whole DCGAN training of a few steps, each in a process of its own. ``length``: the memory of one long
training of the tiny MLP GAN, that logs, draws and saves all the time: what it holds at each tenth must not grow.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from measure import conditions, table
from PIL import Image

MOST_LINKS = 10_000
"""To one file: file systems allow no more than some 60,000."""
KINDS: dict[str, tuple[Sequence[str], str]] = {
    "images": ([f"{number:04}" for number in range(100)], "test_share = 0.1"),
    "class-images": ([f"class{number:04}" for number in range(100)], "test_share = 0.1"),
    "unpaired-images": (["trainA", "trainB"], ""),
    "paired-images": (["trainA", "trainB"], 'layout = "folders"'),
}
"""Type of data -> the folders that its files are spread over, and settings."""
BEGUN = """
import json, resource, sys, time, tomllib
from ganzoo.data.loader import Loader
from ganzoo.plugins import plugins

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

kind = plugins().load("data", sys.argv[1])
data = kind(kind.Config(root=sys.argv[2], size=64, memory=0, **tomllib.loads(sys.argv[3])))
before, marks = peak(), [time.perf_counter()]
data.prepare()
marks.append(time.perf_counter())
test = data.test()
if test is not None:
    test.prepare()
marks.append(time.perf_counter())
data.fingerprint()
marks.append(time.perf_counter())
grown = peak() - before
for workers in (0, 2):
    with Loader(data, batch_size=16, seed=0, workers=workers) as batches:
        next(batches)
    marks.append(time.perf_counter())
print(json.dumps([*(later - sooner for sooner, later in zip(marks, marks[1:])), grown]))
"""
"""Prints seconds of each part of a beginning, and the MiB that it took beside the imports."""
MEASURED = """
import resource, sys, tempfile
import ganzoo
with tempfile.TemporaryDirectory() as folder:
    ganzoo.train(sys.argv[1], overrides=sys.argv[2:], out=folder + "/run")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
SMALL = ("evaluation.metrics=[]", "train.sample_every=0", "runtime.threads=1", 'runtime.device="cpu"')


def fill(root: Path, folders: Sequence[str], there: int, count: int) -> None:
    """More links to pictures, until there are ``count``, spread over folders; the same names in each."""
    for name in folders:
        (root / name).mkdir(parents=True, exist_ok=True)
    for number in range(there, count):
        row, column = divmod(number, len(folders))
        picture = root / f".picture{number // MOST_LINKS}.jpg"  # hidden, and so not listed
        if number % MOST_LINKS == 0:
            Image.new("RGB", (64, 64), "teal").save(picture)
        os.link(picture, root / folders[column] / f"{row:07}.jpg")


def files(most: int) -> Iterator[tuple[object, ...]]:
    """Type of data, files, seconds of each part of a beginning, and in all, MiB."""
    for kind, (folders, settings) in KINDS.items():
        with tempfile.TemporaryDirectory() as folder:
            there = 0
            for count in (10**power for power in range(2, 7) if 10**power <= most):
                fill(Path(folder), folders, there, count)
                there = count
                command = [sys.executable, "-c", BEGUN, kind, folder, settings]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                *times, mib = json.loads(done.stdout)
                begun = sum(times[:3])
                yield kind, f"{count:,}", *(f"{taken:.2f}" for taken in (*times[:3], begun, *times[3:])), f"{mib:,.0f}"


def peak(model: str, *settings: str) -> float:
    """MiB that a training took at most."""
    command = [sys.executable, "-c", MEASURED, model, *SMALL, *settings]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def memory(batches: tuple[int, ...], sizes: tuple[int, ...]) -> Iterator[tuple[object, ...]]:
    """Batch, pixels, MiB."""
    filters = ("networks.generator.filters=16", "networks.discriminator.filters=16", "train.steps=2")
    for batch in batches:
        for size in sizes:
            data = f'data={{type="glyphs", size={size}, count={batch}, test_count=2}}'
            yield batch, size, f"{peak('dcgan', data, *filters, f'train.batch_size={batch}'):,.0f}"


def length(steps: int) -> Iterator[tuple[object, ...]]:
    """Steps done, MiB held."""
    import ganzoo
    from ganzoo import hookimpl

    held: list[tuple[int, float]] = []

    class Watch:
        @hookimpl
        def train_step(self, run: ganzoo.Run, step: int, metrics: dict[str, float]) -> None:
            if step % (steps // 10) == 0 and "seconds" in metrics:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                held.append((step, pages * os.sysconf("SC_PAGE_SIZE") / 2**20))

    often = (f"train.steps={steps}", "train.log_every=5", "train.checkpoint_every=50", "train.sample_every=50")
    tiny = ("data.size=16", "data.count=100", "data.test_count=64", "train.batch_size=16")
    with tempfile.TemporaryDirectory() as folder:
        ganzoo.train("gan", overrides=[*SMALL, *tiny, *often], out=Path(folder) / "run", listeners=[Watch()])
    return ((f"{step:,}", f"{mib:,.1f}") for step, mib in held)


def main() -> None:
    """Measure what was asked for, and print a table of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", nargs="*", metavar="files|memory|length", default=["files", "memory", "length"])
    parser.add_argument("--files", type=int, default=10**6, help="the most files")
    parser.add_argument("--steps", type=int, default=2000, help="of the long training")
    parser.add_argument("--quick", action="store_true", help="less of everything, to see that it runs")
    chosen = parser.parse_args()
    quick = chosen.quick
    print(conditions())
    if "files" in chosen.what:
        columns = ("data", "files", "prepare, s", "test split, s", "fingerprint, s", "**these three, s**",
                   "first batch, s", "first batch of 2 workers, s", "memory, MiB")  # fmt: skip
        print(f"\n{table(columns, files(10**4 if quick else chosen.files))}")
    if "memory" in chosen.what:
        grid = ((8,), (32,)) if quick else ((16, 64), (32, 64, 128))
        print(f"\n{table(('batch', 'pixels', 'most memory, MiB'), memory(*grid))}")
    if "length" in chosen.what:
        print(f"\n{table(('steps done', 'memory held, MiB'), length(200 if quick else chosen.steps))}")


if __name__ == "__main__":
    main()
