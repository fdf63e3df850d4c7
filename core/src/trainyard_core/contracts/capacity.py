"""What a scheduler can run at once: the type of `SupportsCapacity`, and what it may say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

import msgspec

__all__ = ["Capacity", "capacity_problems"]

MOST_DEVICES = 4096
"""Devices that are handed out by index."""


class Capacity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What there is in whole, used or not: `cpu` in cores, `memory` in bytes, `gpu` in devices, `other` in amounts of
    any other name. None is unknown, which counts as unlimited: the scheduler itself then says what does not fit. With
    `other` stated, there is nothing of a name that is not in it.

    `largest` is the most that a single program can have, by name (`cpu`, `memory`, `gpu` or any other): the size of the
    largest machine of several. A name that it leaves out is limited by the whole only.

    `devices` says who chooses the devices of an attempt: with `indexed` core hands out the numbers from 0 to `gpu` - 1
    (`Workload.gpus`), with `counted` it counts them, and the scheduler chooses."""

    cpu: float | None = None
    memory: int | None = None
    gpu: int | None = None
    other: dict[str, float] | None = None
    largest: dict[str, float] = {}
    devices: Literal["counted", "indexed"] = "counted"

    def __hash__(self) -> int:
        return hash((self.cpu, self.memory, self.gpu, self.devices))

    def stated(self) -> dict[str, float]:
        """What is known of the whole, by name."""
        named = {"cpu": self.cpu, "memory": self.memory, "gpu": self.gpu}
        return {name: amount for name, amount in named.items() if amount is not None} | (self.other or {})


def capacity_problems(capacity: Capacity) -> Iterator[str]:
    """What a capacity says that means nothing; each is a sentence that names the field and what to write instead."""
    if capacity.cpu == 0:
        yield "`cpu` is 0, so nothing could run: state more than 0, or None where it is not known"
    if capacity.memory == 0:
        yield "`memory` is 0, so nothing could run: state more than 0, or None where it is not known"
    for where, amounts in (("", capacity.stated()), ("largest.", capacity.largest)):
        for name, amount in amounts.items():
            if not 0 <= amount < math.inf:
                yield f"`{where}{name}` is {amount}: state a number from 0 on, or leave it out where it is not known"
    whole = capacity.stated()
    for name, amount in capacity.largest.items():
        if amount > whole.get(name, math.inf):
            yield f"`largest.{name}` is {amount:g} and there is {whole[name]:g} in whole: a part is no larger"
    if capacity.devices == "indexed" and (capacity.gpu is None or capacity.gpu > MOST_DEVICES):
        yield f"`gpu` is {capacity.gpu}: devices that are indexed are counted, and at most {MOST_DEVICES}"
