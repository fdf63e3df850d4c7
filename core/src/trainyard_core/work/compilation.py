"""From what a client sent to an operation that is compiled: its documents are read, what they refer to is looked up in
the project, and all of it is compiled. Problems come out as one Invalid with the place of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from trainyard.client.models import CreateRun, FieldProblem
from trainyard.compile.operation import CompiledOperation, TrialCompiler, compile_whole
from trainyard.compile.reference import Library, Reference, ReferenceUse, ResolvedReference, wanted
from trainyard.compile.resolved import Code
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, SpecError
from trainyard.spec.load import load_text
from trainyard_core.db import components, projects
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Invalid, NotFound, choice

__all__ = [
    "OperationSource",
    "TrialParams",
    "compile_one",
    "compile_run",
    "invalid",
    "look_up",
    "no_version",
    "read",
    "trials_of",
]

FILE = "operation.yaml"
MOST = 100
"""Presets and patches of one request, at most."""
MOST_SIZE = 4 * 1024 * 1024
"""Characters of all that a request refers to, at most."""
SMALL = 16 * 1024
"""Characters of a content that is kept once it was read."""


class TrialParams(NamedTuple):
    """What a trial of a sweep is given."""

    number: int
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationSource:
    """What an operation is made of: its document, the caller's patches, and what is known of its references."""

    document: Document
    patches: tuple[Document, ...] = ()
    library: Library = field(default_factory=Library)


def read(body: CreateRun) -> OperationSource:
    """The documents that were sent. Raises Invalid."""
    if bool(body.content) == (body.operation is not None):
        raise Invalid(
            "give the operation either as `content` (YAML) or as `operation` (JSON)", fix="send one of the two"
        )
    try:
        if body.content:
            document = load_text(body.content, file=body.file or FILE)
        else:
            document = Document.from_mapping(body.operation or {})
        patches = tuple(load_text(patch.content, file=patch.file or "patch.yaml") for patch in body.patches)
    except SpecError as error:
        raise invalid(error) from error
    return OperationSource(document, patches)


async def look_up(database: Database, project: str, body: CreateRun, sources: OperationSource) -> OperationSource:
    """The same with what the project has registered under the references; mostly there are none and nothing is asked.
    Raises NotFound for an unknown project."""
    library = sources.library
    if len(body.presets) > MOST or len(body.patches) > MOST:
        raise Invalid(f"a run takes at most {MOST} presets and {MOST} patches", fix="put what belongs together in one")
    while references := wanted(sources.document, library, body.presets):
        if len(references) > 2 * MOST:
            raise Invalid(f"the operation refers to {len(references)} things", fix="name fewer presets")
        more = await database.read(lambda tx, references=references: _found(tx, project, references))  # type: ignore[misc]
        library = Library({**library.found, **more.found}, {**library.refused, **more.refused})
    return OperationSource(sources.document, sources.patches, library)


def compile_run(
    run: str, project: str, body: CreateRun, sources: OperationSource, *, iteration: int | None = None
) -> CompiledOperation:
    """Compile. `iteration` is the number of the trial that is made again. Raises Invalid with every finding's file,
    line, column, field and fix."""
    trial = {} if iteration is None else {"iteration": iteration}
    try:
        return compile_whole(
            sources.document,
            sources.library,
            globals={"uuid": run, "name": body.name, "project_name": project, **trial},
            presets=body.presets,
            patches=sources.patches,
            params=body.params,
            name=body.name or None,
            queue=body.queue or None,
            tags=tuple(body.tags),
            code=msgspec.convert(body.code, Code) if body.code else None,
        )
    except SpecError as error:
        raise invalid(error) from error
    except msgspec.ValidationError as error:
        raise Invalid(
            f"`code`: {error}", fix="kind is none, folder (with path) or git (with url and commit)"
        ) from error


def trials_of(sources: OperationSource) -> TrialCompiler:
    """The trials of a sweep, whose stored operation refers to nothing any more. Raises Invalid as `compile_run`."""
    try:
        return TrialCompiler(sources.document)
    except SpecError as error:
        raise invalid(error) from error


def compile_one(
    run: str, project: str, body: CreateRun, trials: TrialCompiler, trial: TrialParams
) -> CompiledOperation:
    """Compile one trial of a sweep. Raises Invalid as `compile_run`."""
    try:
        return trials.compile(
            trial.params,
            globals={"uuid": run, "name": body.name, "project_name": project, "iteration": trial.number},
            params=body.params,
            name=body.name or None,
            queue=body.queue or None,
            tags=tuple(body.tags),
            code=msgspec.convert(body.code, Code) if body.code else None,
        )
    except SpecError as error:
        raise invalid(error) from error


def invalid(error: SpecError) -> Invalid:
    """The findings as an error of the API."""
    first = error.findings[0]
    more = f" (and {len(error.findings) - 1} more)" if len(error.findings) > 1 else ""
    return Invalid(f"{first}{more}", problems=[_problem(finding) for finding in error.findings])


def _problem(finding: Finding) -> FieldProblem:
    return FieldProblem(
        message=finding.message,
        field=finding.field,
        file=finding.file or "",
        line=finding.line or 0,
        column=finding.column or 0,
        fix=finding.fix or "",
    )


async def _found(tx: Tx, project: str, references: list[Reference]) -> Library:
    """What references lead to in a project: one query, and more only to tell of those that lead nowhere."""
    rows = await components.find(tx, project, references)
    _check_size(rows)
    found: dict[Reference, ResolvedReference] = {}
    refused: dict[Reference, tuple[str, str]] = {}
    for reference in references:
        row = next((row for row in rows if _leads_to(reference, row)), None)
        if row is None:
            refused[reference] = await _unknown(tx, project, reference)
        elif row["archived_at"] is not None:
            fix = f"use another version, or restore it: yard {reference.kind}s restore {reference}"
            refused[reference] = (
                f"version '{reference.version}' of {reference.kind} '{reference.name}' is archived",
                fix,
            )
        else:
            found[reference] = _taken(row)
    return Library(found, refused)


def _leads_to(reference: Reference, row: Row) -> bool:
    version = row["version"] == reference.version if reference.version else bool(row["is_newest"])
    return bool(row["kind"] == reference.kind and row["name"] == reference.name and version)


def _taken(row: Row) -> ResolvedReference:
    use = ReferenceUse(row["kind"], row["name"], row["version"], row["digest"])
    warning = f"{use.kind} '{use.name}:{use.version}' is deprecated: {row['description'] or 'see its newer versions'}"
    return ResolvedReference(
        use, _document(row["content"], f"{use.name}:{use.version}"), warning if row["deprecated"] else ""
    )


async def _unknown(tx: Tx, project: str, reference: Reference) -> tuple[str, str]:
    """Why a reference leads nowhere, and what to do."""
    if await projects.get(tx, project) is None:
        raise NotFound(f"no project '{project}'", fix="see yard projects ls; create it: yard projects create")
    existing = await components.versions(
        tx, project, reference.kind, reference.name, before=None, limit=100, archived=False
    )
    if reference.version and existing:
        said = no_version(reference.kind, reference.name, reference.version, [row["version"] for row in existing])
        return said, f"see yard {reference.kind}s versions {reference.name}"
    names = await components.names(tx, project, reference.kind)
    command = f"yard {reference.kind}s register {reference.name}:{reference.version or '1.0'} -f FILE"
    return choice(reference.kind, reference.name, names), f"register it: {command}"


def no_version(kind: str, name: str, version: str, existing: Sequence[str]) -> str:
    """One sentence that names the version that was asked for and the newest that there are."""
    near = get_close_matches(version, existing, 1)
    listed = ", ".join(existing[:20]) + (" ..." if len(existing) > 20 else "")
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"{kind} '{name}' has no version '{version}'; it has {listed}{hint}"


def _check_size(rows: Sequence[Row]) -> None:
    size = sum(len(row["content"]) for row in rows)
    if size > MOST_SIZE:
        said = f"the operation refers to {size} characters of components and presets; the limit is {MOST_SIZE}"
        raise Invalid(said, fix="keep data out of them, or refer to fewer")


def _document(content: str, file: str) -> Document:
    """Contents never change, so small ones are read once."""
    return _kept(content, file) if len(content) <= SMALL else load_text(content, file=file)


@lru_cache(maxsize=256)
def _kept(content: str, file: str) -> Document:
    return load_text(content, file=file)
