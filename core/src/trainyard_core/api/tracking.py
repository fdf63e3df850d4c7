"""What a run tracks: frames in, and logs, metrics, series and artifacts out."""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody, Parameter

from trainyard.client import models
from trainyard_core.api import streams
from trainyard_core.api.access import ApiRequest, Recorder, attempt_of, find_run, runtime_of
from trainyard_core.api.event_stream import EventStream, wanted
from trainyard_core.api.observation_limits import checked
from trainyard_core.api.pagination import MOST, Cursor, Limit, after_name, following
from trainyard_core.auth import READ, TRACK
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase
from trainyard_core.db import tracking
from trainyard_core.db.engine import Tx
from trainyard_core.errors import Forbidden, Invalid, Unavailable
from trainyard_core.run_tracker import RunTracker
from trainyard_core.runtime import Runtime
from trainyard_core.settings import install
from trainyard_core.work import resume, serializers
from trainyard_core.work.assignment import report_exit
from trainyard_core.work.ingest import ingest

__all__ = ["Tracking"]

MOST_BODY = 17 * 1024 * 1024
MOST_LINES = 10_000
MOST_NAMES = 200


class ReportedExit(Exit, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How an attempt ended, as its runner says: what is in `exit.json` of its folder."""


class Tracking(Controller):
    """Below one run."""

    path = "/projects/{project:str}/runs/{ref:str}"
    tags = ("tracking",)

    @post("/frames", status_code=200, request_max_body_size=MOST_BODY)
    async def frames(self, request: ApiRequest, project: str, ref: str, attempt: Recorder = 0) -> models.FrameAck:
        """Store whole frames of one writer; the answer has the last sequence number that is stored, up to which the
        client may delete its copies."""
        row = await find_run(request, project, ref, TRACK)
        runtime = runtime_of(request)
        run = RunRef(project, row["id"])
        writer, done = await ingest(
            runtime.database,
            tracker_of(runtime),
            run,
            await request.body(),
            policy=runtime.policy,
            at=runtime.clock.now(),
            attempt=attempt_of(request, row, attempt),
        )
        runtime.event_feed.publish(row["id"])
        if done.ended:
            runtime.notifier.notify_agents(orders=True)
        return models.FrameAck(writer=writer, durable=done.durable)

    @post("/exit", status_code=204)
    async def exit(
        self, request: ApiRequest, project: FromPath[str], ref: FromPath[str], data: JSONBody[ReportedExit]
    ) -> None:
        """Record how the run's attempt ended, as its runner says: for schedulers whose attempts nobody else watches.
        The run's own token says which attempt it is. Idempotent: an end that is known stays as it is."""
        row, attempt = await find_run(request, project, ref, TRACK), request.user.attempt
        if not attempt:
            raise Forbidden("only the runner of an attempt reports its exit", fix="send the run's own token")
        runtime, at = runtime_of(request), runtime_of(request).clock.now()
        seen = Observation(ref=AttemptRef(row["id"], attempt), phase=Phase.EXITED, exit=data)
        end = checked(seen).exit
        assert end is not None, "it was given"
        actor, policy = request.user.name, runtime.policy
        await runtime.database.write(
            lambda tx: report_exit(tx, seen.ref, end, policy=policy, at=at, actor=actor), name="report"
        )
        runtime.event_feed.publish(row["id"])
        runtime.notifier.notify_agents(orders=True)

    @get("/logs")
    async def logs(
        self,
        request: ApiRequest,
        project: str,
        ref: str,
        cursor: str = "",
        limit: Annotated[int, Parameter(ge=1, le=MOST_LINES)] = 1000,
        tail: bool = False,
        last_event_id: Annotated[str, Parameter(header="Last-Event-ID")] = "",
    ) -> Response[models.LogPage] | EventStream:
        """Return a run's log output; as a stream when the client accepts `text/event-stream`."""
        row = await find_run(request, project, ref, READ)
        tracker, run = tracker_of(runtime_of(request)), RunRef(project, row["id"])
        follow, start = wanted(request), last_event_id or cursor
        try:
            page = await tracker.read_logs(run, cursor=start, limit=1 if follow else limit, tail=tail and not follow)
        except ValueError as error:
            raise Invalid(f"`cursor` is not one of ours: {error}", fix="leave it out to start over") from error
        if follow:
            return streams.logs(request, tracker, run, start)
        return Response(streams.log_page(page))

    @get("/tracked-events")
    async def tracked_events(
        self,
        request: ApiRequest,
        project: str,
        ref: str,
        kind: str = "",
        name: list[str] | None = None,
        cursor: str = "",
        limit: Annotated[int, Parameter(ge=1, le=MOST_LINES)] = 1000,
    ) -> models.TrackedEventPage:
        """Return what a run's programs have recorded beside values and lines, such as `params`, `artifact` or `event`,
        in the order of time: of one kind, or about one of these names, if they are given."""
        row = await find_run(request, project, ref, READ)
        runtime, run = runtime_of(request), RunRef(project, row["id"])
        attempts = await runtime.database.read(lambda tx: tracking.attempts_of(tx, [run.run]))
        try:
            page = await tracker_of(runtime).read_events(
                run, kind=kind, names=name or (), cursor=cursor, limit=limit, attempts=attempts[run.run]
            )
        except ValueError as error:
            raise Invalid(f"`cursor` is not one of ours: {error}", fix="leave it out to start over") from error
        return models.TrackedEventPage(items=[*map(serializers.event, page.events)], next=page.cursor, more=page.more)

    @get("/metrics")
    async def metrics(
        self, request: ApiRequest, project: str, ref: str, limit: Limit = MOST, cursor: Cursor = ""
    ) -> Response[models.MetricPage] | EventStream:
        """List a summary of each metric, by name; as a stream of those that change when the client accepts
        `text/event-stream`."""
        row, after = await find_run(request, project, ref, READ), after_name(cursor)
        if wanted(request):
            return streams.metrics(request, RunRef(project, row["id"]))

        async def work(tx: Tx) -> models.MetricPage:
            names = await tracking.metric_names(tx, row["id"], after=after, limit=limit)
            items = [serializers.metric(each) for each in await tracking.metrics(tx, row["id"], names=names)]
            dropped = await tracking.dropped(tx, row["id"])
            more = following(names, limit, names[-1] if names else "")
            return models.MetricPage(items=items, next=more, dropped=dropped)

        return Response(await runtime_of(request).database.read(work))

    @get("/series")
    async def series(
        self,
        request: ApiRequest,
        project: str,
        ref: str,
        name: list[str] | None = None,
        first: int | None = None,
        last: int | None = None,
        points: Annotated[int, Parameter(ge=0, le=100_000)] = 1000,
    ) -> models.SeriesPage:
        """Return metrics over their steps, with at most `points` buckets each (0: every row); without `name`, all
        metrics. The series of a resumed run begin with those of the run that it continues."""
        row = await find_run(request, project, ref, READ)
        runtime, tracker = runtime_of(request), tracker_of(runtime_of(request))
        links = await runtime.database.read(lambda tx: resume.links_of(tx, row))
        names = name or await resume.series_names(tracker, links)
        if len(names) > MOST_NAMES:
            raise Invalid(
                f"{len(names)} series are too many for one answer", fix=f"ask for at most {MOST_NAMES} by name"
            )
        found = await resume.read_series(tracker, links, names, first=first, last=last, points=points)
        return models.SeriesPage(items=[serializers.series(each) for each in found])


def tracker_of(runtime: Runtime) -> RunTracker:
    """The tracker of all runs, or the error that says that none is installed."""
    if runtime.tracker is None:
        raise Unavailable("no tracker is installed here", fix=f"{install('tracker')} and start again")
    return runtime.tracker
