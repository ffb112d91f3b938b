"""The contract of a metric: a score of published networks on held-out data."""

from __future__ import annotations

from typing import Any, ClassVar

from ganzoo.config import Config
from ganzoo.data.base import Data, Track, untracked
from ganzoo.generators import Generators
from ganzoo.scores import Protocol


class Metric:
    """Scores generators.

    ``higher_is_better`` says which of two scores is the best; ``__call__`` gives names and numbers, and ``protocol``
    how they came about. A ``Config`` takes from a recipe's ``[evaluation]`` the settings that it has fields for.
    """

    Config: ClassVar[type[Config]] = Config
    higher_is_better: ClassVar[bool] = True

    def __init__(self, config: Any = None) -> None:
        self.config: Any = config or self.Config()
        self.track: Track[Any] = untracked
        """Shows the progress of long work; set by who evaluates."""

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        """Score ``generators`` on a prepared ``test`` split.

        Raises:
            DataError: the metric cannot be told on this data.
        """
        raise NotImplementedError

    def protocol(self, test: Data) -> Protocol:
        """All that a score depends on beside the networks and the noise.

        Two scores are compared only when theirs are equal. It is asked for before a training, too, so that data that
        does not do for the metric is told of then.
        """
        return {"split": test.split, "data": test.fingerprint()}
