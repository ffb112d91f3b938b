import math

import pytest
import torch
from torch import nn

from ganzoo.generators import Generators, slerp, truncated_normal


class Linear(nn.Module):
    """Latents (N, 3) and labels to pictures (N, 1, 2, 2)."""

    latent_shape = (3,)

    def __init__(self, classes=0):
        super().__init__()
        self.classes = classes
        self.weight = nn.Parameter(torch.arange(12.0).view(3, 4) / 20)

    def forward(self, z, labels=None):
        shift = 0 if labels is None else labels[:, None].float()
        return (z @ self.weight + shift).view(-1, 1, 2, 2)


def test_in_train_mode_each_picture_is_translated_by_itself():
    network, pictures = nn.BatchNorm2d(3), torch.randn(4, 3, 5, 5)
    together = Generators({"AtoB": network}, "train").translate(pictures, "AtoB")
    alone = [nn.functional.batch_norm(picture[None], None, None, training=True) for picture in pictures]
    torch.testing.assert_close(together, torch.cat(alone))


def test_the_first_pictures_of_a_seed_do_not_depend_on_how_many_there_are():
    generators = Generators({"sample": Linear()})
    many = generators.draw(100, seed=3)
    assert torch.equal(generators.latents(7, seed=3), generators.latents(100, seed=3)[:7])
    torch.testing.assert_close(generators.draw(7, seed=3), many[:7])
    torch.testing.assert_close(generators.draw(100, seed=3, batch=9), many)
    assert torch.equal(generators.draw(100, seed=3), many)
    assert not torch.equal(generators.draw(100, seed=4), many)


NOISE = [-0.36259, -0.415975, 0.954865, -0.925502, 0.631681, 0.786378]


def test_the_noise_of_a_seed_never_changes():
    """Published pictures are made again from their seeds."""
    assert Generators({"sample": Linear()}).latents(2, seed=0).flatten().tolist() == pytest.approx(NOISE, abs=2e-6)


def test_drawing_leaves_torchs_random_state():
    state = torch.get_rng_state()
    Generators({"sample": Linear(4)}).draw(5, seed=0)
    assert torch.equal(torch.get_rng_state(), state)


def test_labels_are_uniform_and_their_noise_is_that_of_labels_given():
    generators = Generators({"sample": Linear(classes=4)})
    labels = generators.labels(4000, seed=0)
    assert labels.dtype == torch.int64
    assert labels.bincount().tolist() == pytest.approx([1000] * 4, rel=0.1)
    assert torch.equal(generators.labels(9, seed=0), labels[:9])
    given = torch.zeros(9, dtype=torch.int64)
    difference = generators.draw(9, seed=0) - generators.draw(9, seed=0, labels=given)
    torch.testing.assert_close(difference, labels[:9].view(-1, 1, 1, 1).expand(-1, 1, 2, 2).float())
    assert Generators({"sample": Linear()}).labels(3, seed=0) is None


def test_drawn_batches_come_with_the_labels_that_were_asked_for():
    generators = Generators({"sample": Linear(classes=4)})
    parts = list(generators.drawn(10, seed=1, batch=4))
    assert [len(pictures) for pictures, _ in parts] == [4, 4, 2]
    assert torch.equal(torch.cat([labels for _, labels in parts]), generators.labels(10, seed=1))


def test_truncated_noise_is_a_normal_distribution_cut_off():
    z = torch.randn(200_000, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    cut = truncated_normal(z, 0.5)
    assert cut.abs().max() <= 0.5
    assert torch.equal(cut.argsort(), z.argsort())
    density, mass = math.exp(-0.125) / math.sqrt(2 * math.pi), math.erf(0.5 / math.sqrt(2))
    assert float(cut.var()) == pytest.approx(1 - density / mass, rel=0.02)
    assert float(truncated_normal(z, 30.0).sub(z).abs().max()) < 1e-6


def test_a_network_may_truncate_in_its_own_way():
    class Own(Linear):
        def truncate(self, z, psi):
            return psi * z

    plain, own = Generators({"sample": Linear()}), Generators({"sample": Own()})
    torch.testing.assert_close(own.latents(5, 0, 0.7), 0.7 * plain.latents(5, 0))
    assert plain.latents(5, 0, 0.7).abs().max() <= 0.7


def test_spherical_interpolation_keeps_to_the_sphere_and_to_its_ends():
    a, b = torch.tensor([[1.0, 0, 0]]), torch.tensor([[0, 1.0, 0]])
    half = math.sqrt(0.5)
    torch.testing.assert_close(slerp(a, b, 0.5), torch.tensor([[half, half, 0]]))
    torch.testing.assert_close(slerp(a, b, 0), a)
    torch.testing.assert_close(slerp(a, b, 1), b)
    torch.testing.assert_close(slerp(a, a, 0.3), a, atol=1e-3, rtol=0)


def test_a_path_goes_through_its_latents_and_back():
    generators = Generators({"sample": Linear()})
    path = list(generators.path(keys=3, between=4, n=2, seed=0))
    assert len(path) == 12
    keys = generators.latents(6, seed=0).split(2)
    for index, key in enumerate(keys):
        torch.testing.assert_close(path[4 * index], key)
    steps = [float((after - before).norm()) for before, after in zip(path, [*path[1:], path[0]], strict=True)]
    assert max(steps) < 0.6 * max(float(key.norm()) for key in keys)
