"""The table as Piccolo sees it, for ordinary queries. The table itself, with its checks and indexes, is made by
`migrations`."""

from __future__ import annotations

from piccolo.columns import BigInt, Integer, Text
from piccolo.table import Table

__all__ = ["RegistryVersion"]


class RegistryVersion(Table, tablename="registry_version"):
    """A version of a component or preset."""

    id = BigInt(primary_key=True)
    project = Text()
    kind = Text()
    name = Text()
    version = Text()
    content = Text()
    digest = Text()
    description = Text()
    tags = Text()
    stage = Text()
    deprecated = Integer()
    archived_at = BigInt(null=True)
    created_by = Text()
    created_at = BigInt()
    updated_at = BigInt()
