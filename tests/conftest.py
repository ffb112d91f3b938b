"""Shared by the core's tests."""

from __future__ import annotations

import pytest

TINY = [
    "data.size=16",
    "data.count=6",
    "data.test_count=3",
    'networks.generator={type="resnet", filters=4, blocks=1}',
    'networks.discriminator={type="patch", filters=4, layers=1}',
    "train={steps=6, batch_size=2, log_every=2, sample_every=3, checkpoint_every=3, keep_checkpoints=3}",
    'schedule={type="linear", decay_steps=6}',
    "loop.pool_size=3",
    "ema.half_life=10",
]
"""Makes the embedded recipe a matter of a second, with a pool, an average and a schedule in play."""


@pytest.fixture(scope="session")
def tiny() -> list[str]:
    return list(TINY)
