"""Reading weights that other programs saved with PyTorch, without running anything that is in the file.

The one place where ganzoo opens a pickle: PyTorch's own reader of weights alone knows tensors and plain containers, and
refuses all else. It may write no such file.
"""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ganzoo.errors import CheckpointError

WRAPPERS = ("module.", "_orig_mod.")
"""What ``DataParallel`` and ``torch.compile`` put before every name."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file that ``torch.save(network.state_dict(), path)`` wrote, on the CPU.

    Raises:
        CheckpointError: the file is missing, torn, holds anything but tensors, or tensors that are not what they seem.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    _refuse_packed(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on how the pickle was written, with advice that is no good here
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a torn or hostile file makes the reader stumble over
        raise CheckpointError(*_unreadable(path, error)) from error
    tensors = _checked(path, content)
    while prefix := next((wrapper for wrapper in WRAPPERS if all(name.startswith(wrapper) for name in tensors)), ""):
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    return tensors


def _refuse_packed(path: Path) -> None:
    """PyTorch stores without compression: an archive that is more than its file is meant to fill the memory."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if sum(item.file_size for item in archive.infolist()) > path.stat().st_size:
                raise CheckpointError(f"{path}: is a compressed archive, which PyTorch does not write")


def _unreadable(path: Path, error: Exception) -> tuple[str]:
    first = str(error).strip().partition("\n")[0]
    if "weights_only" in str(error):  # then torch advises to switch the protection off
        return (f"{path}: is no file of tensors alone, and may hold code: refused, and nothing of it was run",)
    return (f"{path}: cannot be read as PyTorch weights; it may be cut off: {first or type(error).__name__}",)


def _checked(path: Path, content: object) -> dict[str, Tensor]:
    if not isinstance(content, Mapping) or not content:
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, and no named tensors")
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise CheckpointError(
                f"{path}: '{name}' in it is a {type(tensor).__name__}, and no tensor",
                hint="A whole training's checkpoint? Save the generator's weights: torch.save(G.state_dict(), FILE)",
            )
        if tensor.layout is not torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
            raise CheckpointError(f"{path}: '{name}' is no ordinary tensor: {tensor.layout}, {tensor.device.type}")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(f"{path}: '{name}' claims more numbers than the file holds")
        if tensor.is_floating_point() and not bool(tensor.isfinite().all()):
            raise CheckpointError(f"{path}: '{name}' has numbers that are not finite")
    return dict(content)
