"""Weights from a safetensors file that nobody vouches for, into a network that was built without memory.

The header is read and compared with the file and with the network before anything else of the file is: whatever it
declares, no memory is taken for it. The tensors are then mapped, not read, and given to the network as they lie there.
"""

from __future__ import annotations

import json
import math
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn.modules import module as registration

from ganzoo.names import clean
from ganzoo.untrusted import parse_json

MOST_HEADER = 4 * 2**20
"""Bytes of a header: about 100 for each tensor."""

_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
}
_NAMES = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.complex64: "C64",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


@dataclass(frozen=True)
class Header:
    """What a safetensors file declares: name -> (type, shape)."""

    tensors: Mapping[str, tuple[str, tuple[int, ...]]]

    @property
    def numbers(self) -> int:
        """How many numbers all tensors hold."""
        return sum(math.prod(shape) for _, shape in self.tensors.values())


def read_header(path: Path) -> Header:
    """The header, once it was seen to describe the file to its last byte, with nothing overlapping or left over.

    Raises:
        ValueError, OSError: it does not.
    """
    if not path.is_file():
        raise ValueError("there is no such file")
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if not 0 < length <= min(size - 8, MOST_HEADER):
            raise ValueError(f"it is no safetensors file: its header would be {length:,} bytes long")
        table = parse_json(file.read(length).decode("utf-8"))
    if not isinstance(table, dict):
        raise ValueError("its header is no table")
    table.pop("__metadata__", None)
    spans = {}
    tensors = {}
    for name, entry in table.items():
        kind, shape, begin, end = _entry(name, entry)
        tensors[name], spans[name] = (kind, shape), (begin, end)
    _fill(spans, size - 8 - length)
    return Header(tensors)


def _entry(name: str, entry: Any) -> tuple[str, tuple[int, ...], int, int]:
    """A tensor's type, shape, and first and last byte."""
    if not isinstance(entry, dict):
        raise ValueError(f"{_quoted(name)} is not described by a table")
    kind, shape, offsets = entry.get("dtype"), _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    if not isinstance(kind, str) or kind not in _BITS:
        raise ValueError(f"{_quoted(name)} is of no known type")
    if shape is None or offsets is None or len(offsets) != 2 or len(shape) > 8:
        raise ValueError(f"{_quoted(name)} has no shape, or no place in the file")
    if offsets[1] - offsets[0] != math.prod(shape) * _BITS[kind] // 8:
        raise ValueError(f"{_quoted(name)} has another size than its shape {_shown(shape)} takes")
    return kind, shape, offsets[0], offsets[1]


def _counts(value: Any) -> tuple[int, ...] | None:
    """A list of numbers that count something; None where it is none."""
    whole = isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)
    return tuple(value) if whole else None


def _fill(spans: Mapping[str, tuple[int, int]], size: int) -> None:
    """Raise a ValueError unless the spans lie one after another and fill so many bytes."""
    at = 0
    for name, (begin, end) in sorted(spans.items(), key=lambda item: item[1]):
        if begin != at:
            raise ValueError(f"{_quoted(name)} {'overlaps another' if begin < at else 'leaves a gap before it'}")
        at = end
    if at != size:
        raise ValueError(f"its header describes {at:,} bytes, and there are {size:,}")


@contextmanager
def within(header: Header) -> Iterator[None]:
    """Networks are built inside on the meta device, and no further than a file with this header has weights for.

    A config that asks for billions of blocks is refused at the first one too many.

    Raises:
        ValueError: the network would be larger than the file.
    """
    most = {"tensors": 8 * len(header.tensors) + 64, "modules": 16 * len(header.tensors) + 1024}
    found = dict.fromkeys(most, 0)
    thread = threading.get_ident()

    def count(what: str, numbers: int) -> None:
        if threading.get_ident() == thread:
            found[what] += 1
            if found[what] > most[what] or numbers > header.numbers:
                raise ValueError("the network that the config describes is larger than its weights are")

    hooks = [
        registration.register_module_parameter_registration_hook(
            lambda module, name, value: count("tensors", 0 if value is None else value.numel())
        ),
        registration.register_module_buffer_registration_hook(
            lambda module, name, value: count("tensors", 0 if value is None else value.numel())
        ),
        registration.register_module_module_registration_hook(lambda module, name, value: count("modules", 0)),
    ]
    try:
        with torch.device("meta"):
            yield
    finally:
        for hook in hooks:
            hook.remove()


def require_fit(header: Header, network: nn.Module) -> None:
    """Raise a ValueError unless the file has the tensors of a network, in names, types and shapes, and no others."""
    wanted = {name: (_NAMES.get(value.dtype, ""), tuple(value.shape)) for name, value in _tensors(network)}
    there = header.tensors
    for problem, names in {
        "lack": wanted.keys() - there.keys(),
        "have, and the network has not,": there.keys() - wanted.keys(),
    }.items():
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise ValueError(f"the weights {problem} {', '.join(map(_quoted, islice(sorted(names), 3)))}{more}")
    for name, (kind, shape) in wanted.items():
        if there[name] != (kind, shape):
            found = f"{there[name][0]} {_shown(there[name][1])}"
            raise ValueError(f"{_quoted(name)} is {found}, and the network's is {kind} {_shown(shape)}")


def load(path: Path, network: nn.Module) -> None:
    """Give a network on the meta device the tensors of a file that was seen to fit: mapped, not copied.

    Raises:
        ValueError: a number is not finite, or the network keeps a tensor that no file holds.
    """
    try:
        with safe_open(path, "pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except (SafetensorError, RuntimeError) as error:
        raise ValueError(f"it cannot be read: {error}") from error
    for name, tensor in tensors.items():
        if not _is_finite(tensor):
            raise ValueError(f"{_quoted(name)} holds numbers that are not finite")
    try:
        network.load_state_dict(tensors, assign=True)
    except RuntimeError as error:  # somebody has just written another file in its place
        raise ValueError(f"it does not fit: {error}") from error
    for name, value in (*network.named_parameters(), *network.named_buffers()):
        if value.is_meta:
            raise ValueError(f"the network keeps '{name}' out of its state_dict: no file holds it")


def _is_finite(tensor: Tensor) -> bool:
    """Whether all numbers are finite, by the least and the greatest: a copy of none is made."""
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    low, high = torch.aminmax(tensor)  # a NaN comes out as both
    return bool(torch.isfinite(low) & torch.isfinite(high))


def _tensors(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for name, value in network.state_dict().items():
        if not isinstance(value, Tensor):
            raise ValueError(f"the network keeps '{name}', which is no tensor, in its state_dict")
        yield name, value


def _quoted(name: str) -> str:
    return f"'{clean(name if len(name) <= 100 else name[:99] + '…')}'"


def _shown(shape: object) -> str:
    return json.dumps(shape)[:100]
