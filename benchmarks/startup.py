"""How long the command line takes to start, beside what importing torch alone would take.

python benchmarks/startup.py --runs 7
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMANDS = {
    "ganzoo --help": [str(Path(sys.executable).with_name("ganzoo")), "--help"],
    "ganzoo list": [str(Path(sys.executable).with_name("ganzoo")), "list"],
    'python -c "import torch"': [sys.executable, "-c", "import torch"],
    'python -c ""': [sys.executable, "-c", ""],
}


def seconds(command: list[str]) -> float:
    """The wall time of a command that succeeds."""
    before = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - before


def measured(runs: int) -> dict[str, list[float]]:
    """``runs`` times of every command, in rounds; a first round, which only fills the disk cache, is left out."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(runs + 1):
        for name, command in COMMANDS.items():
            taken = seconds(command)
            if number:
                times[name].append(taken)
    return times


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=7)
    print("| command | median, s | least | most |\n|---|---|---|---|")
    for name, times in measured(parser.parse_args().runs).items():
        print(f"| `{name}` | {statistics.median(times):.2f} | {min(times):.2f} | {max(times):.2f} |")


if __name__ == "__main__":
    main()
