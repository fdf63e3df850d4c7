"""How a `matrix` is written: its kinds, the shapes of its params, and its early stopping.

The models here say what a person may write; what it comes to are the plain structs of `trainyard.matrix`. A plugin adds
a kind by subclassing `Matrix` (or `SeededMatrix`, with params, or `MetricMatrix`, with a metric as well) and naming the
class in the entry point group `trainyard.matrix`, by the kind; it adds an early-stopping policy by subclassing `Policy`
and naming that class in the group `trainyard.policy`. The names below load what they need on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainyard.spec.matrix.base import Matrix
    from trainyard.spec.matrix.metric import Metric
    from trainyard.spec.matrix.number import Count, Finite, Natural, Percent, Positive, Seed, one_of
    from trainyard.spec.matrix.search import MetricMatrix, SeededMatrix
    from trainyard.spec.matrix.stopping import Policy
    from trainyard.spec.matrix.text import ConstraintText, LimitText, limit, linear

_HOME = {
    "ConstraintText": "text",
    "Count": "number",
    "Finite": "number",
    "LimitText": "text",
    "Matrix": "base",
    "Metric": "metric",
    "MetricMatrix": "search",
    "Natural": "number",
    "Percent": "number",
    "Policy": "stopping",
    "Positive": "number",
    "Seed": "number",
    "SeededMatrix": "search",
    "limit": "text",
    "linear": "text",
    "one_of": "number",
}

__all__ = [
    "ConstraintText",
    "Count",
    "Finite",
    "LimitText",
    "Matrix",
    "Metric",
    "MetricMatrix",
    "Natural",
    "Percent",
    "Policy",
    "Positive",
    "Seed",
    "SeededMatrix",
    "limit",
    "linear",
    "one_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
