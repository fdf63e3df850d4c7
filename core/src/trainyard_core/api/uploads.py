"""Files that come in parts: an upload is opened, gets its bytes from wherever it is, and becomes an artifact with the
last of them. Opening the same bytes under the same name again goes on with the same upload."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Controller, Response, delete, get, head, patch, post
from litestar.params import FromPath, HeaderParameter, JSONBody

from trainyard.client import models
from trainyard_core.api.access import ApiRequest, Recorder, find_run, runtime_of
from trainyard_core.api.artifacts import checked_kind, told_of
from trainyard_core.api.change import change
from trainyard_core.api.tracking import tracker_of
from trainyard_core.auth import TRACK
from trainyard_core.db import uploads
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.db.engine import Row, Tx
from trainyard_core.errors import Conflict, TooLarge, TrainyardError
from trainyard_core.ids import is_run_id
from trainyard_core.work import serializers
from trainyard_core.work.uploads import Uploads

__all__ = ["UploadParts"]

MOST_PART = 1 << 30
DRAINED = 64 * 1024 * 1024
Offset = Annotated[
    int, HeaderParameter(name="Upload-Offset", ge=0, le=models.artifact.MOST_BYTES, description="Where the part goes.")
]


class UploadParts(Controller):
    """`uploads` below one run."""

    path = "/projects/{project:str}/runs/{ref:str}/uploads"
    tags = ("artifacts",)

    @post(status_code=200)
    async def open(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        data: JSONBody[models.NewUpload],
        attempt: Recorder = 0,
    ) -> Response[models.Upload]:
        """Begin an upload, or continue the one with these bytes and this name; an artifact that is already stored is
        complete at once. Idempotent."""
        row = await find_run(request, project, ref, TRACK)
        told, keeper = told_of(request, project, row, attempt), _keeper(request)
        kind = checked_kind(data.kind)
        known = await keeper.look(told, name=data.name, size=data.size, digest=data.digest, kind=kind)

        step = await keeper.step(told)

        async def work(tx: Tx) -> models.Upload:
            opened = await uploads.open_one(tx, told, known.upload, kind=kind, is_done=known.is_done)
            return serializers.upload(opened, offset=known.offset, step=step)

        return await change(request, work, name="upload")

    @get("/{ident:str}")
    async def one(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], ident: FromPath[str]
    ) -> Response[models.Upload]:
        """Return how much of an upload has arrived."""
        told, row = await _find(request, project, ref, ident)
        return await _answer(_keeper(request), told, row)

    @head("/{ident:str}")
    async def look(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], ident: FromPath[str]
    ) -> Response[None]:
        """Return how much of an upload has arrived: `Upload-Offset` of `Upload-Length` bytes."""
        told, row = await _find(request, project, ref, ident)
        headers = _headers(await _keeper(request).offset(told, row), row)
        return Response(None, headers={**headers, "Content-Type": "application/json"}, media_type="text/plain")

    @patch("/{ident:str}", request_max_body_size=MOST_PART)
    async def append(
        self,
        request: ApiRequest,
        project: FromPath[str],
        ref: FromPath[str],
        ident: FromPath[str],
        offset: Offset,
        attempt: Recorder = 0,
    ) -> Response[models.Upload]:
        """Append bytes at `Upload-Offset`; a 409 has the expected offset when it is another one. The last byte
        completes the artifact; if its digest is not the announced one, the upload is removed."""
        told, row = await _find(request, project, ref, ident, attempt)
        keeper, body = _keeper(request), request.stream()
        try:
            _check_length(request, row, offset)
            await keeper.append(told, row, offset, body)
        except TrainyardError:
            await _drain(body)
            raise
        return await _answer(keeper, told, await _row(request, told.run, ident))

    @delete("/{ident:str}")
    async def drop(self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], ident: FromPath[str]) -> None:
        """Cancel an upload. An artifact that was made from it is kept."""
        told, row = await _find(request, project, ref, ident)
        if row["state"] == "finishing":
            raise Conflict(f"upload '{ident}' has all its bytes and is being finished", fix="ask again shortly")
        await _keeper(request).drop(told, row)


def _keeper(request: ApiRequest) -> Uploads:
    runtime = runtime_of(request)
    return Uploads(runtime.database, tracker_of(runtime), runtime.clock)


async def _find(
    request: ApiRequest, project: str, ref: str, ident: str, recorder: int = 0
) -> tuple[ArtifactActor, Row]:
    run = await find_run(request, project, ref, TRACK)
    return told_of(request, project, run, recorder), await _row(request, run["id"], ident)


async def _row(request: ApiRequest, run: str, ident: str) -> Row:
    known = ident if is_run_id(ident) else "-"
    return await runtime_of(request).database.read(lambda tx: uploads.get(tx, run, known))


async def _answer(keeper: Uploads, told: ArtifactActor, row: Row) -> Response[models.Upload]:
    offset = await keeper.offset(told, row)
    step = await keeper.step(told)
    return Response(serializers.upload(row, offset=offset, step=step), headers=_headers(offset, row))


def _headers(offset: int, row: Row) -> dict[str, str]:
    return {"Upload-Offset": str(offset), "Upload-Length": str(row["size"]), "Cache-Control": "no-store"}


def _check_length(request: ApiRequest, row: Row, offset: int) -> None:
    """Refuse at once what cannot fit. Raises TooLarge."""
    announced = request.content_length or 0
    if offset + announced > row["size"]:
        raise TooLarge(
            f"{announced} bytes from byte {offset} are more than the upload's {row['size']}",
            fix="send no more than is missing",
        )


async def _drain(body: AsyncIterator[bytes]) -> None:
    """Read on for a while: a client that is still sending would otherwise not get the answer."""
    read = 0
    async for piece in body:
        read += len(piece)
        if read > DRAINED:
            return
