"""What is set for the whole process before a training."""

import ctypes
import os
import subprocess
import sys

import pytest
import torch

from ganzoo.precision import apply_runtime, keep_freed_memory
from ganzoo.recipe.schema import Runtime

MAPPED = """
import ctypes, sys
from ganzoo.precision import apply_runtime
from ganzoo.recipe.schema import Runtime
libc = ctypes.CDLL(None)
names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
fields = [(name, ctypes.c_size_t) for name in names.split()]
Information = type("Information", (ctypes.Structure,), {"_fields_": fields})
libc.mallinfo2.restype, libc.malloc.restype = Information, ctypes.c_void_p
libc.malloc.argtypes = [ctypes.c_size_t]
apply_runtime(Runtime(device=sys.argv[1], threads=1)) if sys.argv[1] else None
before = libc.mallinfo2().hblks
assert libc.malloc(31 * 2**20)
print(libc.mallinfo2().hblks - before)
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="only glibc 2.33 or newer tells")
def test_large_blocks_are_kept_for_the_next_step(monkeypatch):
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    assert keep_freed_memory()
    for device, mapped in (("cpu", "0"), ("", "1")):  # a block of its own goes back to the system when it is freed
        told = subprocess.run([sys.executable, "-c", MAPPED, device], check=True, capture_output=True, text=True)
        assert told.stdout.strip() == mapped


def test_what_the_environment_says_of_memory_stays(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not keep_freed_memory()


def test_cublas_is_told_before_its_first_use_when_bits_must_be_the_same(monkeypatch):
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG")
    for deterministic in (False, True):
        assert "CUBLAS_WORKSPACE_CONFIG" not in os.environ
        try:
            apply_runtime(Runtime(device="cpu", deterministic=deterministic))
        finally:
            torch.use_deterministic_algorithms(False)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] in (":4096:8", ":16:8")
