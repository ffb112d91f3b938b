import numpy as np
import pytest
import torch
from torch import nn

from ganzoo.data.points import Grid
from ganzoo.data.stacked import StackedMnist
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics.features import classifier_of
from ganzoo.metrics.modes import ModeCoverage, StackedModes, mode_coverage, stacked_modes


def test_a_mode_is_caught_by_a_point_within_three_deviations():
    modes = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    points = torch.tensor([[0.029, 0.0], [0.0, 0.0], [1.0, 0.031], [0.5, 0.5]])
    assert mode_coverage(points, modes, 0.01) == (1.0, 0.5)


def test_all_modes_of_the_data_itself_are_caught_sharply():
    test = Grid(Grid.Config()).test()
    test.prepare()

    class OneMode(nn.Module):
        latent_shape = (2,)

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.tensor(0.01))

        def forward(self, z):
            return z * self.weight  # around the middle one

    scores = ModeCoverage(ModeCoverage.Config(samples=500))(Generators({"sample": OneMode()}), test)
    assert (scores["modes"], scores["modes_real"]) == (1, 25)
    expected = 1 - np.exp(-4.5)  # of a Gaussian in the plane, within 3 deviations
    assert scores["high-quality"] == pytest.approx(expected, abs=0.01)
    assert scores["high-quality_real"] == pytest.approx(expected, abs=0.01)


@pytest.fixture(scope="module")
def stacked():
    test = StackedMnist(StackedMnist.Config(size=16, count=250, test_count=200)).test()
    test.prepare()
    return test


def test_the_mode_of_a_stacked_picture_is_read_from_its_channels(stacked):
    images = stacked.batch(range(len(stacked)), np.random.default_rng(0))["image"]
    right = stacked_modes(images, classifier_of(stacked.digits)).numpy() == stacked.modes(range(len(stacked)))
    assert right.mean() > 0.6  # all three digits, by a classifier that has seen 750


def test_a_collapsed_generator_has_one_mode_and_all_its_entropy_missing(stacked):
    class OnePicture(nn.Module):
        latent_shape = (1,)

        def __init__(self):
            super().__init__()
            self.picture = nn.Parameter(stacked.batch([0], np.random.default_rng(0))["image"])

        def forward(self, z):
            return self.picture.expand(len(z), -1, -1, -1)

    scores = StackedModes(StackedModes.Config(samples=200))(Generators({"sample": OnePicture()}), stacked)
    assert scores["modes"] == 1
    assert scores["reverse-kl"] == pytest.approx(np.log(1000))
    assert scores["modes_real"] > 100
    assert scores["reverse-kl_real"] < 2.5


def test_modes_are_told_where_they_are_known_alone(glyphs):
    with pytest.raises(DataError, match="'ring' and 'grid'"):
        ModeCoverage().protocol(glyphs)
    with pytest.raises(DataError, match="'stacked-mnist'"):
        StackedModes().protocol(glyphs)
