import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from ganzoo.nets.init import initialize


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(16, 64, 4), nn.BatchNorm2d(64), nn.ConvTranspose2d(64, 64, 4), nn.GroupNorm(4, 64), nn.Linear(64, 64)
    )


def test_normal_draws_weights_around_zero_and_gains_around_one():
    torch.manual_seed(0)
    net = network()
    initialize(net)
    for layer in (net[0], net[2], net[4]):
        assert layer.weight.mean().abs() < 0.001
        assert layer.weight.std().item() == pytest.approx(0.02, rel=0.05)
        assert not layer.bias.any()
    for norm in (net[1], net[3]):
        assert norm.weight.mean().item() == pytest.approx(1.0, abs=0.01)
        assert 0.01 < norm.weight.std() < 0.03
        assert not norm.bias.any()


def test_xavier_kaiming_and_orthogonal_have_their_scales():
    layer = nn.Linear(400, 200)
    initialize(layer, "xavier", gain=1.0)
    assert layer.weight.std().item() == pytest.approx((2 / 600) ** 0.5, rel=0.05)
    initialize(layer, "kaiming")
    assert layer.weight.std().item() == pytest.approx((2 / 400) ** 0.5, rel=0.05)
    initialize(layer, "orthogonal", gain=0.5)
    assert torch.allclose(layer.weight @ layer.weight.T, 0.25 * torch.eye(200), atol=1e-5)


@pytest.mark.parametrize("kind", ["normal", "xavier", "kaiming", "orthogonal"])
def test_the_meta_device_takes_every_kind_and_leaves_the_random_state_alone(kind):
    before = torch.get_rng_state()
    with torch.device("meta"):
        net = network()
    initialize(net, kind)
    assert all(parameter.is_meta for parameter in net.parameters())
    assert torch.equal(before, torch.get_rng_state())


def test_the_same_seed_gives_the_same_weights():
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        net = network()
        initialize(net)
        drawn.append(net[0].weight.detach().clone())
    assert torch.equal(*drawn)


def test_a_spectrally_normalised_layer_is_reached_through_its_parametrization():
    layer = spectral_norm(nn.Linear(64, 64))
    initialize(layer, gain=5.0)
    assert layer.parametrizations.weight.original.std().item() == pytest.approx(5.0, rel=0.1)


def test_a_norm_without_a_gain_and_a_convolution_without_a_bias_are_left():
    layers = nn.Sequential(nn.Conv2d(3, 3, 1, bias=False), nn.InstanceNorm2d(3), nn.BatchNorm2d(3, affine=False))
    initialize(layers)
    assert [name for name, _ in layers.named_parameters()] == ["0.weight"]
