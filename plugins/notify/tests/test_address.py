"""Which addresses notifications may go to, and that a name is looked up once."""

from __future__ import annotations

import socket

import pytest

from trainyard_core.testing.platform import FakePlatform
from trainyard_notify.address import addresses, is_metadata, is_public
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.http_post import post
from trainyard_notify.settings import Settings

REFUSED = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "169.254.170.2", "100.64.0.1", "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "224.0.0.1",
    "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:db8::1",
]  # fmt: skip
PUBLIC = ["8.8.8.8", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_that_is_not_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address(address):
    assert is_public(address)


METADATA = ["169.254.169.254", "169.254.170.2", "100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::254",
            "fd20:ce::254", "fe80::1", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1"]  # fmt: skip


@pytest.mark.parametrize("address", METADATA)
@pytest.mark.parametrize("also", [True, False])
async def test_metadata_and_link_local_addresses_are_refused_also_where_private_ones_are_allowed(
    monkeypatch, address, also
):
    Names(monkeypatch, [address, *(["127.0.0.1"] if also else [])])
    with pytest.raises(DeliveryFailed, match="link-local or metadata address"):
        await addresses(platform(allow_private=True), "receiver.example", 80, deadline=5)


@pytest.mark.parametrize("address", [each for each in REFUSED + PUBLIC if each not in METADATA])
def test_other_addresses_are_none_of_metadata(address):
    assert not is_metadata(address)


class Names:
    """Answers of a name server for `receiver.example`, one after the other; all other hosts are looked up as always."""

    def __init__(self, monkeypatch, *answers):
        self._answers, self._real, self.asked = [*answers], socket.getaddrinfo, 0
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)

    def _look_up(self, host, port, *more, **also):
        if host != "receiver.example":
            return self._real(host, port, *more, **also)
        self.asked += 1
        found = self._answers.pop(0)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]


def platform(**settings):
    return FakePlatform("notify", settings=Settings(**settings))


async def test_one_private_address_among_public_ones_refuses_a_host(monkeypatch):
    Names(monkeypatch, ["8.8.8.8", "10.0.0.7"])
    with pytest.raises(DeliveryFailed, match="private") as caught:
        await addresses(platform(), "receiver.example", 443, deadline=5)
    assert "10.0.0.7" not in str(caught.value)


@pytest.mark.parametrize("host", ["127.1", "2130706433", "0x7f000001", "localhost"])
async def test_other_spellings_of_loopback_are_refused(host):
    with pytest.raises(DeliveryFailed, match="private"):
        await post(platform(), f"http://{host}:1/", b"{}", {})


async def test_what_is_connected_to_is_the_address_that_was_checked(monkeypatch, receiver):
    names = Names(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    await post(platform(allow_private=True), f"http://receiver.example:{receiver.port}/x?y=1", b"{}", {})
    ((first, headers, _),) = receiver.requests
    assert (first, headers["host"]) == ("POST /x?y=1 HTTP/1.1", f"receiver.example:{receiver.port}")
    assert names.asked == 1


async def test_the_next_address_is_tried_when_one_takes_no_connection(monkeypatch, receiver):
    Names(monkeypatch, ["127.0.0.9", "127.0.0.1"])
    await post(platform(allow_private=True), f"http://receiver.example:{receiver.port}/", b"{}", {})
    assert len(receiver.requests) == 1


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch, receiver):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await post(platform(allow_private=True), receiver.url, b"{}", {})
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url", ["", "geheim", "file:///etc/geheim", "http://", "https://geheim:x/", "http://geheim.invalid/geheim"]
)
async def test_a_url_that_leads_nowhere_is_not_repeated(url):
    with pytest.raises(DeliveryFailed) as caught:
        await post(platform(allow_private=True), url, b"{}", {})
    assert "geheim" not in str(caught.value)
    assert caught.value.__cause__ is None
