"""What keeps a study from being searched with Ax. Pure; imports nothing of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from trainyard.client.models import FieldProblem
from trainyard.matrix.space import Linear, Normal, Param, Space, Uniform
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_ax.distribution import axis_of, line_of
from trainyard_optimizer_ax.halton import MOST_TRIES, centre, draw
from trainyard_optimizer_ax.plan import plan_of

__all__ = ["problems_of"]

MOST_LABELS = 1_000


def problems_of(kind: str, study: Study) -> list[FieldProblem]:
    """All that is wrong, each with a fix."""
    found = [*_option_problems(kind, study), *_objective_problems(kind, study), *_param_problems(study.space)]
    return found or list(_constraint_problems(study.space))


def _option_problems(kind: str, study: Study) -> Iterator[FieldProblem]:
    try:
        plan_of(kind, study.options)
    except ValueError as error:
        names = "numInitialRuns, maxIterations, utilityFunction" if kind == "bayes" else "numTrials, method, warmStart"
        yield FieldProblem(message=f"options of `{kind}`: {error}", fix=f"correct it; the options are {names}")


def _objective_problems(kind: str, study: Study) -> Iterator[FieldProblem]:
    names = [objective.name for objective in study.objectives]
    if not names:
        field = "metric" if kind == "bayes" else "metrics"
        yield FieldProblem(
            message=f"`{kind}` has nothing to go by", field=field, fix="name a metric and which way is better"
        )
    if kind == "bayes" and len(names) > 1:
        said = f"`bayes` makes one metric better, and there are {len(names)}"
        yield FieldProblem(message=said, field="metric", fix="keep one of them, or use kind `ax`")
    if len(set(names)) < len(names):
        yield FieldProblem(message="a metric is there twice", field="metrics", fix="leave one of them out")


def _param_problems(space: Space) -> Iterator[FieldProblem]:
    if not space.params:
        yield FieldProblem(message="there are no params to search", field="params", fix="give at least one")
    for name, param in space.params.items():
        if trouble := _trouble(param):
            said, fix = trouble
            yield FieldProblem(message=f"param '{name}' {said}", field=f"params.{name}", fix=fix)


def _trouble(param: Param) -> tuple[str, str] | None:
    if isinstance(param, Normal):
        low, high = param.loc - 3 * param.scale, param.loc + 3 * param.scale
        if param.log:
            return "has no bounds", f"write a loguniform from {math.exp(low):g} to {math.exp(high):g}, or other bounds"
        return "has no bounds", f"write a uniform from {low:g} to {high:g}, or other bounds"
    if isinstance(param, Uniform) and param.integer and param.step and not float(param.step).is_integer():
        return f"is a whole number with a step of {param.step:g}", "take a whole step, or a number that is not whole"
    axis = axis_of(param)
    if axis is not None and axis.kind == "label" and axis.high >= MOST_LABELS:
        return f"has {axis.high + 1:g} values without an order", f"give at most {MOST_LABELS}, or a range"
    return None


def _constraint_problems(space: Space) -> Iterator[FieldProblem]:
    if not space.constraints:
        return
    found = [problem for constraint in space.constraints for problem in _line_problems(constraint, space)]
    yield from found
    if not found and centre(space) is None and draw(space, 0, 0, ())[0] is None:
        yield FieldProblem(
            message=f"none of {MOST_TRIES} points that fill the space evenly keeps all constraints",
            field="constraints",
            fix="loosen the constraints, or narrow the params to where they hold",
        )


def _line_problems(constraint: Linear, space: Space) -> Iterator[FieldProblem]:
    for name, weight in constraint.terms.items():
        param = space.params[name]
        if weight and line_of(param) is None:
            yield FieldProblem(
                message=f"a constraint is on param '{name}', {_uneven(param)}",
                field="constraints",
                fix=f"leave '{name}' out of the constraint, or write it as a uniform, quniform, range or linspace",
            )


def _uneven(param: Param) -> str:
    if isinstance(param, Uniform):
        return "which is searched by its logarithm; Ax keeps constraints between evenly spread numbers"
    return "whose values are not evenly spread numbers, as Ax wants them for a constraint"
