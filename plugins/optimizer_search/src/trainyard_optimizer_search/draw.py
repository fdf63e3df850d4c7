"""Draws params from a space. A draw depends on seed and number alone: SHA-256 of both gives the share of each param's
distribution, so the order of calls, the process and the version of Python make no difference.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping

from trainyard.matrix.space import Space
from trainyard_optimizer_search import distribution

__all__ = ["drawn", "fits", "is_discrete", "point", "size", "unit"]


def unit(*words: object) -> float:
    """A number above 0 and below 1 that these words stand for."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return ((int.from_bytes(digest[:8]) >> 12) + 0.5) / 2**52


def drawn(space: Space, *words: object) -> dict[str, object]:
    """The params that these words (seed, number, try) stand for; constraints are not looked at."""
    return {name: distribution.quantile(param, unit(*words, name)) for name, param in space.params.items()}


def fits(space: Space, params: Mapping[str, object]) -> bool:
    """Whether the params keep the constraints."""
    numbers = {name: value for name, value in params.items() if isinstance(value, int | float)}
    return all(
        math.fsum(weight * numbers[name] for name, weight in constraint.terms.items()) <= constraint.at_most
        for constraint in space.constraints
    )


def size(space: Space) -> int | None:
    """How many points there are, constraints left aside. None: more than can be counted."""
    sizes = [distribution.size(param) for param in space.params.values()]
    return math.prod(counted) if len(counted := [one for one in sizes if one is not None]) == len(sizes) else None


def is_discrete(space: Space) -> bool:
    """Whether a point can come twice."""
    return all(map(distribution.is_discrete, space.params.values()))


def point(space: Space, index: int) -> dict[str, object]:
    """The point of that number in a space that has a size: its Cartesian product, the last param turning fastest."""
    values: dict[str, object] = {}
    for name, param in reversed(space.params.items()):
        index, place = divmod(index, distribution.size(param) or 1)
        values[name] = distribution.at(param, place)
    return {name: values[name] for name in space.params}
