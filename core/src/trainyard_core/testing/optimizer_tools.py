"""Helpers of the Optimizer suite: the harness that an implementation provides, made-up results that depend only on the
params of a trial, and a check for plain data. It contains no tests."""

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
    """A study that the optimizer can search, and what the tests know about it.

    `budget`: the largest number of trials that the tests ask for; make it small where a suggestion takes long.
    `random`: another seed gives other suggestions. `holds`: the number of different params in a study that tries each
    at most once and has no smaller budget of its own. `adds`: params that the algorithm adds to those of the space.
    `tuner` stands for the user's program: it maps the params of its run to its outputs; it must be importable.
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
    """What an implementation provides for its tests.

    `build` makes a new instance. It must be picklable (a class, a function of a module, a partial of them), because
    another process calls it as well. `refused` are studies, by name, for which `check` must report a problem. `heavy`
    are modules that `check` and `outline` must not import.
    """

    build: Callable[[], Optimizer]
    searched: tuple[Searched, ...]
    refused: Mapping[str, Study]
    heavy: tuple[str, ...] = ()


@asynccontextmanager
async def opened(harness: OptimizerHarness) -> AsyncIterator[Optimizer]:
    """A new instance, which is closed at the end."""
    optimizer = harness.build()
    try:
        yield optimizer
    finally:
        await optimizer.aclose()


def measure(name: str, params: Mapping[str, object], step: int = 0) -> float:
    """Return a made-up result between 0 and 2. Equal params give the same result in any process, different params
    different ones."""
    digest = hashlib.sha256(f"{name}:{text(dict(params))}".encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 + 1 / (1 + step)


def text(value: object) -> str:
    """Return plain data as one text that is the same for equal data."""
    return msgspec.json.encode(value, order="deterministic").decode()


def is_plain(value: object) -> bool:
    """Return whether all of this data has types of JSON. Subclasses of them, such as numpy's float64, do not count."""
    if type(value) is dict:
        return all(type(key) is str and is_plain(item) for key, item in value.items())
    if type(value) is list:
        return all(map(is_plain, value))
    return type(value) in PLAIN and msgspec.json.decode(msgspec.json.encode(value)) == value
