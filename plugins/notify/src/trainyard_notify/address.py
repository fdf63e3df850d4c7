"""The addresses of a host, and which of them notifications may be sent to.

A name is looked up once, and what is connected to is one of the addresses that were checked: a name server that answers
a second question otherwise changes nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from trainyard_core.contracts.platform import Platform
from trainyard_notify.failure import DeliveryFailed

__all__ = ["addresses", "is_metadata", "is_public"]

_NOT_PUBLIC = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"), ip_network("100.64.0.0/10"))
"""Metadata and platform services of clouds which `ipaddress` takes for public."""
_METADATA = (
    ip_network("169.254.0.0/16"),  # link-local: AWS, Azure, Google Cloud, Oracle, DigitalOcean and others
    ip_network("fe80::/10"),  # link-local
    ip_network("fd00:ec2::/32"),  # AWS
    ip_network("fd20:ce::254/128"),  # Google Cloud
    ip_network("100.100.100.200/32"),  # Alibaba Cloud
    ip_network("168.63.129.16/32"),  # Azure
    ip_network("192.0.0.192/32"),  # Oracle Cloud
)
"""Where clouds hand out credentials to whoever asks from the machine: nobody receives notifications there."""
_NAT64 = IPv6Network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet. An IPv6 address that carries an IPv4 address counts as that."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        carried = _carried(ip)
        if carried is not None:
            return _is_public_v4(carried)
        return ip.is_global and not ip.is_multicast and not ip.is_reserved
    return _is_public_v4(ip)


def is_metadata(address: str) -> bool:
    """Whether an address is link-local or that of the metadata service of a cloud, also when an IPv6 address carries
    it."""
    ip = ip_address(address.partition("%")[0])
    found = [ip, _carried(ip)] if isinstance(ip, IPv6Address) else [ip]
    return any(each in network for each in found if each is not None for network in _METADATA)


def _carried(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which a packet for an IPv6 address is passed on (mapped, 6to4, Teredo, NAT64)."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    teredo = ip.teredo
    return ip.ipv4_mapped or ip.sixtofour or (teredo[1] if teredo else None)


def _is_public_v4(ip: IPv4Address) -> bool:
    special = ip.is_multicast or ip.is_reserved or any(ip in network for network in _NOT_PUBLIC)
    return ip.is_global and not special


async def addresses(platform: Platform, host: str, port: int, *, deadline: float) -> Sequence[str]:
    """All addresses of a host. Raises DeliveryFailed for a host without one, for a host with a link-local or metadata
    address and, unless the setting `allow_private` is on, for a host with an address that is not public."""

    def look_up() -> list[str]:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(each[4][0]) for each in found))

    try:
        found = await platform.call_blocking("resolve", look_up, deadline=deadline)
    except TimeoutError:
        raise DeliveryFailed("the name of the receiver is not found in time") from None
    except (OSError, UnicodeError):
        raise DeliveryFailed("the name of the receiver leads to no address") from None
    if any(map(is_metadata, found)):
        raise DeliveryFailed("the receiver is at a link-local or metadata address, which is never asked")
    if not platform.settings.allow_private and not all(map(is_public, found)):
        raise DeliveryFailed(
            "the receiver is at a private, loopback or reserved address; "
            "an admin can allow it: allow_private = true in [notify] of the settings"
        )
    return found
