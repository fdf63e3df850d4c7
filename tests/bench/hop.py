"""The notifier's floor, as a process of its own: on each word from Valkey it writes one row of PostgreSQL. Says one
line when it listens; its arguments are the database's URL and Valkey's socket.
"""

from __future__ import annotations

import sys

import asyncpg
import uvloop
from redis.asyncio import Redis

__all__ = ["ANSWER", "CHANNEL", "SCHEMA"]

CHANNEL = "bench:wake"
SCHEMA = "CREATE TABLE IF NOT EXISTS hop (id bigint PRIMARY KEY, answered boolean NOT NULL DEFAULT false)"
ANSWER = "UPDATE hop SET answered = true WHERE id = $1"


async def _answer(url: str, socket: str) -> None:
    database, valkey = await asyncpg.connect(url), Redis(unix_socket_path=socket)
    channel = valkey.pubsub()
    await channel.subscribe(CHANNEL)
    print("listens", flush=True)
    async for message in channel.listen():
        if message["type"] == "message":
            async with database.transaction():
                await database.execute(ANSWER, int(message["data"]))


if __name__ == "__main__":
    uvloop.run(_answer(*sys.argv[1:]))
