"""Shared by the core's tests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from hub_server import Hub

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


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[Hub]:
    """A Hub of this test's own that the real client in this process talks to, as ``someone``; it waits for nothing."""
    from huggingface_hub import constants

    waitless = SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None})
    monkeypatch.setattr("huggingface_hub.utils._http.time", waitless)
    monkeypatch.setattr("huggingface_hub.file_download.time", waitless)
    monkeypatch.setenv("HF_TOKEN", "hf_writer")
    with Hub().serving() as hub:
        template = hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
        settings = {
            "ENDPOINT": hub.endpoint,
            "HUGGINGFACE_CO_URL_TEMPLATE": template,
            "HF_HUB_CACHE": str(tmp_path / "hub-cache"),
            "HF_TOKEN_PATH": str(tmp_path / "no-token"),
            "HF_HUB_DISABLE_XET": True,
            "HF_HUB_OFFLINE": False,
        }
        for name, setting in settings.items():
            monkeypatch.setattr(constants, name, setting)
        yield hub
