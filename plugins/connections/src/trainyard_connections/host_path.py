"""`host_path`: a folder of the machines on which attempts run."""

from __future__ import annotations

from pydantic import Field

from trainyard.client.models import FieldProblem
from trainyard_connections.variables import Prefixed, owner, prefix_of, reserved, text
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import HostFolder, Mount, Needs

__all__ = ["HostPath"]


class HostPathFields(Prefixed):
    """The fields of a connection of kind `host_path`."""

    path: str = Field(pattern="^/", max_length=1000, description="The whole path of the folder.")
    mount: str = Field(
        default="",
        min_length=1,
        max_length=1000,
        description="Where a run finds it: a path below TRAINYARD_MOUNTS, or a whole one. Default: the name.",
    )
    read_only: bool = Field(default=True, description="Whether a run may only read it. Default: true.")


class HostPath(ConnectionKind):
    """It has no probe: the folder is on the machine of the agent, and not on that of the server."""

    name = "host_path"
    fields = HostPathFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        problems = reserved(connection)
        if ".." in text(connection, "path").split("/") or "\0" in text(connection, "path"):
            said = FieldProblem(field="fields.path", message="the path has '..' in it", fix="write the whole path")
            problems.append(said)
        try:
            _mount(connection)
        except ValueError as error:
            message, _, fix = str(error).partition("; ")
            problems.append(FieldProblem(field="fields.mount", message=message, fix=fix))
        return problems

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        mount = _mount(connection)
        path = mount.path if mount.path.startswith("/") else "${TRAINYARD_MOUNTS}/" + mount.path
        return Needs(owner=owner(connection), env={f"{prefix_of(connection)}PATH": path}, mounts=(mount,))


def _mount(connection: Connection) -> Mount:
    """Raises ValueError."""
    return Mount(
        path=text(connection, "mount") or connection.name,
        source=HostFolder(path=text(connection, "path")),
        read_only=bool(connection.fields.get("read_only", True)),
    )
