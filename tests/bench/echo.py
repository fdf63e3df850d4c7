"""The floor of `nodelay`, as a process of its own: asyncio's streams answering each request with the same few bytes.
With the argument `trap` it shows the trap instead: headers and body in two writes and TCP_NODELAY off, so that every
kept connection waits for the client's delayed acknowledgement. Says its address when it listens.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Callable

__all__: list[str] = []

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n"
BODY = b'{"status":"ok"}'
Answer = Callable[[asyncio.StreamWriter], None]


def _whole(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + BODY)


def _trap(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    writer.write(HEAD)
    writer.write(BODY)


async def _serve(answer: Answer) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    print(f"Serves at http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(_trap if sys.argv[1:] == ["trap"] else _whole))
