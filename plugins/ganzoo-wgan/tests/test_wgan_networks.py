"""WGAN-GP's residual networks."""

import pytest
import torch
from ganzoo_wgan.networks import ResidualBlock, ResidualCritic, ResidualGenerator
from torch import nn

from ganzoo.spec import DataSpec


def built(kind, size=32, channels=3, **settings):
    return kind(kind.Config(**settings).filled(DataSpec({"image": (channels, size, size)})))


def layers(net, kind):
    return [layer for layer in net.modules() if isinstance(layer, kind)]


def test_parameter_counts_at_32_pixels_are_those_of_the_official_code():
    with torch.device("meta"):
        g, d = built(ResidualGenerator), built(ResidualCritic)
    block, shortcut = 2 * (128 * 128 * 9 + 128), 128 * 128 + 128
    first = (3 * 128 * 9 + 128) + (128 * 128 * 9 + 128) + (3 * 128 + 128)
    assert sum(p.numel() for p in d.parameters()) == first + 3 * block + shortcut + 129
    linear, norms, last = 128 * 2048 + 2048, 7 * 256, 128 * 3 * 9 + 3
    assert sum(p.numel() for p in g.parameters()) == linear + 3 * (block + shortcut) + norms + last


def test_the_critic_has_no_normalisation_and_the_generator_batch_norm():
    critic, generator = built(ResidualCritic, filters=4), built(ResidualGenerator, filters=4)
    norms = nn.BatchNorm2d | nn.InstanceNorm2d | nn.LayerNorm | nn.GroupNorm
    assert not layers(critic, norms)
    assert len(layers(generator, nn.BatchNorm2d)) == 7


def test_at_32_pixels_the_critic_halves_twice():
    critic = built(ResidualCritic, filters=4)
    assert critic.blocks(torch.zeros(1, 3, 32, 32)).shape == (1, 4, 8, 8)


@pytest.mark.parametrize(("size", "channels"), [(28, 1), (32, 3), (64, 3)])
def test_pictures_of_several_sizes_are_made_and_judged(size, channels):
    g = built(ResidualGenerator, size, channels, filters=4, latent=6)
    pictures = g(torch.randn(2, 6))
    assert pictures.shape == (2, channels, size, size)
    assert pictures.abs().max() <= 1
    assert built(ResidualCritic, size, channels, filters=4)(pictures).shape == (2, 1)


@pytest.mark.parametrize("resize", ["up", "down", "same"])
def test_a_block_adds_its_resized_input_to_what_it_computes(resize):
    block = ResidualBlock(3, resize)
    nn.init.zeros_(block.convs[1].weight)
    nn.init.zeros_(block.convs[1].bias)
    images = torch.randn(1, 3, 8, 8)
    expected = block.shortcut(images)
    if resize == "up":
        expected = expected.repeat_interleave(2, 2).repeat_interleave(2, 3)
    elif resize == "down":
        expected = nn.functional.avg_pool2d(expected, 2)
    assert torch.allclose(block(images), expected, atol=1e-6)
