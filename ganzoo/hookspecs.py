"""Every hook that a plugin can implement: the map of what can be extended.

Each ``register_*`` hook is handed a ``register`` callable. Targets are ``"module:attribute"`` strings and are
imported only when used, so the module that holds the hooks must import no torch.

>>> @ganzoo.hookimpl
... def register_networks(register):
...     register("tiny", "my_plugin.networks:Tiny", summary="a generator of three layers")
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from ganzoo.registry import Register

if TYPE_CHECKING:
    import typer

    from ganzoo.run import Run

GROUP = "ganzoo"
"""The entry-point group, and pluggy's project name."""

hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def register_networks(register: Register) -> None:
    """Networks: ``nn.Module`` classes with a ``Config`` that are built as ``Network(config)``."""


@hookspec
def register_losses(register: Register) -> None:
    """Adversarial losses: classes with ``discriminator(real, fake)`` and ``generator(fake, real)`` on logits."""


@hookspec
def register_penalties(register: Register) -> None:
    """Penalties of a discriminator: classes called with ``(discriminator, real, fake)``."""


@hookspec
def register_data(register: Register) -> None:
    """Data: subclasses of :class:`ganzoo.data.Data`, sources of batches; ``source`` and ``licence`` go onto cards."""


@hookspec
def register_loops(register: Register) -> None:
    """Training loops: subclasses of :class:`ganzoo.TrainingLoop`, the game that one GAN plays."""


@hookspec
def register_models(register: Register) -> None:
    """Models: the names a person types.

    The target is ``"package:recipe.toml"``, the default recipe inside the package; pass ``loop="name"``, and
    ``paper="arXiv:..."`` and ``citation="Authors: Title. Where and when"`` where there is a paper.
    """


@hookspec
def register_metrics(register: Register) -> None:
    """Metrics: subclasses of :class:`ganzoo.metrics.Metric`, scores of a generator."""


@hookspec
def register_importers(register: Register) -> None:
    """Importers: functions from the shapes in a file that another program saved to a :class:`ganzoo.importing.Layout`.

    Pass ``model="name"`` where the model is called otherwise than the importer.
    """


@hookspec
def register_trackers(register: Register) -> None:
    """Trackers: classes built as ``Tracker(run)`` whose methods are the life-cycle hooks below."""


@hookspec
def register_commands(app: typer.Typer) -> None:
    """Commands: add verbs of your own to the ``ganzoo`` command line."""


@hookspec
def train_start(run: Run) -> None:
    """A training begins, or goes on after ``ganzoo resume``."""


@hookspec
def train_step(run: Run, step: int, metrics: Mapping[str, float]) -> None:
    """A step was logged: ``metrics`` holds the means since the last one."""


@hookspec
def checkpoint_saved(run: Run, step: int, folder: Path) -> None:
    """A checkpoint is whole and in place."""


@hookspec
def train_end(run: Run, step: int) -> None:
    """A training has ended: finished, stopped by a signal, or failed."""
