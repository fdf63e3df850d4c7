"""Offers the kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trainyard_core.hookspecs import hookimpl

if TYPE_CHECKING:
    from trainyard_core.contracts.connection import ConnectionKind


@hookimpl
def register_connection_kinds() -> list[ConnectionKind]:
    """All kinds of this plugin."""
    from trainyard_connections.custom import Custom
    from trainyard_connections.database import Database
    from trainyard_connections.git import Git
    from trainyard_connections.host_path import HostPath
    from trainyard_connections.registry import Registry

    return [Git(), HostPath(), Custom(), Database(), Registry()]
