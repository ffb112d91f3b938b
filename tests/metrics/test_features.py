import hashlib
import sys

import numpy as np
import pytest
import torch

from ganzoo.errors import DataError
from ganzoo.metrics import features
from ganzoo.metrics.features import extractor_for, quantised, real_features, remembered


def test_pictures_are_judged_as_they_are_saved():
    levels = quantised(torch.tensor([-2.0, -1.0, 0.0, 0.001, 1.0, 3.0, float("nan")]))
    assert levels.dtype == torch.uint8
    assert levels.tolist() == [0, 0, 128, 128, 255, 255, 0]


def test_quantising_a_real_picture_changes_nothing(glyphs):
    images = glyphs.batch(range(4), np.random.default_rng(0))["image"]
    assert torch.equal(quantised(images).float() / 127.5 - 1, images)


def test_the_classifiers_protocol_says_with_what_it_judges(glyphs):
    protocol = extractor_for("classifier", glyphs).protocol
    assert protocol["extractor"] == "classifier"
    assert len(protocol["extractor_hash"]) == 12
    assert protocol["extractor_accuracy"] > 0.85
    assert protocol["resizer"] == "none"


def test_test_pictures_are_the_same_ones_each_time_and_of_all_classes(glyphs):
    extractor = extractor_for("classifier", glyphs)
    seen = real_features(glyphs, "image", extractor, 100, torch.device("cpu"), lambda work, *_: work)
    assert seen.features.shape == (100, 128)
    assert seen.labels.unique().tolist() == list(range(10))
    assert real_features(glyphs, "image", extractor, 100, torch.device("cpu"), None) is seen


def test_what_is_remembered_is_forgotten_with_its_owner():
    class Owner:
        pass

    owner = Owner()
    assert remembered(owner, "key", lambda: 1) == 1
    assert remembered(owner, "key", lambda: 2) == 1
    assert remembered(Owner(), "key", lambda: 2) == 2


def test_inception_without_torch_fidelity_says_what_to_install(glyphs, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch_fidelity.feature_extractor_inceptionv3", None)
    with pytest.raises(DataError, match="not installed") as caught:
        extractor_for("inception", glyphs)
    assert "pip install 'ganzoo[metrics]'" in caught.value.hint


def test_other_weights_than_the_published_are_refused_before_they_are_read(glyphs, tmp_path):
    pytest.importorskip("torch_fidelity")
    (tmp_path / "weights.pth").write_bytes(b"cos\nsystem\n")
    with pytest.raises(DataError, match="not the published weights"):
        extractor_for("inception", glyphs, str(tmp_path / "weights.pth"))
    with pytest.raises(DataError, match="cannot be read"):
        extractor_for("inception", glyphs, str(tmp_path / "nowhere.pth"))


def test_weights_that_cannot_be_fetched_are_asked_for(glyphs, tmp_path, monkeypatch):
    pytest.importorskip("torch_fidelity")

    def offline(*_, **__):
        raise OSError("no route")

    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(DataError, match="no route") as caught:
        extractor_for("inception", glyphs)
    assert "--weights FILE" in caught.value.hint


def test_inception_features_are_torch_fidelitys_own(glyphs, tmp_path, monkeypatch):
    """With random weights, as the published ones are a download."""
    theirs = pytest.importorskip("torch_fidelity.feature_extractor_inceptionv3")
    settings = ("inception-v3-compat", ["2048", "logits_unbiased"])
    path = tmp_path / "weights.pth"
    with monkeypatch.context() as patch:
        torch.manual_seed(0)
        patch.setattr(theirs, "load_state_dict_from_url", lambda *_, **__: {})
        patch.setattr(theirs.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
        network = theirs.FeatureExtractorInceptionV3(*settings)
    torch.save(network.state_dict(), path)
    monkeypatch.setattr(features, "INCEPTION_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    extractor = extractor_for("inception", glyphs, str(path))
    grey = glyphs.batch(range(2), np.random.default_rng(0))["image"]
    found, logits = extractor(grey)
    expected = network(quantised(grey).repeat(1, 3, 1, 1))
    torch.testing.assert_close(found, expected[0])
    torch.testing.assert_close(logits, expected[1])
    assert found.shape == (2, 2048)
    assert extractor.protocol["resizer"] == "tensorflow-1-bilinear-299"
