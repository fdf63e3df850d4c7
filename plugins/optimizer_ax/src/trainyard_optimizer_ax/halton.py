"""Points that fill a space evenly without a model: a seeded Halton sequence, and all points of a small space.

Halton's sequence with the digits shuffled by the seed, in each base and place (after Braaten and Weller, J. Comput.
Phys. 32, 1979, who shuffle by base) stays even also in dimensions with large bases, and any of its points can be left
out: those that break a constraint, and those that there were already.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Container, Iterator, Mapping, Sequence
from random import Random

import msgspec

from trainyard.matrix.space import Space, misfit
from trainyard_optimizer_ax.distribution import listed, place, size

__all__ = ["MOST_LISTED", "centre", "draw", "fingerprint", "listing", "shares", "text"]

MOST_LISTED = 2_000
"""Points of a space that is listed as a whole to know when it is exhausted."""

MOST_TRIES = 10_000
FINEST = 1e-12


def fingerprint(space: Space, params: Mapping[str, object]) -> str:
    """What params have in common that are the same point."""
    return text([params.get(name) for name in space.params])


def text(values: Sequence[object]) -> str:
    """The fingerprint of values in the space's order."""
    return msgspec.json.encode(values, order="sorted").decode()


def centre(space: Space) -> dict[str, object] | None:
    """The middle of every parameter, None when that breaks a constraint."""
    params = {name: place(param, 0.5) for name, param in space.params.items()}
    return None if misfit(space, params) else params


def draw(space: Space, seed: int, start: int, seen: Container[str]) -> tuple[dict[str, object] | None, int]:
    """The next point of the sequence from `start` on that keeps the constraints and was not seen, and where the
    sequence goes on. None when ten thousand points in a row do not."""
    for index, point in enumerate(itertools.islice(shares(len(space.params), seed, start), MOST_TRIES), start + 1):
        params = {name: place(param, share) for (name, param), share in zip(space.params.items(), point, strict=True)}
        if fingerprint(space, params) not in seen and not misfit(space, params):
            return params, index
    return None, start + MOST_TRIES


def listing(space: Space) -> list[dict[str, object]] | None:
    """Every point that keeps the constraints, None for a space that is too large to be listed."""
    sizes = [size(param) for param in space.params.values()]
    counts = [count for count in sizes if count is not None]
    if len(counts) < len(sizes) or math.prod(counts) > MOST_LISTED:
        return None
    values = [listed(param) for param in space.params.values()]
    points = (dict(zip(space.params, point, strict=True)) for point in itertools.product(*values))
    return [params for params in points if not misfit(space, params)]


def shares(dimensions: int, seed: int, start: int) -> Iterator[list[float]]:
    """Points of the unit cube, from number `start` on, without end."""
    bases = list(itertools.islice(_primes(), dimensions))
    shuffled = [_shuffle(base, seed) for base in bases]
    for index in itertools.count(start + 1):
        yield [_inverse(index, base, digits) for base, digits in zip(bases, shuffled, strict=True)]


def _inverse(index: int, base: int, levels: list[list[int]]) -> float:
    share, weight = 0.0, 1.0
    for digits in levels:
        index, digit = divmod(index, base)
        weight /= base
        share += digits[digit] * weight
    return min(share, 1.0 - FINEST)


def _shuffle(base: int, seed: int) -> list[list[int]]:
    random = Random(f"{seed}/{base}")  # noqa: S311 - no secret
    levels = [list(range(base)) for _ in range(math.ceil(-math.log(FINEST, base)))]
    for digits in levels:
        random.shuffle(digits)
    return levels


def _primes() -> Iterator[int]:
    found: list[int] = []
    for number in itertools.count(2):
        if all(number % prime for prime in found):
            found.append(number)
            yield number
