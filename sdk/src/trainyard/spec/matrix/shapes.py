"""The shapes of params by kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import SerializeAsAny

from trainyard.spec.matrix import choices, dates, spreads, steps
from trainyard.spec.matrix.family import by_kind
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
    "uniform": spreads.UniformShape,
    "quniform": spreads.QUniformShape,
    "loguniform": spreads.LogUniformShape,
    "qloguniform": spreads.QLogUniformShape,
    "normal": spreads.NormalShape,
    "qnormal": spreads.QNormalShape,
    "lognormal": spreads.LogNormalShape,
    "qlognormal": spreads.QLogNormalShape,
}
AnyShape = Annotated[SerializeAsAny[Shape], by_kind(Shape)]
