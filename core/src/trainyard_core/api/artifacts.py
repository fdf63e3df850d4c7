"""A run's artifacts: listed, stored in one piece, read whole or in part, removed; and many at once as a tar. Large
files come in parts by `uploads`."""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import unquote

from litestar import Controller, Response, delete, get, head, post, put
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, HeaderParameter, QueryParameter
from litestar.response import Stream

from trainyard.client import models
from trainyard.client.models.artifact import MOST_BYTES
from trainyard.names import KIND_CHARS, NAME_BYTES, check_kind
from trainyard_core.api import ranges
from trainyard_core.api.access import ApiRequest, Recorder, attempt_of, find_run, runtime_of
from trainyard_core.api.pagination import Cursor, Limit, after_name, following
from trainyard_core.api.tracking import tracker_of
from trainyard_core.auth import READ, TRACK, WRITE
from trainyard_core.contracts.tracker import ArtifactInfo, ArtifactMissing, BadName, RunRef, check_artifact_name
from trainyard_core.db import artifacts, clone_rows
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Invalid, NotFound
from trainyard_core.work import archive_read, archive_write, serializers
from trainyard_core.work import artifacts as keeping

__all__ = ["Artifacts", "Kind", "checked_kind", "told_of"]

BYTES = "application/octet-stream"
BELOW_RUN = re.compile(r".*?/projects/[^/]*/runs/[^/]*/artifacts/(.*)", re.DOTALL)
"""Where a name begins; a project may be called `artifacts`, and a part of a name too."""
DIGEST = "^[Ss][Hh][Aa]256:[0-9A-Fa-f]{64}$"
Prefix = Annotated[str, QueryParameter(max_length=2 * NAME_BYTES, description="Only names that start like this.")]
View = Annotated[bool, QueryParameter(description="One folder: what lies directly below `prefix`, and folders.")]
Kind = Annotated[
    str, QueryParameter(min_length=1, max_length=KIND_CHARS, description="What it is: file, model, log ...")
]
Digest = Annotated[str, HeaderParameter(name="Digest", description="`sha256:` and hex; other bytes are refused.")]
Range = Annotated[str, HeaderParameter(name="Range", description="One range, as bytes=FIRST-LAST.")]
IfRange = Annotated[str, HeaderParameter(name="If-Range", description="An ETag; without it the whole comes.")]
IfNoneMatch = Annotated[str, HeaderParameter(name="If-None-Match", description="ETags of bytes that are known.")]
PART = ResponseSpec(data_container=bytes, description="The part that was asked for.", media_type=BYTES)
OUTSIDE = ResponseSpec(data_container=models.Problem, description="The range is outside the file.",
                       generate_examples=False, media_type="application/problem+json")  # fmt: skip


class Artifacts(Controller):
    """`artifacts` below one run."""

    path = "/projects/{project:str}/runs/{ref:str}"
    tags = ("artifacts",)

    @get("/artifacts")
    async def page(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        prefix: Prefix = "",
        folder: View = False,
        limit: Limit = 50,
        cursor: Cursor = "",
    ) -> models.ArtifactPage:
        """List a run's artifacts by name; with `folder`, the artifacts and folders directly below `prefix`."""
        row = await find_run(request, project, ref, READ)
        check_text("prefix", prefix)
        after = check_text("cursor", after_name(cursor))
        read = _folder if folder else _flat
        return await runtime_of(request).database.read(lambda tx: read(tx, row["id"], prefix, after, limit))

    @get("/artifacts.tar", media_type="application/x-tar")
    async def tar(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], prefix: Prefix = "") -> Stream:
        """Return all artifacts whose names start with `prefix` as one tar, ordered by name, without owners and modes.
        It is generated while it is sent, and aborted when an artifact changes meanwhile."""
        row = await find_run(request, project, ref, READ)
        check_text("prefix", prefix)
        runtime, run = runtime_of(request), RunRef(project, row["id"])
        headers = {"Content-Disposition": ranges.disposition(f"{row['id']}.tar"), "X-Content-Type-Options": "nosniff"}
        tracker = tracker_of(runtime)
        await tracker.of(run)  # before the answer begins: it could not tell that the tracker is missing
        content = archive_write.pack(runtime.database, tracker, run, prefix)
        return Stream(content, headers=headers, media_type="application/x-tar")

    @post("/artifacts.tar", status_code=200, request_max_body_size=MOST_BYTES)
    async def untar(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        prefix: Prefix = "",
        kind: Kind = "file",
    ) -> models.ArtifactPage:
        """Store the regular files of an uncompressed tar below `prefix`, each whole or not at all. A member that is not
        a file, or has an invalid name, ends the request; files before it are kept. Idempotent."""
        row = await find_run(request, project, ref, TRACK)
        runtime, told = runtime_of(request), told_of(request, project, row)
        check_text("prefix", prefix)
        found = await archive_read.unpack(
            runtime.database,
            tracker_of(runtime),
            told,
            request.stream(),
            prefix=prefix,
            kind=checked_kind(kind),
        )
        return models.ArtifactPage(items=[serializers.stored(each, kind=kind, at=told.at) for each in found])

    @put("/artifacts/{name:path}", status_code=200, request_max_body_size=MOST_BYTES)
    async def put(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        name: FromPath[str],
        digest: Digest = "",
        kind: Kind = "file",
        attempt: Recorder = 0,
    ) -> models.Artifact:
        """Store an artifact, whole or not at all, replacing an older one of that name. Idempotent; with a digest, the
        bytes must match it."""
        row = await find_run(request, project, ref, TRACK)
        runtime, told = runtime_of(request), told_of(request, project, row, attempt)
        info = await keeping.put(
            runtime.database,
            tracker_of(runtime),
            told,
            name_of(request),
            request.stream(),
            digest=digest or None,
            kind=checked_kind(kind),
        )
        return serializers.stored(info, kind=kind, at=told.at)

    @get("/artifacts/{name:path}", media_type=BYTES, responses={206: PART, 416: OUTSIDE})
    async def read(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        name: FromPath[str],
        wanted: Range = "",
        if_range: IfRange = "",
        if_none_match: IfNoneMatch = "",
    ) -> Stream | Response[bytes]:
        """Return the bytes of an artifact, or a range of them."""
        holder, info = await _find(request, project, ref)
        if if_none_match and ranges.is_known(if_none_match, info):
            return Response(b"", status_code=304, headers={"ETag": ranges.etag(info)}, media_type=BYTES)
        part = ranges.chosen(wanted, if_range, info)
        start, end = part or (0, info.size)
        content = tracker_of(runtime_of(request)).read_artifact(holder, info.name, start=start, end=end)
        headers = ranges.headers_of(info, part)
        return Stream(content, status_code=206 if part else 200, headers=headers, media_type=BYTES)

    @head("/artifacts/{name:path}", media_type=BYTES)
    async def look(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], name: FromPath[str]
    ) -> Response[None]:
        """Return the size and digest of an artifact."""
        _, info = await _find(request, project, ref)
        return Response(None, headers={**ranges.headers_of(info, None), "Content-Type": BYTES}, media_type="text/plain")

    @delete("/artifacts/{name:path}")
    async def remove(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], name: FromPath[str]
    ) -> None:
        """Remove an artifact. Succeeds when there is none of that name; refused when another run uses it by
        reference."""
        row = await find_run(request, project, ref, WRITE)
        runtime, clean = runtime_of(request), name_of(request)
        try:
            check_artifact_name(clean)
        except BadName as error:
            raise Invalid(str(error), fix="use the name as the list has it") from error
        told = told_of(request, project, row)
        await keeping.remove(runtime.database, tracker_of(runtime), told, clean)


def told_of(request: ApiRequest, project: str, row: Row, recorder: int = 0) -> ArtifactActor:
    """Who does something to a run now, for the attempt `recorder` if it is not its own. Raises AttemptSuperseded for an
    attempt that is not the run's any more."""
    attempt = attempt_of(request, row, recorder)
    artifacts.check_attempt(row, attempt)
    at = runtime_of(request).clock.now()
    return ArtifactActor(project=project, run=row["id"], actor=request.user.name, at=at, attempt=attempt)


def name_of(request: ApiRequest) -> str:
    """The artifact's name as it was sent: the framework's own path has doubled and last slashes taken out. Raises
    Invalid."""
    raw: bytes = request.scope["raw_path"]
    try:
        found = BELOW_RUN.match(raw.decode("ascii").partition("?")[0])
        return unquote(found[1] if found else "", errors="strict")
    except UnicodeDecodeError as error:
        raise Invalid("the name is not valid UTF-8", fix="percent-encode it as UTF-8") from error


def checked_kind(kind: str) -> str:
    """The kind, if it is one. Raises Invalid."""
    try:
        check_kind(kind)
    except BadName as error:
        raise Invalid(str(error), fix="use `file`, `model` or a word of your own") from error
    return kind


def check_text(field: str, text: str) -> str:
    """The text, if databases keep it. Raises Invalid."""
    if "\0" in text or not text.isprintable():
        raise Invalid(f"`{field}` has a character in it that cannot be printed", fix="leave it out")
    return text


async def _find(request: ApiRequest, project: str, ref: str) -> tuple[RunRef, ArtifactInfo]:
    """The run that holds the artifact which is meant, and what is stored. Raises NotFound."""
    row, clean = await find_run(request, project, ref, READ), name_of(request)
    runtime = runtime_of(request)
    try:
        check_artifact_name(clean)
        run = await runtime.database.read(lambda tx: clone_rows.holder(tx, row["id"], clean))
        holder = RunRef(project, run)
        return holder, await tracker_of(runtime).stat_artifact(holder, clean)
    except (ArtifactMissing, BadName) as error:
        raise NotFound(f"no artifact '{clean[:80]}' in run {row['id']}", fix="see yard artifacts ls") from error


async def _flat(tx: Tx, run: str, prefix: str, after: str, limit: int) -> models.ArtifactPage:
    rows = await artifacts.page(tx, run, prefix=prefix, after=after, limit=limit)
    last = rows[-1]["name"] if rows else ""
    return models.ArtifactPage(items=[serializers.artifact(each) for each in rows], next=following(rows, limit, last))


async def _folder(tx: Tx, run: str, prefix: str, after: str, limit: int) -> models.ArtifactPage:
    rows = await artifacts.entries(tx, run, prefix=prefix, after=after, limit=limit)
    files = [row["entry"] for row in rows if not row["entry"].endswith("/")]
    found = [await artifacts.get(tx, run, name) for name in files]
    return models.ArtifactPage(
        items=[serializers.artifact(each) for each in found if each is not None],
        folders=[serializers.folder(row) for row in rows if row["entry"].endswith("/")],
        next=following(rows, limit, rows[-1]["entry"] if rows else ""),
    )
