"""What is kept of an `iterative` sweep, and how a tuner's answer is read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trainyard.matrix.space import Space, misfit

__all__ = ["TunerFailed", "TunerState", "suggested"]

OUTPUT = "suggestions"


class TunerFailed(Exception):
    """The tuner gave nothing to go on with. `str()` says what, and what it should give."""


class TunerState(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """How far the sweep is: the iteration; whether its tuner was asked and has answered; how many of the answer's
    params were suggested, and which of them go on; all results so far by key; why the sweep cannot go on."""

    iteration: int = 0
    asked: bool = False
    answer: list[dict[str, object]] | None = None
    begun: int = 0
    live: list[str] = []
    results: dict[str, dict[str, object]] = {}
    failure: str = ""


def suggested(space: Space, tuner: str, outputs: Mapping[str, object]) -> list[dict[str, object]]:
    """The params that a tuner's outputs name. Raises TunerFailed when they are not a list of params of the space."""
    found = outputs.get(OUTPUT)
    if not isinstance(found, list | tuple):
        raise TunerFailed(
            f"{tuner} ended without an output '{OUTPUT}' that is a list; log one mapping from param to value for each "
            "trial, or an empty list to end the sweep"
        )
    for place, params in enumerate(found):
        if problem := _problem(space, params):
            raise TunerFailed(f"{tuner} gave a suggestion {place} that cannot be run: {problem}; correct the tuner")
    return [dict(params) for params in found]


def _problem(space: Space, params: object) -> str:
    if not isinstance(params, dict) or not params:
        return f"{params!r} is no mapping from param to value"
    return misfit(space, params) if space.params else ""
