"""Scores of generators."""

from ganzoo.metrics.base import Metric
from ganzoo.scores import Protocol

__all__ = ["Metric", "Protocol"]
