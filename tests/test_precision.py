"""What is set for the whole process before a training."""

import platform
import subprocess
import sys

import pytest

from ganzoo.precision import keep_freed_memory

FAULTS = """
import resource, sys, torch
from ganzoo.precision import apply_runtime
from ganzoo.recipe.schema import Runtime
apply_runtime(Runtime(device=sys.argv[1], threads=1)) if sys.argv[1] else None
def work():
    for _ in range(5):
        graph = [torch.ones(2, 2**20) for _ in range(16)]
work()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
work()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc is told")
def test_memory_that_a_step_frees_serves_the_next(monkeypatch):
    for name in ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"):
        monkeypatch.delenv(name, raising=False)
    assert keep_freed_memory()
    kept, not_kept = (
        int(subprocess.run([sys.executable, "-c", FAULTS, device], check=True, capture_output=True, text=True).stdout)
        for device in ("cpu", "")
    )
    assert kept < not_kept / 10


def test_what_the_environment_says_of_memory_stays(monkeypatch):
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "1000000")
    assert not keep_freed_memory()
