"""The relay of streams of several server processes: each direction of a stream is a stream of Valkey or Redis, whose
ids are the numbers of the frames."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic

import msgspec
from arq.connections import ArqRedis, RedisSettings, create_pool
from redis.exceptions import RedisError, ResponseError

from trainyard.client.models import StreamFrame
from trainyard_core.errors import Unavailable
from trainyard_core.work.stream_relay import ABSENT, KEEP, MOST_KEPT, Direction

__all__ = ["ArqStreamRelay"]

LOOK = 0.05
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(StreamFrame).decode


class ArqStreamRelay:
    """Every call raises Unavailable when Valkey cannot be asked."""

    def __init__(self, settings: RedisSettings) -> None:
        self._settings = settings
        self._pool: ArqRedis | None = None
        self._connecting = asyncio.Lock()

    async def put(self, stream: str, direction: Direction, frames: Sequence[StreamFrame], *, wait: float) -> bool:
        try:
            pool, key, deadline = await self._connected(), _key(stream, direction), monotonic() + wait
            while (kept := await pool.xlen(key)) and kept + len(frames) > MOST_KEPT:
                if monotonic() >= deadline:
                    return False
                await asyncio.sleep(LOOK)
            for frame in frames:
                await self._add(pool, key, frame)
            await pool.expire(key, int(KEEP))
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        return True

    async def get(self, stream: str, direction: Direction, *, after: int, wait: float) -> list[StreamFrame]:
        try:
            pool, key = await self._connected(), _key(stream, direction)
            await _note(pool, key, ABSENT + wait)
            await pool.xtrim(key, minid=f"{after + 1}-0", approximate=False)
            found = await pool.xread({key: f"{after}-0"}, block=max(1, int(wait * 1000)))
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error
        return [_decode(fields[b"frame"]) for _, entries in found for _, fields in entries]

    async def touch(self, stream: str, direction: Direction) -> None:
        try:
            await _note(await self._connected(), _key(stream, direction), ABSENT)
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def is_present(self, stream: str, direction: Direction) -> bool:
        try:
            pool, key = await self._connected(), _key(stream, direction)
            return not await pool.exists(f"{key}:begun") or bool(await pool.exists(f"{key}:asked"))
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def forget(self, stream: str) -> None:
        try:
            pool = await self._connected()
            keys = [_key(stream, direction) for direction in ("input", "output")]
            await pool.delete(*(f"{key}{part}" for key in keys for part in ("", ":asked", ":begun")))
        except (RedisError, OSError) as error:
            raise _unavailable(error) from error

    async def aclose(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    async def _add(self, pool: ArqRedis, key: str, frame: StreamFrame) -> None:
        try:
            await pool.xadd(key, {"frame": _encode(frame)}, id=f"{frame.seq}-0")
        except ResponseError as error:
            if "equal or smaller" not in str(error):  # it was added before
                raise

    async def _connected(self) -> ArqRedis:
        async with self._connecting:
            if self._pool is None:
                self._pool = await create_pool(self._settings)
            return self._pool


async def _note(pool: ArqRedis, key: str, seconds: float) -> None:
    """The reader is there, for so long at least."""
    await pool.set(f"{key}:asked", b"1", ex=int(seconds))
    await pool.set(f"{key}:begun", b"1", ex=7 * 24 * 3600)


def _key(stream: str, direction: Direction) -> str:
    return f"trainyard:stream:{stream}:{direction}"


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(
        f"the queue does not answer ({type(error).__name__}), and streams to attempts go through it",
        fix="see whether Valkey runs and can be reached at the setting `valkey`",
    )
