"""Generators for other programs: ONNX files and ``torch.export`` archives, compared with the original before use.

An exported network is a function: dropout is off, and where batch statistics are used at work, they are those of each
picture by itself, as :meth:`ganzoo.generators.Generators.translate` takes them. So a batch gives what its pictures give
one by one.
"""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram
from torch.nn.modules.batchnorm import _BatchNorm

from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.nets.norm import picture_norm
from ganzoo.plugins import version
from ganzoo.pretrained import Pretrained

Format = Literal["onnx", "pt2"]

OPSET = 18
"""Of ONNX; read by onnxruntime 1.14 and newer."""

TOLERANCE = 1e-3
"""The greatest difference that is let pass, of numbers in [-1, 1]: an eighth of the step between two 8-bit values."""

BATCHES = (1, 3, 8)
"""Batch sizes that are compared."""

LARGEST = 8192
"""Pixels, the longest side that an export is told of; any network's memory ends before."""

EXTRA = ("onnx", "onnxscript", "onnxruntime")
"""What ONNX needs installed: the extra ``export``."""


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        file: where.
        drift: the greatest difference to the network that was seen.
        metadata: what the file says of itself.
    """

    file: Path
    drift: float
    metadata: dict[str, str]


@dataclass(frozen=True)
class _Plan:
    """A network, how it is called, and which of its sides are open."""

    network: nn.Module
    inputs: dict[str, tuple[str, ...]]
    output: str
    make: Callable[..., tuple[Tensor, ...]]
    dims: tuple[dict[int, Any], ...]
    sizes: list[tuple[int, int]]
    metadata: dict[str, str]


def export(
    model: Pretrained, out: Path, kind: Format = "onnx", *, direction: str | None = None, tolerance: float = TOLERANCE
) -> Exported:
    """Write one network of a model as a file that other programs run.

    Args:
        model: as :func:`ganzoo.load` gives it, on the CPU.
        out: the file; written whole and compared, or not at all.
        kind: ``onnx``, or ``pt2`` for ``torch.export.load``.
        direction: of a translator with several.
        tolerance: the greatest difference to the network's own numbers that is let pass.

    Raises:
        DataError: no such direction, a missing extra, a network that cannot be exported, or one that drifts.
    """
    if kind == "onnx":
        _require_extra()
    plan = _plan(model, _chosen(model.generators, direction))
    beside = out.with_name(f".{out.name}.{os.getpid()}.tmp.{kind}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        program = _traced(plan)
        (_save_onnx if kind == "onnx" else _save_pt2)(program, plan, beside)
        drift = _drift(plan, _runner(kind, beside))
        if not drift <= tolerance:
            raise DataError(
                f"the exported network differs from its original by {drift:.2g}, and {tolerance:.2g} is let pass: "
                f"{out} was not written",
                hint="--tolerance takes more, if that will do.",
            )
        beside.replace(out)
    except OSError as error:
        raise DataError(f"{out}: cannot be written: {error.strerror}", hint="Choose another --out.") from error
    finally:
        beside.unlink(missing_ok=True)
    return Exported(out, drift, plan.metadata)


def _require_extra() -> None:
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise DataError(
            f"ONNX needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed",
            hint="pip install 'ganzoo[export]'",
        )


def _chosen(generators: Generators, direction: str | None) -> str:
    there = generators.directions
    if not there:
        if direction:
            raise DataError(f"direction '{direction}': this model makes pictures from noise, and has none")
        return "sample"
    if direction is None and len(there) == 1:
        return there[0]
    if direction not in there:
        problem = f"direction '{direction}' is not one of this model's" if direction else "which direction?"
        raise DataError(problem, hint=f"--direction takes {' or '.join(there)}; a file holds one")
    return direction


def _plan(model: Pretrained, name: str) -> _Plan:
    network = _as_function(model.generators.networks[name], model.generators.inference)
    metadata = {
        "ganzoo": version("ganzoo"),
        "model": model.config.model,
        "network": model.config.networks[name].network,
        "generator": name,
        "directions": ", ".join(model.generators.directions),
        "range": "[-1, 1]",
        "dropout": "off",
    }
    return (_from_noise if name == "sample" else _from_pictures)(network, model, metadata)


def _from_noise(network: Any, model: Pretrained, metadata: dict[str, str]) -> _Plan:
    latent, classes = tuple(network.latent_shape), model.generators.classes
    batch = Dim("batch", min=1, max=65535)

    def make(n: int, _height: int, _width: int) -> tuple[Tensor, ...]:
        labels = (torch.arange(n) % classes,) if classes else ()
        return (torch.randn(n, *latent, generator=torch.Generator().manual_seed(n)), *labels)

    inputs: dict[str, tuple[str, ...]] = {"latent": ("batch",)}
    if classes:
        inputs["label"] = ("batch",)
    with torch.no_grad():
        is_picture = network(*make(2, 0, 0)).dim() == 4
    names = list(map(str, model.config.image.get("class_names", [])))
    more = {"latent": "standard normal"} | ({"classes": json.dumps(names or list(range(classes)))} if classes else {})
    if not is_picture:
        more["range"] = "points, unbounded"
    dims: tuple[dict[int, Any], ...] = tuple({0: batch} for _ in inputs)
    return _Plan(network, inputs, "image" if is_picture else "point", make, dims, [(0, 0)], metadata | more)


def _from_pictures(network: Any, model: Pretrained, metadata: dict[str, str]) -> _Plan:
    channels, stride = int(network.channels), int(getattr(network, "stride", 1))
    fewest = -(-int(getattr(network, "least", 1)) // stride)
    height, width = (Dim(side, min=fewest, max=max(LARGEST // stride, fewest + 2)) for side in ("height", "width"))

    def make(n: int, rows: int, columns: int) -> tuple[Tensor, ...]:
        noise = torch.rand(n, channels, stride * rows, stride * columns, generator=torch.Generator().manual_seed(n))
        return (noise * 2 - 1,)

    dims = ({0: Dim("batch", min=1, max=65535), 2: stride * height, 3: stride * width},)
    more = {"multiple_of": str(stride), "least": str(stride * fewest)}
    sizes = [(fewest, fewest), (fewest + 1, fewest)]
    return _Plan(network, {"image": ("batch", "height", "width")}, "translated", make, dims, sizes, metadata | more)


class PictureNorm(nn.Module):
    """Batch norm by the statistics of each picture by itself: what it is at work on one picture at a time."""

    def __init__(self, norm: _BatchNorm) -> None:
        super().__init__()
        self.weight, self.bias, self.eps = norm.weight, norm.bias, norm.eps

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to the same shape."""
        return picture_norm(images, self.weight, self.bias, self.eps)


def _as_function(network: nn.Module, inference: str) -> nn.Module:
    """A copy without dropout, whose pictures do not depend on each other."""
    network = copy.deepcopy(network).cpu().eval()
    if inference == "train":
        for parent in list(network.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, _BatchNorm):
                    setattr(parent, name, PictureNorm(child))
    return network


def _traced(plan: _Plan) -> ExportedProgram:
    """The network as a graph; sizes are an example that is no special case."""
    rows, columns = plan.sizes[0]
    arguments = plan.make(2, rows + 1, columns + 2)
    try:
        with torch.no_grad(), _open_to_one(), _quiet():
            return torch.export.export(plan.network, arguments, dynamic_shapes=plan.dims)
    except Exception as error:  # whatever a plugin's network does that has no graph
        first = str(error).strip().partition("\n")[0]
        raise DataError(
            f"network '{plan.metadata['network']}' cannot be exported: {type(error).__name__}: {first}",
            hint="torch.export takes networks whose forward has no choices that depend on values.",
        ) from error


@contextmanager
def _open_to_one() -> Iterator[None]:
    """Let open sides come down to one where the example was longer: a U-Net's innermost picture is one pixel."""
    from torch.fx.experimental import _config

    config: Any = _config
    can = hasattr(config, "backed_size_oblivious")
    with config.patch(backed_size_oblivious=True) if can else nullcontext():
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Without PyTorch's remarks on its own exporter."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _save_onnx(program: ExportedProgram, plan: _Plan, file: Path) -> None:
    with _quiet():
        made = torch.onnx.export(
            program,
            (),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(plan.inputs),
            output_names=[plan.output],
            verbose=False,
        )
    assert made is not None
    _name_sides(made.model, plan)
    made.model.metadata_props.update(plan.metadata)
    made.save(file, external_data=False)


def _name_sides(model: Any, plan: _Plan) -> None:
    """Call the open sides of the inputs what they are."""
    for given, sides in zip(model.graph.inputs, plan.inputs.values(), strict=True):
        multiple = int(plan.metadata.get("multiple_of", 1))
        places = [0, *range(2, 1 + len(sides))]
        for place, side in zip(places, sides, strict=True):
            given.shape[place] = side if side == "batch" or multiple == 1 else f"{multiple}*{side}"


def _save_pt2(program: ExportedProgram, plan: _Plan, file: Path) -> None:
    with _quiet():
        torch.export.save(program, file, extra_files={"ganzoo.json": json.dumps(plan.metadata)})


def _runner(kind: Format, file: Path) -> Callable[..., Tensor]:
    """What runs the file that was written."""
    if kind == "pt2":
        with _quiet():
            module = torch.export.load(file).module()
        return module
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return lambda *inputs: torch.from_numpy(
        session.run(None, {name: value.numpy() for name, value in zip(names, inputs, strict=True)})[0]
    )


@torch.no_grad()
def _drift(plan: _Plan, run: Callable[..., Tensor]) -> float:
    """The greatest difference to the network, for each size by itself and for several batches; nan when not finite."""
    differences = []
    for number, n in enumerate(BATCHES):
        inputs = plan.make(n, *plan.sizes[number % len(plan.sizes)])
        expected, made = plan.network(*inputs), run(*inputs)
        if expected.shape != made.shape:
            return float("inf")
        differences.append((expected - made).abs().max() / expected.abs().max().clamp(min=1.0))
    return float(torch.stack(differences).max())
