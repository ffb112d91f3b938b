"""LSGAN: its networks, the two label schemes, and their factors of one half."""

import subprocess
import sys

import pytest
import torch
from ganzoo_lsgan.networks import LSGANDiscriminator, LSGANGenerator
from torch import nn

from ganzoo.losses import LeastSquares
from ganzoo.plugins import Plugins
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.shipped import shipped_recipes
from ganzoo.spec import DataSpec
from ganzoo.testing import check_model


@pytest.fixture(scope="module")
def plugins():
    return Plugins(chosen="ganzoo-lsgan")


def built(kind, size, channels=3, **settings):
    return kind(kind.Config(**settings).filled(DataSpec({"image": (channels, size, size)})))


def convolutions(net):
    kinds = nn.Conv2d | nn.ConvTranspose2d
    return [(layer.out_channels, layer.stride[0]) for layer in net.modules() if isinstance(layer, kinds)]


def test_it_registers_its_networks_and_model(plugins):
    assert plugins.load("network", "lsgan-generator") is LSGANGenerator
    assert plugins.load("network", "lsgan-discriminator") is LSGANDiscriminator
    assert plugins.get("model", "lsgan").details.items() >= {"loop": "adversarial", "paper": "arXiv:1611.04076"}.items()
    assert plugins.recipe_text("lsgan").startswith("# ganzoo train lsgan\n")


def test_registering_it_imports_no_torch():
    code = "import sys, ganzoo_lsgan; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_at_112_pixels_the_layers_are_the_papers():
    with torch.device("meta"):
        g, d = built(LSGANGenerator, 112), built(LSGANDiscriminator, 112)
    assert (g.model[0].in_features, g.model[0].out_features) == (1024, 7 * 7 * 256)
    assert convolutions(g) == [(256, 2), (256, 1), (256, 2), (256, 1), (128, 2), (64, 2), (3, 1)]
    assert convolutions(d) == [(64, 2), (128, 2), (256, 2), (512, 2)]
    assert d.model[-1].in_features == 7 * 7 * 512
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in g.modules()) == 7
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in d.modules()) == 3


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (64, 3), (112, 3)])
def test_pictures_of_several_sizes_are_made_and_scored(size, channels):
    g, d = (
        built(LSGANGenerator, size, channels, filters=2, latent=7),
        built(LSGANDiscriminator, size, channels, filters=2),
    )
    pictures = g(torch.randn(2, 7))
    assert pictures.shape == (2, channels, size, size)
    assert pictures.abs().max() <= 1
    assert d(pictures).shape == (2, 1)


REAL, FAKE = torch.tensor([[0.3], [2.0]]), torch.tensor([[-0.5], [0.1]])


def loss_of(recipe):
    """The loss that a recipe chooses."""
    found = Plugins()
    chosen = check(read(None, recipe, [], found), found).loss
    return LeastSquares(LeastSquares.Config(**chosen.options))


def test_the_default_labels_are_0_1_1_with_a_half_before_each_square():
    loss = loss_of("lsgan")
    expected = 0.5 * ((0.3 - 1) ** 2 + (2.0 - 1) ** 2) / 2 + 0.5 * (0.5**2 + 0.1**2) / 2
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert float(loss.generator(FAKE)) == pytest.approx(0.5 * (1.5**2 + 0.9**2) / 2)


def test_the_chi_square_labels_are_minus_1_1_0_with_a_half_before_each_square():
    assert "mnist-lsgan-chi2" in shipped_recipes(Plugins())
    loss = loss_of("mnist-lsgan-chi2")
    c = loss.config
    assert (c.real - c.believe, c.real - c.fake) == (1, 2)  # what makes it Pearson's chi-square
    expected = 0.5 * ((0.3 - 1) ** 2 + (2.0 - 1) ** 2) / 2 + 0.5 * (0.5**2 + 1.1**2) / 2
    assert float(loss.discriminator(REAL, FAKE)) == pytest.approx(expected)
    assert float(loss.generator(FAKE)) == pytest.approx(0.5 * (0.5**2 + 0.1**2) / 2)


@pytest.mark.parametrize(
    "settings",
    [["loss.fake=-1", "loss.believe=0"], ["loss.type=hinge"], ["loss.type=non-saturating", 'penalty.type="r1"']],
)
def test_it_trains_with_other_labels_losses_and_penalties(settings, tmp_path):
    check_model("lsgan", tmp_path, [*settings, "networks.generator.latent=8"])
