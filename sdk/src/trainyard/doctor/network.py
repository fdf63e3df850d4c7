"""The way to the server: proxy, name, connection, encryption. Each opens what it needs for itself and closes it."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from trainyard.client.discovery import Endpoint, without_secrets
from trainyard.client.models import Check
from trainyard.doctor.result import failed, ok, skipped, warning

__all__ = ["HOPS"]

SECONDS = 5.0
SOON = 14 * 86400


def proxy(endpoint: Endpoint) -> Check:
    """Which proxy requests go through, if any."""
    found = _proxy_for(endpoint)
    if found is None:
        return ok("none: requests go straight there")
    return ok(f"requests go through {without_secrets(found)}; NO_PROXY names hosts that they do not")


def name(endpoint: Endpoint) -> Check:
    """Whether the host's name leads to an address."""
    host, port = _place(endpoint)
    if _is_address(host):
        return skipped(f"{host} is an address and no name")
    if _proxy_for(endpoint):
        return skipped("the proxy looks the name up")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        return failed(
            f"{host} leads to no address ({error.strerror})", "check the name in the address, and the DNS here"
        )
    return ok(f"{host} is {', '.join(sorted({str(each[4][0]) for each in found}))}")


def connection(endpoint: Endpoint) -> Check:
    """Whether something listens there, or at the proxy."""
    found = _proxy_for(endpoint)
    host, port = _split(found) if found else _place(endpoint)
    try:
        socket.create_connection((host, port), timeout=SECONDS).close()
    except TimeoutError:
        return failed(
            f"{host}:{port} does not answer within {SECONDS:g} s", "a firewall may be in between; check host and port"
        )
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return failed(
            f"{host}:{port}: {reason}", "see whether the server runs (`yard up` starts one), and check host and port"
        )
    return ok(f"{host}:{port} {'(the proxy) ' if found else ''}takes connections")


def encryption(endpoint: Endpoint) -> Check:
    """Whether the certificate is one that this machine trusts, and for how long yet."""
    host, port = _place(endpoint)
    if urlsplit(endpoint.url).scheme != "https":
        if _is_loopback(host):
            return skipped("none on this machine itself")
        return warning(
            "none: whoever is in between can read the token", "serve https, by a proxy in front of the server"
        )
    if _proxy_for(endpoint):
        return skipped("it is made through the proxy, when the server is asked")
    context = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            return _certificate(secured)
    except ssl.SSLCertVerificationError as error:
        return failed(
            f"the certificate of {host} is not trusted: {error.verify_message}",
            "set SSL_CERT_FILE to the file of the CA that signed it, or renew it",
        )
    except (ssl.SSLError, OSError) as error:
        return failed(
            f"no encryption with {host}: {type(error).__name__}", "check the port, and that https is spoken there"
        )


def _certificate(secured: ssl.SSLSocket) -> Check:
    until = str((secured.getpeercert() or {}).get("notAfter", ""))
    left = ssl.cert_time_to_seconds(until) - time.time() if until else SOON + 1.0
    text = f"{secured.version()}, trusted until {until or 'an unknown day'}"
    return warning(text, "renew the certificate") if left < SOON else ok(text)


def _place(endpoint: Endpoint) -> tuple[str, int]:
    return _split(endpoint.url)


def _split(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _proxy_for(endpoint: Endpoint) -> str | None:
    """As httpx finds it: from the environment, and never for this machine itself."""
    parts = urlsplit(endpoint.url)
    host = parts.hostname or ""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return ipaddress.ip_address(host).is_loopback if _is_address(host) else host == "localhost"


HOPS: tuple[tuple[str, Callable[[Endpoint], Check]], ...] = (
    ("proxy", proxy),
    ("name", name),
    ("connection", connection),
    ("encryption", encryption),
)
"""The hops, in order."""
