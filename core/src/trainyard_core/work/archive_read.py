"""A tar that comes in, read as it comes: it is trusted in nothing.

Only regular files with names that an artifact may have are taken, each whole or not at all; folders are passed over,
and anything else (links, devices, pipes, sparse files) ends the reading. What came before stays: the same tar again
changes nothing of it. Nothing is unpacked on this machine's file system, and no header makes the reader hold more than
a few kilobytes. The formats are those of POSIX.1-2001 (pax), ustar and GNU tar, uncompressed.
"""

from __future__ import annotations

import tarfile
from collections.abc import AsyncIterator

from trainyard_core.contracts.tracker import ArtifactInfo, BadName, Tracker, check_artifact_name
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Database
from trainyard_core.errors import Invalid, TooLarge
from trainyard_core.work import artifacts

__all__ = ["MOST_MEMBERS", "unpack"]

MOST_MEMBERS = 10_000
MOST_EXTRA = 64 * 1024
"""Bytes of one extended header."""
BLOCK = tarfile.BLOCKSIZE
END = bytes(BLOCK)
_EXTRA = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.SOLARIS_XHDTYPE)


async def unpack(
    database: Database, tracker: Tracker, told: ArtifactActor, body: AsyncIterator[bytes], *, prefix: str, kind: str
) -> list[ArtifactInfo]:
    """Store the files of a tar, below `prefix` if it is not empty. Idempotent. Raises Invalid, TooLarge."""
    source, found = _ByteReader(body), list[ArtifactInfo]()
    while (member := await _next(source)) is not None:
        if len(found) >= MOST_MEMBERS:
            raise TooLarge(f"the tar has more than {MOST_MEMBERS} files", fix="send several, of fewer files each")
        if member.isdir():
            await _pass_over(source, member.size)
            continue
        name = _name_of(member, prefix)
        found.append(
            await artifacts.put(database, tracker, told, name, source.pieces(member.size), digest=None, kind=kind)
        )
        await source.exactly(-member.size % BLOCK)
    return found


class _ByteReader:
    """Bytes as they come, by the number that is wanted."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body, self._waiting = body, b""

    async def exactly(self, size: int) -> bytes:
        """So many bytes. Raises Invalid when they end before."""
        return b"".join([piece async for piece in self.pieces(size)])

    async def pieces(self, size: int) -> AsyncIterator[bytes]:
        """So many bytes, in pieces. Raises Invalid when they end before."""
        while size:
            if not self._waiting:
                self._waiting = await anext(self._body, b"") or await self._more()
            piece, self._waiting = self._waiting[:size], self._waiting[size:]
            size -= len(piece)
            yield piece

    async def _more(self) -> bytes:
        """The next piece that is not empty."""
        async for piece in self._body:
            if piece:
                return piece
        raise Invalid("the tar ends in the middle", fix="send it whole, with the two empty blocks at its end")


async def _next(source: _ByteReader) -> tarfile.TarInfo | None:
    """The next member with what its extended headers say of it; None at the end."""
    said: dict[str, str] = {}
    while (block := await source.exactly(BLOCK)) != END:
        try:
            member = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise Invalid(f"the tar has an invalid header: {error}", fix="send an uncompressed tar") from error
        if member.type not in _EXTRA:
            return _told(member, said)
        said |= await _extra(source, member)
    return None


def _told(member: tarfile.TarInfo, said: dict[str, str]) -> tarfile.TarInfo:
    """The member under the name and with the size that its extended headers give it. Raises Invalid."""
    member.name = said.get("path", member.name)
    size = said.get("size", str(member.size))
    sparse = any(key.startswith("GNU.sparse") for key in said)
    if sparse or not (member.isdir() or member.type in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.CONTTYPE)):
        raise Invalid(
            f"member {member.name[:80]!r} of the tar is no regular file",
            fix="leave out links, devices and sparse files",
        )
    if not size.isascii() or not size.isdecimal() or len(size) > 15:
        raise Invalid(f"member {member.name[:80]!r} of the tar has no size", fix="create the tar again")
    member.size = int(size)
    return member


async def _extra(source: _ByteReader, header: tarfile.TarInfo) -> dict[str, str]:
    """What an extended header says of the next member. Global ones are passed over."""
    if not 0 <= header.size <= MOST_EXTRA:
        raise Invalid("the tar has an extended header that is too large", fix="use shorter names and no attributes")
    data = (await source.exactly(header.size + -header.size % BLOCK))[: header.size]
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode(errors="surrogateescape")}
    return _records(data) if header.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE) else {}


def _records(data: bytes) -> dict[str, str]:
    """The records of a pax header: `<length> <key>=<value>` and a line feed. Raises Invalid."""
    found: dict[str, str] = {}
    while data:
        length, space, _ = data[:20].partition(b" ")
        size = int(length) if length.isdigit() and space else 0
        key, equals, value = data[len(length) + 1 : max(size - 1, 0)].partition(b"=")
        if size > len(data) or size <= len(length) + 1 or not equals:
            raise Invalid("the tar has an extended header that is inconsistent", fix="create the tar again")
        found[key.decode(errors="surrogateescape")] = value.decode(errors="surrogateescape")
        data = data[size:]
    return found


def _name_of(member: tarfile.TarInfo, prefix: str) -> str:
    """The artifact's name. A leading `./`, which `tar .` writes, is no part of it. Raises Invalid."""
    own = member.name.removeprefix("./")
    name = f"{prefix.rstrip('/')}/{own}" if prefix else own
    try:
        check_artifact_name(own)
        check_artifact_name(name)
    except BadName as error:
        raise Invalid(f"a member of the tar: {error}", fix="use relative paths, without `..`") from error
    return name


async def _pass_over(source: _ByteReader, size: int) -> None:
    async for _ in source.pieces(size + -size % BLOCK):
        continue
