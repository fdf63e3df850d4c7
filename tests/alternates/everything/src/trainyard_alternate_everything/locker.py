"""A kind of connection, `locker`, and a source of secrets, `lockbox`."""

from __future__ import annotations

from pydantic import BaseModel, Field

from trainyard.client.models import FieldProblem
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import InitStep, Mount, Needs, Scratch, SecretFiles, Sidecar
from trainyard_core.contracts.platform import Platform

__all__ = ["Locker", "resolve"]

OPEN = 'test "$(cat "$PIN")" = "$LOCKER_PIN" && touch "$LOCKER/open"'
GUARD = 'touch "$LOCKER/guarded"; while :; do sleep 0.1; done'


class LockerFields(BaseModel):
    """The fields of a locker."""

    shelf: str = Field(min_length=1, max_length=100, description="Where it stands.")


class Locker(ConnectionKind):
    """An attempt that uses one has its pin as a variable and as a file, a folder that a step has opened, and a guard
    beside it."""

    name = "locker"
    fields = LockerFields

    def secrets(self) -> dict[str, str]:
        """See `ConnectionKind`."""
        return {"pin": "what opens it"}

    def check(self, connection: Connection) -> list[FieldProblem]:
        """See `ConnectionKind`."""
        if "pin" in connection.secrets:
            return []
        return [FieldProblem(field="secrets.pin", message="this secret is missing", fix="write a reference to it")]

    def needs(self, connection: Connection) -> Needs:
        """See `ConnectionKind`."""
        pin, place = connection.secrets["pin"], f"lockers/{connection.name}"
        inside = "${TRAINYARD_MOUNTS}/" + place
        return Needs(
            owner=f"connection '{connection.name}'",
            env={"LOCKER_SHELF": str(connection.fields["shelf"]), "LOCKER": f"{inside}/inside"},
            secret_env={"LOCKER_PIN": pin},
            mounts=(
                Mount(path=f"{place}/pins", source=SecretFiles(files={"pin": pin})),
                Mount(path=f"{place}/inside", source=Scratch(), read_only=False),
            ),
            init=(InitStep(name="open", command=("sh", "-c", OPEN), env={"PIN": f"{inside}/pins/pin"}),),
            sidecars=(Sidecar(name="guard", command=("sh", "-c", GUARD)),),
        )


async def resolve(platform: Platform, name: str, key: str) -> str:
    """The one secret of the box: `master`, which the setting `lockbox` leads to."""
    if name != "master" or platform.settings.lockbox is None:
        raise LookupError(name)
    return (await platform.secrets.resolve(platform.settings.lockbox)).reveal()
