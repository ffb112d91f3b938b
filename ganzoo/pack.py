"""The generator folder: what a training leaves to be used and published. docs/format.md specifies it."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from ganzoo import card
from ganzoo.checkpoint import read_state, read_tensors
from ganzoo.files import write_text
from ganzoo.plugins import Plugins, plugins, version
from ganzoo.recipe.build import loop_class_of, role_of
from ganzoo.recipe.schema import Component
from ganzoo.registry import Entry
from ganzoo.run import Run, step_of
from ganzoo.scores import FILE as SCORES
from ganzoo.untrusted import read_json

FORMAT = 1
"""Of ``config.json``; raised when an older ganzoo could not read a newer folder."""


def pack(run: Run, checkpoint: Path) -> Path:
    """Write the run's ``generator`` folder from a checkpoint: averaged weights where there is an average.

    Returns:
        The folder, which :func:`ganzoo.load` takes.
    """
    state = read_state(checkpoint)
    config = _config(run, state)
    folder = run.generator
    folder.mkdir(exist_ok=True)
    weights = _published_weights(checkpoint, state)
    (folder / "config.json").unlink(missing_ok=True)  # until it is whole again it is no generator folder
    for entry in config["networks"].values():
        _save(_below(weights, f"networks.{entry['of']}."), folder / entry["weights"])
    shutil.copyfile(run.recipe_file, folder / "recipe.toml")
    if (run.folder / SCORES).is_file():
        shutil.copyfile(run.folder / SCORES, folder / SCORES)
    grids = sorted(run.samples.glob("step-*.png"), key=step_of)
    drawn = [grid for grid in grids if step_of(grid) <= state["step"]] or grids
    if drawn:
        shutil.copyfile(drawn[-1], folder / "samples.png")
    write_text(folder / "config.json", json.dumps(config, indent=2) + "\n")
    try:
        card.write(folder)
    except OSError:
        (folder / "config.json").unlink(missing_ok=True)
        raise
    return folder


def is_packed(run: Run, checkpoint: Path) -> bool:
    """Whether the generator folder holds the weights of that checkpoint."""
    try:
        config = read_json(run.generator / "config.json")
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("step") == step_of(checkpoint)


def _config(run: Run, state: Mapping[str, Any]) -> dict[str, Any]:
    found = plugins()
    loop_class = loop_class_of(run.recipe.model, found)
    networks = {}
    suppliers = {found.get("model", run.recipe.model).plugin}
    for name, network in loop_class.published(loop_class.Config(**run.recipe.loop)).items():
        component = run.recipe.networks[role_of(network, run.recipe)]
        networks[name] = network_entry(name, component, found) | {"of": network}
        suppliers.add(found.get("network", component.type).plugin)
    return {
        "format": FORMAT,
        "ganzoo": version("ganzoo"),
        "plugins": {one.name: one.version for one in sorted(suppliers, key=str) if one.name != "ganzoo"},
        "model": run.recipe.model,
        **said(found.get("model", run.recipe.model), "paper", "citation"),
        "step": state["step"],
        "inference": loop_class.inference,
        "image": {**state.get("image", {}), "range": [-1, 1]},
        "networks": networks,
        "data": _data(found.get("data", run.recipe.data.type)),
        "training": dict(_training(run, state)),
    }


def network_entry(name: str, component: Component, found: Plugins) -> dict[str, Any]:
    """What ``config.json`` says of one network: which it is, who supplied it, and where its weights are."""
    supplier = found.get("network", component.type).plugin
    return {
        "network": component.type,
        "plugin": supplier.name,
        "version": supplier.version,
        "config": component.options,
        "weights": f"{name}.safetensors",
    }


def _data(entry: Entry) -> dict[str, str]:
    """What is known of the data that the model was trained on, beside what the recipe says."""
    return {"type": entry.name, "summary": entry.summary, **said(entry, "source", "licence")}


def said(entry: Entry, *names: str) -> dict[str, str]:
    """The details that a plugin gave when it registered; any may be missing."""
    return {name: entry.details[name] for name in names if name in entry.details}


def _training(run: Run, state: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the model was made with, and how long it took; nothing that tells whose machine it was."""
    environment = run.environment()
    for key in ("device", "torch", "python", "seed", "data"):
        if key in environment:
            yield key, environment[key]
    yield "seconds", round(float(state.get("seconds", 0.0)), 1)
    lines = [line for line in run.history() if line.get("step", 0) <= state["step"]]
    speeds = sorted(line["images_per_second"] for line in lines if line.get("images_per_second"))
    if speeds:
        yield "images_per_second", speeds[len(speeds) // 2]
    yield "memory_mib", max((line.get("memory_mib", 0.0) for line in lines), default=0.0)


def _published_weights(checkpoint: Path, state: Mapping[str, Any]) -> dict[str, Tensor]:
    name = "ema" if "ema.safetensors" in state["sha256"] else "networks"
    return read_tensors(checkpoint, name, state)


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    """Write beside and rename: who has the old weights mapped keeps them."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, beside, metadata={"format": "pt"})
        beside.replace(path)
    except SafetensorError as error:
        raise OSError(errno.EIO, str(error), str(path)) from error
    finally:
        beside.unlink(missing_ok=True)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
