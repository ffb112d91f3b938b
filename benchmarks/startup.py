"""How long the command line takes to start, beside what importing torch alone would take, and what that is spent on.

    python benchmarks/startup.py --runs 7

The time to the first step is that of a whole process: a training of one step of the tiny MLP GAN, which ends
as soon as its first line of the log is there: nothing is saved or drawn.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path

from measure import Spread, alternate, conditions, table

FIRST_STEP = """
import os, tempfile
import ganzoo
from ganzoo import hookimpl

class First:
    @hookimpl
    def train_step(self, run, step, metrics):
        os._exit(0)

settings = ["data.size=16", "data.count=64", "data.test_count=16", "networks.generator.hidden=[32]",
            "networks.discriminator.hidden=[32]", "train.batch_size=16", "train.log_every=1", "evaluation.metrics=[]",
            'runtime.device="cpu"']
with tempfile.TemporaryDirectory() as folder:
    ganzoo.train("gan", overrides=settings, out=folder + "/run", listeners=[First()])
"""
"""Ends as soon as the first line of the log is written, without saving anything."""
OPTIMIZER = "import torch; torch.optim.SGD([torch.zeros(1)])"
"""Any optimizer of torch imports torch's compiler as soon as there is one."""
LONGEST = 12
"""Packages that are told of."""

COMMANDS = {
    "ganzoo --help": [str(Path(sys.executable).with_name("ganzoo")), "--help"],
    "ganzoo list": [str(Path(sys.executable).with_name("ganzoo")), "list"],
    "first step of a tiny training": [sys.executable, "-c", FIRST_STEP],
    'python -c "from ganzoo import load"': [sys.executable, "-c", "from ganzoo import load"],
    'python -c "import torch; torch.optim.SGD(...)"': [sys.executable, "-c", OPTIMIZER],
    'python -c "import torch"': [sys.executable, "-c", "import torch"],
    'python -c ""': [sys.executable, "-c", ""],
}


def measured(runs: int) -> dict[str, list[float]]:
    """Seconds of every command, in ``runs`` rounds; a first round, which only fills the disk cache, is left out."""
    sides = {name: partial(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
             for name, command in COMMANDS.items()}  # fmt: skip
    alternate(sides, 1)
    return alternate(sides, runs)


def imports() -> list[tuple[object, ...]]:
    """What the training's first step takes: milliseconds of the imports by package, the longest first, and the rest."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_STEP]
    start = time.perf_counter()
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    whole = 1e6 * (time.perf_counter() - start)
    packages: Counter[str] = Counter()
    for alone, _, name in (line.removeprefix("import time:").split("|") for line in told if "import time:" in line):
        if alone.strip().isdigit():
            packages[_package(name.strip())] += int(alone)
    rows = [(f"importing `{name}`", f"{taken / 1000:.0f}") for name, taken in packages.most_common(LONGEST)]
    others = packages.total() - sum(taken for _, taken in packages.most_common(LONGEST))
    return [*rows, ("other imports", f"{others / 1000:.0f}"), ("all else", f"{(whole - packages.total()) / 1000:.0f}")]


def _package(module: str) -> str:
    """``torch.nn`` of ``torch.nn.functional``, for torch is large; else ``numpy`` of ``numpy.linalg``."""
    parts = module.split(".")
    return ".".join(parts[: 2 if parts[0] == "torch" else 1])


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="2 runs, to see that it runs")
    chosen = parser.parse_args()
    print(f"{conditions()}\n")
    times = measured(2 if chosen.quick else chosen.runs)
    print(table(("command", "seconds"), [(f"`{name}`", Spread(taken)) for name, taken in times.items()]))
    print("\nWhat the first step is spent on, under `-X importtime`, which makes it slower:\n")
    print(table(("what", "ms"), imports()))


if __name__ == "__main__":
    main()
