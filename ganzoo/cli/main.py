"""The ``ganzoo`` command: its verbs, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import errno
import logging
import sys
from typing import Annotated, NoReturn

import typer

from ganzoo.cli import (
    data,
    demo,
    evaluate,
    export,
    import_,
    launch,
    list_,
    new_plugin,
    pull,
    push,
    recipe,
    resume,
    sample,
    show,
    train,
    translate,
)
from ganzoo.cli.console import Output
from ganzoo.errors import Followed, GanzooError, Stopped
from ganzoo.plugins import plugins, version

app = typer.Typer(
    name="ganzoo",
    help="A zoo of GANs: train, compare, extend and share them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
"""What a disk refuses with, whatever is written; a person can mend it."""
_VERBS = (train, resume, list_, show, sample, translate, evaluate, demo, push, pull, import_, export, new_plugin)
for module in _VERBS:
    module.add_to(app)
app.add_typer(data.app, name="data")
app.add_typer(recipe.app, name="recipe")


def _print_version(wanted: bool) -> None:
    if wanted:
        Output().say(f"ganzoo {version('ganzoo')}")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    show_version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """A zoo of GANs: train, compare, extend and share them."""


def _answer_ctrl_c(end: SystemExit, output: Output) -> None:
    """Say that it was Ctrl-C that ended a command, where it was: typer makes a silent exit of it."""
    error: BaseException | None = end
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    if error is not None and launch.is_first():
        output.note("interrupted")


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 2 the person can mend it, 1 anything else, 128 + n for a signal n."""
    arguments = sys.argv[1:] if arguments is None else arguments
    output = Output()
    logging.getLogger("ganzoo").addHandler(output.log_handler())
    plugins().hook.register_commands(app=app)
    try:
        app(arguments, prog_name="ganzoo", obj=arguments)
    except Stopped as stop:
        if str(stop):  # of several processes one says it
            output.note(str(stop))
        sys.exit(128 + stop.signal)
    except Followed:
        sys.exit(1)
    except SystemExit as end:
        _answer_ctrl_c(end, output)
        raise
    except GanzooError as error:
        if "--debug" in arguments:
            raise
        output.error(error)
        sys.exit(2)
    except Exception as error:
        if "--debug" in arguments:
            raise
        if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_THE_DISK:
            file = error.filename2 or error.filename
            output.error(GanzooError(f"{file}: {error.strerror}", hint="Make room there, or choose another place."))
            sys.exit(2)
        output.error(
            GanzooError(
                f"{type(error).__name__}: {error}",
                hint="This is a fault of ganzoo or a plugin; ganzoo --debug shows where.",
            )
        )
        sys.exit(1)
    sys.exit(0)
