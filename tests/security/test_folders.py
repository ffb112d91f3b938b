"""No generator folder can hurt, whoever made it: it is refused with a reason, and nothing else happens."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
import torch

import ganzoo
from ganzoo.errors import CheckpointError
from ganzoo.names import clean

HELPER = Path(hostile.__file__)
MOST_GROWN = 200 * 1024  # KiB; the bombs ask for gigabytes to terabytes
MOST_SECONDS = 300  # of CPU; all of them take 5, the bombs would take hours


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """What came of all hostile folders, loaded by a process with limits of its own."""
    folder = tmp_path_factory.mktemp("hostile")
    script = (
        "import resource, runpy, sys\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({MOST_SECONDS}, {MOST_SECONDS}))\n"
        f"sys.argv = ['hostile', {str(folder)!r}]\n"
        f"runpy.run_path({str(HELPER)!r}, run_name='__main__')\n"
    )
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", hostile.HOSTILE)
def test_a_hostile_folder_is_refused_with_its_reason(outcome, name):
    said = outcome["said"][name]
    assert re.search(hostile.HOSTILE[name][1], said), said
    assert not said.startswith("TRACEBACK")
    assert clean(said) == said
    assert len(said) < 2000


def test_nothing_was_executed_and_no_pickle_was_opened(outcome):
    assert outcome["suspicious"] == []


def test_nothing_was_written(outcome):
    assert outcome["written"] == []


def test_memory_was_bounded(outcome):
    assert outcome["grown_kib"] < MOST_GROWN


@pytest.fixture
def folder(tmp_path):
    return hostile.good(tmp_path / "generator")


def test_the_good_folder_is_good(folder):
    assert len(ganzoo.load(folder).sample(3, label="b")) == 3


def test_a_folder_of_the_hubs_cache_is_made_of_links(folder, tmp_path):
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "0123", tmp_path / "models--a--b" / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, path in enumerate(folder.iterdir()):
        shutil.move(path, blobs / str(number))
        (snapshot / path.name).symlink_to(Path("..", "..", "blobs", str(number)))
    assert ganzoo.load(snapshot).sample()


def test_a_folder_that_is_itself_a_link_is_as_good(folder, tmp_path):
    (tmp_path / "link").symlink_to(folder)
    assert ganzoo.load(tmp_path / "link").sample()


def test_weights_are_mapped_and_not_copied(folder):
    network = ganzoo.load(folder).generators.networks["sample"]
    mapped = Path("/proc/self/maps")
    if not mapped.exists():
        pytest.skip("the system does not say what is mapped")
    spans = [line.split() for line in mapped.read_text().splitlines() if line.endswith(hostile.WEIGHTS)]
    assert spans
    ranges = [tuple(int(end, 16) for end in span[0].split("-")) for span in spans]
    for parameter in network.parameters():
        assert any(start <= parameter.data_ptr() < end for start, end in ranges)


def test_spectrally_normalised_networks_load(tmp_path):
    from safetensors.torch import save_file

    from ganzoo.plugins import plugins
    from ganzoo.recipe.build import build_network
    from ganzoo.recipe.schema import Component

    folder = hostile.good(tmp_path / "generator")
    settings = hostile.SETTINGS | {"spectral_norm": True}
    network = build_network(Component.model_validate({"type": "mlp-generator", **settings}), plugins())
    save_file(network.state_dict(), folder / hostile.WEIGHTS)
    hostile.edit_network(folder, config=settings)
    z, labels = torch.zeros(2, 4), torch.tensor([0, 2])
    made, wanted = ganzoo.load(folder).generators.sample(z, labels), network.eval()(z, labels)
    assert torch.allclose(made, wanted, atol=1e-6)  # mapped weights are aligned otherwise, and added in another order


@pytest.mark.parametrize("label", ["9" * 5000, "²", "-1", "1.0", hostile.ESCAPES])
def test_a_label_that_is_none(folder, label):
    from ganzoo.errors import DataError

    with pytest.raises(DataError) as caught:
        ganzoo.load(folder).label(label)
    assert clean(caught.value) == str(caught.value)


def test_a_network_that_hides_a_tensor_from_its_state_is_told_of(folder, monkeypatch):
    from ganzoo.nets.mlp import MLPGenerator

    built = MLPGenerator.__init__

    def build(self, config):
        built(self, config)
        self.register_buffer("hidden", torch.ones(1), persistent=False)

    monkeypatch.setattr(MLPGenerator, "__init__", build)
    with pytest.raises(CheckpointError, match="'hidden' out of its state_dict"):
        ganzoo.load(folder)
