"""Generators that others trained, made into generator folders.

What a file holds is known to an *importer*, which a plugin registers (``register_importers``): a function that is told
the names and shapes of a file's tensors and answers with a :class:`Layout`. Reading the file, comparing it with the
network, and writing the folder are done here.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import ValidationError
from safetensors.torch import save_file
from torch import Tensor, nn

from ganzoo import card
from ganzoo.errors import CheckpointError, DataError, GanzooError, RecipeError
from ganzoo.files import sync_folder, write_text
from ganzoo.foreign import read_weights
from ganzoo.pack import FORMAT, network_entry, said
from ganzoo.plugins import plugins, version
from ganzoo.recipe.build import build_network
from ganzoo.recipe.schema import Component
from ganzoo.recipe.source import parse_overrides

OPPOSITE = {"AtoB": "BtoA", "BtoA": "AtoB"}
"""Each direction, and the way back."""

LEFTOVERS = ("running_mean", "running_var", "num_batches_tracked")
"""What instance norms kept before PyTorch 0.4, and what is never read of them."""

Shapes = Mapping[str, tuple[int, ...]]
"""The names and shapes of a file's tensors."""


@dataclass(frozen=True)
class Layout:
    """What an importer has found a file to be.

    Attributes:
        network: the registered network that its tensors belong to.
        config: that network's settings.
        key: from a tensor's name in that network to its name in the file.
        size: pixels, both sides, of the pictures it was most likely trained with.
        inference: ``train`` where the official code leaves batch statistics or dropout on when it is used.
    """

    network: str
    config: Mapping[str, Any]
    key: Callable[[str], str]
    size: int
    inference: Literal["eval", "train"] = "eval"


Importer = Callable[[Shapes], Layout]
"""What is registered. It raises a ValueError, which says what is missing, for a file that it does not know."""


@dataclass(frozen=True)
class _Converted:
    component: Component
    network: nn.Module
    tensors: dict[str, Tensor]
    layout: Layout


def import_generators(
    kind: str,
    files: Sequence[Path],
    out: Path,
    *,
    direction: str | None = None,
    overrides: Iterable[str] = (),
    evaluating: bool = False,
) -> Path:
    """Convert one file, or one for each direction of translation, into a generator folder.

    Args:
        kind: a registered importer.
        files: the first is of ``direction``, a second of the opposite one.
        out: the folder to write; it must not hold anything yet.
        direction: ``AtoB``, the default, or ``BtoA``; for translators alone.
        overrides: ``KEY=VALUE`` settings of the network that its tensors do not tell, such as ``dropout=false``.
        evaluating: fixed statistics and no dropout when it is used, whatever the official code does.

    Returns:
        The folder, which :func:`ganzoo.load` takes.

    Raises:
        CheckpointError: a file cannot be read, is not what the importer knows, or does not fit the network.
        DataError: the folder holds something already, or there are too many files.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DataError(f"{out} already holds something", hint="Choose another --out.")
    importer: Importer = plugins().load("importer", kind)
    settings = parse_overrides(list(overrides)).values
    converted = [_convert(kind, importer, file, settings) for file in files]
    named = dict(zip(_names(converted, direction), converted, strict=True))
    model = plugins().get("importer", kind).details.get("model", kind)
    _write(out, _config(model, files, named, evaluating), named)
    return out


def _convert(kind: str, importer: Importer, file: Path, settings: Mapping[str, Any]) -> _Converted:
    tensors = read_weights(file)
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    try:
        layout = importer(shapes)
    except ValueError as error:
        raise CheckpointError(f"{file}: {error}", hint=_others(kind, shapes)) from error
    config = {**layout.config, **settings}
    try:
        config = plugins().load("network", layout.network).Config(**config).model_dump()
        component = Component(type=layout.network, **config)
        with torch.device("meta"):
            network = build_network(component, plugins())
    except (ValidationError, ValueError) as error:
        place = RecipeError if settings else CheckpointError
        raise place(f"{file}: network '{layout.network}' with {config}: {error}") from error
    return _Converted(component, network, _matched(file, network, tensors, layout.key), layout)


def _others(kind: str, shapes: Shapes) -> str:
    """Which other importer knows the file, if one does."""
    for entry in plugins().registries["importer"].entries():
        if entry.name != kind:
            try:
                entry.load()(shapes)
            except (ValueError, GanzooError):
                continue
            return f"It looks like a file for: ganzoo import {entry.name}"
    return "ganzoo list importers shows what can be read."


def _matched(
    file: Path, network: nn.Module, tensors: Mapping[str, Tensor], key: Callable[[str], str]
) -> dict[str, Tensor]:
    """The network's state from the file's tensors; every one has its place, and every place its tensor."""
    wanted = network.state_dict()
    names = {name: key(name) for name in wanted}
    lacking = [there for name, there in names.items() if there not in tensors and not _is_counter(name)]
    known = set(names.values())
    extra = [there for there in tensors if there not in known and there.rpartition(".")[2] not in LEFTOVERS]
    wrong = [
        f"{there} is {_sides(tensors[there])}, not {_sides(wanted[name])}"
        for name, there in names.items()
        if there in tensors and tensors[there].shape != wanted[name].shape
    ]
    problems = [_some("lacks", lacking), _some("has besides", extra), _some("does not fit:", wrong)]
    if any(problems):
        raise CheckpointError(f"{file}: {'; '.join(filter(None, problems))}", hint="It may be of another network.")
    blank = torch.zeros((), dtype=torch.int64)  # PyTorch before 0.4.1 did not count batches
    return {
        name: tensors.get(there, blank).to(wanted[name].dtype).contiguous().clone() for name, there in names.items()
    }


def _is_counter(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _sides(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _some(what: str, names: Sequence[str], most: int = 3) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{what} {', '.join(names[:most])}{more}" if names else ""


def _names(converted: Sequence[_Converted], direction: str | None) -> list[str]:
    """What each network is published as."""
    if any(hasattr(one.network, "latent_shape") for one in converted):
        if direction or len(converted) > 1:
            raise DataError("this generator starts from noise: it has one file and no direction")
        return ["sample"]
    first = direction or "AtoB"
    if first not in OPPOSITE or len(converted) > len(OPPOSITE):
        raise DataError("a translator has one file or two; --direction says which way the first one goes, AtoB or BtoA")
    return [first, OPPOSITE[first]][: len(converted)]


def _config(model: str, files: Sequence[Path], named: Mapping[str, _Converted], evaluating: bool) -> dict[str, Any]:
    first = next(iter(named.values()))
    modes = {one.layout.inference for one in named.values()}
    networks = {name: network_entry(name, one.component, plugins()) for name, one in named.items()}
    return {
        "format": FORMAT,
        "ganzoo": version("ganzoo"),
        "model": model,
        **said(plugins().get("model", model), "paper", "citation"),
        "imported": [file.name for file in files],
        "step": 0,
        "inference": "train" if "train" in modes and not evaluating else "eval",
        "image": {"channels": first.layout.config["channels"], "size": first.layout.size, "class_names": []},
        "networks": networks,
    }


def _write(out: Path, config: Mapping[str, Any], named: Mapping[str, _Converted]) -> None:
    """The whole folder, or none."""
    beside = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        beside.mkdir(parents=True)
        for name, one in named.items():
            save_file(one.tensors, beside / f"{name}.safetensors", metadata={"format": "pt"})
        write_text(beside / "config.json", json.dumps(config, indent=2) + "\n")
        card.write(beside)
        sync_folder(beside)
        beside.replace(out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}", hint="Choose another --out.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
