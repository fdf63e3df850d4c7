# Generated from `_async/run.py` by tools/sync_client.py: change that file and run `make format`.
"""Creating and reading runs. `ref` is a full id, `latest` or a unique ending of an id with at least four characters;
`project` is the client's own by default."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

from trainyard.client import requests
from trainyard.client._sync.pagination import collect, items
from trainyard.client._sync.run_actions import RunActions
from trainyard.client.errors import StillRunning
from trainyard.client.float_text import read
from trainyard.client.models import (
    Activity,
    Artifact,
    CreateRun,
    FrameAck,
    LogLine,
    LogPage,
    Metric,
    Preview,
    ReadSeries,
    RunPage,
    RunRecord,
    RunSeries,
    Series,
    TrackedEvent,
    TrackedEventPage,
    Transition,
    UsedComponent,
    Why,
)
from trainyard.client.wire import lines_of, metrics_of

__all__ = ["Runs"]

PAGE = 500


class Runs(RunActions):
    """The runs of a server."""

    def create(self, body: CreateRun, *, project: str | None = None, key: str = "") -> RunRecord:
        """Create a run. Idempotent by `key`; without one, each call creates one run, however often it is sent."""
        return self._client.send(requests.create_run(self._project(project), body, key=key))

    def get(self, ref: str, *, project: str | None = None) -> RunRecord:
        """A run with its params and its metrics."""
        return self._client.send(requests.get_run(self._project(project), ref))

    def preview(self, body: CreateRun, *, project: str | None = None) -> Preview:
        """What creating this run would do now, and whether the run would start. Nothing is written."""
        return self._client.send(requests.preview_run(self._project(project), body))

    def uses(self, ref: str, *, project: str | None = None) -> Sequence[UsedComponent]:
        """The components and presets that a run was created with."""
        page = self._client.send(requests.run_uses(self._project(project), ref))
        return page.items

    def page(
        self,
        *,
        q: str = "",
        sort: str = "",
        metrics: Sequence[str] = (),
        limit: int | None = None,
        cursor: str = "",
        project: str | None = None,
    ) -> RunPage:
        """One page of the runs that match the query `q`, newest first by default. Each run has its first 32 metrics, or
        those in `metrics`, and those of `q` and `sort`; `get` gives all of them. Raises Invalid for a query or a sort
        that cannot be read."""
        return self._client.send(
            requests.list_runs(self._project(project), q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor)
        )

    def list(
        self,
        *,
        q: str = "",
        sort: str = "",
        metrics: Sequence[str] = (),
        page_size: int = 100,
        project: str | None = None,
    ) -> Iterator[RunRecord]:
        """All runs that match the query `q`, newest first by default, with the metrics that `page` documents; each page
        is requested when it is needed."""
        return items(
            lambda cursor: self.page(q=q, sort=sort, metrics=metrics, limit=page_size, cursor=cursor, project=project)
        )

    def everywhere(
        self, *, q: str = "", sort: str = "", metrics: Sequence[str] = (), page_size: int = 100
    ) -> Iterator[RunRecord]:
        """As `list`, from all projects that the caller may read."""
        return items(
            lambda cursor: self._client.send(
                requests.search_runs(q=q, sort=sort, metrics=metrics, limit=page_size, cursor=cursor)
            )
        )

    def statuses(self, ref: str, *, project: str | None = None) -> Iterator[Transition]:
        """The statuses of a run, oldest first."""
        where = self._project(project)
        return items(lambda cursor: self._client.send(requests.list_statuses(where, ref, limit=PAGE, cursor=cursor)))

    def why(self, ref: str, *, project: str | None = None) -> Why:
        """Why a run is in the status that it is in."""
        return self._client.send(requests.why_run(self._project(project), ref))

    def activities(self, ref: str, *, project: str | None = None) -> Iterator[Activity]:
        """The activities of a run up to now, oldest first."""
        where = self._project(project)
        return items(lambda cursor: self._client.send(requests.list_activities(where, ref, limit=PAGE, cursor=cursor)))

    def logs(
        self, ref: str, *, cursor: str = "", limit: int | None = None, tail: bool = False, project: str | None = None
    ) -> LogPage:
        """One page of log lines after a cursor; with `tail`, the last `limit` lines."""
        request = requests.read_logs(self._project(project), ref, cursor=cursor, limit=limit, tail=tail)
        return self._client.send(request)

    def lines(self, ref: str, *, cursor: str = "", project: str | None = None) -> Iterator[LogLine]:
        """All log lines up to now."""
        more = True
        while more:
            page = self.logs(ref, cursor=cursor, project=project)
            yield from page.items
            cursor, more = page.next, page.more

    def follow(self, ref: str, *, cursor: str = "", project: str | None = None) -> Iterator[LogLine]:
        """The log lines after a cursor as they are written, each once, until the run has ended."""
        request = requests.follow_logs(self._project(project), ref, cursor=cursor)
        with closing(self._client.events(request)) as events:
            for event in events:
                yield from lines_of(event)

    def metrics(self, ref: str, *, project: str | None = None) -> Sequence[Metric]:
        """A summary of each metric of a run, by name."""
        where = self._project(project)
        return collect(items(lambda cursor: self._client.send(requests.read_metrics(where, ref, cursor=cursor))))

    def follow_metrics(self, ref: str, *, project: str | None = None) -> Iterator[Sequence[Metric]]:
        """The metrics that changed, each time that some change, until the run has ended."""
        with closing(self._client.events(requests.follow_metrics(self._project(project), ref))) as events:
            for event in events:
                if event.name == "metrics":
                    yield metrics_of(event)

    def tracked_events(
        self, ref: str, *, kind: str = "", names: Sequence[str] = (), project: str | None = None
    ) -> Iterator[TrackedEvent]:
        """What the run's programs have recorded beside values and lines, in the order of time: of one kind (`params`,
        `artifact`, `event`, ...), or about one of these names, if they are given."""
        cursor, more = "", True
        while more:
            page = self.tracked_event_page(ref, kind=kind, names=names, cursor=cursor, project=project)
            cursor, more = page.next, page.more
            yield from page.items

    def tracked_event_page(
        self, ref: str, *, kind: str = "", names: Sequence[str] = (), cursor: str = "", project: str | None = None
    ) -> TrackedEventPage:
        """One page of tracked events after a cursor. `next` continues after the page, whether there is `more` now or
        only later."""
        return self._client.send(
            requests.read_events(self._project(project), ref, kind=kind, names=names, cursor=cursor)
        )

    def series(
        self,
        ref: str,
        names: Sequence[str],
        *,
        first: int | None = None,
        last: int | None = None,
        points: int | None = None,
        project: str | None = None,
    ) -> Sequence[Series]:
        """The points of metrics from step `first` to step `last`, in at most `points` buckets, each with its lowest and
        highest value."""
        request = requests.read_series(self._project(project), ref, names, first=first, last=last, points=points)
        page = self._client.send(request)
        return page.items

    def many_series(
        self,
        refs: Sequence[str],
        names: Sequence[str],
        *,
        by: Literal["step", "time"] = "step",
        first: int | None = None,
        last: int | None = None,
        points: int = 500,
        project: str | None = None,
    ) -> Sequence[RunSeries]:
        """The points of metrics of several runs of a project, read in one request: for each run, each of `names`, as
        columns in at most `points` buckets (0: every value). By "time", `first` and `last` are microseconds since 1970
        UTC."""
        asked = ReadSeries(runs=[*refs], names=[*names], by=by, first=first, last=last, points=points)
        page = self._client.send(requests.read_many_series(self._project(project), asked))
        return page.items

    def append(self, ref: str, frames: bytes, *, project: str | None = None) -> FrameAck:
        """Append whole frames of one writer. Idempotent by (run, writer, seq)."""
        return self._client.send(requests.append_frames(self._project(project), ref, frames))

    def artifacts(self, ref: str, *, project: str | None = None) -> Sequence[Artifact]:
        """All artifacts of a run, by name; `client.artifacts` has more calls."""
        return collect(self._client.artifacts.list(ref, project=project))

    def read(self, ref: str, name: str, *, project: str | None = None) -> bytes:
        """The bytes of a small artifact."""
        return self._client.artifacts.read(ref, name, project=project)

    def download(self, ref: str, name: str, target: Path, *, project: str | None = None) -> Path:
        """Download an artifact to a file, which appears only when it is complete. Raises DigestMismatch."""
        return self._client.artifacts.get(ref, name, target, project=project)

    def upload(
        self, ref: str, name: str, source: Path | bytes, *, kind: str = "file", project: str | None = None
    ) -> Artifact:
        """Store a file or bytes as an artifact. Idempotent: the same bytes under the same name change nothing."""
        return self._client.artifacts.put(ref, name, source, kind=kind, project=project)

    def wait(self, ref: str, *, timeout: float | None = None, project: str | None = None) -> RunRecord:
        """Wait until a run has ended: its events are followed. Raises StillRunning after `timeout` seconds."""
        try:
            with closing(
                self._client.events(requests.follow_run(self._project(project), ref), timeout=timeout)
            ) as events:
                for event in events:
                    if event.name == "end":
                        return read(event.data, RunRecord)
        except TimeoutError as error:
            run = self.get(ref, project=project)
            if not run.is_final:
                raise StillRunning(f"run {run.short_id} is still {run.status} after {timeout:g} s") from error
            return run
        raise AssertionError("a stream ends with its event `end`")
