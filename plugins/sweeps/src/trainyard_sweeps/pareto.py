"""Which trials are the best: one for a single objective, a Pareto front for several. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from operator import le
from typing import TypeVar

from trainyard.matrix.objective import Goal, Objective

__all__ = ["front"]

K = TypeVar("K")
Point = tuple[float, ...]


def front(
    values: Mapping[K, Mapping[str, float]], objectives: Sequence[Objective], *, limit: int | None = None
) -> list[K]:
    """The keys for which no other is as good in all objectives and better in one, in the order given; equals are all
    in. With `limit`, only so many: those that are best in the first objective.

    Two objectives cost a sort; more cost a comparison of each with those on the front so far, which is at most `limit`
    long.
    """
    points = {key: _point(each, objectives) for key, each in values.items()}
    ordered = sorted(points, key=lambda key: points[key])
    found = _two(ordered, points) if len(objectives) == 2 else _many(ordered, points)
    kept = set(islice(found, limit))
    return [key for key in points if key in kept]


def _point(values: Mapping[str, float], objectives: Sequence[Objective]) -> Point:
    """As if everything were to be made small."""
    return tuple(values[each.name] * (1 if each.goal is Goal.MINIMIZE else -1) for each in objectives)


def _two(ordered: Sequence[K], points: Mapping[K, Point]) -> Iterator[K]:
    """In the order of the first objective a point is on the front when its second one is below all before it."""
    last: Point | None = None
    for key in ordered:
        if last is None or points[key][1] < last[1] or points[key] == last:
            last = points[key]
            yield key


def _many(ordered: Sequence[K], points: Mapping[K, Point]) -> Iterator[K]:
    """In lexicographic order nothing that comes later can beat what came before. Whoever has beaten one is asked first
    about the next: most points are beaten by few."""
    kept: list[Point] = []
    for key in ordered:
        point = points[key]
        for place, other in enumerate(kept):
            if other != point and all(map(le, other, point)):
                kept.insert(0, kept.pop(place))
                break
        else:
            kept.append(point)
            yield key
