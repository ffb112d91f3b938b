"""Scores of pictures as a set: how near their distribution is to that of the test pictures.

Every score ``NAME`` comes with ``NAME_real``: what as many real pictures score in the fakes' place, which is as good as
it gets. Translators are scored for each direction, ``AtoB/NAME``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field, PositiveInt

from ganzoo.config import Config
from ganzoo.data.base import Data
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics import distances
from ganzoo.metrics.base import Metric
from ganzoo.metrics.features import (
    Extractor,
    ExtractorName,
    Features,
    extractor_for,
    fake_features,
    real_features,
    remembered,
    training_split,
)
from ganzoo.scores import Protocol


class SamplesConfig(Config):
    """How many pictures are drawn."""

    samples: PositiveInt = 2048
    """Pictures that are drawn, and at most as many test pictures."""
    seed: int = Field(0, ge=0)
    """Of the noise."""


class GenerativeConfig(SamplesConfig):
    """How many pictures are drawn, and what judges them."""

    extractor: ExtractorName = "classifier"
    """``classifier``, trained on the data's own labels, or ``inception``."""
    weights: str = ""
    """The file of the inception's weights; by default they are fetched."""


class GenerativeMetric(Metric):
    """A metric on features; a subclass says in :meth:`measure` what it makes of two sets of them."""

    Config: ClassVar[type[SamplesConfig]] = GenerativeConfig
    compared: ClassVar[Literal["train", "test"]] = "train"
    """The split whose pictures take the fakes' place in ``NAME_real``."""

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        """Scores of ``fake`` beside ``real``."""
        raise NotImplementedError

    def extractor(self, test: Data) -> Extractor:
        """What judges the pictures."""
        return extractor_for(self.config.extractor, test, self.config.weights, self.track)

    def protocol(self, test: Data) -> Protocol:
        return {
            **super().protocol(test),
            **self.extractor(test).protocol,
            "samples": self.config.samples,
            "references": min(self.config.samples, len(test)),
            "pictures": "uint8",
        }

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        scores: dict[str, float] = {}
        for output, key in _outputs(generators, test):
            prefix = "" if output == "sample" else f"{output}/"
            real, fake, floor = self._of(generators, output, test, key)
            scores |= {f"{prefix}{name}": value for name, value in self.measure(real, fake).items()}
            scores |= {f"{prefix}{name}_real": value for name, value in floor.items()}
        return scores

    def _of(
        self, generators: Generators, output: str, test: Data, key: str
    ) -> tuple[Features, Features, dict[str, float]]:
        """Features of test pictures and of fakes, and what real pictures score in the fakes' place."""
        judge, n, device = self.extractor(test), self.config.samples, generators.device
        real = real_features(test, key, judge, n, device, self.track)
        fake = fake_features(generators, output, test, judge, n, self.config.seed, self.track)

        def floor() -> dict[str, float]:
            if self.compared == "test":
                return self.measure(real, real)
            train = training_split(test, self.track)
            return self.measure(real, real_features(train, key, judge, n, device, self.track))

        return real, fake, remembered(test, (type(self), key, n, str(judge.protocol)), floor)


class Frechet(GenerativeMetric):
    """Fréchet distance of the features, "FID" with the inception's (arXiv:1706.08500): ``frechet``."""

    higher_is_better = False

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        return {"frechet": distances.frechet_distance(real.features, fake.features)}


class Kid(GenerativeMetric):
    """Kernel distance of the features (arXiv:1801.01401), over 100 subsets of up to 1000: ``kid``, ``kid_std``."""

    higher_is_better = False

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        mean, deviation = distances.kernel_distance(fake.features, real.features)
        return {"kid": mean, "kid_std": deviation}


class PrecisionRecall(GenerativeMetric):
    """Improved precision and recall with 3 neighbours (arXiv:1904.06991): ``precision``, ``recall``."""

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        precision, recall = distances.precision_recall(real.features, fake.features)
        return {"precision": precision, "recall": recall}


class DensityCoverage(GenerativeMetric):
    """Density and coverage with 5 neighbours (arXiv:2002.09797): ``density``, ``coverage``."""

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        density, coverage = distances.density_coverage(real.features, fake.features)
        return {"density": density, "coverage": coverage}


class InceptionScore(GenerativeMetric):
    """Inception score over 10 parts (arXiv:1606.03498): ``inception-score``, ``inception-score_std``."""

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        mean, deviation = distances.inception_score(fake.logits)
        return {"inception-score": mean, "inception-score_std": deviation}


class ConditionalAccuracy(GenerativeMetric):
    """The share of pictures in which the data's classifier sees the label asked for: ``conditional-accuracy``."""

    Config: ClassVar[type[SamplesConfig]] = SamplesConfig
    compared: ClassVar[Literal["train", "test"]] = "test"

    def extractor(self, test: Data) -> Extractor:
        return extractor_for("classifier", test, track=self.track)

    def measure(self, real: Features, fake: Features) -> dict[str, float]:
        if not len(fake.labels):
            raise DataError(
                "conditional-accuracy: this generator takes no labels", hint="It is for conditional models."
            )
        return {"conditional-accuracy": float((fake.logits.argmax(1) == fake.labels).double().mean())}


def _outputs(generators: Generators, test: Data) -> Iterator[tuple[str, str]]:
    """What the generators make, and the key of the real pictures to compare it with."""
    for output in generators.networks:
        key = "image" if output == "sample" else output.split("to")[1]
        if key not in test.spec.images or len(test.spec.images[key]) < 3:
            raise DataError(f"'{output}' cannot be compared with {type(test).__name__}: it has no pictures '{key}'")
        yield output, key
