"""On which devices these tests run: a GPU where there is one, and the CPU where that proves the tests' own code."""

from __future__ import annotations

import os

import pytest
import torch

# A deterministic training sets it itself, which is too late in a process where others have used cuBLAS before.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

GPU = pytest.param(
    "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")]
)


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames:
        metafunc.parametrize("device", ["cpu", GPU])
