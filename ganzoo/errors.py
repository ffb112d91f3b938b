"""Every error that a person can mend, each with a hint that says how."""

from __future__ import annotations

from ganzoo.names import clean


class GanzooError(Exception):
    """What went wrong, where, and (``hint``) what to do next.

    The command line prints both and exits with code 2. Either may quote a stranger's file: what a terminal would obey
    is replaced.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.message = clean(message)
        self.hint = clean(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class RecipeError(GanzooError):
    """A recipe, or a ``--set``, that does not say what it should."""


class PluginError(GanzooError):
    """A plugin that does not load, or registers what it must not."""


class RegistryError(GanzooError):
    """A name that nothing, or more than one plugin, is registered under."""


class DataError(GanzooError):
    """Pictures that are missing, unreadable or of the wrong form."""


class CheckpointError(GanzooError):
    """A checkpoint or run folder that is missing, torn or does not fit."""


class TrainingError(GanzooError):
    """A training that cannot go on, such as a loss that is no longer finite."""


class HubError(GanzooError):
    """The Hugging Face Hub refused, or a published folder is not what it says."""


class Stopped(Exception):  # noqa: N818 (not an error: the person asked for it)
    """A training was stopped by a signal, after saving a checkpoint; the command line exits with 128 + ``signal``."""

    def __init__(self, signal: int, message: str) -> None:
        super().__init__(message)
        self.signal = signal


class Followed(Exception):  # noqa: N818 (another process has the error)
    """Another process of this training tells what went wrong; this one only ends."""
