"""How cost grows: seconds to begin with 10^2 to 10^6 files, and memory against batch, picture and run length.

    python benchmarks/growth.py files memory length

``files``: a folder of hard links to one small JPEG, in sub-folders of 10,000; listing it, and all of ``prepare``, where
the pictures are streamed. ``memory``: the most memory of a whole DCGAN training of a few steps, each in a process of
its own. ``length``: the memory of one long training of the tiny MLP GAN, that logs, draws and saves all the time: what
it holds at each tenth must not grow.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from measure import conditions, table
from PIL import Image

FOLDER = 10_000
"""Files in one sub-folder."""
MEASURED = """
import resource, sys, tempfile
import ganzoo
with tempfile.TemporaryDirectory() as folder:
    ganzoo.train(sys.argv[1], overrides=sys.argv[2:], out=folder + "/run")
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
SMALL = ("evaluation.metrics=[]", "train.sample_every=0", "runtime.threads=1", 'runtime.device="cpu"')


def fill(root: Path, there: int, count: int) -> None:
    """More links to pictures, until there are ``count``; a picture a folder, since links to one file are limited."""
    for number in range(there, count):
        folder = root / f"{number // FOLDER:04}"
        picture = folder / ".picture.jpg"  # hidden, and so not listed
        if number % FOLDER == 0:
            folder.mkdir(parents=True)
            Image.new("RGB", (64, 64), "teal").save(picture)
        os.link(picture, folder / f"{number:07}.jpg")


def files(most: int) -> Iterator[tuple[object, ...]]:
    """Files, seconds to list them, seconds to be ready for the first batch, seconds for that."""
    from ganzoo.data.listing import list_pictures
    from ganzoo.data.loader import Loader
    from ganzoo.plugins import plugins

    kind = plugins().load("data", "images")
    with tempfile.TemporaryDirectory() as folder:
        root, there = Path(folder) / "pictures", 0
        for count in (10**power for power in range(2, 7) if 10**power <= most):
            fill(root, there, count)
            there = count
            start = time.perf_counter()
            list_pictures(root, recursive=True)
            listed = time.perf_counter()
            data = kind(kind.Config(root=str(root), size=64, memory=0))
            data.prepare()
            ready = time.perf_counter()
            next(Loader(data, batch_size=16, seed=0, workers=0))
            first = time.perf_counter()
            data.fingerprint()
            done = time.perf_counter()
            times = (listed - start, ready - listed, first - ready, done - first)
            yield f"{count:,}", *(f"{taken:.3f}" for taken in times)


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
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it runs")
    chosen = parser.parse_args()
    quick = chosen.quick
    print(conditions())
    if "files" in chosen.what:
        columns = ("files", "to list, s", "list and prepare, s", "first batch, s", "fingerprint, s")
        print(f"\n{table(columns, files(10**4 if quick else chosen.files))}")
    if "memory" in chosen.what:
        grid = ((8,), (32,)) if quick else ((16, 64), (32, 64, 128))
        print(f"\n{table(('batch', 'pixels', 'most memory, MiB'), memory(*grid))}")
    if "length" in chosen.what:
        print(f"\n{table(('steps done', 'memory held, MiB'), length(200 if quick else chosen.steps))}")


if __name__ == "__main__":
    main()
