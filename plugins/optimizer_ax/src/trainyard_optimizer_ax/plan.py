"""What the options of a matrix come to: how many trials, how many of them spread evenly, and which model.

It knows both ways of writing, `bayes` and `ax`; everything after it sees a `TrialBudget` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

__all__ = ["DEFAULT_INITIAL", "Method", "TrialBudget", "plan_of"]

DEFAULT_INITIAL = 5
"""Trials spread evenly before the model is asked; Ax's own default."""

Method = Literal["fast", "quality", "random_search"]


class TrialBudget(msgspec.Struct, frozen=True, kw_only=True):
    """`trials` at most, the first `initial` of them without a model."""

    trials: int
    initial: int
    method: Method


class _Bayes(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    num_initial_runs: int
    max_iterations: int
    utility_function: dict[str, object] | None = None


class _Ax(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    num_trials: int
    method: Method = "fast"
    warm_start: tuple[str, ...] = ()


def plan_of(kind: str, options: Mapping[str, object]) -> TrialBudget:
    """The plan of a `bayes` or an `ax` matrix. Raises ValueError that names the option."""
    try:
        return _bayes_plan(options) if kind == "bayes" else _ax_plan(options)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def _bayes_plan(options: Mapping[str, object]) -> TrialBudget:
    given = msgspec.convert(dict(options), _Bayes)
    _check_at_least(1, numInitialRuns=given.num_initial_runs)
    _check_at_least(0, maxIterations=given.max_iterations)
    total = given.num_initial_runs + given.max_iterations
    return TrialBudget(trials=total, initial=given.num_initial_runs, method="fast")


def _ax_plan(options: Mapping[str, object]) -> TrialBudget:
    given = msgspec.convert(dict(options), _Ax)
    _check_at_least(1, numTrials=given.num_trials)
    return TrialBudget(trials=given.num_trials, initial=DEFAULT_INITIAL, method=given.method)


def _check_at_least(least: int, **numbers: int) -> None:
    for name, number in numbers.items():
        if number < least:
            raise ValueError(f"{name} is {number}; give at least {least}")
