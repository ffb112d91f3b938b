"""How long the command line takes to start, beside what importing torch alone would take, and what that is spent on.

    python benchmarks/startup.py --runs 7

The time to the first step is that of a whole process: a training of one step of the tiny MLP GAN, which ends
as soon as its first line of the log is there: nothing is saved or drawn.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial
from pathlib import Path

from measure import Spread, alternate, table

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
LONGEST = 15
"""Imports that are told of."""

COMMANDS = {
    "ganzoo --help": [str(Path(sys.executable).with_name("ganzoo")), "--help"],
    "ganzoo list": [str(Path(sys.executable).with_name("ganzoo")), "list"],
    "first step of a tiny training": [sys.executable, "-c", FIRST_STEP],
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
    """Of the training's first step, the modules whose own import takes longest: name and milliseconds."""
    command = [sys.executable, "-X", "importtime", "-c", FIRST_STEP]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in told if line.startswith("import time:")]
    own = [(int(alone), name.strip()) for alone, _, name in rows if alone.strip().isdigit()]
    return [(f"`{name}`", f"{microseconds / 1000:.0f}") for microseconds, name in sorted(own, reverse=True)[:LONGEST]]


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="2 runs, to see that it runs")
    chosen = parser.parse_args()
    times = measured(2 if chosen.quick else chosen.runs)
    print(table(("command", "seconds"), [(f"`{name}`", Spread(taken)) for name, taken in times.items()]))
    print("\nModules that the first step imports, by their own time under `-X importtime`, which slows them:\n")
    print(table(("module", "ms"), imports()))


if __name__ == "__main__":
    main()
