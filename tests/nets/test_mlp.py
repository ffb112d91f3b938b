"""The perceptrons: layer sizes, shapes, labels."""

import pytest
import torch
from torch import nn

from ganzoo.nets.mlp import MLPDiscriminator, MLPGenerator
from ganzoo.spec import DataSpec

DIGITS = DataSpec({"image": (1, 28, 28)}, classes=10)
POINTS = DataSpec({"image": (2,)})


def generator(spec=DIGITS, **settings):
    return MLPGenerator(MLPGenerator.Config(**settings).filled(spec))


def discriminator(spec=DIGITS, **settings):
    return MLPDiscriminator(MLPDiscriminator.Config(**settings).filled(spec))


def sizes(net):
    linear = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    return [linear[0].in_features, *(layer.out_features for layer in linear)]


def parameters(net):
    return sum(parameter.numel() for parameter in net.parameters())


def test_the_layers_are_100_256_512_1024_784_and_784_512_256_1():
    assert sizes(generator()) == [100, 256, 512, 1024, 784]
    assert sizes(discriminator()) == [784, 512, 256, 1]
    assert (parameters(generator()), parameters(discriminator())) == (1_486_352, 533_505)


def test_leaky_relus_have_a_slope_of_a_fifth():
    for net in (generator(), discriminator()):
        slopes = [layer.negative_slope for layer in net.modules() if isinstance(layer, nn.LeakyReLU)]
        assert slopes == [0.2] * (len(sizes(net)) - 2)


def test_pictures_are_bounded_and_points_are_not():
    torch.manual_seed(0)
    z = 1000 * torch.randn(8, 100)
    pictures, points = generator()(z), generator(POINTS)(z)
    assert pictures.shape == (8, 1, 28, 28)
    assert pictures.abs().max() <= 1
    assert points.shape == (8, 2)
    assert points.abs().max() > 1


def test_logits_are_one_a_sample_and_have_no_sigmoid():
    net = discriminator(POINTS, hidden=[8])
    assert net(torch.randn(5, 2)).shape == (5, 1)
    assert isinstance(net.model[-1], nn.Linear)


def test_the_label_joins_the_noise_and_the_picture():
    g, d = generator(conditional=True), discriminator(conditional=True)
    assert (g.classes, d.classes) == (10, 10)
    assert (sizes(g)[0], sizes(d)[0]) == (110, 794)
    z, zeros, ones = torch.randn(4, 100), torch.zeros(4).long(), torch.ones(4).long()
    pictures = g(z, zeros)
    assert not torch.equal(pictures, g(z, ones))
    assert not torch.equal(d(pictures, zeros), d(pictures, ones))


def test_batch_norm_and_dropout_are_options():
    kinds = [type(layer).__name__ for layer in generator(norm="batch", hidden=[4]).model]
    assert kinds == ["Linear", "BatchNorm1d", "LeakyReLU", "Linear", "Tanh", "Unflatten"]
    assert [layer.p for layer in discriminator(dropout=0.3).modules() if isinstance(layer, nn.Dropout)] == [0.3, 0.3]


def test_samples_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="made for samples of 1x28x28, not 1x32x32"):
        discriminator()(torch.zeros(2, 1, 32, 32))


def test_he_s_initialisation_is_an_option():
    torch.manual_seed(0)
    plain, he = generator(hidden=[512, 512]), generator(hidden=[512, 512], init="he")
    spread = [net.model[2].weight.std().item() for net in (plain, he)]
    assert spread == pytest.approx([(1 / 3 / 512) ** 0.5, (2 / 1.04 / 512) ** 0.5], rel=0.02)
    assert not he.model[2].bias.any()
