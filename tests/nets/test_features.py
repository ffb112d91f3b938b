import torch
from torch import nn

from ganzoo.nets.features import run
from ganzoo.nets.patch import PatchDiscriminator


def test_the_features_are_what_comes_out_of_every_inner_leaky_relu():
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 5), nn.LeakyReLU(0.2), nn.Linear(5, 1))
    images, features = torch.randn(2, 3), []
    assert torch.equal(run(layers, images, features), layers(images))
    assert len(features) == 1
    assert torch.equal(features[0], layers[:4](images))
    assert torch.equal(run(layers, images), layers(images))


def test_a_patch_discriminator_shows_its_features():
    net, seen = PatchDiscriminator(PatchDiscriminator.Config(channels=1, filters=2)), []
    net(torch.zeros(1, 1, 32, 32), seen)
    assert [tuple(features.shape[1:]) for features in seen] == [(4, 8, 8), (8, 4, 4), (16, 3, 3)]
