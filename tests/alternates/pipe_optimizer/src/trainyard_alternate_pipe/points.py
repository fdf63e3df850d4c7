"""The other program: answers lines of JSON, each `[first, count, dimensions, seed]`, with so many points of a Halton
sequence, shifted by the seed (Cranley and Patterson, 1976). Standard library only; it knows nothing of sweeps.
"""

from __future__ import annotations

import hashlib
import json
import sys

__all__ = ["main", "point"]

PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29)


def point(number: int, dimensions: int, seed: int) -> list[float]:
    """The point of that number, each coordinate from 0 to below 1."""
    return [(_radical_inverse(number + 1, PRIMES[d]) + _shift(seed, d)) % 1.0 for d in range(dimensions)]


def _radical_inverse(number: int, base: int) -> float:
    value, scale = 0.0, 1.0
    while number:
        number, digit = divmod(number, base)
        scale /= base
        value += digit * scale
    return value


def _shift(seed: int, dimension: int) -> float:
    return int.from_bytes(hashlib.sha256(f"{seed}/{dimension}".encode()).digest()[:6]) / 2**48


def main() -> None:
    """Answer until the pipe is closed."""
    for line in sys.stdin:
        first, count, dimensions, seed = json.loads(line)
        points = [point(number, dimensions, seed) for number in range(first, first + count)]
        sys.stdout.write(json.dumps(points) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
