"""A run folder: all there is to know about one training. See docs/design.md for its layout."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomli_w

from ganzoo.errors import CheckpointError
from ganzoo.files import append_text, write_text
from ganzoo.lock import is_held
from ganzoo.recipe.schema import Recipe
from ganzoo.scores import forget_after
from ganzoo.untrusted import is_number, read_json


class Run:
    """A run folder and how far its training is.

    Attributes:
        folder: where everything is written.
        recipe: fully resolved.
        step: steps done; ``steps``: steps in all; ``steps_per_epoch``.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder = folder
        self.recipe = recipe
        self.step = 0
        self.steps = 0
        self.steps_per_epoch = 1
        self.metrics: dict[str, float] = {}

    @classmethod
    def create(cls, recipe: Recipe, out: Path | None = None, name: str = "") -> Run:
        """Make the folder ``runs/<model>-<name>-<date-time>``, or ``out``.

        Raises:
            CheckpointError: the folder already holds something, or cannot be made.
        """
        if out is None:
            stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
            title = recipe.model if name in ("", recipe.model) else f"{recipe.model}-{name}"
            out = Path("runs") / f"{title}-{stamp}"
            place = _fresh
        else:
            place = _empty
        try:
            run = cls(place(out), recipe)
            run._furnish()
        except OSError as error:
            raise CheckpointError(
                f"{out}: cannot be written: {error.strerror}", hint="Choose another --out, or make room."
            ) from error
        return run

    def _furnish(self) -> None:
        """Make what a run folder has from its beginning; all of it, or an OSError."""
        try:
            self.samples.mkdir(exist_ok=True)
            self.save_recipe()
        except OSError:
            for folder in (self.samples, self.checkpoints, self.folder):
                with suppress(OSError):
                    folder.rmdir()
            raise

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """Open a run folder that a training made.

        Raises:
            CheckpointError: it is none.
        """
        folder = Path(folder)
        if not is_run(folder):
            raise CheckpointError(
                f"{folder} is no run folder: there is no recipe.toml with checkpoints beside it",
                hint="ganzoo train prints the folder it makes, runs/... by default",
            )
        _require_whole(folder)
        from ganzoo.plugins import plugins
        from ganzoo.recipe.parse import check, read

        return cls(folder, check(read(None, folder / "recipe.toml", [], plugins()), plugins()))

    @property
    def recipe_file(self) -> Path:
        return self.folder / "recipe.toml"

    @property
    def metrics_file(self) -> Path:
        return self.folder / "metrics.jsonl"

    @property
    def samples(self) -> Path:
        return self.folder / "samples"

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def generator(self) -> Path:
        return self.folder / "generator"

    @property
    def report(self) -> Path:
        return self.folder / "report.html"

    @property
    def epoch(self) -> float:
        """Epochs done."""
        return self.step / self.steps_per_epoch

    def save_recipe(self) -> None:
        """Write ``recipe.toml``, which alone reproduces the run."""
        text = tomli_w.dumps(plain(self.recipe.model_dump(exclude_none=True)))
        write_text(self.recipe_file, f"# ganzoo train {self.recipe.model} --recipe recipe.toml\n{text}")

    def save_environment(self, environment: Mapping[str, Any]) -> None:
        """Write ``environment.json``: what the run was made with."""
        write_text(self.folder / "environment.json", json.dumps(environment, indent=2) + "\n")

    def environment(self) -> dict[str, Any]:
        """What the run was made with; empty when that was not recorded, or cannot be read."""
        try:
            loaded = read_json(self.folder / "environment.json")
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def log(self, metrics: Mapping[str, float]) -> None:
        """Append a line to ``metrics.jsonl``."""
        self.metrics.update(metrics)
        line = {"step": self.step, "epoch": round(self.epoch, 4), **metrics}
        append_text(self.metrics_file, json.dumps(line) + "\n")

    def history(self) -> Iterator[dict[str, float]]:
        """The lines of ``metrics.jsonl``; one that was cut off, or is no table of numbers, is passed over."""
        if self.metrics_file.is_file():
            with self.metrics_file.open(encoding="utf-8", errors="replace") as file:
                yield from filter(None, map(_logged, file))

    @contextmanager
    def writable(self) -> Iterator[None]:
        """Around all that writes into the folder: what cannot be written is a CheckpointError that names it."""
        try:
            yield
        except OSError as error:
            file = error.filename2 or error.filename
            if not isinstance(file, str | os.PathLike) or not Path(file).is_relative_to(self.folder):
                raise
            raise cannot_write(Path(file), error.strerror, self.folder) from error

    def rewind(self) -> None:
        """Drop the logged lines, scores and samples of steps that a resumed training will do again."""
        lines = [json.dumps(line) + "\n" for line in self.history() if line["step"] <= self.step]
        write_text(self.metrics_file, "".join(lines))
        for path in self.samples.glob("step-*.png"):
            if step_of(path) > self.step:
                path.unlink()
        forget_after(self.folder, self.step)


def cannot_write(file: Path, reason: object, run: Path) -> CheckpointError:
    """What to tell when a file of a run folder cannot be written, for want of room or because it is not allowed."""
    hint = f"The checkpoints are whole. Make room, or the folder writable, then: ganzoo resume {run}"
    if not any((run / "checkpoints").glob("step-*")):
        hint = f"No checkpoint had been saved yet. Make room, or the folder writable; then remove {run} and train again"
    return CheckpointError(f"{file}: cannot be written: {reason}", hint=hint)


def is_run(folder: Path) -> bool:
    """Whether a folder is one that a training made."""
    return (folder / "recipe.toml").is_file() and (folder / "checkpoints").is_dir()


def _logged(text: str) -> dict[str, float]:
    """The finite numbers of a logged line; empty when it is none."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(line, dict) or type(line.get("step")) is not int:
        return {}
    return {key: value for key, value in line.items() if is_number(value)}


def _require_whole(folder: Path) -> None:
    """Raise a CheckpointError when a link in a run folder leads out of it: nothing is written or removed elsewhere."""
    home = folder.resolve()
    for place, folders, files in os.walk(folder):  # unlike rglob, it minds no folder that a training just removes
        for path in (Path(place, name) for name in (*folders, *files)):
            if path.is_symlink() and not _target(path).is_relative_to(home):
                raise CheckpointError(
                    f"{path} is a link that leads out of the run folder", hint="Put the files themselves in its place."
                )


def _target(link: Path) -> Path:
    try:
        return link.resolve()
    except RuntimeError:  # a circle of links
        return Path("/")


def step_name(step: int) -> str:
    """The name of what belongs to a step: ``step-00000500``."""
    return f"step-{step:08d}"


def step_of(path: Path) -> int:
    """The step in a name made by :func:`step_name`; -1 when it is none."""
    match = re.match(r"step-(\d+)", path.name)
    return int(match[1]) if match else -1


def plain(value: Any) -> Any:
    """Tuples to lists, None left out: what TOML can say."""
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def _fresh(folder: Path) -> Path:
    """Make the folder, numbered when one of that name is there already."""
    candidate, number = folder, 2
    while True:
        try:
            candidate.mkdir(parents=True)
        except FileExistsError:
            candidate, number = folder.with_name(f"{folder.name}-{number}"), number + 1
        else:
            (candidate / "checkpoints").mkdir()
            return candidate


def _empty(folder: Path) -> Path:
    """Make the folder, unless it is there and empty. Of two that begin at the same moment one is refused."""
    hint = f"Choose another --out, or: ganzoo resume {folder}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        if holder := is_held(folder):
            raise CheckpointError(f"{folder}: {holder} trains in it", hint="Choose another --out.")
        raise CheckpointError(f"{folder} already holds something", hint=hint)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / "checkpoints").mkdir()
    except FileExistsError:
        raise CheckpointError(f"{folder}: another training has just begun in it", hint=hint) from None
    return folder
