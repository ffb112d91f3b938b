import pytest
import torch
from torch import nn

from ganzoo.nets.unet import UNet
from ganzoo.spec import DataSpec


def unet(**settings):
    return UNet(UNet.Config(**{"channels": 3, "out_channels": 3} | settings))


@pytest.mark.parametrize(("downs", "count"), [(8, 54_413_955), (7, 41_828_995)])
def test_parameter_counts_are_those_of_the_official_code(downs, count):
    with torch.device("meta"):
        net = unet(downs=downs)
        assert sum(parameter.numel() for parameter in net.parameters()) == count
        side = net.stride
        assert side == 2**downs
        assert net(torch.empty(1, 3, side, side)).shape == (1, 3, side, side)


def kinds(block):
    return [type(layer).__name__ for layer in block]


def test_blocks_are_built_as_in_the_official_code():
    net = unet(downs=5, filters=2, dropout=True)
    assert kinds(net.encoder[0]) == ["Conv2d"]
    assert kinds(net.encoder[1]) == ["LeakyReLU", "Conv2d", "BatchNorm2d"]
    assert kinds(net.encoder[-1]) == ["LeakyReLU", "Conv2d"]
    assert kinds(net.decoder[0]) == ["ReLU", "ConvTranspose2d", "BatchNorm2d", "Dropout"]
    assert kinds(net.decoder[-1]) == ["ReLU", "ConvTranspose2d", "Tanh"]
    assert [layer.out_channels for block in net.encoder for layer in block if isinstance(layer, nn.Conv2d)] == [
        2,
        4,
        8,
        16,
        16,
    ]


@pytest.mark.parametrize("downs", [7, 8])
def test_dropout_is_in_the_three_innermost_decoder_blocks(downs):
    with torch.device("meta"):
        blocks = unet(downs=downs, dropout=True).decoder
        assert not any(isinstance(layer, nn.Dropout) for layer in unet(downs=downs).modules())
    assert [index for index, block in enumerate(blocks) if isinstance(block[-1], nn.Dropout)] == [0, 1, 2]


def test_every_encoder_output_reaches_the_picture():
    torch.manual_seed(0)
    net = unet(downs=3, filters=4, norm="instance", init_gain=0.5)
    outputs = []
    for block in net.encoder:
        block.register_forward_hook(lambda _module, _inputs, output: outputs.append(output))
    made = net(torch.randn(2, 3, 16, 8))
    assert made.shape == (2, 3, 16, 8)
    assert made.abs().max() <= 1
    for gradient in torch.autograd.grad(made.square().sum(), outputs):
        assert gradient.abs().sum() > 0


def test_a_single_picture_trains_down_to_one_pixel_without_a_norm_there():
    net = unet(downs=3, filters=2)
    net(torch.randn(1, 3, 8, 8)).sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters())


def test_sides_that_do_not_halve_evenly_and_wrong_channels_are_refused():
    net = unet(downs=3, filters=2)
    with pytest.raises(ValueError, match="multiples of 8 pixels, not 12x16"):
        net(torch.zeros(1, 3, 16, 12))
    with pytest.raises(ValueError, match="3 channels, not 1"):
        net(torch.zeros(1, 1, 16, 16))


def test_channels_come_from_the_data():
    config = UNet.Config().filled(DataSpec({"A": (1, 8, 8)}))
    assert (config.channels, config.out_channels) == (1, 1)
