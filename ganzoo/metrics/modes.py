"""How many of the modes of a known distribution a generator catches."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from ganzoo.data.base import Data
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics.base import Metric
from ganzoo.metrics.classifier import Classifier
from ganzoo.metrics.distances import reverse_kl
from ganzoo.metrics.features import classifier_of, quantised
from ganzoo.metrics.generative import SamplesConfig
from ganzoo.scores import Protocol

REACH = 3.0
"""Standard deviations around a mode within which a point is of high quality."""


class ModeCoverage(Metric):
    """Modes caught and share of high quality, on ``ring`` and ``grid`` (arXiv:1712.04086, section 4.1).

    A point is of high quality within 3 standard deviations of its nearest mode, a mode caught when it has such a point.
    Scores: ``modes``, ``high-quality``, and ``modes_real``, ``high-quality_real`` of the test points.
    """

    Config: ClassVar[type[SamplesConfig]] = SamplesConfig

    def protocol(self, test: Data) -> Protocol:
        _modes(test)
        return {**super().protocol(test), "samples": self.config.samples, "reach": REACH}

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        modes, std = _modes(test)
        _require_noise(generators)
        fake = generators.draw(self.config.samples, self.config.seed, batch=1024).flatten(1)
        real = _all(test).flatten(1)
        of_fake, of_real = mode_coverage(fake, modes, std), mode_coverage(real, modes, std)
        names = ("modes", "high-quality")
        return dict(zip((*names, *(f"{name}_real" for name in names)), (*of_fake, *of_real), strict=True))


class StackedModes(Metric):
    """Modes caught and reverse KL on ``stacked-mnist`` (arXiv:1611.02163, section 3.3.1).

    Each channel's digit is read by the classifier of the single digits, and the three together are the mode. Scores:
    ``modes`` (up to 1000), ``reverse-kl`` in nats to a uniform distribution; and of as many test pictures
    ``modes_real`` and ``reverse-kl_real``.
    """

    Config: ClassVar[type[SamplesConfig]] = SamplesConfig

    def protocol(self, test: Data) -> Protocol:
        classifier = self._classifier(test)
        return {
            **super().protocol(test),
            "extractor": "digits",
            "extractor_hash": classifier.hash,
            "extractor_accuracy": round(classifier.accuracy, 4),
            "samples": self.config.samples,
            "pictures": "uint8",
        }

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        classifier = self._classifier(test)
        _require_noise(generators)
        batches = self.track(
            generators.drawn(self.config.samples, self.config.seed), "drawing pictures", -(-self.config.samples // 64)
        )
        fake = torch.cat([stacked_modes(images.cpu(), classifier) for images, _ in batches])
        real = stacked_modes(_all(test, self.config.samples), classifier)
        scores: dict[str, float] = {}
        for end, found in (("", fake), ("_real", real)):
            counts = found.bincount(minlength=10**test.spec.channels)
            scores |= {f"modes{end}": float((counts > 0).sum()), f"reverse-kl{end}": reverse_kl(counts)}
        return scores

    def _classifier(self, test: Data) -> Classifier:
        digits: Any = getattr(test, "digits", None)
        if digits is None:
            raise DataError(f"stacked-modes: {type(test).__name__} has no digits", hint="It is for 'stacked-mnist'.")
        return classifier_of(digits, self.track)


def mode_coverage(points: Tensor, modes: Tensor, std: float) -> tuple[float, float]:
    """Modes caught by points (N, 2) and the share of high quality, of modes (K, 2) with a standard deviation."""
    distance, nearest = torch.cdist(points.double(), modes.double()).min(1)
    good = distance <= REACH * std
    return float((nearest[good].bincount() > 0).sum()), float(good.double().mean())


@torch.no_grad()
def stacked_modes(images: Tensor, classifier: Classifier) -> Tensor:
    """The mode 100a + 10b + c of pictures (N, 3, H, W) in [-1, 1] whose channels show the digits a, b and c; (N,)."""
    channels = quantised(images).float().div(127.5).sub(1).flatten(0, 1).unsqueeze(1)
    digits = torch.cat(
        [classifier.network(part)[1].argmax(1) for part in channels.tensor_split(-(-len(channels) // 1024))]
    )
    places = 10 ** torch.arange(images.shape[1] - 1, -1, -1)
    return (digits.view(len(images), -1) * places).sum(1)


def _modes(test: Data) -> tuple[Tensor, float]:
    modes, std = getattr(test, "modes", None), getattr(test, "std", None)
    if modes is None or std is None:
        raise DataError(f"mode-coverage: {type(test).__name__} has no known modes", hint="It is for 'ring' and 'grid'.")
    return torch.as_tensor(modes), float(std)


def _all(test: Data, most: int | None = None) -> Tensor:
    return test.batch(range(min(len(test), most or len(test))), np.random.default_rng(0))["image"]


def _require_noise(generators: Generators) -> None:
    if "sample" not in generators.networks:
        raise DataError("modes are counted of pictures from noise, and this model translates pictures")
