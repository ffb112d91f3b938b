import numpy as np
import pytest
import torch
from torch import nn

from ganzoo.data.points import Ring
from ganzoo.data.seasons import Seasons, SeasonsConfig
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics.features import training_split
from ganzoo.metrics.generative import (
    ConditionalAccuracy,
    DensityCoverage,
    Frechet,
    InceptionScore,
    Kid,
    PrecisionRecall,
)
from ganzoo.scores import protocol_id


class Playback(nn.Module):
    """Plays back training pictures: those of the label that is asked for, if one is."""

    latent_shape = (1,)

    def __init__(self, data, classes=0, shift=0, noise=0.0):
        super().__init__()
        batch = data.batch(range(len(data)), np.random.default_rng(0))
        self.images, self.labels = batch["image"], batch["label"]
        self.classes, self.shift, self.noise = classes, shift, noise
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, z, labels=None):
        share = torch.special.ndtr(z[:, 0])
        if labels is None:
            chosen = self.images[(share * len(self.images)).long()]
        else:
            of = [self.images[self.labels == (label + self.shift) % 10] for label in labels]
            chosen = torch.stack([images[int(part * len(images))] for images, part in zip(of, share, strict=True)])
        return (chosen + self.noise * torch.randn(chosen.shape)).clamp(-1, 1)


@pytest.fixture
def playback(glyphs):
    return lambda **settings: Generators({"sample": Playback(training_split(glyphs), **settings)})


SETS = [Frechet, Kid, PrecisionRecall, DensityCoverage, InceptionScore]


@pytest.mark.parametrize("metric_class", SETS)
def test_a_generator_that_plays_back_real_pictures_scores_near_the_real_ones(metric_class, playback, glyphs):
    metric = metric_class(metric_class.Config(samples=300))
    good, bad = metric(playback(), glyphs), metric(playback(noise=2.0), glyphs)
    name = next(iter(good))
    assert set(good) == {key + end for key in (k for k in good if not k.endswith("_real")) for end in ("", "_real")}
    assert good[f"{name}_real"] == bad[f"{name}_real"]
    assert abs(good[name] - good[f"{name}_real"]) < abs(bad[name] - good[f"{name}_real"])
    assert (good[name] > bad[name]) == metric.higher_is_better


def test_pictures_of_the_label_asked_for_are_told_from_those_of_another(playback, glyphs):
    metric = ConditionalAccuracy(ConditionalAccuracy.Config(samples=200))
    right = metric(playback(classes=10), glyphs)
    assert right["conditional-accuracy"] > 0.85
    assert right["conditional-accuracy_real"] > 0.8
    assert metric(playback(classes=10, shift=1), glyphs)["conditional-accuracy"] < 0.1
    with pytest.raises(DataError, match="takes no labels"):
        metric(playback(), glyphs)


def test_the_same_seed_gives_the_same_score_and_another_another(playback, glyphs):
    scores = [Frechet(Frechet.Config(samples=100, seed=seed))(playback(), glyphs)["frechet"] for seed in (0, 0, 1)]
    assert scores[0] == scores[1] != scores[2]


def test_a_protocol_says_what_a_score_depends_on(glyphs):
    protocol = Frechet(Frechet.Config(samples=100)).protocol(glyphs)
    assert protocol.keys() >= {"split", "data", "extractor", "extractor_hash", "resizer", "samples", "references"}
    other = Frechet(Frechet.Config(samples=101)).protocol(glyphs)
    of_seed = Frechet(Frechet.Config(samples=100, seed=5)).protocol(glyphs)
    ids = [protocol_id({"metric": "frechet", **one}) for one in (protocol, other, of_seed)]
    assert ids[0].startswith("frechet@classifier-n100-test-")
    assert ids[0] != ids[1]
    assert ids[0] == ids[2]


def test_pictures_are_drawn_and_looked_at_once_for_all_metrics(playback, glyphs):
    generators = playback()
    network = generators.networks["sample"]
    calls = []
    network.register_forward_hook(lambda *_: calls.append(1))
    for metric_class in SETS:
        metric_class(metric_class.Config(samples=64))(generators, glyphs)
    assert len(calls) == 1


def test_translators_are_scored_for_each_direction(monkeypatch):
    test = Seasons(SeasonsConfig(size=16, count=12, test_count=12)).test()
    test.prepare()
    plain = nn.Conv2d(3, 3, 1)
    nn.init.dirac_(plain.weight)
    nn.init.zeros_(plain.bias)
    monkeypatch.setattr(Frechet, "extractor", lambda *_: Pixels())
    scores = Frechet()(Generators({"AtoB": nn.Sequential(plain), "BtoA": nn.Sequential(plain)}), test)
    assert set(scores) == {f"{way}/frechet{end}" for way in ("AtoB", "BtoA") for end in ("", "_real")}
    assert scores["AtoB/frechet"] > scores["AtoB/frechet_real"]


class Pixels:
    """Mean colours as features."""

    protocol = {"extractor": "pixels"}

    def __call__(self, images):
        return images.mean((2, 3)).cpu(), images.mean((2, 3)).cpu()


def test_points_are_no_pictures(playback):
    test = Ring(Ring.Config(count=10, test_count=10)).test()
    with pytest.raises(DataError, match="no labels"):
        Frechet().protocol(test)
    with pytest.raises(DataError, match="has no pictures 'image'"):
        Frechet()(playback(), test)
