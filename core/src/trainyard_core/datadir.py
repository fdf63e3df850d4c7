"""The data directory: who may use it, the admin token, and where the server is found.

One server at a time: an flock on the directory itself, held for life, refuses the second with the first one's process
id, which is in the file `lock`. That file is locked too: file systems of a network lock no directories. Whoever removes
it takes nobody's lock away.
"""

from __future__ import annotations

import errno
import fcntl
import hmac
import os
import time
from pathlib import Path
from types import TracebackType

import msgspec

from trainyard_core.clock import Clock
from trainyard_core.db import principals, tokens
from trainyard_core.db.engine import Database, Tx
from trainyard_core.errors import StartRefused

__all__ = ["DataLock", "admin_token", "announce", "is_owner", "withdraw"]


PATIENCE = 10.0
NO_LOCKS = (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP)
"""What a file system answers that locks no directories."""
ADMIN = "admin"
"""The person who owns the data directory."""


class DataLock:
    """Held while a server uses a data directory, and for as long as a fork of it lives. A context manager; raises
    StartRefused when somebody else holds it."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._directory = self._file = -1

    def __enter__(self) -> DataLock:
        try:
            self._data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._directory = os.open(self._data, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            self._file = os.open(self._data / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StartRefused(
                f"the data directory cannot be used: {error}", fix="choose another with --data"
            ) from error
        if not self._taken():
            holder = self._holder()
            self._close()
            raise StartRefused(
                f"{self._data} is in use by the server with process id {holder}",
                fix="stop that one, or start on another directory with --data",
            )
        os.truncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        return self

    def _taken(self) -> bool:
        """Take the lock. What a killed server left behind has a moment to go; a living one is not waited for."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._lock()
            except BlockingIOError:
                if _lives(self._holder()) or time.monotonic() > deadline:
                    return False
                time.sleep(0.02)
            else:
                return True

    def _lock(self) -> None:
        """Raises BlockingIOError when somebody holds it."""
        try:
            fcntl.flock(self._directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _holder(self) -> str:
        return os.pread(self._file, 32, 0).decode().strip() or "unknown"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        os.close(self._file)
        os.close(self._directory)


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


async def admin_token(data: Path, database: Database, clock: Clock) -> None:
    """Make sure that `token` holds an admin token that the database knows. A lost file gets a new one; a new
    database learns the old one."""
    path = data / "token"
    try:
        token = path.read_text().strip()
    except FileNotFoundError:
        token = ""
    at = clock.now()
    if token:
        await database.write(lambda tx: _adopt(tx, token, at), name="token")
        return
    token = tokens.generate()
    await database.write(lambda tx: _adopt(tx, token, at), name="token")
    _write_private(path, token + "\n")


def is_owner(data: Path, token: str) -> bool:
    """Whether a token is the one of the data directory: who holds that can read and change all that is kept here."""
    try:
        own = (data / "token").read_text().strip()
    except (OSError, UnicodeDecodeError):
        return False
    return bool(own) and hmac.compare_digest(own.encode(), token.encode())


async def _adopt(tx: Tx, token: str, at: int) -> None:
    await principals.ensure(tx, ADMIN, kind="user", role="admin", at=at)
    await tokens.adopt(tx, token, principal=ADMIN, at=at)


def announce(data: Path, *, url: str, version: str) -> None:
    """Tell clients on this machine where the server is."""
    _write_private(
        data / "server.json", msgspec.json.encode({"url": url, "pid": os.getpid(), "version": version}).decode()
    )


def withdraw(data: Path) -> None:
    """The server is going."""
    (data / "server.json").unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner only."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
