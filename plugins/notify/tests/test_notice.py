"""The bodies that each kind of receiver takes."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from trainyard_core.contracts.connection import Connection
from trainyard_core.contracts.secret import SecretRef
from trainyard_core.testing.platform import FakePlatform
from trainyard_notify import notice
from trainyard_notify.delivery import deliver
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.notice import Notice
from trainyard_notify.settings import Settings

ENDED = Notice(event=7, rule="ends", project="vision", run="01a2", status="failed", at=1_700_000_000_000_000,
               name="train", reason="exit_code", message="<!channel> @all & more\nsecond line")  # fmt: skip
SAID = "Run 'train' 01a2 of project 'vision' failed (exit_code: <!channel> @all & more second line)"


def test_the_sentence_is_one_line():
    assert notice.sentence(ENDED) == SAID
    bare = replace(ENDED, status="succeeded", name="", reason="", message="")
    assert notice.sentence(bare) == "Run 01a2 of project 'vision' succeeded"


def test_a_message_of_a_run_mentions_nobody():
    assert "&lt;!channel&gt; @all &amp; more" in notice.slack(ENDED)["text"]
    assert "@all" not in notice.mattermost(ENDED)["text"]
    assert notice.discord(ENDED)["allowed_mentions"] == {"parse": []}


def test_a_long_message_is_cut_to_what_receivers_take():
    long = replace(ENDED, message="x" * 100_000)
    assert len(notice.discord(long)["content"]) <= 2000
    assert len(notice.pagerduty(long, "k")["payload"]["summary"]) <= 1024


def test_the_signature_is_that_of_openssl():
    """Which prints it for: printf '1700000000.{}' | openssl dgst -sha256 -hmac key"""
    expected = "v1=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    assert notice.signature("key", 1_700_000_000, b"{}") == expected


@pytest.fixture
def platform():
    return FakePlatform("notify", settings=Settings(allow_private=True))


async def sent(platform, kind, fields, secrets, to=()):
    """One notice, through a connection of that kind."""
    refs = {name: SecretRef(env=name.upper()) for name in secrets}
    platform.secrets.values = {refs[name]: value for name, value in secrets.items()}
    connection = Connection(name="it", kind=kind, fields=fields, secrets=refs)
    short = Notice(event=7, rule="ends", project="default", run="01a2", status="failed", at=1_000_000)
    await deliver(platform, connection, to, short)


CHATS = {
    "slack": lambda body: body["text"],
    "mattermost": lambda body: body["text"],
    "discord": lambda body: body["content"],
    "teams": lambda body: body["attachments"][0]["content"]["body"][0]["text"],
}


@pytest.mark.parametrize(("kind", "text"), CHATS.items(), ids=CHATS)
async def test_a_chat_gets_the_sentence_at_the_secret_url(platform, receiver, kind, text):
    await sent(platform, kind, {}, {"url": receiver.url + "\n"})
    ((first, headers, body),) = receiver.requests
    assert first == "POST /hook/geheim-path HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert text(json.loads(body)) == "Run 01a2 of project 'default' failed"


@pytest.mark.parametrize("kind", CHATS)
async def test_the_url_of_a_chat_is_in_no_error(platform, receiver, kind):
    receiver.answers = [404, b"geheim-path is no HTTP\r\n\r\n"]
    for _ in range(2):
        with pytest.raises(DeliveryFailed) as caught:
            await sent(platform, kind, {}, {"url": receiver.url})
        assert "geheim-path" not in repr(caught.value)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


async def test_an_answer_of_teams_that_says_200_and_means_failure_is_one(platform, receiver):
    text = b"Webhook message delivery failed with error: 429"
    receiver.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)]
    with pytest.raises(DeliveryFailed, match="did not deliver"):
        await sent(platform, "teams", {}, {"url": receiver.url})


async def test_pagerduty_gets_an_event_with_the_routing_key(platform, receiver):
    await sent(platform, "pagerduty", {"url": receiver.url}, {"routing_key": "rk"})
    body = json.loads(receiver.requests[0][2])
    assert (body["routing_key"], body["event_action"], body["dedup_key"]) == ("rk", "trigger", "trainyard-01a2-7")
    assert body["payload"]["severity"] == "error"


async def test_a_connection_of_another_kind_sends_nothing(platform):
    with pytest.raises(DeliveryFailed, match="of kind 'git', which sends nothing"):
        await sent(platform, "git", {}, {})
