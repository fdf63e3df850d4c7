"""What a request wants of an artifact's bytes, and how an answer names them. Pure: headers in, numbers and headers out
(RFC 9110, sections 8.8.3, 13.1 and 14; RFC 6266 for the file name)."""

from __future__ import annotations

from urllib.parse import quote

from trainyard_core.contracts.tracker import ArtifactInfo
from trainyard_core.errors import RangeNotSatisfiable

__all__ = ["chosen", "etag", "headers_of", "is_known"]


def etag(info: ArtifactInfo) -> str:
    """The strong ETag of an artifact's bytes: their digest."""
    return f'"{info.digest}"'


def is_known(if_none_match: str, info: ArtifactInfo) -> bool:
    """Whether the asker has these bytes already."""
    named = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return if_none_match.strip() == "*" or etag(info) in named


def chosen(wanted: str, if_range: str, info: ArtifactInfo) -> tuple[int, int] | None:
    """First byte and the one after the last of a `Range`; None for the whole: none was asked for, or `If-Range` names
    other bytes. Raises RangeNotSatisfiable for several ranges, for what is no range, and for one that lies outside."""
    if not wanted or (if_range and if_range.strip() != etag(info)):
        return None
    unit, _, spec = wanted.partition("=")
    first, dash, last = (part.strip() for part in spec.strip().partition("-"))
    if unit.strip().lower() != "bytes" or not dash or not all(_is_number(each) for each in (first, last)):
        raise _outside(wanted, info)
    start = int(first) if first else max(0, info.size - int(last or 0))
    end = min(info.size, int(last) + 1) if first and last else info.size
    if start >= end:
        raise _outside(wanted, info)
    return start, end


def headers_of(info: ArtifactInfo, part: tuple[int, int] | None) -> dict[str, str]:
    """The headers of an answer with the whole artifact or a part of it. A browser saves it and runs none of it."""
    start, end = part or (0, info.size)
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition(info.name),
        "Content-Length": str(end - start),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Digest": info.digest,
        "ETag": etag(info),
        "X-Content-Type-Options": "nosniff",
    }
    return {**headers, "Content-Range": f"bytes {start}-{end - 1}/{info.size}"} if part else headers


def disposition(name: str) -> str:
    """`attachment` under the last part of the name: for old clients in plain letters, for others as it is."""
    last = name.rpartition("/")[2]
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%;' else "_" for char in last)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(last, safe='')}"


def _is_number(text: str) -> bool:
    return not text or (text.isascii() and text.isdecimal() and len(text) < 20)


def _outside(wanted: str, info: ArtifactInfo) -> RangeNotSatisfiable:
    return RangeNotSatisfiable(
        f"`Range: {wanted[:80]}` cannot be met for {info.size} bytes",
        fix="ask for one range, as bytes=FIRST-LAST",
        size=info.size,
    )
