"""Labels as networks are told them."""

import pytest
import torch

from ganzoo.nets.labels import LabelConfig, join_maps, join_vector, one_hot
from ganzoo.spec import DataSpec

LABELS = torch.tensor([2, 0])


def test_a_label_is_one_hot_behind_the_vector():
    joined = join_vector(torch.full((2, 2), 7.0), LABELS, 3)
    assert joined.tolist() == [[7, 7, 0, 0, 1], [7, 7, 1, 0, 0]]


def test_a_label_is_a_map_of_ones_behind_the_picture():
    joined = join_maps(torch.full((2, 1, 4, 5), 7.0), LABELS, 3)
    assert joined.shape == (2, 4, 4, 5)
    assert (joined[:, 0] == 7).all()
    assert torch.equal(joined[:, 1:].mean((2, 3)), one_hot(LABELS, 3))
    assert set(joined[:, 1:].unique().tolist()) == {0.0, 1.0}


def test_without_classes_nothing_is_joined():
    vectors, images = torch.randn(2, 3), torch.randn(2, 3, 4, 4)
    assert join_vector(vectors, None, 0) is vectors
    assert join_maps(images, LABELS, 0) is images


def test_a_conditional_network_without_labels_says_so():
    with pytest.raises(ValueError, match="was given no labels: it wants one of 3"):
        join_vector(torch.randn(2, 3), None, 3)


def test_only_conditional_networks_take_the_labels_of_the_data():
    spec = DataSpec({"image": (1, 28, 28)}, classes=10)
    assert LabelConfig().filled(spec).labels == 0
    assert LabelConfig(conditional=True).filled(spec).labels == 10


def test_conditional_networks_want_labelled_data():
    with pytest.raises(ValueError, match="asks for labels, and the data has none"):
        _ = LabelConfig(conditional=True).filled(DataSpec({"image": (1, 28, 28)})).labels
