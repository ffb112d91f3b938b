"""What of a folder is published: a few kinds of file, none of which can be code, and nothing of this machine."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

from ganzoo import card as cards
from ganzoo import checkpoint as checkpoints
from ganzoo import pack
from ganzoo.errors import CheckpointError
from ganzoo.published import read_config
from ganzoo.run import Run, is_run
from ganzoo.untrusted import file_inside

FILES = ("config.json", "*.safetensors", "recipe.toml", "metrics.json", "samples.png", cards.NAME)
"""What is published, and all that is ever pulled: nothing in it can be code."""


def prepared(source: Run | str | Path, checkpoint: str) -> Path:
    """The generator folder that is to be published, packed when it is a run's.

    Raises:
        CheckpointError: it is none, lacks weights, lies in a cache, or has links that lead out of it.
    """
    if isinstance(source, Run) or is_run(Path(source)):
        run = source if isinstance(source, Run) else Run.open(source)
        return pack.pack(run, checkpoints.find(run.checkpoints, checkpoint))
    folder = Path(source)
    weights = [network.weights for network in read_config(folder).networks.values()]
    missing = [name for name in weights if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder}: {', '.join(missing)} that its config.json names is not there")
    if folder.resolve().parent.name == "snapshots":
        raise CheckpointError(
            f"{folder}: is in huggingface_hub's cache, which is not to be written to",
            hint="ganzoo pull OWNER/NAME --out DIR copies it; publish DIR.",
        )
    try:
        for name in sizes_of(folder):
            file_inside(folder, name)
    except ValueError as error:
        raise CheckpointError(f"{folder}: {error}; nothing was published") from error
    return folder


def sizes_of(folder: Path) -> dict[str, int]:
    """The files of a folder that are published, and their sizes."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and is_published(path.name))
    return {path.name: path.stat().st_size for path in files}


def content(path: Path) -> Path | bytes:
    """What is sent of a file: itself, but of a recipe no folder of this machine."""
    return cards.public_recipe(path.read_text(encoding="utf-8")).encode() if path.name == "recipe.toml" else path


def is_published(name: str) -> bool:
    """Whether a file of this name is."""
    return "/" not in name and any(fnmatchcase(name, pattern) for pattern in FILES)
