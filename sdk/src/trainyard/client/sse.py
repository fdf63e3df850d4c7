"""Server-sent events as the WHATWG specifies them, from bytes to events, and the id that resumes a stream after a
cut. Pure: the clients feed it. An event counts only when it is complete, so a line that was cut in the middle is
requested again and no line comes twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

__all__ = ["Event", "EventReader"]

_LINE_END = re.compile(rb"\r\n|\n|\r")


class Event(NamedTuple):
    """One complete event. `id` is the last id of the stream up to it: it resumes the stream after this event."""

    name: str
    data: bytes
    id: str


@dataclass
class EventReader:
    """Turns chunks of one connection into events. Lines end in CR, LF or CRLF and in nothing else (U+2028 in a log
    line is text). `last_id` is carried over to the next connection's reader."""

    last_id: str = ""
    _rest: bytes = b""
    _name: str = ""
    _id: str | None = None
    _data: list[bytes] | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that these bytes complete."""
        found = (self._take(line) for line in self._lines(chunk))
        return [event for event in found if event is not None]

    def _lines(self, chunk: bytes) -> list[bytes]:
        text = self._rest + chunk
        held = b"\r" if text.endswith(b"\r") else b""  # its LF may come with the next chunk
        *lines, last = _LINE_END.split(text[: len(text) - len(held)])
        self._rest = last + held
        return lines

    def _take(self, line: bytes) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"data":
            self._data = [*(self._data or []), value]
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode(errors="replace")
        return None

    def _dispatch(self) -> Event | None:
        name, data, new_id = self._name or "message", self._data, self._id
        self._name, self._data, self._id = "", None, None
        if new_id is not None:
            self.last_id = new_id
        return None if data is None else Event(name, b"\n".join(data), self.last_id)
