"""Reads and writes what an algorithm keeps between two calls: MessagePack, with kind and version in front."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from trainyard_core.contracts.optimizer import StateUnreadable

__all__ = ["read", "write"]

VERSION = 1

Kept = TypeVar("Kept", bound=msgspec.Struct)


def write(kind: str, kept: msgspec.Struct) -> bytes:
    """The state as bytes."""
    return msgspec.msgpack.encode((kind, VERSION, kept))


def read(kind: str, shape: type[Kept], state: bytes) -> Kept:
    """What `write` wrote; a new one from no bytes. Raises StateUnreadable."""
    if not state:
        return shape()
    try:
        wrote, version, raw = msgspec.msgpack.decode(state, type=tuple[str, int, msgspec.Raw])
        if (wrote, version) != (kind, VERSION):
            raise StateUnreadable(
                f"the state was written by {wrote[:40]!r}, version {version}, and this is {kind!r}, version {VERSION}; "
                "install the trainyard-optimizer-search that wrote it, or begin the sweep anew"
            )
        return msgspec.msgpack.decode(raw, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StateUnreadable(f"this is no state of {kind!r} ({error}); begin the sweep anew") from error
