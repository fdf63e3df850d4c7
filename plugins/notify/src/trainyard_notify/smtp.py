"""Speaks SMTP as a client (RFC 5321) with STARTTLS (RFC 3207) and AUTH PLAIN (RFC 4616).

All that a server sends is bounded. What came before a connection is encrypted is forgotten when it is.
"""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple

__all__ = ["Login", "Smtp", "SmtpFailed"]

LINE_BYTES = 2048
MOST_LINES = 100
"""Of one answer."""


class SmtpFailed(Exception):
    """The server refuses a command, or does not speak SMTP. The text repeats the code alone."""


class Login(NamedTuple):
    """Who logs in."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login({self.user!r})"


class Smtp:
    """A connection, which is closed at the end of the context. Raises SmtpFailed and OSError."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, security: str) -> None:
        self._reader, self._writer = reader, writer
        self._host, self._security = host, security
        self._opened = writer  # for as long as it is there, the connection below the encryption is open

    @classmethod
    async def connect(cls, found: Sequence[str], host: str, port: int, security: str) -> Smtp:
        """Connect to the first of these addresses that answers. `security` is none, starttls or tls; the certificate
        is that of `host`."""
        context = ssl.create_default_context() if security == "tls" else None
        failure: OSError = ConnectionError("no address")
        for address in found:
            try:
                reader, writer = await asyncio.open_connection(
                    address, port, ssl=context, server_hostname=host if context else None, limit=LINE_BYTES
                )
            except OSError as error:
                failure = error
                continue
            return cls(reader, writer, host, security)
        raise failure

    async def __aenter__(self) -> Smtp:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.transport.abort()
        self._opened.transport.abort()

    async def send(self, sender: str, to: Sequence[str], data: bytes, login: Login | None) -> None:
        """Hand over one mail to all recipients; if one is refused, none gets it. The lines of `data` end with CRLF."""
        await self._answer(220, "the greeting")
        offered = await self._hello()
        if self._security == "starttls":
            if "STARTTLS" not in offered:
                raise SmtpFailed("the mail server offers no STARTTLS")
            await self._command("STARTTLS", 220)
            await self._encrypt()
            offered = await self._hello()
        if login is not None:
            await self._log_in(login, offered)
        await self._command(f"MAIL FROM:<{sender}>", 250, "MAIL")
        for each in to:
            await self._command(f"RCPT TO:<{each}>", 250, "RCPT", also=251)
        await self._command("DATA", 354)
        stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in data.split(b"\r\n"))
        self._writer.write(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
        await self._writer.drain()
        await self._answer(250, "the mail")
        with suppress(SmtpFailed, OSError):  # the mail is taken, whatever the answer to QUIT
            await self._command("QUIT", 221)

    async def _hello(self) -> set[str]:
        """The extensions that the server offers, AUTH with its mechanisms as `AUTH PLAIN`."""
        lines = await self._command("EHLO trainyard.invalid", 250, "EHLO")
        offered = {words[0] for line in lines if (words := line.upper().split())}
        mechanisms = {word for line in lines if line.upper().startswith("AUTH ") for word in line.upper().split()[1:]}
        return offered | {f"AUTH {word}" for word in mechanisms}

    async def _log_in(self, login: Login, offered: set[str]) -> None:
        if self._security == "none":
            raise SmtpFailed("a password is not sent without encryption")
        if "AUTH PLAIN" in offered:
            word = base64.b64encode(f"\0{login.user}\0{login.password}".encode()).decode()
            await self._command(f"AUTH PLAIN {word}", 235, "AUTH")
        elif "AUTH LOGIN" in offered:
            await self._command("AUTH LOGIN", 334, "AUTH")
            await self._command(base64.b64encode(login.user.encode()).decode(), 334, "AUTH")
            await self._command(base64.b64encode(login.password.encode()).decode(), 235, "AUTH")
        else:
            raise SmtpFailed("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")

    async def _encrypt(self) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_BYTES, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = await loop.start_tls(
            self._writer.transport, protocol, ssl.create_default_context(), server_hostname=self._host
        )
        if transport is None:
            raise SmtpFailed("the mail server has closed the connection")
        protocol.connection_made(transport)
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _command(self, line: str, code: int, name: str = "", *, also: int = 0) -> list[str]:
        if "\r" in line or "\n" in line:
            raise SmtpFailed("an address has a line break in it")
        self._writer.write(line.encode("ascii", "replace") + b"\r\n")
        await self._writer.drain()
        return await self._answer(code, name or line, also=also)

    async def _answer(self, code: int, name: str, *, also: int = 0) -> list[str]:
        """The texts of the lines of an answer. Raises SmtpFailed for another code."""
        lines: list[str] = []
        while len(lines) < MOST_LINES:
            try:
                line = (await self._reader.readuntil(b"\n")).decode("ascii", "replace").rstrip("\r\n")
            except asyncio.LimitOverrunError:
                raise SmtpFailed("the mail server sends a line that is too long") from None
            except asyncio.IncompleteReadError:
                raise SmtpFailed("the mail server has closed the connection") from None
            if not line[:3].isdecimal() or line[3:4] not in ("", " ", "-"):
                raise SmtpFailed("the server does not speak SMTP")
            lines.append(line[4:])
            if line[3:4] == "-":
                continue
            if int(line[:3]) not in (code, also):
                raise SmtpFailed(f"the mail server answers {line[:3]} to {name}")
            return lines
        raise SmtpFailed("the mail server sends too many lines")
