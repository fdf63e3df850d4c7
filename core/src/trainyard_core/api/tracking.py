"""What a run tracks: frames in, and logs, metrics, series and artifacts out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import Controller, Response, get, post, put
from litestar.params import Parameter
from litestar.response import Stream

from trainyard.client import models
from trainyard_core.api import present, streams
from trainyard_core.api.access import Asked, find_run, platform_of
from trainyard_core.api.event_stream import EventStream, wanted
from trainyard_core.auth import READ, TRACK
from trainyard_core.contracts.tracker import ArtifactMissing, BadName, DigestMismatch, RunRef, Tracker
from trainyard_core.db import tracking
from trainyard_core.errors import Invalid, NotFound, RangeNotSatisfiable, Unavailable
from trainyard_core.platform import Platform
from trainyard_core.work.ingest import ingest

__all__ = ["Tracking"]

MOST_BODY = 17 * 1024 * 1024
MOST_ARTIFACT = 1 << 40
MOST_LINES = 10_000
MOST_NAMES = 200


class Tracking(Controller):
    """Below one run."""

    path = "/projects/{project:str}/runs/{ref:str}"
    tags = ("tracking",)

    @post("/frames", status_code=200, request_max_body_size=MOST_BODY)
    async def frames(self, request: Asked, project: str, ref: str) -> models.Durable:
        """Take whole frames of one writer; the answer tells what may be forgotten."""
        row = await find_run(request, project, ref, TRACK)
        platform = platform_of(request)
        run = RunRef(project, row["id"])
        writer, done = await ingest(
            platform.database,
            tracker_of(platform),
            run,
            await request.body(),
            policy=platform.policy,
            at=platform.clock.now(),
        )
        platform.news.tell(row["id"])
        if done.ended:
            platform.doorbell.call_agents(orders=True)
        return models.Durable(writer=writer, durable=done.durable)

    @get("/logs")
    async def logs(
        self,
        request: Asked,
        project: str,
        ref: str,
        cursor: str = "",
        limit: Annotated[int, Parameter(ge=1, le=MOST_LINES)] = 1000,
        tail: bool = False,
        last_event_id: Annotated[str, Parameter(header="Last-Event-ID")] = "",
    ) -> Response[models.LogPage] | EventStream:
        """A run's output; as a stream when the client accepts `text/event-stream`."""
        row = await find_run(request, project, ref, READ)
        tracker, run = tracker_of(platform_of(request)), RunRef(project, row["id"])
        follow, start = wanted(request), last_event_id or cursor
        try:
            page = await tracker.read_logs(run, cursor=start, limit=1 if follow else limit, tail=tail and not follow)
        except ValueError as error:
            raise Invalid(f"`cursor` is not one of ours: {error}", fix="leave it out to start over") from error
        if follow:
            return streams.logs(request, tracker, run, start)
        return Response(streams.log_page(page))

    @get("/metrics")
    async def metrics(self, request: Asked, project: str, ref: str) -> Response[models.MetricPage] | EventStream:
        """Each metric in brief; as a stream of those that change when the client accepts `text/event-stream`."""
        row = await find_run(request, project, ref, READ)
        if wanted(request):
            return streams.metrics(request, RunRef(project, row["id"]))
        rows = await platform_of(request).database.read(lambda tx: tracking.metrics(tx, row["id"]))
        return Response(models.MetricPage(items=[present.metric(each) for each in rows]))

    @get("/series")
    async def series(
        self,
        request: Asked,
        project: str,
        ref: str,
        name: list[str] | None = None,
        first: int | None = None,
        last: int | None = None,
        points: Annotated[int, Parameter(ge=0, le=100_000)] = 1000,
    ) -> models.SeriesPage:
        """Metrics over their steps, at most `points` buckets each (0: every row); without names all of them."""
        row = await find_run(request, project, ref, READ)
        tracker, run = tracker_of(platform_of(request)), RunRef(project, row["id"])
        names = name or await tracker.series_names(run)
        if len(names) > MOST_NAMES:
            raise Invalid(
                f"{len(names)} series are too many for one answer", fix=f"ask for at most {MOST_NAMES} by name"
            )
        found = await tracker.read_series(run, names, first=first, last=last, points=points)
        return models.SeriesPage(items=[present.series(each) for each in found])

    @get("/artifacts")
    async def artifacts(self, request: Asked, project: str, ref: str) -> models.ArtifactPage:
        """A run's artifacts, by name."""
        row = await find_run(request, project, ref, READ)
        rows = await platform_of(request).database.read(lambda tx: tracking.artifacts(tx, row["id"]))
        return models.ArtifactPage(items=[present.artifact(each) for each in rows])

    @put("/artifacts/{name:path}", status_code=200, request_max_body_size=MOST_ARTIFACT)
    async def put_artifact(
        self,
        request: Asked,
        project: str,
        ref: str,
        name: str,
        digest: Annotated[str, Parameter(header="Digest")] = "",
        kind: str = "file",
    ) -> models.Artifact:
        """Store a file, whole or not at all; with a `Digest: sha256:...` header it must match."""
        row = await find_run(request, project, ref, TRACK)
        platform, run = platform_of(request), RunRef(project, row["id"])
        try:
            info = await tracker_of(platform).put_artifact(
                run, name.lstrip("/"), request.stream(), digest=digest or None
            )
        except (BadName, DigestMismatch) as error:
            raise Invalid(str(error), fix="correct the name or send the bytes again") from error
        at = platform.clock.now()
        await platform.database.write(
            lambda tx: tracking.put_artifact(
                tx, run.run, name=info.name, kind=kind, size=info.size, digest=info.digest, data={}, at=at
            ),
            name="artifact",
        )
        return models.Artifact(name=info.name, size=info.size, digest=info.digest, kind=kind)

    @get("/artifacts/{name:path}", media_type="application/octet-stream")
    async def get_artifact(
        self,
        request: Asked,
        project: str,
        ref: str,
        name: str,
        range_header: Annotated[str, Parameter(header="Range")] = "",
    ) -> Stream:
        """The bytes of a file; `Range: bytes=a-b` for a part."""
        row = await find_run(request, project, ref, READ)
        tracker, run, clean = tracker_of(platform_of(request)), RunRef(project, row["id"]), name.lstrip("/")
        try:
            info = await tracker.stat_artifact(run, clean)
        except (ArtifactMissing, BadName) as error:
            raise NotFound(f"no artifact '{clean}' in run {row['id']}", fix="see yard get") from error
        start, end = _range(range_header, info.size)
        part = bool(range_header)
        headers = {"Content-Length": str(end - start), "Digest": info.digest, "Accept-Ranges": "bytes"}
        if part:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{info.size}"
        content = _exactly(tracker.read_artifact(run, clean, start=start, end=end))
        return Stream(content, status_code=206 if part else 200, headers=headers, media_type="application/octet-stream")


def tracker_of(platform: Platform) -> Tracker:
    """The tracker, or the error that says that none is installed."""
    if platform.tracker is None:
        raise Unavailable("no tracker is installed here", fix="pip install trainyard-tracker-folder and start again")
    return platform.tracker


def _range(header: str, size: int) -> tuple[int, int]:
    """First byte and the one after the last. Raises RangeNotSatisfiable for anything but one that can be met."""
    if not header:
        return 0, size
    unit, _, spec = header.partition("=")
    first, dash, last = spec.strip().partition("-")
    try:
        start = int(first) if first else max(0, size - int(last))
        end = min(size, int(last) + 1) if first and last else size
    except ValueError:
        start, end = size, 0
    if unit.strip() != "bytes" or not dash or start >= end:
        raise RangeNotSatisfiable(f"`Range: {header}` cannot be met for {size} bytes", fix="use bytes=FIRST-LAST")
    return start, end


async def _exactly(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in source:
        yield piece
