"""Addresses of servers: what is wrong with them, and whether somebody answers there."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from urllib.parse import urlsplit

from trainyard.client.models import FieldProblem

__all__ = ["answers", "check_url", "host_and_port"]

PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_SCP_LIKE = re.compile(r"(?:[^@/\s:]+@)?(?P<host>[^@/\s:]+):(?!//)\S+")
WAIT = 8.0
"""Seconds to wait for an answer: less than what core waits for the whole check."""


def check_url(url: str, field: str, schemes: tuple[str, ...], *, scp: bool = False) -> list[FieldProblem]:
    """All problems of a URL. No message repeats it: it may hold a password."""
    if scp and _SCP_LIKE.fullmatch(url):
        return []
    try:
        parts = urlsplit(url)
        password, host, _ = parts.password, parts.hostname, parts.port
    except ValueError:
        return [FieldProblem(field=field, message="this is not a URL", fix=f"write {schemes[0]}://HOST/...")]
    if password:
        said = "a secret in plain text: there is a password in the URL"
        return [FieldProblem(field=field, message=said, fix="leave it out, and refer to it in `secrets.password`")]
    if parts.scheme == "file" and "file" in schemes and not host and parts.path.startswith("/"):
        return []
    if parts.scheme not in schemes or not host:
        said = f"this is not a URL of {', '.join(schemes)}"
        return [FieldProblem(field=field, message=said, fix=f"write {schemes[0]}://HOST/...")]
    return []


def host_and_port(url: str) -> tuple[str, int]:
    """Where a URL leads; an empty host when it leads nowhere that can be asked."""
    if "://" not in url and (found := _SCP_LIKE.fullmatch(url)):
        return found["host"], PORTS["ssh"]
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)


async def answers(host: str, port: int) -> str:
    """What is wrong with a host; empty when it takes TCP connections."""
    if not host or not port:
        return ""
    try:
        async with asyncio.timeout(WAIT):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"{host}:{port} does not answer within {WAIT:g} s"
    except OSError as error:
        return f"{host}:{port} does not answer: {error.strerror or type(error).__name__}"
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return ""
