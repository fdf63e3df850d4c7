"""`git`: a repository on a git host, and the credential for it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from trainyard.client.models import FieldProblem
from trainyard_connections.address import answers, check_url, host_and_port
from trainyard_connections.variables import PREFIX, owner, prefix_of, reserved, text
from trainyard_core.contracts.connection import Connection, ConnectionKind, JsonSchema
from trainyard_core.contracts.needs import Mount, Needs, SecretFiles
from trainyard_core.contracts.secret import Secret

__all__ = ["Git"]

SCHEMES = ("https", "http", "ssh", "git")
USER = "git"


class Git(ConnectionKind):
    """The password lies in a file of the attempt; a credential helper for git reads it there."""

    name = "git"

    def schema(self) -> JsonSchema:
        """See `ConnectionKind`."""
        url = {"type": "string", "minLength": 1, "maxLength": 2000, "description": "The URL, without a password."}
        user = {"type": "string", "pattern": r"^[^\s:]+$", "maxLength": 200, "description": "The user. Default: git."}
        return {
            "type": "object",
            "properties": {"url": url, "user": user, "prefix": PREFIX},
            "required": ["url"],
            "additionalProperties": False,
        }

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"password": "the password or access token of the user; leave it out for a public repository"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        return [*check_url(text(connection, "url"), "fields.url", SCHEMES, scp=True), *reserved(connection)]

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        prefix, user = prefix_of(connection), text(connection, "user") or USER
        env = {f"{prefix}URL": text(connection, "url"), f"{prefix}USER": user}
        password = connection.secrets.get("password")
        if password is None:
            return Needs(owner=owner(connection), env=env)
        folder = f"connections/{connection.name}"
        file = "${TRAINYARD_MOUNTS}/" + f"{folder}/password"
        variable = f"{prefix}PASSWORD_FILE"
        said = f'echo username={shlex.quote(user)}; echo password="$(cat "${variable}")"'
        return Needs(
            owner=owner(connection),
            env={**env, variable: file, f"{prefix}HELPER": f'!f() {{ test "$1" != get || {{ {said}; }}; }}; f'},
            mounts=(Mount(path=folder, source=SecretFiles(files={"password": password})),),
        )

    async def probe(self, connection: Connection, secrets: Mapping[str, Secret]) -> str:
        """Whether the host takes connections."""
        return await answers(*host_and_port(text(connection, "url")))
