"""``ganzoo.train`` and ``ganzoo.resume``: from a recipe to a run folder with all that a training leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from ganzoo import checkpoint, pack
from ganzoo.data.base import Track, untracked
from ganzoo.distributed import World, joined, restarts
from ganzoo.errors import CheckpointError
from ganzoo.lock import held
from ganzoo.plugins import plugins
from ganzoo.precision import pick_device
from ganzoo.recipe.build import build_data, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.rehearsal import rehearse
from ganzoo.recipe.schema import Recipe, Train
from ganzoo.run import Run, is_run
from ganzoo.session import Session


def train(
    model: str | None = None,
    recipe: str | Path | None = None,
    *,
    overrides: Iterable[str] = (),
    out: str | Path | None = None,
    listeners: Sequence[object] = (),
    track: Track[Any] = untracked,
) -> Run:
    """Train a model by a recipe.

    Args:
        model: a model's name; its default recipe is used when no other is named.
        recipe: a file, or the name of a shipped recipe.
        overrides: ``"train.batch_size=4"``-like settings that go over the recipe.
        out: the run folder to make; by default ``runs/<model>-<recipe>-<date-time>``.
        listeners: objects whose life-cycle hooks (see :mod:`ganzoo.hookspecs`) are called.
        track: shows the progress of long work before the first step.

    Under torchrun the processes train together, and the first of them writes, logs and calls hooks. A training that
    torchrun restarts goes on from the checkpoint that is in ``out``.

    Returns:
        The finished run.

    Raises:
        RecipeError, RegistryError, DataError, CheckpointError: before training, what has to be mended.
        TrainingError: a loss or a weight is no longer finite; the checkpoints before are kept.
        Stopped: SIGINT or SIGTERM asked for a stop; a checkpoint was saved.
    """
    with joined() as world:
        track = track if world.leads else untracked
        started = _restarted(out)
        if started is not None and checkpoint.newest(started.checkpoints):
            return _go_on(started, checkpoint.find(started.checkpoints), world, listeners, track)
        found = plugins()
        source = read(model, recipe, overrides, found)
        checked = check(source, found)
        device = world.device(pick_device(checked.runtime.device))
        data = build_data(checked, found)
        filled = fill_from_data(checked, data.spec, found)
        world.share_of(filled.train.batch_size)
        rehearse(filled, data.spec, found, source)
        with world.in_turn():
            data.prepare(track)
        run = started
        if run is None and world.leads:
            run = Run.create(filled, None if out is None else Path(out), Path(recipe).stem if recipe else "")
        folder = world.announce("run folder", str(run.folder) if run else "")
        run = run or Run(Path(folder), filled)
        with _working_in(run, world):
            if started is not None and world.leads:
                run.rewind()
            return Session(run, data, device, track, world).fit(listeners)


def resume(
    folder: str | Path,
    *,
    steps: int | None = None,
    name: str = "latest",
    device: str | None = None,
    listeners: Sequence[object] = (),
    track: Track[Any] = untracked,
) -> Run:
    """Go on exactly where a run stopped.

    Args:
        folder: the run folder.
        steps: a new total number of steps, to go on beyond the recipe's end.
        name: the checkpoint to go on from: ``latest``, ``best`` or a step.
        device: another device than the recipe's.
        listeners: as in :func:`train`.
        track: as in :func:`train`.

    Raises:
        CheckpointError: no run, no checkpoint, a damaged one, another training is at work in the folder, or the run is
            finished and ``steps`` is no more.
    """
    with joined() as world:
        track = track if world.leads else untracked
        run = Run.open(folder)
        if steps is not None:
            length = Train.model_validate(run.recipe.train.model_dump() | {"steps": steps, "epochs": None})
            run.recipe = run.recipe.model_copy(update={"train": length})
        if device is not None:
            runtime = run.recipe.runtime.model_copy(update={"device": device})
            run.recipe = run.recipe.model_copy(update={"runtime": runtime})
        return _go_on(run, checkpoint.find(run.checkpoints, name), world, listeners, track)


def _go_on(run: Run, start: Path, world: World, listeners: Sequence[object], track: Track[Any]) -> Run:
    """Train on from a checkpoint."""
    with _working_in(run, world):
        return _session_from(run, start, world, track).fit(listeners)


def _session_from(run: Run, start: Path, world: World, track: Track[Any]) -> Session:
    """A session at a checkpoint, and the run folder as it was then."""
    device = world.device(pick_device(run.recipe.runtime.device))
    world.share_of(run.recipe.train.batch_size)
    data = build_data(_data_from_where_it_was(run), plugins())
    with world.in_turn():
        data.prepare(track)
    session = Session(run, data, device, track, world)
    session.restore(start)
    if session.engine.step >= run.steps and pack.is_packed(run, start):
        raise CheckpointError(
            f"{run.folder}: the training is finished: {run.step} of {run.steps} steps are done",
            hint=f"To go on: ganzoo resume {run.folder} --steps {2 * run.step}",
        )
    if world.leads:
        run.save_recipe()
        run.rewind()
    return session


@contextmanager
def _working_in(run: Run, world: World) -> Iterator[None]:
    """Around all that a training does to its run folder: nobody else does, and what cannot be written is told."""
    with run.writable(), held(run.folder) if world.leads else nullcontext():
        yield


def _restarted(out: str | Path | None) -> Run | None:
    """The run that torchrun has started before, and now starts again.

    Raises:
        CheckpointError: it may come to that, and nobody could find the run then.
    """
    done, allowed = restarts()
    if allowed and out is None:
        raise CheckpointError(
            "a training that torchrun may restart needs a run folder that it finds again",
            hint="Name it: --out runs/NAME",
        )
    return Run.open(out) if done and out is not None and is_run(Path(out)) else None


def _data_from_where_it_was(run: Run) -> Recipe:
    """The recipe with ``data.root`` found from the folder that the training was started in, if not from here."""
    root, started_in = run.recipe.data.options.get("root"), run.environment().get("folder")
    if not isinstance(root, str) or not isinstance(started_in, str) or Path(root).exists():
        return run.recipe
    there = Path(started_in) / root
    if not there.exists():
        return run.recipe
    return run.recipe.model_copy(update={"data": run.recipe.data.model_copy(update={"root": str(there)})})
