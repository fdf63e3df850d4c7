"""A space and its outcomes as the model sees them: axes, lines between them, and columns of numbers.

Ax parses objectives and constraints as text, so nothing of the user's goes in there: parameters are `p0`, `p1`, ...,
objectives `o0`, ... and limits `c0`, .... A limit on an objective is a column of its own, for Ax refuses to constrain
what it optimizes; with several objectives the limit on the bad side is Ax's threshold of that objective instead.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trainyard.matrix.objective import Goal
from trainyard.matrix.space import Linear, Space
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_ax.distribution import Dimension, axis_of, coordinate, line_of, value_at

__all__ = ["Column", "Encoding", "LinearBound", "chart_of", "params_at", "point_of"]

MARGIN = 1e-7


class Column(msgspec.Struct, frozen=True, array_like=True):
    """One outcome of the model's, and the metric that fills it."""

    name: str
    metric: str


class LinearBound(msgspec.Struct, frozen=True, array_like=True):
    """`sum(weights * names) <= most`, of axes or of columns."""

    weights: dict[str, float]
    most: float


class Encoding(msgspec.Struct, frozen=True, kw_only=True):
    """What a model has to know of a study. `objectives` are names of columns, with `-` before what is minimized."""

    axes: dict[str, Dimension]
    constraints: tuple[LinearBound, ...]
    columns: tuple[Column, ...]
    objectives: tuple[str, ...]
    limits: tuple[LinearBound, ...]

    def row(self, values: Mapping[str, float]) -> list[float] | None:
        """The columns' values, None unless all are there."""
        if any(column.metric not in values for column in self.columns):
            return None
        return [float(values[column.metric]) for column in self.columns]


def chart_of(study: Study) -> Encoding:
    """The chart of a study that `check` has nothing against."""
    axes = _axes(study.space)
    objectives = [Column(f"o{index}", each.name) for index, each in enumerate(study.objectives)]
    limits = _limits(study)
    extra = [column for column, _ in limits if column not in objectives]
    signs = ["-" if each.goal is Goal.MINIMIZE else "" for each in study.objectives]
    return Encoding(
        axes={name: axis for name, axis in axes.items() if axis is not None},
        constraints=tuple(filter(None, (_bound(each, study.space, axes) for each in study.space.constraints))),
        columns=(*objectives, *dict.fromkeys(extra)),
        objectives=tuple(sign + column.name for sign, column in zip(signs, objectives, strict=True)),
        limits=tuple(bound for _, bound in limits),
    )


def point_of(space: Space, params: Mapping[str, object]) -> dict[str, float]:
    """The coordinates of params that are in the space. Raises ValueError when a value has no place."""
    axes = _axes(space)
    named = zip(space.params.items(), axes.items(), strict=True)
    return {axis: coordinate(param, params[name]) for (name, param), (axis, shape) in named if shape is not None}


def params_at(space: Space, point: Mapping[str, float]) -> dict[str, object]:
    """The params at a point; those without an axis have their one value."""
    return {
        name: value_at(param, point.get(f"p{index}", 0)) for index, (name, param) in enumerate(space.params.items())
    }


def _axes(space: Space) -> dict[str, Dimension | None]:
    return {f"p{index}": axis_of(param) for index, param in enumerate(space.params.values())}


def _bound(constraint: Linear, space: Space, axes: Mapping[str, Dimension | None]) -> LinearBound | None:
    names = {name: f"p{index}" for index, name in enumerate(space.params)}
    weights, most, width = {}, constraint.at_most, 0.0
    for name, weight in constraint.terms.items():
        line, axis = line_of(space.params[name]), axes[names[name]]
        if line is None:
            raise ValueError(f"a constraint names param '{name}', which is not on a line")
        most -= weight * line.offset
        if axis is not None and weight:
            weights[names[name]] = weight * line.scale
            width += abs(weight * line.scale) * (axis.high - axis.low) if axis.kind == "real" else 0.0
    return LinearBound(weights, most - MARGIN * width) if weights else None


def _limits(study: Study) -> list[tuple[Column, LinearBound]]:
    found = []
    for index, limit in enumerate(study.limits):
        for sign, value in ((-1.0, limit.at_least), (1.0, limit.at_most)):
            if value is not None:
                column = Column(_threshold_of(study, limit.name, sign) or f"c{index}", limit.name)
                found.append((column, LinearBound({column.name: sign}, sign * value)))
    return found


def _threshold_of(study: Study, metric: str, sign: float) -> str:
    for index, objective in enumerate(study.objectives):
        bad_side = 1.0 if objective.goal is Goal.MINIMIZE else -1.0
        if len(study.objectives) > 1 and objective.name == metric and sign == bad_side:
            return f"o{index}"
    return ""
