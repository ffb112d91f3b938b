"""Device and number format, from what the recipe asks and the machine has."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch

from ganzoo.errors import RecipeError
from ganzoo.recipe.schema import Runtime


def pick_device(name: str) -> torch.device:
    """The device that ``runtime.device`` names; ``auto`` is a GPU where there is one.

    Raises:
        RecipeError: it names none, or one that this machine lacks.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise RecipeError(
            f"runtime.device = '{name}': there is no such device here", hint="Use auto, cpu, cuda or cuda:N"
        ) from error
    return device


def uses_bf16(runtime: Runtime, device: torch.device) -> bool:
    """Whether networks run under bf16 autocast."""
    if runtime.precision == "auto":
        return device.type == "cuda" and torch.cuda.is_bf16_supported()
    return runtime.precision == "bf16"


def autocast(device: torch.device, bf16: bool) -> AbstractContextManager[object]:
    """The context that networks run in."""
    return torch.autocast(device.type, dtype=torch.bfloat16) if bf16 else nullcontext()


def apply_runtime(runtime: Runtime) -> None:
    """Set what torch keeps for the whole process: threads, determinism, matrix formats."""
    if runtime.threads:
        torch.set_num_threads(runtime.threads)
    torch.use_deterministic_algorithms(runtime.deterministic)
    torch.backends.cudnn.benchmark = not runtime.deterministic
    torch.backends.cudnn.deterministic = runtime.deterministic
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
