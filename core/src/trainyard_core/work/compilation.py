"""From what a client sent to an operation that is compiled: its documents are read, what they refer to is looked up in
the project, and all of it is compiled. Problems come out as one Invalid with the place of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import msgspec

from trainyard.client.models import CreateRun
from trainyard.compile.operation import CompiledOperation, TrialCompiler, compile_whole
from trainyard.compile.reference import Library, Reference, wanted
from trainyard.compile.resolved import Code
from trainyard.spec.document import Document
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text
from trainyard_core.auth import Actor
from trainyard_core.errors import Invalid, invalid

__all__ = [
    "ChildParams",
    "OperationSource",
    "ReferenceLookup",
    "child_compiler",
    "compile_child",
    "compile_run",
    "look_up",
    "read",
]

FILE = "operation.yaml"
MOST = 100
"""Presets and patches of one request, at most."""


class ChildParams(NamedTuple):
    """What a child of a parent's own operation is given."""

    number: int
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperationSource:
    """What an operation is made of: its document, the caller's patches, and what is known of its references."""

    document: Document
    patches: tuple[Document, ...] = ()
    library: Library = field(default_factory=Library)


class ReferenceLookup(Protocol):
    """Finds what references mean."""

    async def find(self, project: str, actor: Actor, references: Sequence[Reference]) -> Library:
        """What each of these references of an operation in that project means, or why it leads nowhere. Raises NotFound
        for an unknown project, Unavailable when it cannot be told now."""


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


async def look_up(
    lookup: ReferenceLookup, project: str, actor: Actor, body: CreateRun, sources: OperationSource
) -> OperationSource:
    """The same with what its references mean; mostly there are none and nothing is asked. Raises as
    `ReferenceLookup.find`."""
    library = sources.library
    if len(body.presets) > MOST or len(body.patches) > MOST:
        raise Invalid(f"a run takes at most {MOST} presets and {MOST} patches", fix="put what belongs together in one")
    while targets := wanted(sources.document, library, body.presets):
        if len(targets) > 2 * MOST:
            raise Invalid(f"the operation refers to {len(targets)} things", fix="name fewer presets")
        more = await lookup.find(project, actor, targets)
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


def child_compiler(sources: OperationSource) -> TrialCompiler:
    """The children of a parent, whose stored operation refers to nothing any more. Raises Invalid as `compile_run`."""
    try:
        return TrialCompiler(sources.document)
    except SpecError as error:
        raise invalid(error) from error


def compile_child(
    run: str, project: str, body: CreateRun, compiler: TrialCompiler, child: ChildParams
) -> CompiledOperation:
    """Compile one child. Raises Invalid as `compile_run`."""
    try:
        return compiler.compile(
            child.params,
            globals={"uuid": run, "name": body.name, "project_name": project, "iteration": child.number},
            params=body.params,
            name=body.name or None,
            queue=body.queue or None,
            tags=tuple(body.tags),
            code=msgspec.convert(body.code, Code) if body.code else None,
        )
    except SpecError as error:
        raise invalid(error) from error
