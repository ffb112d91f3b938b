import pytest
import torch
from pydantic import ValidationError
from torch import nn

from ganzoo.nets.norm import InstanceNorm
from ganzoo.nets.patch import PatchDiscriminator, PixelDiscriminator, receptive_field
from ganzoo.spec import DataSpec


def patch(**settings):
    return PatchDiscriminator(PatchDiscriminator.Config(**{"channels": 3} | settings))


def parameters(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_parameter_counts_are_those_of_the_official_code():
    with torch.device("meta"):
        assert parameters(patch()) == 2_764_737
        assert parameters(patch(condition_channels=3, norm="batch")) == 2_768_705


@pytest.mark.parametrize(("layers", "field"), [(1, 16), (2, 34), (3, 70), (4, 142), (5, 286)])
def test_a_logit_sees_as_many_pixels_as_its_depth_says(layers, field):
    net = patch(layers=layers, filters=2, norm="none", channels=1).double()
    assert receptive_field(net.strides) == field
    images = torch.randn(1, 1, 2 * field, 2 * field, dtype=torch.float64, requires_grad=True)
    logits = net(images)
    middle = logits.shape[-1] // 2
    (gradient,) = torch.autograd.grad(logits[0, 0, middle, middle], images)
    for axis in (0, 1):
        seen = gradient[0, 0].abs().amax(axis).nonzero()
        assert int(seen.max() - seen.min()) + 1 == field


def test_a_256_pixel_picture_makes_a_30x30_map():
    with torch.device("meta"):
        net = patch()
        assert net(torch.empty(2, 3, 256, 256)).shape == (2, 1, 30, 30)
    assert net.strides == [2, 2, 2, 1, 1]


def test_the_first_and_the_last_layer_have_no_norm_and_all_kernels_are_4x4():
    layers = list(patch(filters=2).model)
    convolutions = [index for index, layer in enumerate(layers) if isinstance(layer, nn.Conv2d)]
    normed = [
        isinstance(layers[index + 1], InstanceNorm) if index + 1 < len(layers) else False for index in convolutions
    ]
    assert normed == [False, True, True, True, False]
    assert {layers[index].kernel_size for index in convolutions} == {(4, 4)}
    assert all(layers[index].bias is not None for index in convolutions)
    assert {layer.negative_slope for layer in layers if isinstance(layer, nn.LeakyReLU)} == {0.2}


def test_batch_norm_takes_the_place_of_the_bias():
    convolutions = [layer for layer in patch(filters=2, norm="batch").model if isinstance(layer, nn.Conv2d)]
    assert [layer.bias is not None for layer in convolutions] == [True, False, False, False, True]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_smallest_picture_makes_one_logit_and_a_smaller_one_is_refused(layers):
    net = patch(layers=layers, filters=2)
    assert net(torch.zeros(1, 3, net.least, net.least)).shape == (1, 1, 1, 1)
    with pytest.raises(ValueError, match=f"at least {net.least}x{net.least} pixels, not {net.least}x{net.least - 1}"):
        net(torch.zeros(1, 3, net.least - 1, net.least))


def test_wrong_channels_are_refused_with_both_numbers():
    with pytest.raises(ValueError, match="takes pictures of 6 channels, not 3"):
        patch(condition_channels=3, filters=2)(torch.zeros(1, 3, 64, 64))


def test_the_weights_start_as_the_paper_says():
    torch.manual_seed(0)
    first = patch().model[0]
    assert first.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not first.bias.any()


def test_the_pixel_discriminator_judges_each_pixel_by_itself():
    net = PixelDiscriminator(PixelDiscriminator.Config(channels=3, filters=4, norm="none"))
    images = torch.randn(1, 3, 8, 8, requires_grad=True)
    logits = net(images)
    assert logits.shape == (1, 1, 8, 8)
    (gradient,) = torch.autograd.grad(logits[0, 0, 2, 3], images)
    assert gradient.abs().sum(1).nonzero().tolist() == [[0, 2, 3]]
    assert parameters(PixelDiscriminator(PixelDiscriminator.Config(channels=3))) == 8_705


def test_channels_come_from_the_data_and_layers_are_counted_from_one():
    config = PatchDiscriminator.Config().filled(DataSpec({"A": (1, 8, 8)}))
    assert config.channels == 1
    with pytest.raises(ValidationError):
        PatchDiscriminator.Config(layers=0)
