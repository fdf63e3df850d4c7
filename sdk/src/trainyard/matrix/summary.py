"""A sweep in a few words, for a person who wants to see whether it is the one that was meant."""

from __future__ import annotations

from collections.abc import Iterator

from trainyard.matrix.space import Normal, Param, Uniform
from trainyard.matrix.sweep import SweepSpec
from trainyard.matrix.values import combinations, extremes

__all__ = ["in_words", "summary"]

_FEW = 4


def summary(sweep: SweepSpec) -> list[str]:
    """One line on the whole, and one that lists the params when there are any."""
    parts = [*_sizes(sweep), *(f"{one.goal} {one.name}" for one in sweep.objectives)]
    parts.append(f"{sweep.concurrency} at once" if sweep.concurrency else "as many at once as the optimizer says")
    params = "; ".join(f"{name} {in_words(param)}" for name, param in sweep.space.params.items())
    return [f"{sweep.algorithm}: {', '.join(parts)}", *([params] if params else [])]


def _sizes(sweep: SweepSpec) -> Iterator[str]:
    listed, most = sweep.options.get("values"), sweep.options.get("numRuns", sweep.options.get("numTrials"))
    if isinstance(listed, list):
        yield _many(len(listed), "trial")
    if isinstance(most, int):
        yield f"at most {_many(most, 'trial')}"
    found = combinations(sweep.space) if sweep.space.params else None
    if found is not None:
        yield _many(found, "combination")


def in_words(param: Param) -> str:
    """The values of a param, such as `from 0.1 to 0.5` or `of a, b, c`."""
    if isinstance(param, Uniform | Normal):
        grain = f" in steps of {param.step:g}" if param.step else ", whole" if param.integer else ""
        return f"{_spread(param)}{grain}{', log' if param.log else ''}"
    values = [str(value) for value in param.values]
    if len(values) <= _FEW:
        return f"of {', '.join(values)}"
    return f"of {len(values)}, {values[0]} to {values[-1]}"


def _spread(param: Uniform | Normal) -> str:
    if isinstance(param, Uniform):
        low, high = extremes(param)
        return f"from {low:g} to {high:g}"
    return f"around {extremes(param)[0]:g}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
