"""The shapes of params by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import SerializeAsAny

from trainyard.spec.family import by_kind
from trainyard.spec.matrix import choices, dates, distributions, steps
from trainyard.spec.matrix.shape import Shape

__all__ = ["SHAPES", "AnyShape"]

SHAPES: Mapping[str, type[Shape]] = {
    "choice": choices.ChoiceShape,
    "pchoice": choices.WeightedShape,
    "range": steps.Range,
    "linspace": steps.Linspace,
    "logspace": steps.Logspace,
    "geomspace": steps.Geomspace,
    "daterange": dates.DateRange,
    "datetimerange": dates.DatetimeRange,
    "uniform": distributions.UniformShape,
    "quniform": distributions.QUniformShape,
    "loguniform": distributions.LogUniformShape,
    "qloguniform": distributions.QLogUniformShape,
    "normal": distributions.NormalShape,
    "qnormal": distributions.QNormalShape,
    "lognormal": distributions.LogNormalShape,
    "qlognormal": distributions.QLogNormalShape,
}
AnyShape = Annotated[SerializeAsAny[Shape], by_kind(Shape)]
