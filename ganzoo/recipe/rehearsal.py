"""One step on the meta device: what fits together, and what a step costs, before a GPU second is spent."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ganzoo.errors import RecipeError
from ganzoo.loop import Batch, TrainingLoop, Turn
from ganzoo.plugins import Plugins
from ganzoo.recipe.build import build_loop, role_of
from ganzoo.recipe.schema import Recipe
from ganzoo.recipe.source import Source
from ganzoo.spec import DataSpec


@dataclass(frozen=True)
class Cost:
    """What a recipe's networks and one step of it take."""

    parameters: dict[str, int]
    """Network -> number of parameters."""
    flops: float
    """Floating-point operations of one step, forward and backward, a multiply-add counted as two."""
    memory: int
    """Bytes, about: weights, gradients, optimizer state and the largest graph of a turn, in float32."""


def rehearse(recipe: Recipe, spec: DataSpec, plugins: Plugins, source: Source | None = None) -> Cost:
    """Play every turn once on the meta device, which computes shapes and nothing else.

    Raises:
        RecipeError: something does not fit; names both sides.
    """
    with torch.random.fork_rng(devices=[]), torch.device("meta"), warnings.catch_warnings():
        # Broadcasting pictures of two sizes against each other is a mistake, which torch only warns of.
        warnings.filterwarnings("error", message="Using a target size")
        try:
            loop = build_loop(recipe, spec, plugins)
            loop.to("meta")
            batch = _batch(spec, recipe.train.batch_size)
        except (ValueError, RuntimeError, TypeError, OverflowError) as error:  # the last two: sizes beyond 64 bits
            raise RecipeError(f"the networks cannot be built: {error}") from error
        flops, graph = 0.0, 0
        for turn in loop.turns():
            turn_flops, saved = _play(loop, turn, batch, recipe, source)
            flops += turn_flops / turn.every
            graph = max(graph, saved)
    weights = sum(_bytes(parameter) for parameter in loop.parameters())
    parameters = {name: sum(p.numel() for p in network.parameters()) for name, network in loop.networks.items()}
    return Cost(parameters, flops * recipe.train.accumulate, 4 * weights + graph)


def _batch(spec: DataSpec, size: int) -> Batch:
    batch = {key: torch.zeros(size, *shape) for key, shape in spec.images.items()}
    if spec.classes:
        batch["label"] = torch.zeros(size, dtype=torch.int64)
    return batch


def _play(loop: TrainingLoop, turn: Turn, batch: Batch, recipe: Recipe, source: Source | None) -> tuple[float, int]:
    """One turn, with all but its player frozen: its operations, and the bytes of its largest graph."""
    for name, network in loop.networks.items():
        network.requires_grad_(name in loop.players[turn.player])
    trace = _Trace(batch)
    saved = _SavedBytes()
    with _flop_counter() as counter, trace.watching(loop), saved.counting():
        try:
            for terms in getattr(loop, turn.name)(batch):
                torch.stack([term.float() for term in terms.values()]).sum().backward()  # type: ignore[no-untyped-call]
                saved.forget()
        except (RuntimeError, ValueError, UserWarning, IndexError) as error:
            raise _misfit(error, trace, turn, recipe, source) from error
    return float(counter.get_total_flops()), saved.most


def _misfit(error: Exception, trace: _Trace, turn: Turn, recipe: Recipe, source: Source | None) -> RecipeError:
    reason = str(error).partition("\n")[0]
    if not trace.inside:
        return RecipeError(f"{recipe.model}, turn '{turn.name}': {reason}", hint=trace.described(recipe))
    name = trace.inside[-1]
    table = role_of(name, recipe)
    place = f"{source.place(('networks', table))}: " if source else ""
    layer = f" at its layer '{trace.layer}'" if trace.layer else ""
    return RecipeError(
        f"{place}networks.{table} ({recipe.networks[table].type}) cannot take {trace.given} "
        f"in turn '{turn.name}'{layer}: {reason}",
        hint=trace.described(recipe),
    )


@dataclass
class _Trace:
    """Which network is at work, with what, and what each one gave."""

    batch: Batch
    inside: list[str] = field(default_factory=list)
    layer: str = ""
    given: str = ""
    gave: dict[str, tuple[int, ...]] = field(default_factory=dict)
    makers: list[tuple[Tensor, str]] = field(default_factory=list)

    @contextmanager
    def watching(self, loop: TrainingLoop) -> Iterator[None]:
        handles = []
        for name, network in loop.networks.items():
            handles += [
                network.register_forward_pre_hook(self._entering(name)),
                network.register_forward_hook(self._leaving(name)),
            ]
            handles += [
                layer.register_forward_pre_hook(self._at(path))
                for path, layer in network.named_modules()
                if path and not list(layer.children())
            ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _entering(self, name: str) -> Any:
        def hook(network: nn.Module, inputs: tuple[Any, ...]) -> None:
            self.inside.append(name)
            self.layer = ""
            first = next((item for item in inputs if isinstance(item, Tensor)), None)
            if first is not None:
                maker = next((who for tensor, who in self.makers if tensor is first), self._from_batch(first))
                self.given = f"{_shape(first.shape)}{maker and f' from {maker}'}"

        return hook

    def _leaving(self, name: str) -> Any:
        def hook(network: nn.Module, inputs: Any, output: Any) -> None:
            self.inside.pop()
            if isinstance(output, Tensor):
                self.gave[name] = tuple(output.shape)
                self.makers.append((output, f"networks.{name}"))

        return hook

    def _at(self, path: str) -> Any:
        def hook(layer: nn.Module, inputs: Any) -> None:
            self.layer = path

        return hook

    def _from_batch(self, tensor: Tensor) -> str:
        return next((f"the data's '{key}'" for key, value in self.batch.items() if value is tensor), "")

    def described(self, recipe: Recipe) -> str:
        """What the data and each network give, in words."""
        data = ", ".join(f"'{key}' {_shape(value.shape)}" for key, value in self.batch.items())
        lines = [f"data ({recipe.data.type}) gives {data}"]
        for name, shape in self.gave.items():
            table = role_of(name, recipe)
            lines.append(f"networks.{table} ({recipe.networks[table].type}) gives {_shape(shape)}")
        return "\n".join(dict.fromkeys(lines))


def _flop_counter() -> FlopCounterMode:
    """Counts all operations together; torch's own breakdown by module cannot bear a penalty's ``autograd.grad``."""
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = _OnlyTotal()  # type: ignore[assignment]
    return counter


class _OnlyTotal:
    """Stands in for torch's ModuleTracker."""

    parents = frozenset({"Global"})

    def __enter__(self) -> None: ...

    def __exit__(self, *error: object) -> None: ...


class _SavedBytes:
    """The bytes that graphs keep for their backward."""

    def __init__(self) -> None:
        self.most = 0
        self._storages: dict[int, int] = {}

    @contextmanager
    def counting(self) -> Iterator[None]:
        with torch.autograd.graph.saved_tensors_hooks(self._pack, lambda tensor: tensor):
            yield

    def _pack(self, tensor: Tensor) -> Tensor:
        self._storages[tensor.untyped_storage()._cdata] = _bytes(tensor)
        self.most = max(self.most, sum(self._storages.values()))
        return tensor

    def forget(self) -> None:
        """The graph has been backpropagated and freed."""
        self._storages.clear()


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _shape(shape: Any) -> str:
    return "x".join(str(side) for side in shape)
