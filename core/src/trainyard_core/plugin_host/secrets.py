"""Resolves references to secrets in this process; `contracts.secret` says what it promises.

No error holds what was read, or what a plugin said of it: an exception of a plugin is told by its type alone.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING

from trainyard_core.contracts.secret import Secret, SecretRef, SecretSource
from trainyard_core.errors import Invalid, Unavailable, choice
from trainyard_core.executor import BlockingCalls

if TYPE_CHECKING:
    from trainyard_core.plugin_host.platforms import Platforms
    from trainyard_core.registry import Registry

__all__ = ["DEADLINE", "MOST_BYTES", "HostedSecrets"]

DEADLINE = 10.0
"""Seconds that a file or a source has."""
MOST_BYTES = 1024 * 1024


class HostedSecrets:
    """The `Secrets` of one process. `environ` is that of the process unless a test gives another."""

    def __init__(self, registry: Registry, platforms: Platforms, environ: Mapping[str, str] = os.environ) -> None:
        self._registry, self._platforms, self._environ = registry, platforms, environ
        self._files = BlockingCalls("secret files")

    async def resolve(self, ref: SecretRef) -> Secret:
        """See `Secrets`."""
        if ref.env:
            return self._variable(ref.env)
        if ref.file:
            return await self._file(ref.file)
        return await self._sourced(ref)

    def _variable(self, name: str) -> Secret:
        value = self._environ.get(name, "")
        if not value:
            raise Invalid(
                f"the secret {{env: {name}}} is missing: the variable is not set where the server runs",
                fix=f"set the variable {name} where the server runs, and start the server again",
            )
        return Secret(value)

    async def _file(self, path: str) -> Secret:
        try:
            return Secret(await self._files.call(lambda: _text(path), deadline=DEADLINE))
        except TimeoutError as error:
            raise Unavailable(f"the secret {{file: {path}}} cannot be read: {error}", fix="see to its disk") from None
        except (OSError, ValueError) as error:
            said = error.strerror if isinstance(error, OSError) else str(error)
            raise Invalid(
                f"the secret {{file: {path}}} cannot be read: {said}",
                fix="make it a text file on the machine of the server, which the server's user may read",
            ) from None

    async def _sourced(self, ref: SecretRef) -> Secret:
        found = self._registry.secret_sources.by_name
        if ref.source not in found:
            raise Invalid(choice("secret source", ref.source, found), fix="install the plugin that brings it")
        plugin, source = found[ref.source]
        what = f"the secret '{ref.name}' of source '{ref.source}'"
        try:
            async with asyncio.timeout(DEADLINE):
                value: object = await self._asked(plugin, source, ref)
        except TimeoutError:
            raise Unavailable(f"{what}: no answer within {DEADLINE:g} s", fix="see to the source") from None
        except LookupError:
            raise Invalid(f"{what} is missing", fix="add it there, or correct its name and key") from None
        except Exception as error:  # whatever a plugin raises; its text may hold the value
            said = type(error).__name__
            raise Unavailable(f"{what}: plugin '{plugin}' failed with {said}", fix="see to the source") from None
        if not isinstance(value, str) or not value:
            raise Unavailable(f"{what}: plugin '{plugin}' gave no text", fix="correct the plugin")
        return Secret(value)

    async def _asked(self, plugin: str, source: SecretSource, ref: SecretRef) -> str:
        return await source.resolve(self._platforms.of(plugin), ref.name, ref.key)


def _text(path: str) -> str:
    """The text of a regular file without the line break at its end. Raises OSError, ValueError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe would hold the call up
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("it is not a regular file")
        content = stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES} bytes")
    try:
        value = content.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value:
        raise ValueError("it is empty")
    return value
