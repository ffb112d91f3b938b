"""``--processes``: the same command, in several processes that torch.distributed's elastic launcher starts."""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid
from collections.abc import Iterable
from typing import Annotated

import typer

from ganzoo.cli.console import Output
from ganzoo.errors import GanzooError, RecipeError

Processes = Annotated[
    int,
    typer.Option("--processes", min=1, help="Train in so many processes on this machine, each with a GPU of its own."),
]


def is_first() -> bool:
    """Whether this process is the one that shows itself, where there are several."""
    return os.environ.get("RANK", "0") == "0"


def launch(processes: int, context: typer.Context) -> None:
    """Run the command of ``context`` in several processes, and exit; nothing where it is for this one to do.

    Raises:
        typer.Exit: they have ended, with the code to exit with.
        RecipeError: torchrun started this process already, as one of another number.
    """
    started = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 0
    if started and processes not in (1, started):
        raise RecipeError(
            f"--processes {processes}, but this is one of {started} processes already",
            hint="Leave --processes out under torchrun",
        )
    if not started and processes > 1:
        raise typer.Exit(_run(processes, context.obj))


def _run(processes: int, arguments: list[str]) -> int:
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    for name in logging.root.manager.loggerDict:
        if name.startswith("torch.distributed.elastic"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what it says, the processes or _code say in few words
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // processes)))
    os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "300")  # seconds to save a checkpoint in
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "ganzoo", *arguments)
    except ChildFailedError as error:
        return _code(failure.exitcode for failure in error.failures.values())
    except SignalException as stop:
        return 128 + stop.sigval
    return 0


def _code(codes: Iterable[int]) -> int:
    """What the failed processes' exit codes come to: most have only followed one that had something to say."""
    codes = set(codes)
    killed = sorted(-code for code in codes if code < 0 and -code != signal.SIGTERM)
    if killed:
        name = signal.Signals(killed[0]).name
        Output().error(
            GanzooError(
                f"a process of this training was ended by {name}",
                hint="The checkpoints that were saved are whole: ganzoo resume RUN goes on from the last one."
                + " Often memory ran out." * (name == "SIGKILL"),
            )
        )
        return 1
    return next((code for code in (2, 130, 143) if code in codes), 1)
