"""Mails: handed over by SMTP, with and without encryption, and what a mail server may not do."""

from __future__ import annotations

import asyncio
import email
import ssl
import threading

import pytest
import pytest_asyncio
from http_receiver import receiving
from mail_server import certificate, mail_server

from trainyard_core.contracts.connection import Connection
from trainyard_core.testing.platform import FakePlatform
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.http_post import _context, post
from trainyard_notify.mail import send_mail
from trainyard_notify.notice import Notice
from trainyard_notify.settings import Settings

NOTICE = Notice(event=7, rule="ends", project="vision", run="01a2", status="failed", at=1_700_000_000_000_000,
                message="first\n.second begins with a dot\nzürich")  # fmt: skip
SENDER, TO = "yard@example.com", ["ada@example.com", "grace@example.com"]
PASSWORD = "geheim-4f1b"


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(file, monkeypatch):
    """The machine trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    _context.cache_clear()
    yield
    _context.cache_clear()


@pytest.fixture
def security():
    return "starttls"


@pytest_asyncio.fixture
async def server(security, file):
    async with mail_server(security, file) as running:
        yield running


async def mail(server, security="starttls", *, host="localhost", user="yard", notice=NOTICE, to=TO, **settings):
    fields = {
        "host": host,
        "port": server.port,
        "security": security,
        "sender": SENDER,
        **({"user": user} if user else {}),
    }
    platform = FakePlatform("notify", settings=Settings(**{"allow_private": True, **settings}))
    connection = Connection(name="mail", kind="email", fields=fields)
    await send_mail(platform, connection, PASSWORD if user else "", to, notice)


async def refused(server, *more, **also):
    """What is told of a mail that is not taken."""
    with pytest.raises(DeliveryFailed) as caught:
        await mail(server, *more, **also)
    assert server.mails == []
    assert PASSWORD not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_mail_is_handed_over_encrypted_after_logging_in(trusted, server, security):
    await mail(server, security)
    ((sender, to, data),) = server.mails
    assert (sender, to) == (f"FROM:<{SENDER}>", [f"TO:<{each}>" for each in TO])
    assert server.logins == [f"\0yard\0{PASSWORD}"]
    assert b"\r\n..second" in data  # as it is on the wire
    read = email.message_from_bytes(data.replace(b"\r\n..", b"\r\n."), policy=email.policy.default)
    assert (
        " ".join(read["Subject"].split())
        == "Run 01a2 of project 'vision' failed (first .second begins with a dot zürich)"
    )
    assert (read["From"], read["To"]) == (SENDER, ", ".join(TO))
    assert read["Message-ID"] == "<trainyard-7-ends@example.com>"
    assert NOTICE.message in read.get_content().replace("\r\n", "\n")


async def test_a_server_with_another_way_to_log_in(trusted, server):
    server.extensions = ["AUTH LOGIN"]
    await mail(server)
    assert server.logins == [("yard", PASSWORD)]


@pytest.mark.parametrize("security", ["none"])
async def test_a_mail_without_encryption_and_without_a_user(server, security):
    await mail(server, security, user="")
    assert len(server.mails) == 1
    assert server.logins == []


@pytest.mark.parametrize("security", ["none"])
async def test_a_password_is_never_sent_in_plain(server, security):
    """Neither when it is asked for, nor when somebody in between takes STARTTLS away."""
    assert "without encryption" in await refused(server, "none")
    assert "offers no STARTTLS" in await refused(server, "starttls")
    assert not any("AUTH" in line for line in server.commands)


async def test_what_came_before_the_encryption_is_not_read_after_it(trusted, server):
    server.injected = b"250-localhost\r\n250 AUTH LOGIN\r\n"
    await mail(server)
    assert server.logins == [f"\0yard\0{PASSWORD}"]  # by what was offered encrypted


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_trusts_is_refused(server, security):
    assert "fails: SSLCertVerificationError" in await refused(server, security)
    assert server.logins == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_of_another_host_is_refused(trusted, server, security):
    assert "fails: SSLCertVerificationError" in await refused(server, security, host="127.0.0.1")


async def test_https_checks_the_certificate_of_the_host_and_not_of_the_address(trusted, file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    platform = FakePlatform("notify", settings=Settings(allow_private=True))
    async with receiving(context) as receiver:
        await post(platform, f"https://localhost:{receiver.port}/", b"{}", {})
        assert len(receiver.requests) == 1
        with pytest.raises(DeliveryFailed, match="its certificate is not valid"):
            await post(platform, f"https://127.0.0.1:{receiver.port}/", b"{}", {})
        assert len(receiver.requests) == 1


REFUSALS = {
    "the greeting": ({"greeting": "554 no"}, "answers 554 to the greeting"),
    "the log-in": ({"AUTH": f"535 {PASSWORD} is wrong"}, "answers 535 to AUTH"),
    "a recipient": ({"RCPT": "550 who"}, "answers 550 to RCPT"),
    "the mail": ({"DATA": "552 full"}, "answers 552 to DATA"),
    "a line that is too long": ({"greeting": "220 " + "x" * 5000}, "a line that is too long"),
    "lines without end": ({"EHLO": "\r\n".join(["250-x"] * 5000)}, "too many lines"),
    "another protocol": ({"greeting": "HTTP/1.1 400 Bad Request"}, "does not speak SMTP"),
}


@pytest.mark.parametrize(("answers", "said"), REFUSALS.values(), ids=REFUSALS)
async def test_what_a_server_refuses_is_told_by_its_code(trusted, server, answers, said):
    server.answers = answers
    assert said in await refused(server)


async def test_a_server_that_does_not_answer_is_given_up(file):
    closed = asyncio.Event()

    async def hang(reader, writer):
        await reader.read()
        closed.set()
        writer.close()

    listening = await asyncio.start_server(hang, "127.0.0.1", 0)
    silent = type("Silent", (), {"port": listening.sockets[0].getsockname()[1], "mails": []})
    async with listening:
        assert "does not answer within 0.2 s" in await refused(silent, timeout=0.2)
        await asyncio.wait_for(closed.wait(), 10)


@pytest.mark.parametrize("security", ["none"])
async def test_a_server_that_drips_holds_no_thread(server, security):
    """Not even where each byte comes in time."""
    server.answers = {"greeting": None}
    asked = len(threads())
    assert "does not answer within 0.5 s" in await refused(server, security, timeout=0.5)
    async with asyncio.timeout(10):
        while len(threads()) > asked:
            await asyncio.sleep(0.01)


def threads():
    return [each for each in threading.enumerate() if each.name == "notify smtp"]


async def test_a_private_address_is_refused_unless_the_settings_allow_it(trusted, server):
    assert "private" in await refused(server, allow_private=False)
    assert server.commands == []


async def test_a_rule_without_recipients_sends_nothing(server):
    assert "no recipients" in await refused(server, to=[])
