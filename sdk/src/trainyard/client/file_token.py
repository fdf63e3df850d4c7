"""A token in a file that another process renews: a run's own token, renewed by its runner. A request that is refused
for its token is repeated once when the file holds another token by then."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from pathlib import Path

from trainyard.client.discovery import Endpoint
from trainyard.client.http import httpx
from trainyard.track.folder import named

__all__ = ["TokenFileAuth", "token_file_auth"]

VARIABLE = "TRAINYARD_TOKEN_FILE"


def token_file_auth(endpoint: Endpoint, env: Mapping[str, str] | None = None) -> TokenFileAuth | None:
    """The authentication for an endpoint whose token came from TRAINYARD_TOKEN_FILE; None for any other."""
    place = (os.environ if env is None else env).get(VARIABLE, "")
    return TokenFileAuth(named(place)) if place and endpoint.token_source == VARIABLE else None


class TokenFileAuth(httpx.Auth):
    """Sends the newer token once there is one. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._newer = ""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if self._newer:
            request.headers["Authorization"] = self._newer
        answer = yield request
        if answer.status_code != 401 or not isinstance(request.stream, httpx.ByteStream):
            return
        found = self._read()
        if found and found != request.headers.get("Authorization"):
            self._newer = request.headers["Authorization"] = found
            yield request

    def _read(self) -> str:
        try:
            token = self._file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
        return f"Bearer {token}" if token.isascii() and token.isprintable() else ""
