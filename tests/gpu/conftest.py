"""On which devices these tests run: a GPU where there is one, and the CPU where that proves the tests' own code."""

from __future__ import annotations

import pytest
import torch

GPU = pytest.param(
    "cuda", marks=[pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA GPU")]
)


def pytest_generate_tests(metafunc):
    if "device" in metafunc.fixturenames:
        metafunc.parametrize("device", ["cpu", GPU])
