"""The contract of a metric: a score of published networks on held-out data."""

from __future__ import annotations

from typing import Any, ClassVar

from ganzoo.config import Config
from ganzoo.data.base import Data
from ganzoo.generators import Generators


class Metric:
    """Scores generators.

    ``higher_is_better`` says which of two scores is the best; ``__call__`` gives names and numbers.
    """

    Config: ClassVar[type[Config]] = Config
    higher_is_better: ClassVar[bool] = True

    def __init__(self, config: Any = None) -> None:
        self.config = config or self.Config()

    def __call__(self, generators: Generators, test: Data) -> dict[str, float]:
        """Score ``generators`` on a prepared ``test`` split.

        Raises:
            DataError: the metric cannot be told on this data.
        """
        raise NotImplementedError
