"""Coverage-guided fuzzing of what is read, where atheris is installed (``pip install atheris``)."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

SECONDS = 120

SEEDS = {
    "recipe": b'model = "cyclegan"\n[train]\nsteps = 4\nbatch_size = 1\n[data]\ntype = "seasons"\nsize = 16\n',
    "override": b'networks.generator={type="resnet", filters=4}',
    "state": b'{"format": 1, "step": 1, "sha256": {}, "optimizers": {}, "random": {}, "image": {}}',
    "scores": b'{"l1": {"protocol": {}, "scores": [{"seed": 0, "step": 1, "l1": 0.5}]}}',
}

pytestmark = [
    pytest.mark.faults,
    pytest.mark.soak,
    pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed"),
]


@pytest.mark.parametrize("what", ["recipe", "override", "picture", "state", "scores"])
def test_nothing_but_a_ganzoo_error_comes_of_any_bytes(what, tmp_path):
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    if what == "picture":
        for kind in ("png", "jpeg", "gif", "bmp", "webp", "tiff", "ppm"):
            Image.new("RGB", (9, 7), "red").save(corpus / f"seed.{kind}")
    else:
        (corpus / "seed").write_bytes(SEEDS[what])
    script = Path(__file__).with_name("atheris_recipes.py")
    options = (f"-max_total_time={SECONDS}", "-timeout=30", "-rss_limit_mb=4096", f"-artifact_prefix={tmp_path}/")
    done = subprocess.run(
        [sys.executable, script, what, *options, corpus],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    assert "Done " in done.stderr, "it ran to its end"
