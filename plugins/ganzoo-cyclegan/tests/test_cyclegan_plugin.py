import subprocess
import sys
import tomllib

import pytest
from ganzoo_cyclegan.loop import CycleGAN
from ganzoo_cyclegan.networks import ResNetGenerator

from ganzoo.plugins import Plugins


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-cyclegan")


def test_it_registers_its_network_loop_and_model(plugins):
    assert plugins.load("network", "resnet") is ResNetGenerator
    assert plugins.load("loop", "cyclegan") is CycleGAN
    model = plugins.get("model", "cyclegan")
    assert model.details.items() >= {"loop": "cyclegan", "paper": "arXiv:1703.10593"}.items()
    assert model.plugin.name == "ganzoo-cyclegan"


def test_the_default_recipe_needs_no_download_and_opens_with_its_command(plugins):
    text = plugins.recipe_text("cyclegan")
    assert text.startswith("# ganzoo train cyclegan\n")
    recipe = tomllib.loads(text)
    assert recipe["model"] == "cyclegan"
    assert recipe["data"] == {"type": "seasons", "size": 64} | recipe["data"]


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_cyclegan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
