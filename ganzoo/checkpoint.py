"""Checkpoints: everything a training is, in safetensors and JSON, written whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from safetensors.torch import save as save_bytes
from torch import Tensor

from ganzoo.distributed import seed_rank
from ganzoo.engine import Engine
from ganzoo.errors import CheckpointError
from ganzoo.files import sync_folder
from ganzoo.run import cannot_write, step_name, step_of
from ganzoo.untrusted import is_number, parse_json, read_bytes

log = logging.getLogger("ganzoo.checkpoint")

FORMAT = 1
MOST_STATE = 64 * 2**20
"""Bytes of ``state.json``."""
_DIGEST = "state.json.sha256"
_MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError)
"""What reading a state raises that is not of the form that :func:`save` writes."""


def save(folder: Path, engine: Engine, extra: Mapping[str, Any]) -> Path:
    """Write ``folder/step-N`` and point ``latest`` at it.

    Of several processes all call this: the first writes, the others give it what is their own.

    Args:
        folder: the run's ``checkpoints``.
        engine: what is saved: the loop whole, its average, its optimizers, the step and the random states.
        extra: goes into ``state.json`` as it is.

    Raises:
        CheckpointError: the disk is full or cannot be written; what was there before is untouched.
    """
    final = folder / step_name(engine.step)
    world = engine.world
    world.spread(engine.loop.networks.buffers())  # what batches leave there is each process's own until now
    if not world.leads:
        list(world.collect(_own_state(engine)))
        return final
    beside = _hidden(final, "new")
    shutil.rmtree(beside, ignore_errors=True)
    try:
        beside.mkdir(parents=True)
        _write(beside, engine, extra)
        sync_folder(beside)
        _remove(final)
        beside.rename(final)
        sync_folder(folder)
        point(folder, "latest", final)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise cannot_write(final, error, folder.parent) from error
    return final


def restore(checkpoint: Path, engine: Engine) -> dict[str, Any]:
    """Bring an engine to where a checkpoint was saved.

    Returns:
        ``state.json``.

    Raises:
        CheckpointError: a file is missing, torn, or does not fit these networks.
    """
    state = read_state(checkpoint)
    try:
        _load_module(engine.loop, read_tensors(checkpoint, "networks", state), checkpoint)
        if engine.average is not None:
            _load_module(engine.average, read_tensors(checkpoint, "ema", state), checkpoint)
        tensors = read_tensors(checkpoint, "optimizers", state)
        for player, optimizer in engine.optimizers.items():
            _load_optimizer(optimizer, _unflatten(state["optimizers"][player], tensors, f"{player}."))
        _set_random_state(state["random"], engine.device)
        if (state.get("processes", 1), engine.world.rank) != (1, 0):
            _take_own_state(checkpoint, engine, state)
    except _MALFORMED as error:
        raise CheckpointError(f"{checkpoint}: does not fit this recipe: {error}") from error
    engine.step = state["step"]
    return state


def newest(folder: Path) -> Path | None:
    """The newest complete checkpoint of a run's ``checkpoints`` folder, or None."""
    whole = [path for path in folder.glob("step-*") if _is_whole(path)]
    return max(whole, key=step_of, default=None)


def find(folder: Path, name: str = "latest") -> Path:
    """The checkpoint called ``latest``, ``best``, or by its step.

    Raises:
        CheckpointError: there is none; says which there are.
    """
    is_step = name.isdecimal() and len(name) < 16
    path = newest(folder) if name == "latest" else folder / (step_name(int(name)) if is_step else name)
    if path is None or not _is_whole(path) or path.resolve().parent != folder.resolve():
        there = sorted(str(step_of(path)) for path in folder.glob("step-*"))
        hint = f"There are checkpoints of steps {', '.join(there)}" if there else "It has saved none yet."
        raise CheckpointError(f"{folder}: no checkpoint '{name}'", hint=hint)
    return path.resolve()


def _is_whole(checkpoint: Path) -> bool:
    try:
        return (checkpoint / "state.json").is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def prune(folder: Path, keep: int, last: Path) -> None:
    """Remove all but the newest ``keep`` checkpoints and the one that ``best`` points at.

    ``last`` is the newest: those of later steps, from before the training was taken back to an earlier checkpoint, are
    none that it would go on from.
    """
    for path in folder.glob("step-*"):
        if step_of(path) > step_of(last):
            _remove(path)
    best = (folder / "best").resolve()
    for path in sorted(folder.glob("step-*"), key=step_of)[:-keep]:
        if path.resolve() != best:
            _remove(path)
    for leftover in folder.glob(".step-*.tmp"):
        shutil.rmtree(leftover, ignore_errors=True)


def _remove(checkpoint: Path) -> None:
    """Remove a checkpoint by a move first: one that is removed by half must never be taken for a whole one."""
    if checkpoint.is_dir():
        aside = _hidden(checkpoint, "old")
        checkpoint.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _hidden(checkpoint: Path, what: str) -> Path:
    """Where a checkpoint is made or taken apart; leftovers of processes that died are swept away by :func:`prune`."""
    return checkpoint.with_name(f".{checkpoint.name}.{what}.{os.getpid()}.tmp")


def point(folder: Path, name: str, target: Path) -> None:
    """Make the link ``folder/name`` point at a checkpoint beside it, in one move."""
    beside = folder / f".{name}.{os.getpid()}"
    beside.unlink(missing_ok=True)
    beside.symlink_to(target.name)
    beside.replace(folder / name)


def read_state(checkpoint: Path) -> dict[str, Any]:
    """``state.json`` of a checkpoint, of the form that :func:`save` writes."""
    try:
        content = read_bytes(checkpoint / "state.json", MOST_STATE)
        if (checkpoint / _DIGEST).is_file() and read_bytes(checkpoint / _DIGEST) != _digest(content):
            raise ValueError("it is damaged: its hash is not the recorded one")
        state: dict[str, Any] = parse_json(content.decode("utf-8"))
        _require_form(state)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{checkpoint}/state.json: cannot be read: {error}", hint=_before(checkpoint)) from error
    if state["format"] != FORMAT:
        raise CheckpointError(f"{checkpoint}: format {state['format']}; this ganzoo reads {FORMAT}")
    return state


def _require_form(state: Any) -> None:
    """Raise a ValueError unless a state holds what everybody who reads one asks for."""
    if not isinstance(state, dict) or type(state.get("format")) is not int:
        raise ValueError("it is no checkpoint's state")
    for key in ("sha256", "optimizers", "random"):
        if not isinstance(state.get(key), dict):
            raise ValueError(f"'{key}' is no table")
    if not isinstance(state.get("image", {}), dict):
        raise ValueError("'image' is no table")
    if type(state.get("step")) is not int or not 0 <= state["step"] <= 2**53:
        raise ValueError("'step' is no number of steps")
    if type(state.get("processes", 1)) is not int or state.get("processes", 1) < 1:
        raise ValueError("'processes' is no number of processes")
    for key in ("seconds", "epoch", "best"):
        if state.get(key) is not None and not is_number(state[key]):
            raise ValueError(f"'{key}' is no number")


def read_tensors(checkpoint: Path, name: str, state: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of ``name.safetensors``, compared with the hash in ``state.json`` first."""
    path = checkpoint / f"{name}.safetensors"
    try:
        if _sha256(path) != state["sha256"][path.name]:
            raise CheckpointError(f"{path}: is damaged: its hash is not the recorded one", hint=_before(checkpoint))
        return load_file(path)
    except (OSError, KeyError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}", hint=_before(checkpoint)) from error


def _write(folder: Path, engine: Engine, extra: Mapping[str, Any]) -> None:
    files = {"networks": engine.loop.state_dict()}
    if engine.average is not None:
        files["ema"] = engine.average.state_dict()
    files["optimizers"], settings = {}, {}
    for player, optimizer in engine.optimizers.items():
        settings[player] = _flatten(optimizer.state_dict(), files["optimizers"], f"{player}.")
    for name, tensors in files.items():
        save_file({key: _own(tensor) for key, tensor in tensors.items()}, folder / f"{name}.safetensors")
    if engine.world.size > 1:
        for rank, content in enumerate(engine.world.collect(b""), 1):
            (folder / f"{_rank_name(rank)}.safetensors").write_bytes(content)
    state = {
        "format": FORMAT,
        "step": engine.step,
        "optimizers": settings,
        "random": _random_state(engine.device),
        "processes": engine.world.size,
        "sha256": {path.name: _sha256(path) for path in sorted(folder.glob("*.safetensors"))},
        **extra,
    }
    content = json.dumps(state).encode()
    (folder / "state.json").write_bytes(content)
    (folder / _DIGEST).write_bytes(_digest(content))


def _own_state(engine: Engine) -> bytes:
    """What a process has that the first one has not: its pools and other memories of the game, its random state."""
    own = {key: _own(value) for key, value in engine.loop.state_dict().items() if not key.startswith("networks.")}
    return save_bytes(own, {"random": json.dumps(_random_state(engine.device))})


def _take_own_state(checkpoint: Path, engine: Engine, state: Mapping[str, Any]) -> None:
    """Bring a process's own state back.

    On another number of processes there is none that fits: then memories are those of the first, and chance is new.
    """
    world, saved = engine.world, state.get("processes", 1)
    if saved != world.size:
        if world.leads:
            log.warning(
                "the checkpoint is of %d processes, and %d go on: they see the same batches and draw other noise, so "
                "numbers will not be those of a training that was never stopped",
                saved,
                world.size,
            )
        seed_rank(engine.recipe.train.seed, world.rank, state["step"])
    elif not world.leads:
        name = _rank_name(world.rank)
        engine.loop.load_state_dict(read_tensors(checkpoint, name, state), strict=False)
        with safe_open(checkpoint / f"{name}.safetensors", "pt") as file:
            _set_random_state(json.loads(file.metadata()["random"]), engine.device)


def _rank_name(rank: int) -> str:
    return f"rank-{rank:04d}"


def _own(tensor: Tensor) -> Tensor:
    """A copy with storage of its own: tied weights and slices cannot be saved otherwise."""
    return tensor.detach().to("cpu", copy=True).contiguous()


def _flatten(state: dict[str, Any], tensors: dict[str, Tensor], prefix: str) -> dict[str, Any]:
    """An optimizer's state for JSON; its tensors are moved to ``tensors``."""
    rest: dict[str, dict[str, Any]] = {}
    for index, values in state["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{prefix}{index}.{key}"] = value
            else:
                rest.setdefault(str(index), {})[key] = value
    return {"state": rest, "param_groups": state["param_groups"]}


def _unflatten(saved: Mapping[str, Any], tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(index): dict(values) for index, values in saved["state"].items()}
    for name, tensor in tensors.items():
        if name.startswith(prefix):
            index, key = name.removeprefix(prefix).split(".", 1)
            state.setdefault(int(index), {})[key] = tensor
    return {"state": state, "param_groups": saved["param_groups"]}


def _load_optimizer(optimizer: torch.optim.Optimizer, saved: dict[str, Any]) -> None:
    """Bring an optimizer to a saved state whose settings and tensors are of the kinds and shapes that it has itself."""
    own = optimizer.state_dict()["param_groups"]
    for mine, theirs in zip(own, saved["param_groups"], strict=True):
        if mine["params"] != theirs["params"]:
            raise ValueError("an optimizer has other parameters")
        if not all(_alike(mine[key], value) for key, value in theirs.items() if key in mine):
            raise ValueError("an optimizer's settings are of other kinds")
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    for index, values in saved["state"].items():
        for key, value in values.items():
            if isinstance(value, Tensor) and value.dim() and value.shape != parameters[index].shape:
                raise ValueError(f"'{key}' of an optimizer's parameter {index} has another shape than the parameter")
    optimizer.load_state_dict(saved)


def _alike(mine: Any, theirs: Any) -> bool:
    """Whether two settings are of one kind; numbers may be whole or not, and switches undecided."""
    if isinstance(mine, list | tuple):
        return isinstance(theirs, list | tuple) and len(mine) == len(theirs) and all(map(_alike, mine, theirs))
    if is_number(mine):
        return is_number(theirs)
    return theirs is None or isinstance(theirs, bool | str)


def _load_module(module: torch.nn.Module, tensors: dict[str, Tensor], checkpoint: Path) -> None:
    try:
        module.load_state_dict(tensors)
    except RuntimeError as error:
        raise CheckpointError(f"{checkpoint}: does not fit this recipe's networks: {error}") from error


def _random_state(device: torch.device) -> dict[str, Any]:
    version, internal, gauss = random.getstate()
    name, keys, *rest = np.random.get_state(legacy=True)
    return {
        "torch": base64.b64encode(torch.get_rng_state().numpy().tobytes()).decode(),
        "cuda": [base64.b64encode(torch.cuda.get_rng_state(device).numpy().tobytes()).decode()]
        if device.type == "cuda"
        else [],
        "python": [version, list(internal), gauss],
        "numpy": [name, np.asarray(keys).tolist(), *rest],
    }


def _set_random_state(saved: Mapping[str, Any], device: torch.device) -> None:
    torch.set_rng_state(_bytes(saved["torch"]))
    if saved["cuda"] and device.type == "cuda":
        torch.cuda.set_rng_state(_bytes(saved["cuda"][0]), device)
    version, internal, gauss = saved["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, position, *rest = saved["numpy"]
    if name != "MT19937" or type(position) is not int or not 0 <= position <= len(keys) == 624:  # numpy does not look
        raise ValueError("the state of numpy's random numbers is none")
    np.random.set_state((name, np.array(keys, dtype=np.uint32), position, *rest))


def _bytes(text: str) -> Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.uint8)


def _digest(state: bytes) -> bytes:
    """What ``sha256sum state.json`` prints."""
    return f"{hashlib.sha256(state).hexdigest()}  state.json\n".encode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _before(checkpoint: Path) -> str:
    """What to do about a bad checkpoint: the step of the one before it, when there is one."""
    step = step_of(checkpoint)
    whole = (path for path in checkpoint.parent.glob("step-*") if _is_whole(path))
    earlier = [step_of(path) for path in whole if 0 <= step_of(path) < step]
    run = checkpoint.parent.parent
    if not earlier:
        return "There is no earlier checkpoint in this run."
    return f"Go on from the one before it: ganzoo resume {run} --checkpoint {max(earlier)}"
