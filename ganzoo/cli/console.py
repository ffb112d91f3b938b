"""All that the command line prints goes through here: results to stdout, errors to stderr.

Text that comes from a person's files is never read as markup, and never reaches the terminal with control characters.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from ganzoo.errors import GanzooError
from ganzoo.names import clean

if TYPE_CHECKING:
    from rich.console import Console

    from ganzoo.run import Run

T = TypeVar("T")

_UNBROKEN = 100_000  # columns: text that a program reads is not wrapped


class Output:
    """What a command tells the person, or with ``as_json`` the program, that called it.

    ``quiet`` leaves results and errors; ``as_json`` leaves JSON alone on stdout, all else goes to stderr.
    """

    def __init__(self, quiet: bool = False, as_json: bool = False) -> None:
        self.quiet = quiet
        self.as_json = as_json

    @cached_property
    def stdout(self) -> Console:
        return _console(stderr=False)

    @cached_property
    def stderr(self) -> Console:
        return _console(stderr=True)

    @property
    def talk(self) -> Console:
        """Where the person reads what goes on."""
        return self.stderr if self.as_json else self.stdout

    @property
    def is_terminal(self) -> bool:
        """Whether a person is there to read."""
        return self.talk.is_terminal

    def say(self, text: str) -> None:
        """Tell what goes on, or was done."""
        if not self.quiet:
            self.talk.print(clean(text), markup=False, highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        """Tell on stderr what the person should know, even when all else is quiet."""
        sys.stderr.write(f"{clean(text)}\n")  # not through rich: a live display puts itself in sys.stderr's place

    def log_handler(self) -> logging.Handler:
        """A handler that notes what is logged."""
        return _Noting(self)

    def finished(self, run: Run) -> None:
        """Where a training has left its pictures and its weights."""
        left = {"samples": run.samples, "weights": run.generator, "report": run.report}
        if self.as_json:
            self.json({"event": "finished", "run": run.folder, **left}, lines=True)
        else:
            self.say("\n".join(f"{what:<8} {path}" for what, path in left.items()))

    def error(self, error: GanzooError) -> None:
        """What went wrong, and below it what to do."""
        plain: dict[str, Any] = {"markup": False, "highlight": False, "soft_wrap": True}
        self.stderr.print("error: ", style="bold red", end="")
        self.stderr.print(clean(error.message), **plain)
        if error.hint:
            self.stderr.print(clean(error.hint), style="dim", **plain)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A result in rows."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(box=box.SIMPLE_HEAD, title=Text(clean(title), style="bold"), title_justify="left")
        for index, column in enumerate(columns):
            table.add_column(Text(clean(column)), overflow="fold", style="" if index else "bold", no_wrap=not index)
        for row in rows:
            table.add_row(*(Text(clean(cell)) for cell in row))
        self.stdout.print(table)

    def json(self, value: object, *, lines: bool = False) -> None:
        """A result for a program; ``lines`` puts it into one line."""
        text = json.dumps(value, indent=None if lines else 2, default=str)
        self.stdout.file.write(f"{text}\n")
        self.stdout.file.flush()

    def track(self, work: Iterable[T], what: str, total: int) -> Iterator[T]:
        """Hand on the items of long work while a bar shows how much is done: a :data:`ganzoo.data.base.Track`.

        Where there is no terminal a line says what is being done. A ``total`` of 0 is unknown.
        """
        if self.quiet or not self.talk.is_terminal:
            self.say(f"{what} ...")
            yield from work
            return
        from rich import progress

        columns = (
            progress.TextColumn("{task.description}", markup=False),
            progress.BarColumn(),
            progress.MofNCompleteColumn(),
            progress.TimeRemainingColumn(),
        )
        with progress.Progress(*columns, console=self.talk, transient=True) as bar:
            yield from bar.track(work, total=total or None, description=clean(what))


class _Noting(logging.Handler):
    def __init__(self, output: Output) -> None:
        super().__init__()
        self.output = output

    def emit(self, record: logging.LogRecord) -> None:
        self.output.note(f"{record.levelname.lower()}: {record.getMessage()}")


def _console(stderr: bool) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = _UNBROKEN
    return console
