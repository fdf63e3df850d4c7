"""A mail server on loopback that keeps what it is given, and can fail in ways that real ones do not."""

from __future__ import annotations

import asyncio
import base64
import ssl
import subprocess
from contextlib import asynccontextmanager

__all__ = ["MailServer", "certificate", "mail_server"]


def certificate(folder):
    """The file of a certificate for `localhost` with its key."""
    file = folder / "server.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"), "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return file


class MailServer:
    """`mails` are (sender, recipients, data), `logins` what was logged in with, `commands` all lines. `answers` are
    lines to give in place of the usual answer to a command, by its first word; a greeting None comes byte by byte."""

    def __init__(self, *, security, context):
        self.mails, self.logins, self.commands, self.port = [], [], [], 0
        self.answers, self.extensions, self.injected = {}, ["AUTH PLAIN LOGIN"], b""
        self.secure, self._context = security, context

    async def serve(self, reader, writer):
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader, writer):
        async def say(line):
            writer.write(line.encode() + b"\r\n")
            await writer.drain()

        async def hear():
            line = (await reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
            self.commands.append(line)
            return line

        encrypted, sender, to = self.secure == "tls", "", []
        if (greeting := self.answers.get("greeting", "220 ready")) is None:
            while True:  # a greeting that does not end
                writer.write(b"2")
                await writer.drain()
                await asyncio.sleep(0.02)
        await say(greeting)
        while True:
            line = await hear()
            word, _, rest = line.partition(" ")
            word = word.upper()
            if word in self.answers:
                await say(self.answers[word])
            elif word == "EHLO":
                offered = [*self.extensions, *(["STARTTLS"] if self.secure == "starttls" and not encrypted else [])]
                await say("\r\n".join(["250-localhost", *(f"250-{each}" for each in offered), "250 SIZE 1000000"]))
            elif word == "STARTTLS":
                writer.write(b"220 go\r\n" + self.injected)
                await writer.drain()
                await writer.start_tls(self._context)
                encrypted = True
            elif word == "AUTH" and rest.startswith("PLAIN"):
                self.logins.append(base64.b64decode(rest.split()[1]).decode())
                await say("235 in")
            elif word == "AUTH":
                await say("334 " + base64.b64encode(b"Username:").decode())
                user = base64.b64decode(await hear()).decode()
                await say("334 " + base64.b64encode(b"Password:").decode())
                self.logins.append((user, base64.b64decode(await hear()).decode()))
                await say("235 in")
            elif word == "MAIL":
                sender = rest
                await say("250 ok")
            elif word == "RCPT":
                to.append(rest)
                await say("250 ok")
            elif word == "DATA":
                await say("354 go on")
                data = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
                self.mails.append((sender, to, data))
                await say("250 taken")
            elif word == "QUIT":
                await say("221 bye")
                return
            else:
                await say("500 what")


@asynccontextmanager
async def mail_server(security, file):
    """A running server; `file` is that of the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server, tasks = MailServer(security=security, context=context), set()

    async def serve(reader, writer):
        tasks.add(task := asyncio.current_task())
        try:
            await server.serve(reader, writer)
        finally:
            tasks.discard(task)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context if security == "tls" else None)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in [*tasks]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
