"""How a handler of a plugin changes the plugin's tables: as core's routes do, idempotent by the request's key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from trainyard_core.api.access import ApiRequest, runtime_of
from trainyard_core.api.change import check_match, claim_of
from trainyard_core.contracts.database import PluginTx
from trainyard_core.work.idempotency import Claim

__all__ = ["RequestChange"]

T = TypeVar("T")


class RequestChange:
    """The changes of one request to a plugin; a `Change`."""

    def __init__(self, request: ApiRequest, plugin: str) -> None:
        self._request, self._plugin = request, plugin

    async def __call__(self, work: Callable[[PluginTx], Awaitable[T]], answer: type[T], /) -> T:
        claim = await claim_of(self._request)
        return await runtime_of(self._request).platforms.of(self._plugin).database.change(work, answer, claim)

    async def claim(self) -> Claim | None:
        return await claim_of(self._request)

    def check_match(self, current: msgspec.Struct) -> None:
        check_match(self._request, current)
