import pytest
import torch
from torch import nn

from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, build_loop, build_network, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Component


def test_any_network_can_be_spectrally_normalised():
    torch.manual_seed(0)
    network = build_network(
        Component(type="patch", channels=3, filters=4, init_gain=1.0, norm="none", spectral_norm=True), plugins()
    )
    images = torch.randn(1, 3, 32, 32)
    for _ in range(20):
        network(images)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            assert torch.linalg.matrix_norm(layer.weight.flatten(1), 2).item() == pytest.approx(1.0, abs=0.05)
    network.eval()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(images)  # power iteration runs in training alone
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_settings_that_only_the_data_can_tell_are_filled_in():
    recipe = check(read("cyclegan", None, ["networks.discriminator.spectral_norm=true"], plugins()), plugins())
    spec = build_data(recipe, plugins()).spec
    filled = fill_from_data(recipe, spec, plugins())
    assert filled.networks["generator"].options["channels"] == 3
    assert filled.networks["discriminator"].options["spectral_norm"] is True
    loop = build_loop(filled, spec, plugins())
    assert "parametrizations.weight" in " ".join(loop.networks["discriminator_A"].state_dict())
    assert "parametrizations" not in " ".join(loop.networks["generator_AtoB"].state_dict())
