"""An asynchronous client with the calls of the synchronous one, so that one test is about both."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Iterator
from functools import partial
from typing import Any


class Blocking:
    """Runs each call of an asynchronous client, or of a resource of it, to its end."""

    def __init__(self, target: Any, runner: asyncio.Runner) -> None:
        self._target, self._runner = target, runner

    def __repr__(self) -> str:
        return repr(self._target)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._target, name)
        if type(found).__module__.startswith("trainyard.client._async"):
            return Blocking(found, self._runner)
        return partial(self._call, found) if inspect.ismethod(found) else found

    def close(self) -> None:
        self._runner.run(self._target.aclose())

    def _call(self, method: Any, *args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        return self._iterate(result) if inspect.isasyncgen(result) else self._runner.run(result)

    def _iterate(self, results: AsyncGenerator[Any, None]) -> Iterator[Any]:
        try:
            while (item := self._runner.run(_next(results))) is not _END:
                yield item
        finally:
            self._runner.run(results.aclose())


_END = object()


async def _next(results: AsyncGenerator[Any, None]) -> Any:
    return await anext(results, _END)
