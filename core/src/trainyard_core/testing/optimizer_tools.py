"""What the Optimizer suite is written with: the harness that an implementation gives, made-up results that depend on
nothing but a trial's params, and a check for plain data. It holds no promise of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from trainyard_core.contracts.optimizer import Optimizer, Study

__all__ = ["OptimizerHarness", "Searched", "is_plain", "measure", "opened", "text"]

PLAIN = (bool, int, float, str, type(None))


@dataclass(frozen=True, kw_only=True)
class Searched:
    """A study that the optimizer can search, and what is known of it.

    `budget`: how many trials the tests let it have at most; make it small where a suggestion takes long. `random`:
    another seed gives other suggestions. `holds`: how many different params there are, in a study that tries each at
    most once and has no smaller budget of its own. `adds`: params that the algorithm puts in beside the space's.
    `tuner` plays the user's program: from the params of its run to its outputs; it must be importable.
    """

    name: str
    study: Study
    budget: int = 12
    random: bool = True
    holds: int | None = None
    adds: frozenset[str] = frozenset()
    tuner: Callable[[dict[str, object]], dict[str, object]] | None = None


@dataclass(frozen=True, kw_only=True)
class OptimizerHarness:
    """What an implementation gives to be tested.

    `build` makes a new instance; it can be pickled (a class, a function of a module, a partial of them), for another
    process calls it as well. `refused` are studies by name that `check` must have something against. `heavy` are
    modules that `check` and `outline` must not import.
    """

    build: Callable[[], Optimizer]
    searched: tuple[Searched, ...]
    refused: Mapping[str, Study]
    heavy: tuple[str, ...] = ()


@asynccontextmanager
async def opened(harness: OptimizerHarness) -> AsyncIterator[Optimizer]:
    """A new instance, closed in the end."""
    optimizer = harness.build()
    try:
        yield optimizer
    finally:
        await optimizer.aclose()


def measure(name: str, params: Mapping[str, object], step: int = 0) -> float:
    """A made-up result between 0 and 2: the same for the same params in any process, other for other ones."""
    digest = hashlib.sha256(f"{name}:{text(dict(params))}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 + 1 / (1 + step)


def text(value: object) -> str:
    """Plain data as one text, the same for equal data."""
    return msgspec.json.encode(value, order="deterministic").decode()


def is_plain(value: object) -> bool:
    """Whether this is data of JSON's own types and nothing that merely behaves so, as numpy's float64 does."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(map(is_plain, value))
    return type(value) in PLAIN and msgspec.json.decode(msgspec.json.encode(value)) == value
