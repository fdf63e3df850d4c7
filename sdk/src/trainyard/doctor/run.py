"""All looks in order: each is timed, and one whose ground is gone is skipped and says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from trainyard.client.discovery import Endpoint, data_directory, discover, without_secrets
from trainyard.client.errors import ClientError
from trainyard.client.models import Check
from trainyard.doctor import local, network, server
from trainyard.doctor.result import failed, named, ok, skipped

__all__ = ["ConnectionOptions", "look"]


class ConnectionOptions(NamedTuple):
    """What the command was told: address, project and data directory, each None when it was not, and the
    environment."""

    url: str | None
    project: str | None
    data: str | None
    env: Mapping[str, str]

    @property
    def folder(self) -> Path:
        """The data directory."""
        return data_directory(self.data, self.env)


def look(asked: ConnectionOptions) -> Iterator[Check]:
    """One check a hop, as they are done."""
    for name, hop in local.HOPS:
        yield _timed(name, partial(hop, asked.folder))
    endpoint: Endpoint | None = None
    try:
        endpoint = discover(url=asked.url, project=asked.project, data=asked.data, env=asked.env)
        shown = without_secrets(endpoint.url)
        yield named(ok(f"{shown}, found by {endpoint.source}"), "address")
    except ClientError as error:
        yield named(failed(error.message, error.fix), "address")
    yield from _remote(endpoint)


def _remote(endpoint: Endpoint | None) -> Iterator[Check]:
    reached = endpoint is not None
    for name, look in network.HOPS:
        check = _timed(name, partial(look, endpoint)) if endpoint and reached else _skip(name)
        reached = reached and check.state != "failed"
        yield check
    if endpoint is None or not reached:
        yield from (_skip(name) for name in server.NAMES)
        return
    with server.Server(endpoint) as hop:
        for name, ask in hop.hops():
            check = _timed(name, ask)
            yield check
            if check.state == "failed" and name in server.GROUND:
                yield from (_skip(later) for later in server.NAMES[server.NAMES.index(name) + 1 :])
                return
        yield from hop.own_look()


def _skip(name: str) -> Check:
    return named(skipped("an earlier hop failed"), name)


def _timed(name: str, hop: Callable[[], Check]) -> Check:
    start = time.perf_counter()
    try:
        found = hop()
    except ClientError as error:
        found = failed(error.message, error.fix)
    except OSError as error:
        found = failed(f"{type(error).__name__}: {error.strerror or error}", "see the message")
    return msgspec.structs.replace(found, name=name, milliseconds=round((time.perf_counter() - start) * 1000, 2))
