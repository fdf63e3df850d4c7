"""Hands one mail to a mail server by `smtplib`, in a thread: to an address that was checked, with the certificate of
the host, and with a bound on what the server sends.

No error repeats what the server says but its code.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import closing, suppress
from io import BufferedReader

import msgspec

from trainyard_notify.failure import DeliveryFailed

__all__ = ["MailTransfer"]

LINE_BYTES = 2048
ANSWER_BYTES = 16 * 1024
"""Of all that a server sends before, and again after, the connection is encrypted."""
MORE = 1.0
"""Seconds for which the socket waits longer than whoever awaits the thread, which then shuts the connection."""


class MailTransfer(msgspec.Struct, kw_only=True):
    """One mail on its way. `addresses` are those of `host` that were checked; `security` is none, starttls or tls;
    `data` is the mail with lines that end in CRLF; `timeout` is in seconds."""

    addresses: Sequence[str]
    host: str
    port: int
    security: str
    user: str
    password: str
    sender: str
    to: Sequence[str]
    data: bytes
    timeout: float
    _connection: socket.socket | None = None
    _is_cut: bool = False

    def __repr__(self) -> str:
        return f"MailTransfer({self.host!r})"

    def run(self) -> None:
        """Hand the mail over to all recipients; if one is refused, none gets it. Blocks. Raises DeliveryFailed."""
        try:
            with closing(_Session(self)) as session:
                self._send(session)
        except smtplib.SMTPServerDisconnected:
            raise DeliveryFailed("the mail server has closed the connection") from None
        except smtplib.SMTPNotSupportedError:
            raise DeliveryFailed("the mail server offers no STARTTLS") from None
        except smtplib.SMTPResponseException as error:
            raise DeliveryFailed(f"the mail server answers {error.smtp_code}") from None
        except OSError as error:  # its text may name the address
            raise DeliveryFailed(f"the connection to the mail server fails: {type(error).__name__}") from None
        except ValueError:
            raise DeliveryFailed("an address has a line break in it") from None
        finally:
            self.cut()

    def cut(self) -> None:
        """Shut the connection: the thread goes on at once, to its end."""
        self._is_cut = True
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()

    def connect(self) -> socket.socket:
        """A connection to the first address that takes one. Raises OSError."""
        failure: OSError = ConnectionError("no address")
        for address in self.addresses:
            try:
                connection = socket.create_connection((address, self.port), self.timeout + MORE)
            except OSError as error:
                failure = error
                continue
            self._connection = connection.dup()  # stays that of the connection when it is encrypted
            if self._is_cut:
                self.cut()
            if self.security == "tls":
                return ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)
            return connection
        raise failure

    def _send(self, session: _Session) -> None:
        _expect(session.connect(self.host, self.port), 220, "the greeting")
        _expect(session.ehlo(), 250, "EHLO")
        if self.security == "starttls":
            _expect(session.starttls(context=ssl.create_default_context()), 220, "STARTTLS")
            _expect(session.ehlo(), 250, "EHLO")
        if self.user:
            self._log_in(session)
        _expect(session.mail(self.sender), 250, "MAIL")
        for each in self.to:
            _expect(session.rcpt(each), 250, "RCPT", also=251)
        try:
            _expect(session.data(self.data), 250, "the mail")
        except smtplib.SMTPDataError as error:
            raise DeliveryFailed(f"the mail server answers {error.smtp_code} to DATA") from None
        with suppress(
            smtplib.SMTPException, OSError, DeliveryFailed
        ):  # the mail is taken, whatever is answered to QUIT
            session.quit()

    def _log_in(self, session: _Session) -> None:
        """PLAIN or LOGIN: both are encrypted, and CRAM-MD5 would have the server keep the password in plain."""
        if self.security == "none":
            raise DeliveryFailed("a password is not sent without encryption")
        offered = session.esmtp_features.get("auth", "").upper().split()
        session.user, session.password = self.user, self.password
        try:
            if "PLAIN" in offered:
                session.auth("PLAIN", session.auth_plain)
            elif "LOGIN" in offered:
                session.auth("LOGIN", session.auth_login, initial_response_ok=False)
            else:
                raise DeliveryFailed("the mail server offers neither AUTH PLAIN nor AUTH LOGIN")
        except smtplib.SMTPAuthenticationError as error:
            raise DeliveryFailed(f"the mail server answers {error.smtp_code} to AUTH") from None


def _expect(answer: tuple[int, bytes], code: int, name: str, *, also: int = 0) -> None:
    """Raises DeliveryFailed for another code."""
    said = answer[0]
    if said == -1:
        raise DeliveryFailed("the server does not speak SMTP")
    if said not in (code, also):
        raise DeliveryFailed(f"the mail server answers {said} to {name}")


class _Session(smtplib.SMTP):
    """Connects where it is told to, and reads so much."""

    def __init__(self, transfer: MailTransfer) -> None:
        super().__init__(local_hostname="trainyard.invalid", timeout=transfer.timeout + MORE)
        self._host = transfer.host  # whose certificate `starttls` wants
        self._transfer = transfer

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return self._transfer.connect()

    def getreply(self) -> tuple[int, bytes]:
        """See `smtplib.SMTP`. Raises DeliveryFailed for an answer that is too long."""
        if self.file is None and self.sock is not None:
            self.file = _BoundedFile(self.sock.makefile("rb"))
        return super().getreply()


class _BoundedFile:
    """What a server sends, as lines. Raises DeliveryFailed for more than there may be."""

    def __init__(self, file: BufferedReader) -> None:
        self._file, self._left = file, ANSWER_BYTES

    def readline(self, size: int) -> bytes:
        """The next line; empty at the end."""
        line = self._file.readline(LINE_BYTES + 1)
        self._left -= len(line)
        if len(line) > LINE_BYTES:
            raise DeliveryFailed("the mail server sends a line that is too long")
        if self._left < 0:
            raise DeliveryFailed("the mail server sends too many lines")
        return line

    def close(self) -> None:
        """Read no more."""
        self._file.close()
