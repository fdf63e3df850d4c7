"""What references to components and presets mean: a version of the operation's own project, or why there is none that
may be used, and what to do instead."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from trainyard.compile.reference import Reference, reference
from trainyard_core.contracts import plugin
from trainyard_core.contracts.database import PluginRow, PluginTx
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.plugin import Refusal, Resolution
from trainyard_core.errors import choice
from trainyard_registry import versions

__all__ = ["no_version", "resolve"]

LISTED = 20
"""Versions that a message names, at most."""


async def resolve(platform: Platform, references: Sequence[plugin.Reference]) -> Sequence[Resolution | Refusal]:
    """See `Resolver`: one query, and more only to tell of those that lead nowhere. It knows everything of its kinds."""
    project = references[0].project
    targets = [_read(each) for each in references]

    async def work(tx: PluginTx) -> list[Resolution | Refusal]:
        rows = await versions.find(tx, project, targets)
        return [await _answer(tx, project, target, rows) for target in targets]

    return await platform.database.read(work)


def _read(asked: plugin.Reference) -> Reference:
    return reference("component" if asked.kind == "component" else "preset", asked.text)


async def _answer(tx: PluginTx, project: str, target: Reference, rows: Sequence[PluginRow]) -> Resolution | Refusal:
    row = next((row for row in rows if _leads_to(target, row)), None)
    if row is None:
        return await _unknown(tx, project, target)
    if row["archived_at"] is not None:
        return Refusal(
            message=f"version '{target.version}' of {target.kind} '{target.name}' is archived",
            fix=f"use another version, or restore it: yard {target.kind}s restore {target}",
        )
    return _resolution(row)


def _leads_to(target: Reference, row: PluginRow) -> bool:
    version = row["version"] == target.version if target.version else bool(row["is_newest"])
    return bool(row["kind"] == target.kind and row["name"] == target.name and version)


def _resolution(row: PluginRow) -> Resolution:
    said = row["description"] or "see its newer versions"
    warning = f"{row['kind']} '{row['name']}:{row['version']}' is deprecated: {said}" if row["deprecated"] else ""
    return Resolution(
        name=row["name"], version=row["version"], digest=row["digest"], content=row["content"], warning=warning
    )


async def _unknown(tx: PluginTx, project: str, target: Reference) -> Refusal:
    """Why a reference leads nowhere, and what to do."""
    kind, name, version = target
    existing = await versions.versions(tx, project, kind, name, before=None, limit=100, archived=False)
    if version and existing:
        said = no_version(kind, name, version, [row["version"] for row in existing])
        return Refusal(message=said, fix=f"see yard {kind}s versions {name}")
    known = await versions.names(tx, project, kind)
    command = f"yard {kind}s register {name}:{version or '1.0'} -f FILE"
    return Refusal(message=choice(kind, name, known), fix=f"register it: {command}")


def no_version(kind: str, name: str, version: str, existing: Sequence[str]) -> str:
    """One sentence that names the version that was asked for and the newest that there are."""
    near = get_close_matches(version, existing, 1)
    listed = ", ".join(existing[:LISTED]) + (" ..." if len(existing) > LISTED else "")
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{kind} '{name}' has no version '{version}'; it has {listed}{hint}"
