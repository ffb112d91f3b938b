import pytest
import torch
from ganzoo_cyclegan.networks import ResidualBlock, ResNetGenerator
from torch import nn

from ganzoo.nets.norm import InstanceNorm
from ganzoo.spec import DataSpec


def generator(**settings):
    return ResNetGenerator(ResNetGenerator.Config(**{"channels": 3, "out_channels": 3} | settings))


def layers(net, kind):
    return [layer for layer in net.modules() if isinstance(layer, kind)]


@pytest.mark.parametrize(("blocks", "count"), [(9, 11_378_179), (6, 7_837_699)])
def test_parameter_counts_are_those_of_the_official_code(blocks, count):
    with torch.device("meta"):
        net = generator(blocks=blocks)
    assert sum(parameter.numel() for parameter in net.parameters()) == count


def test_the_picture_is_reflected_by_3_at_the_ends_and_by_1_in_the_blocks():
    net = generator(filters=2, blocks=2)
    assert [pad.padding for pad in layers(net, nn.ReflectionPad2d)] == [(3,) * 4] + [(1,) * 4] * 4 + [(3,) * 4]
    padded = [layer for layer in layers(net, nn.Conv2d) if layer.padding != (0, 0)]
    assert [layer.stride for layer in padded] == [(2, 2), (2, 2)]
    assert [layer.kernel_size[0] for layer in layers(net, nn.Conv2d)] == [7, 3, 3, 3, 3, 3, 3, 7]
    assert isinstance(net.model[-1], nn.Tanh)


def test_zero_padding_makes_the_same_sizes_without_padding_layers():
    net = generator(filters=2, blocks=1, padding="zeros")
    assert not layers(net, nn.ReflectionPad2d)
    assert net(torch.zeros(1, 3, 12, 20)).shape == (1, 3, 12, 20)


def test_instance_norms_have_no_parameters_and_a_biased_convolution_before_them():
    net = generator(filters=2, blocks=1)
    norms = layers(net, InstanceNorm)
    assert len(norms) == 3 + 2 + 2
    assert {(norm.affine, norm.track_running_stats) for norm in norms} == {(False, False)}
    assert all(layer.bias is not None for layer in layers(net, nn.Conv2d | nn.ConvTranspose2d))


def test_batch_norm_takes_the_place_of_all_biases_but_the_last():
    net = generator(filters=2, blocks=1, norm="batch")
    biased = [layer.bias is not None for layer in layers(net, nn.Conv2d | nn.ConvTranspose2d)]
    assert biased == [False] * 7 + [True]
    assert len(layers(net, nn.BatchNorm2d)) == 7


def test_dropout_lies_between_the_two_convolutions_of_a_block():
    block = layers(generator(filters=2, blocks=1, dropout=True), ResidualBlock)[0]
    kinds = [type(layer).__name__ for layer in block.model]
    assert kinds == [
        "ReflectionPad",
        "Conv2d",
        "InstanceNorm",
        "ReLU",
        "Dropout",
        "ReflectionPad",
        "Conv2d",
        "InstanceNorm",
    ]
    assert not layers(generator(filters=2, blocks=1), nn.Dropout)


def test_pictures_keep_their_size_and_lie_in_range():
    net = generator(filters=2, blocks=1, init_gain=1.0)
    made = net(torch.rand(2, 3, 8, 12) * 2 - 1)
    assert made.shape == (2, 3, 8, 12)
    assert made.abs().max() <= 1


def test_odd_sizes_and_wrong_channels_are_refused():
    net = generator(filters=2, blocks=1)
    assert net.stride == 4
    with pytest.raises(ValueError, match="multiples of 4 pixels, not 18x16"):
        net(torch.zeros(1, 3, 16, 18))
    with pytest.raises(ValueError, match="3 channels, not 1"):
        net(torch.zeros(1, 1, 16, 16))


def test_the_weights_start_as_the_paper_says():
    torch.manual_seed(0)
    net = generator(blocks=1)
    assert net.model[1].weight.std().item() == pytest.approx(0.02, rel=0.05)
    assert not any(layer.bias.any() for layer in layers(net, nn.Conv2d))


def test_channels_come_from_the_data():
    config = ResNetGenerator.Config().filled(DataSpec({"A": (1, 8, 8)}))
    assert (config.channels, config.out_channels) == (1, 1)


@pytest.mark.parametrize("batch", [1, 2])
def test_channels_last_changes_neither_the_picture_nor_a_gradient(batch):
    torch.manual_seed(0)
    net, images = generator(filters=4, blocks=2, init_gain=0.1).double(), torch.randn(batch, 3, 16, 16).double()
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        net.to(memory_format=layout).zero_grad()
        made = net(images.contiguous(memory_format=layout))
        made.square().mean().backward()
        found.append([made.detach(), *(parameter.grad.clone() for parameter in net.parameters())])
    assert all(torch.allclose(first, second, rtol=1e-6, atol=1e-10) for first, second in zip(*found, strict=True))
