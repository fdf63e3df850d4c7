"""Clients and servers of different versions.

Every request carries the client's version and its API (`X-Trainyard-Client`), every answer the server's version
(`X-Trainyard-Server`). A server of another version is used as long as its answers can be read; only when a request
fails, and the major versions differ, does the error name the difference as the likely reason. Pure.
"""

from __future__ import annotations

from trainyard.client.errors import ApiError, ClientError, WrongServer
from trainyard.track.version import ours

__all__ = ["SERVER_HEADER", "explained"]

SERVER_HEADER = "X-Trainyard-Server"
REFUSAL = "api_version"
_MAYBE_SKEW = frozenset({400, 404, 405, 422, 501})


def explained(error: ClientError, theirs: str, *, server: str) -> ClientError:
    """The error to raise for one from a server of version `theirs` (empty: unknown): itself, or WrongServer where the
    versions are the likely reason."""
    if isinstance(error, ApiError) and error.code == REFUSAL:
        return _skewed(server, theirs or "of another version", f"{error.message}", _fix(theirs))
    if not _other_major(theirs) or (isinstance(error, ApiError) and error.status not in _MAYBE_SKEW):
        return error
    if not isinstance(error, ApiError | WrongServer):
        return error
    return _skewed(server, theirs, error.message, _fix(theirs))


def _skewed(server: str, theirs: str, said: str, fix: str) -> WrongServer:
    return WrongServer(f"{server} is Trainyard {theirs} and this client is {ours()}: {said}", fix=fix)


def _fix(theirs: str) -> str:
    major = _major(theirs)
    if major is None:
        return "install the version of `trainyard` that fits the server"
    command = f"pip install 'trainyard>={major},<{major + 1}'"
    return command if major > (_major(ours()) or 0) else f"upgrade the server, or use a client of its age: {command}"


def _other_major(theirs: str) -> bool:
    return _major(theirs) not in (None, _major(ours()))


def _major(version: str) -> int | None:
    head = version.partition(".")[0]
    return int(head) if head.isascii() and head.isdigit() else None
