"""kill -9 at any moment: no checkpoint is lost or torn, and the training ends as if nothing had been."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import pytest
from killed import Killed, assert_same, assert_whole, go_on, run_in_child

import ganzoo
from ganzoo import checkpoint
from ganzoo.run import Run, step_of

SOAK_KILLS = 200

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def overrides(tiny) -> list[str]:
    return [*tiny, "train.steps=8", "train.checkpoint_every=2", "train.keep_checkpoints=2", "runtime.device=cpu"]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, overrides) -> tuple[Run, int]:
    """A training that nobody disturbed, and how often it changed its folder."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    changes = run_in_child(lambda: ganzoo.train("cyclegan", overrides=overrides, out=folder), folder)
    return Run.open(folder), changes


class Told:
    """Writes down, beside the run folder, which checkpoint was saved last."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @ganzoo.hookimpl
    def checkpoint_saved(self, run, step, folder):
        self.file.write_text(str(step))


def disturb(folder: Path, overrides: list[str], at_change: int, undisturbed: Run) -> None:
    told = folder.with_name(f"told-{folder.name}")
    told.write_text("0")
    with pytest.raises(Killed):
        work = lambda: ganzoo.train("cyclegan", overrides=overrides, out=folder, listeners=[Told(told)])  # noqa: E731
        run_in_child(work, folder, at_change=at_change)
    assert newest_step(folder) >= int(told.read_text()), "a checkpoint was lost"
    assert_whole(Run(folder, undisturbed.recipe))
    run_in_child(lambda: go_on(folder, overrides), folder)
    assert_same(Run.open(folder), undisturbed)


def newest_step(folder: Path) -> int:
    newest = checkpoint.newest(folder / "checkpoints")
    return step_of(newest) if newest else 0


@pytest.mark.parametrize("share", [0.05, 0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
def test_killed_before_a_change_of_the_run_folder(share, tmp_path, overrides, undisturbed):
    run, changes = undisturbed
    disturb(tmp_path / "run", overrides, max(1, round(share * changes)), run)


@pytest.mark.soak
def test_killed_before_each_change_of_the_run_folder(tmp_path, overrides, undisturbed):
    run, changes = undisturbed
    for change in range(1, changes + 1):
        disturb(tmp_path / f"run-{change}", overrides, change, run)


@pytest.mark.parametrize("kills", [4, pytest.param(SOAK_KILLS, marks=pytest.mark.soak)])
def test_killed_again_and_again(kills, tmp_path, tiny):
    steps = 10 * kills
    overrides = [
        *tiny,
        f"train.steps={steps}",
        "train.checkpoint_every=1",
        "train.sample_every=5",
        "runtime.device=cpu",
    ]
    whole, folder = tmp_path / "whole", tmp_path / "run"
    run_in_child(lambda: ganzoo.train("cyclegan", overrides=overrides, out=whole), whole)
    clock, killed, reached = random.Random(0), 0, 0
    while killed < kills:
        try:
            run_in_child(partial(go_on, folder, overrides), folder, after=clock.uniform(0.01, 0.6))
        except Killed:
            killed += 1
        else:  # it came to its end before the last kill: another one is begun
            assert_same(Run.open(folder), Run.open(whole))
            folder, reached = tmp_path / f"run-after-{killed}", 0
        assert newest_step(folder) >= reached, "a checkpoint was lost"
        assert_whole(Run(folder, Run.open(whole).recipe))
        reached = newest_step(folder)
    run_in_child(lambda: go_on(folder, overrides), folder)
    assert_same(Run.open(folder), Run.open(whole))
