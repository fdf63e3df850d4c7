"""Which trials are the best: one for a single objective, a Pareto front for several. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from trainyard.matrix.objective import Goal, Objective

__all__ = ["front"]

K = TypeVar("K")
Point = tuple[float, ...]


def front(figures: Mapping[K, Mapping[str, float]], objectives: Sequence[Objective]) -> list[K]:
    """The keys for which no other is as good in all objectives and better in one, in the order given; equals are all
    in. Two objectives cost a sort, more cost a comparison of each with those on the front so far."""
    points = {key: _point(values, objectives) for key, values in figures.items()}
    ordered = sorted(points, key=lambda key: points[key])
    kept = _two(ordered, points) if len(objectives) == 2 else _many(ordered, points)
    return [key for key in points if key in kept]


def _point(values: Mapping[str, float], objectives: Sequence[Objective]) -> Point:
    """As if everything were to be made small."""
    return tuple(values[each.name] * (1 if each.goal is Goal.MINIMIZE else -1) for each in objectives)


def _two(ordered: Sequence[K], points: Mapping[K, Point]) -> set[K]:
    """In the order of the first objective a point is on the front when its second one is below all before it."""
    kept: set[K] = set()
    lowest = float("inf")
    for before, key in pairwise([None, *ordered]):
        assert key is not None
        same = before in kept and before is not None and points[before] == points[key]
        if points[key][1] < lowest or same:
            kept.add(key)
        lowest = min(lowest, points[key][1])
    return kept


def _many(ordered: Sequence[K], points: Mapping[K, Point]) -> set[K]:
    """In lexicographic order nothing that comes later can beat what came before."""
    kept: list[K] = []
    for key in ordered:
        if not any(_beats(points[other], points[key]) for other in kept):
            kept.append(key)
    return set(kept)


def _beats(one: Point, other: Point) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))
