"""Device and number format, from what the recipe asks and the machine has."""

from __future__ import annotations

import ctypes
import os
import platform
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
    """Set what torch keeps for the whole process: threads, determinism, matrix formats, and how memory is kept."""
    if runtime.threads:
        torch.set_num_threads(runtime.threads)
    torch.use_deterministic_algorithms(runtime.deterministic)
    if runtime.deterministic:  # cuBLAS reads it once, when it is first used, and gives other bits without it
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.backends.cudnn.benchmark = not runtime.deterministic
    torch.backends.cudnn.deterministic = runtime.deterministic
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.allow_tf32 = True
    if pick_device(runtime.device).type == "cpu":
        keep_freed_memory()


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed for the next step, and say whether it does.

    By default it hands large blocks back to the system, and every step waits while the system clears them again:
    thousands of page faults, a fifth of the time of a small WGAN-GP. At most a GiB is kept beyond what is in use.
    Other C libraries are left as they are, and so is what the environment says (``MALLOC_TRIM_THRESHOLD_``).
    """
    if platform.libc_ver()[0] != "glibc" or not _MALLOC.isdisjoint(os.environ):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return all(mallopt(*setting) for setting in (_TRIM_THRESHOLD, _MMAP_THRESHOLD))


_MALLOC = {"MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"}
# The numbers of the settings are from malloc.h; bytes. 32 MiB is where glibc's own threshold may rise to.
_TRIM_THRESHOLD = (-1, 2**30)
_MMAP_THRESHOLD = (-3, 2**25)
