"""A client of a stream in process: it gets what is sent when it is sent, and may leave or stop reading."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import msgspec

from trainyard.client.sse import EventReader


class Listener:
    """One open stream. `reads` is cleared to make it a client that does not read."""

    def __init__(self, app, path, token, **headers):
        self._app, self._left = app, asyncio.Event()
        self._scope = _scope(path, {"Accept": "text/event-stream", "Authorization": f"Bearer {token}", **headers})
        self._reader, self._events = EventReader(""), asyncio.Queue()
        self.reads = asyncio.Event()
        self.reads.set()
        self.raw = b""
        self.started = asyncio.Event()
        self.status = 0
        self.task = asyncio.create_task(app(self._scope, self._receive, self._send))
        self.task.add_done_callback(lambda _: (self._events.put_nowait(None), self.started.set()))

    async def next(self, name=""):
        """The next event (of that name): its data, decoded, and its id; None at the end."""
        async with asyncio.timeout(20):
            while (event := await self._events.get()) is not None:
                if name in ("", event.name):
                    return event.name, msgspec.json.decode(event.data), event.id
        return None

    async def rest(self):
        """The names of all events up to the end."""
        found = []
        while (event := await self.next()) is not None:
            found.append(event[0])
        return found

    async def open(self):
        """Once the first bytes are here."""
        async with asyncio.timeout(20):
            await self.started.wait()
        assert self.status == 200, self.raw
        return self

    def leave(self):
        """Disconnect."""
        self._left.set()

    async def _receive(self):
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self.reads.wait()
        self.raw += message["body"]
        for event in self._reader.feed(message["body"]):
            self._events.put_nowait(event)
        self.started.set()


@asynccontextmanager
async def listening(web, path, *, token=None, **headers):
    """An open stream of a platform's API; disconnected in the end."""
    listener = await Listener(web.app, path, token or web.token, **headers).open()
    try:
        yield listener
    finally:
        listener.reads.set()
        listener.leave()
        async with asyncio.timeout(20):
            await listener.task


def _scope(path, headers):
    parts = urlsplit(path if path.startswith("/") else f"/api/v1/{path}")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("trainyard", 80),
        "extensions": {},
    }
