"""One training at work: the engine, and everything that is written beside it."""

from __future__ import annotations

import logging
import math
import platform
import random
import signal as signals
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ganzoo import checkpoint, pack
from ganzoo.data.base import Batch, Data, Track, untracked
from ganzoo.data.loader import Loader
from ganzoo.distributed import World, seed_rank
from ganzoo.engine import Engine
from ganzoo.errors import CheckpointError, DataError, GanzooError, Stopped, TrainingError
from ganzoo.evaluation import Scorer
from ganzoo.generators import Generators
from ganzoo.grids import captioned_grid, save_png
from ganzoo.metrics.features import share_training_split
from ganzoo.plugins import plugins, version
from ganzoo.precision import apply_runtime
from ganzoo.recipe.build import build_loop
from ganzoo.report import write_report
from ganzoo.run import Run, step_name
from ganzoo.signals import stop_request

log = logging.getLogger("ganzoo.session")


class Session:
    """One run being trained: the engine and everything that is written beside it."""

    def __init__(self, run: Run, data: Data, device: torch.device, track: Track[Any], world: World) -> None:
        recipe = run.recipe
        apply_runtime(recipe.runtime)
        self.run, self.data, self.world = run, data, world
        self.test = data.test() if world.leads else None
        if self.test is not None:
            self.test.prepare(track)
        self.scorer = self._scorer(track)
        batch_size = world.share_of(recipe.train.batch_size)
        self.loader = Loader(
            data,
            batch_size=batch_size,
            seed=recipe.train.seed,
            rank=world.rank,
            world=world.size,
            pin_memory=device.type == "cuda",  # from such memory a GPU fetches a batch while Python goes on
        )
        run.steps_per_epoch = max(1, self.loader.batches_per_epoch // recipe.train.accumulate)
        run.steps = recipe.train.steps or (recipe.train.epochs or 1) * run.steps_per_epoch
        world.announce("ready", "")  # what scores may have been trained first, for longer than others would wait
        world.connect(device, recipe.runtime.timeout)
        for seed in (torch.manual_seed, random.seed, np.random.seed):
            seed(recipe.train.seed)  # here: what came before may have drawn numbers, or been cached
        loop = build_loop(recipe, data.spec, plugins())
        self.engine = Engine(loop, recipe, device, run.steps, run.steps_per_epoch, world)
        if not world.leads:
            seed_rank(recipe.train.seed, world.rank)
        self.waited = 0.0
        self.seconds = 0.0
        self.best: float | None = None
        self._mark = (time.monotonic(), 0.0, 0)
        self._shown: Batch | None = None
        self._saved = -1  # the step of the last checkpoint

    def restore(self, folder: Path) -> None:
        """Go to where a checkpoint was saved."""
        state = checkpoint.restore(folder, self.engine)
        self.run.step = self.engine.step
        self.seconds = float(state.get("seconds") or 0.0)
        self.best = state.get("best")
        self._saved = self.engine.step

    def fit(self, listeners: Sequence[object]) -> Run:
        """Train to the end, then leave a generator folder and a report."""
        run, train, world = self.run, self.run.recipe.train, self.world
        steps = world.gather(self.engine.step)
        if len(set(steps)) > 1:
            raise CheckpointError(
                f"{run.folder}: the processes begin at different steps: {', '.join(map(str, steps))}",
                hint="All machines must see the same run folder: put it where they share files.",
            )
        trackers = [plugins().load("tracker", name)(run) for name in train.trackers if world.leads]
        self.loader.position = self.engine.step * train.accumulate
        with stop_request() as stop, self._told([*listeners, *trackers]), self.loader as loader:
            batches = self._timed(iter(loader))
            self._mark = (time.monotonic(), 0.0, self.engine.step)
            number = 0
            while self.engine.step < run.steps and not (number := world.agree(stop.signal)):
                self.engine.train_step(batches)
                run.step = self.engine.step
                self._write_what_is_due()
            if number:
                raise self._stopped(number)
            if world.leads:
                self._finish()
        return run

    @contextmanager
    def _told(self, listeners: Sequence[object]) -> Iterator[None]:
        """Around a training: listeners hear of its beginning and its end, and a report is left."""
        run, leads = self.run, self.world.leads
        if leads and self.engine.step == 0:
            run.save_environment(self._environment())
        with plugins().listening(listeners if leads else []):
            if leads:
                plugins().hook.train_start(run=run)
            try:
                yield
            except BaseException as error:
                if leads:
                    self._end_anyway()
                if isinstance(error, TrainingError | DataError):
                    raise self._failed(error) from error
                raise
            if leads:
                plugins().hook.train_end(run=run, step=run.step)

    def _timed(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """The batches, with the time spent waiting for them added up."""
        while True:
            before = time.monotonic()
            batch = next(batches)
            self.waited += time.monotonic() - before
            yield batch

    def _write_what_is_due(self) -> None:
        step, train = self.engine.step, self.run.recipe.train
        evaluation = self.run.recipe.evaluation
        last = step == self.run.steps
        save = _is_due(step, train.checkpoint_every)
        if save or last or _is_due(step, train.log_every):
            self._log()
        leads = self.world.leads
        if leads and (last or _is_due(step, train.sample_every)):
            self._draw()
        better = False
        if evaluation.metrics and (last or _is_due(step, evaluation.every)):
            better = self.world.gather(leads and self._evaluate())[0]
        if save or last or better:
            folder = self._save()
            if leads and better:
                checkpoint.point(self.run.checkpoints, "best", folder)
            if leads:
                checkpoint.prune(self.run.checkpoints, train.keep_checkpoints, folder)

    def _log(self) -> None:
        """A line of ``metrics.jsonl``; reading the terms is the one place where the device is waited for."""
        terms = self.engine.terms.read()
        now, (then, waited, step) = time.monotonic(), self._mark
        elapsed, train = now - then, self.run.recipe.train
        images = (self.engine.step - step) * train.batch_size * train.accumulate
        self.seconds += elapsed
        self._mark = (now, self.waited, self.engine.step)
        if not self.world.leads:
            return
        metrics = {
            "seconds": round(self.seconds, 3),
            **terms,
            **{f"lr/{player}": rate for player, rate in self.engine.learning_rates().items()},
            "images_per_second": round(images / max(elapsed, 1e-9), 3),
            "data_wait": round((self.waited - waited) / max(elapsed, 1e-9), 4),
            "memory_mib": round(_memory_mib(self.engine.device), 1),
        }
        self.run.log(metrics)
        plugins().hook.train_step(run=self.run, step=self.run.step, metrics=metrics)

    def _draw(self) -> None:
        """A sample grid, of the same held-out pictures and the same noise each time."""
        if self._shown is None:  # kept, for it may be costly to read: a picture here and there of all that there are
            source = self.test or self.data
            count = min(self.run.recipe.train.sample_count or self.engine.loop.preview_count, len(source))
            indices = np.linspace(0, len(source) - 1, count).round().astype(int).tolist()
            self._shown = source.batch(indices, np.random.default_rng(0))
        batch = self.engine.place(self._shown)
        with self.engine.showing() as shown:
            torch.manual_seed(self.run.recipe.train.seed)
            columns = shown.preview(batch)
        save_png(captioned_grid(columns), self.run.samples / f"{step_name(self.run.step)}.png")

    def _scorer(self, track: Track[Any]) -> Scorer | None:
        """What scores the generators; made before the training, when there is time to tell what does not fit."""
        names = self.run.recipe.evaluation.metrics
        if not names or self.test is None:
            return None
        share_training_split(self.test, self.data)
        scorer = Scorer(self.run.recipe, names, self.test, track)
        for metric in scorer.metrics.values():
            metric.track = untracked  # the training has a display of its own
        return scorer

    def _evaluate(self) -> bool:
        """Score the generators; whether the score that names the best checkpoint is the best so far."""
        if self.scorer is None:
            return False
        best = self.run.recipe.evaluation.best
        scores: dict[str, float] = {}
        improved = False
        with self.engine.showing() as loop:
            generators = Generators({k: loop.networks[name] for k, name in loop.publishes.items()}, loop.inference)
            for scored in self.scorer.score(generators, self.run.step, self.run.folder):
                scores.update({f"score/{key}": value for key, value in scored.values.items()})
                if best in scored.values:
                    metric = self.scorer.metrics[str(scored.protocol["metric"])]
                    improved = self._is_best(scored.values[best], metric.higher_is_better)
        self.run.log(scores)
        plugins().hook.train_step(run=self.run, step=self.run.step, metrics=scores)
        return improved

    def _is_best(self, score: float, higher_is_better: bool) -> bool:
        worse = self.best is not None and (score <= self.best if higher_is_better else score >= self.best)
        if worse or not math.isfinite(score):
            return False
        self.best = score
        return True

    def _save(self) -> Path:
        self.engine.check_finite()
        extra = {
            "epoch": self.run.epoch,
            "seconds": self.seconds,
            "best": self.best,
            "image": {
                "channels": self.data.spec.channels,
                "size": self.data.spec.size,
                "class_names": list(self.data.spec.class_names),
            },
        }
        folder = checkpoint.save(self.run.checkpoints, self.engine, extra)
        self._saved = self.engine.step
        if self.world.leads:
            plugins().hook.checkpoint_saved(run=self.run, step=self.run.step, folder=folder)
        return folder

    def _finish(self) -> None:
        """Leave a report and, last, the generator folder: what has that is finished."""
        write_report(self.run)
        pack.pack(self.run, checkpoint.find(self.run.checkpoints))

    def _end_anyway(self) -> None:
        """A report of a training that was cut short, and listeners told: what fails here must not hide why it was."""
        for what, do in (
            ("the report cannot be written", lambda: write_report(self.run)),
            ("a listener failed at the end", lambda: plugins().hook.train_end(run=self.run, step=self.run.step)),
        ):
            try:
                do()
            except Exception as error:
                log.warning("%s: %s: %s", self.run.folder, what, error)

    def _stopped(self, number: int) -> Stopped:
        """Save, and say how to go on."""
        if self._saved != self.engine.step:
            if self._mark[2] != self.engine.step:
                self._log()
            self._save()
        name = signals.Signals(number).name
        return Stopped(number, f"{name}: stopped at step {self.run.step}; go on with: ganzoo resume {self.run.folder}")

    def _failed(self, error: TrainingError | DataError) -> GanzooError:
        """The error, with the last good checkpoint added to what can be done."""
        last = checkpoint.newest(self.run.checkpoints)
        kept = f"The last good checkpoint is {last}." if last else "No checkpoint had been saved yet."
        return type(error)(error.message, hint=f"{kept}\n{error.hint}")

    def _environment(self) -> dict[str, Any]:
        device = self.engine.device
        return {
            "ganzoo": version("ganzoo"),
            "python": platform.python_version(),
            "torch": torch.__version__,
            "system": platform.platform(),
            "device": torch.cuda.get_device_name(device) if device.type == "cuda" else f"cpu ({platform.machine()})",
            "threads": torch.get_num_threads(),
            "processes": self.world.size,
            "plugins": {status.provenance.name: status.provenance.version for status in plugins().statuses},
            "data": self.data.fingerprint(),
            "seed": self.run.recipe.train.seed,
            "folder": str(Path.cwd()),
        }


def _is_due(step: int, every: int) -> bool:
    return every > 0 and step % every == 0


def _memory_mib(device: torch.device) -> float:
    """The most memory used so far: of the GPU, or of this process on the CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
