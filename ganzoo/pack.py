"""The generator folder: what a training leaves to be used and published. docs/format.md specifies it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor

from ganzoo.checkpoint import read_state, read_tensors
from ganzoo.files import write_text
from ganzoo.plugins import Plugins, plugins, version
from ganzoo.recipe.build import loop_class_of, role_of
from ganzoo.recipe.schema import Component
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
    config = _config(run, state["step"], state.get("image", {}))
    folder = run.generator
    folder.mkdir(exist_ok=True)
    weights = _published_weights(checkpoint, state)
    for entry in config["networks"].values():
        _save(_below(weights, f"networks.{entry['of']}."), folder / entry["weights"])
    shutil.copyfile(run.recipe_file, folder / "recipe.toml")
    if (run.folder / SCORES).is_file():
        shutil.copyfile(run.folder / SCORES, folder / SCORES)
    grids = sorted(run.samples.glob("step-*.png"))
    if grids:
        shutil.copyfile(grids[-1], folder / "samples.png")
    write_text(folder / "README.md", _readme(run, config))
    write_text(folder / "config.json", json.dumps(config, indent=2) + "\n")
    return folder


def is_packed(run: Run, checkpoint: Path) -> bool:
    """Whether the generator folder holds the weights of that checkpoint."""
    try:
        config = read_json(run.generator / "config.json")
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and config.get("step") == step_of(checkpoint)


def _config(run: Run, step: int, image: Mapping[str, Any]) -> dict[str, Any]:
    found = plugins()
    loop_class = loop_class_of(run.recipe.model, found)
    networks = {}
    for name, network in loop_class.published(loop_class.Config(**run.recipe.loop)).items():
        component = run.recipe.networks[role_of(network, run.recipe)]
        networks[name] = network_entry(name, component, found) | {"of": network}
    return {
        "format": FORMAT,
        "ganzoo": version("ganzoo"),
        "model": run.recipe.model,
        "step": step,
        "inference": loop_class.inference,
        "image": dict(image),
        "networks": networks,
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


def _published_weights(checkpoint: Path, state: Mapping[str, Any]) -> dict[str, Tensor]:
    name = "ema" if "ema.safetensors" in state["sha256"] else "networks"
    return read_tensors(checkpoint, name, state)


def _save(tensors: dict[str, Tensor], path: Path) -> None:
    """Write beside and rename: who has the old weights mapped keeps them."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        save_file(tensors, beside, metadata={"format": "pt"})
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def usage(config: Mapping[str, Any]) -> str:
    """How a generator folder is used, in Markdown."""
    directions = [name for name in config["networks"] if name != "sample"]
    if directions:
        command = f"ganzoo translate . photo.jpg --direction {directions[0]} --out translated/"
        python = f'ganzoo.load(".").translate("photo.jpg", direction="{directions[0]}")'
    else:
        command = "ganzoo sample . -n 64 --seed 0 --out samples.png"
        python = 'ganzoo.load(".").sample(64, seed=0)'
    return f"```console\n$ {command}\n```\n\n```python\nimport ganzoo\n\n{python}\n```\n"


def _readme(run: Run, config: Mapping[str, Any]) -> str:
    return (
        f"# {run.recipe.model}\n\nTrained with ganzoo {config['ganzoo']} for {config['step']} steps "
        f"on `{run.recipe.data.type}`; `recipe.toml` is the whole recipe.\n\n"
        f"![samples](samples.png)\n\n{usage(config)}"
    )
