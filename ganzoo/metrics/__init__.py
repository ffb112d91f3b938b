"""Scores of generators."""

from ganzoo.metrics.base import Metric

__all__ = ["Metric"]
