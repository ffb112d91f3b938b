import numpy as np
import pytest
import torch

from ganzoo.data.points import Ring
from ganzoo.errors import DataError
from ganzoo.metrics import classifier
from ganzoo.metrics.classifier import ClassifierNetwork, classifier_for
from ganzoo.metrics.features import classifier_of, training_split


def test_it_learns_the_labels_of_the_data(glyphs):
    assert classifier_of(glyphs).accuracy > 0.85


def test_it_is_trained_once_and_then_read_from_the_cache(glyphs, cache, monkeypatch):
    trained = classifier_of(glyphs)
    monkeypatch.setattr(classifier, "train_classifier", None)
    read = classifier_for(training_split(glyphs), glyphs)
    assert (read.hash, read.accuracy) == (trained.hash, trained.accuracy)
    images = glyphs.batch(range(8), np.random.default_rng(0))["image"]
    assert torch.equal(read.network(images)[0], trained.network(images)[0])
    assert not read.network.training


def test_training_is_deterministic_and_leaves_the_random_state(glyphs, tmp_path, monkeypatch):
    first = classifier_of(glyphs)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    state = torch.get_rng_state()
    again = classifier_for(training_split(glyphs), glyphs)
    assert again.hash == first.hash
    assert torch.equal(torch.get_rng_state(), state)


def test_a_damaged_file_is_made_again(glyphs, tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    made = (ClassifierNetwork(1, 10).eval(), 0.5)
    monkeypatch.setattr(classifier, "train_classifier", lambda *_: made)
    first = classifier_for(training_split(glyphs), glyphs)
    (path,) = (tmp_path / "classifiers").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    assert classifier_for(training_split(glyphs), glyphs).hash == first.hash


def test_large_pictures_are_averaged_down_and_any_shape_goes():
    network = ClassifierNetwork(3, 5).eval()
    for size in (16, 28, 32, 96):
        features, logits = network(torch.zeros(2, 3, size, size))
        assert (features.shape, logits.shape) == ((2, 128), (2, 5))


def test_data_without_labels_is_refused():
    ring = Ring(Ring.Config())
    with pytest.raises(DataError, match="no labels") as caught:
        classifier_for(ring, ring)
    assert "--extractor inception" in caught.value.hint
