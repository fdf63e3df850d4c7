"""Tells the schedulers of this machine that an attempt changed: a datagram to each socket in `<root>/.watch/`.

Losing one is harmless: a scheduler also looks by itself, slowly. Sockets are addressed through a descriptor of their
folder, because the path of a unix socket may be 107 bytes at most.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from trainyard.runner.layout import Folder

__all__ = ["bind", "notify"]


def notify(folder: Folder) -> None:
    """Send `run/number` to whoever listens. Never blocks, never raises for want of a listener."""
    try:
        handle = os.open(folder.watchers, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
            for entry in os.scandir(handle):
                _send(sender, f"/proc/self/fd/{handle}/{entry.name}", f"{folder.run}/{folder.attempt}".encode())
    finally:
        os.close(handle)


def _send(sender: socket.socket, address: str, message: bytes) -> None:
    try:
        sender.sendto(message, address)
    except OSError:
        return  # nobody listens there any more, or its queue is full: its slow look will find the change


def bind(watchers: Path, name: str) -> socket.socket:
    """A non-blocking socket that receives the notifications. The caller removes `watchers / name` when it closes it."""
    watchers.mkdir(parents=True, exist_ok=True)
    handle = os.open(watchers, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        listener.bind(f"/proc/self/fd/{handle}/{name}")
    finally:
        os.close(handle)
    return listener
