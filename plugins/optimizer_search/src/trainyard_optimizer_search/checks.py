"""Checks and reads what the kinds have in common in a study: whole-number options, the metric, the space."""

from __future__ import annotations

from trainyard.client.models import FieldProblem
from trainyard.matrix.objective import Objective
from trainyard_core.contracts.optimizer import Study
from trainyard_optimizer_search import distribution, draw

__all__ = ["check_eta", "check_metric", "check_space", "check_whole", "eta", "objective", "whole"]

LARGEST_ETA = 1_000_000
SAMPLES = 2_000
"""Points that are tried when there are constraints: one at least must keep them."""


def whole(study: Study, name: str, default: int) -> int:
    """A whole-number option of a study that was checked."""
    value = study.options.get(name)
    return value if isinstance(value, int) else default


def objective(study: Study) -> Objective:
    """The one objective of a study that was checked."""
    return study.objectives[0]


def check_whole(study: Study, name: str, *, least: int = 1, needed: bool = False) -> list[FieldProblem]:
    """What is wrong with a whole-number option."""
    value = study.options.get(name)
    if value is None:
        fix = f"give {name}, a whole number from {least}"
        return [FieldProblem(message=f"{name} is missing", field=name, fix=fix)] if needed else []
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        return [
            FieldProblem(message=f"{name} may not be {value!r}", field=name, fix=f"give a whole number from {least}")
        ]
    return []


def eta(study: Study, default: float) -> float:
    """The option `eta` of a study that was checked: one trial in so many goes on."""
    value = study.options.get("eta")
    return value if isinstance(value, int | float) else default


def check_eta(study: Study, default: float) -> list[FieldProblem]:
    """What is wrong with `eta`."""
    value = study.options.get("eta")
    value = default if value is None else value
    if isinstance(value, int | float) and not isinstance(value, bool) and 1 < value < LARGEST_ETA:
        return []
    return [FieldProblem(message=f"eta may not be {value!r}", field="eta", fix="give a number above 1; 3 is usual")]


def check_metric(study: Study, kind: str) -> list[FieldProblem]:
    """Nothing, when there is exactly one objective."""
    if len(study.objectives) == 1:
        return []
    if not study.objectives:
        fix = "give `metric: {name: ..., optimization: maximize}`"
        return [FieldProblem(message=f"{kind} has no metric to compare trials by", field="metric", fix=fix)]
    fix = "leave one, or take the kind tpe, or ax from trainyard-optimizer-ax"
    return [FieldProblem(message=f"{kind} compares trials by one metric, not by several", field="metric", fix=fix)]


def check_space(study: Study, kind: str) -> list[FieldProblem]:
    """What is wrong with the params, for a kind that draws them."""
    if not study.space.params:
        fix = "give `params` with at least one param"
        return [FieldProblem(message=f"{kind} has no params to search", field="params", fix=fix)]
    return _check_steps(study) or _check_constraints(study)


def _check_steps(study: Study) -> list[FieldProblem]:
    problems = []
    for name, param in study.space.params.items():
        try:
            distribution.size(param)
        except ValueError as error:
            problems.append(
                FieldProblem(message=f"param '{name}': {error}", field=f"params.{name}", fix="take a smaller step")
            )
    return problems


def _check_constraints(study: Study) -> list[FieldProblem]:
    space = study.space
    if not space.constraints or any(draw.fits(space, draw.drawn(space, "check", n)) for n in range(SAMPLES)):
        return []
    message = f"none of {SAMPLES} points of the space keeps the constraints"
    return [
        FieldProblem(message=message, field="constraints", fix="loosen them, or narrow the params to what they allow")
    ]
