"""The convolutional networks of DCGAN: parameter counts of the official code, init, sizes, labels."""

import pytest
import torch
from torch import nn

from ganzoo.nets.convolutional import ConvolutionalDiscriminator, ConvolutionalGenerator
from ganzoo.nets.sizes import doublings
from ganzoo.spec import DataSpec


def generator(size=64, channels=3, classes=0, **settings):
    spec = DataSpec({"image": (channels, size, size)}, classes=classes)
    return ConvolutionalGenerator(ConvolutionalGenerator.Config(**settings).filled(spec))


def discriminator(size=64, channels=3, classes=0, **settings):
    spec = DataSpec({"image": (channels, size, size)}, classes=classes)
    return ConvolutionalDiscriminator(ConvolutionalDiscriminator.Config(**settings).filled(spec))


def layers(net, kind):
    return [layer for layer in net.modules() if isinstance(layer, kind)]


def test_parameter_counts_at_64_pixels_are_those_of_the_official_code():
    with torch.device("meta"):
        g, d = generator(), discriminator()
    assert sum(parameter.numel() for parameter in g.parameters()) == 3_576_704
    assert sum(parameter.numel() for parameter in d.parameters()) == 2_765_568


@pytest.mark.parametrize("size", [28, 32, 64, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_28_32_64_and_128_pixels_are_made_and_judged(size, channels):
    g, d = generator(size, channels, filters=2, latent=5), discriminator(size, channels, filters=2)
    assert g.latent_shape == (5,)
    pictures = g(torch.randn(2, 5))
    assert pictures.shape == (2, channels, size, size)
    assert pictures.abs().max() <= 1
    assert d(pictures).shape == (2, 1)


def test_sides_that_no_doubling_reaches_are_refused():
    assert [doublings(size) for size in (28, 32, 48, 64, 128)] == [(7, 2), (4, 3), (6, 3), (4, 4), (4, 5)]
    for size in (4, 30, 31):
        with pytest.raises(ValueError, match=f"pictures of {size} pixels"):
            doublings(size)


def test_convolutions_start_from_n_0_002_and_batch_norms_from_n_1_002():
    torch.manual_seed(0)
    for net in (generator(), discriminator()):
        weights = torch.cat([layer.weight.flatten() for layer in layers(net, nn.Conv2d | nn.ConvTranspose2d)])
        gains = torch.cat([layer.weight for layer in layers(net, nn.BatchNorm2d)])
        assert weights.std().item() == pytest.approx(0.02, rel=0.02)
        assert weights.mean().item() == pytest.approx(0.0, abs=1e-4)
        assert gains.std().item() == pytest.approx(0.02, rel=0.15)
        assert gains.mean().item() == pytest.approx(1.0, abs=0.005)
        assert all(layer.eps == 1e-5 and not layer.bias.any() for layer in layers(net, nn.BatchNorm2d))


def test_batch_norm_is_in_every_layer_but_the_generators_last_and_the_discriminators_first_and_last():
    assert [type(layer).__name__ for layer in generator(28, 1).model] == [
        *("ConvTranspose2d", "BatchNorm2d", "ReLU", "ConvTranspose2d", "BatchNorm2d", "ReLU"),
        *("ConvTranspose2d", "Tanh"),
    ]
    assert [type(layer).__name__ for layer in discriminator(28, 1).model] == [
        *("Conv2d", "LeakyReLU", "Conv2d", "BatchNorm2d", "LeakyReLU", "Conv2d", "Flatten"),
    ]
    assert {layer.negative_slope for layer in layers(discriminator(), nn.LeakyReLU)} == {0.2}


def test_without_norm_the_convolutions_have_biases():
    net = discriminator(norm="none")
    assert not layers(net, nn.BatchNorm2d)
    assert all(layer.bias is not None for layer in layers(net, nn.Conv2d))


def test_the_label_joins_the_noise_and_the_picture():
    g = generator(28, 1, classes=10, conditional=True, filters=2)
    d = discriminator(28, 1, classes=10, conditional=True, filters=2)
    assert (g.classes, g.model[0].in_channels) == (10, 110)
    assert (d.classes, d.model[0].in_channels) == (10, 11)
    z, zeros, ones = torch.randn(4, 100), torch.zeros(4).long(), torch.ones(4).long()
    pictures = g(z, zeros)
    assert not torch.equal(pictures, g(z, ones))
    assert not torch.equal(d(pictures, zeros), d(pictures, ones))


def test_networks_that_are_not_conditional_take_no_labels_of_labelled_data():
    assert generator(28, 1, classes=10).classes == 0
    assert discriminator(28, 1, classes=10).model[0].in_channels == 1


def test_pictures_of_another_size_are_refused():
    with pytest.raises(ValueError, match="made for samples of 3x64x64, not 3x32x32"):
        discriminator()(torch.zeros(2, 3, 32, 32))
