"""Sends one HTTP request to an address that was checked, and reads a bounded part of the answer.

No redirect is followed, no proxy of the environment is used, and the certificate is that of the host in the URL. No
error names the URL, which may be a credential.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from functools import cache

import httpx

from trainyard_core.contracts.platform import Platform
from trainyard_notify.address import addresses
from trainyard_notify.failure import DeliveryFailed, ReceiverBusy

__all__ = ["ANSWER_BYTES", "post"]

ANSWER_BYTES = 64 * 1024
"""What is read of an answer at most."""
MOST_DELAY = 3600.0
"""Seconds for which a receiver can ask to be left alone."""
BUSY = (429, 503)


async def post(platform: Platform, url: str, body: bytes, headers: Mapping[str, str]) -> str:
    """Send a body of JSON, and return the beginning of the answer. Raises DeliveryFailed for an answer other than 2xx
    (ReceiverBusy for 429 and 503 with a `Retry-After`), for none within the setting `timeout`, and for a receiver that
    may not be asked."""
    timeout = platform.settings.timeout
    target = _target(url)
    try:
        async with asyncio.timeout(timeout):
            found = await addresses(platform, target.host, target.port or _port(target), deadline=timeout)
            return await _post(target, found, body, headers, platform.clock.now())
    except TimeoutError:
        raise DeliveryFailed(f"the receiver does not answer within {timeout:g} s") from None


def _target(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url.strip())
    except (httpx.InvalidURL, ValueError):
        raise DeliveryFailed("the URL of the connection is not a URL") from None
    if target.scheme not in ("http", "https") or not target.host:
        raise DeliveryFailed("the URL of the connection is not a URL of https or http")
    return target


def _port(target: httpx.URL) -> int:
    return 443 if target.scheme == "https" else 80


async def _post(target: httpx.URL, found: Sequence[str], body: bytes, headers: Mapping[str, str], now: int) -> str:
    sent = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "User-Agent": "trainyard-notify",
        "Accept-Encoding": "identity",
        **headers,
        "Host": target.netloc.decode("ascii"),
    }
    # The transport, and not a client of httpx: a client writes every URL into the log.
    async with httpx.AsyncHTTPTransport(verify=_context(), trust_env=False) as transport:
        for address in found:
            url = target.copy_with(host=address, username=None, password=None)
            request = httpx.Request("POST", url, headers=sent, content=body, extensions={"sni_hostname": target.host})
            try:
                return await _answer(transport, request, now)
            except httpx.ConnectError:
                continue
            except httpx.HTTPError as error:
                raise DeliveryFailed(f"the request fails: {type(error).__name__}") from None
    raise DeliveryFailed("the receiver takes no connection, or its certificate is not valid")


async def _answer(transport: httpx.AsyncHTTPTransport, request: httpx.Request, now: int) -> str:
    answer = await transport.handle_async_request(request)
    try:
        if 300 <= answer.status_code < 400:
            raise DeliveryFailed(f"the receiver answers {answer.status_code}: a redirect, which is not followed")
        if not 200 <= answer.status_code < 300:
            said = f"the receiver answers {answer.status_code}"
            delay = _delay(answer.headers.get("Retry-After", ""), now) if answer.status_code in BUSY else None
            raise DeliveryFailed(said) if delay is None else ReceiverBusy(said, delay=delay)
        read = b""
        async for part in answer.aiter_raw():
            read += part[: ANSWER_BYTES - len(read)]
            if len(read) >= ANSWER_BYTES:
                break
        return read.decode(errors="replace")
    finally:
        await answer.aclose()


def _delay(value: str, now: int) -> float | None:
    """The seconds that a `Retry-After` means; None for one that says nothing."""
    value = value.strip()
    if value.isdecimal() and value.isascii():
        seconds = float(value[:10])
    else:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - now / 1e6
        except (ValueError, TypeError, OverflowError):
            return None
    return min(seconds, MOST_DELAY) if seconds > 0 else None


@cache
def _context() -> ssl.SSLContext:
    """The certificate authorities of the machine."""
    return ssl.create_default_context()
