"""The verbs of runs for the synchronous client. `ref` is a full id, `latest` or a unique ending of at least four
characters; `project` is the client's own unless it is given."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from trainyard.client import requests
from trainyard.client.errors import StillRunning
from trainyard.client.models import (
    Activity,
    Artifact,
    CreateRun,
    FrameAck,
    LogLine,
    LogPage,
    Metric,
    Preview,
    RunPage,
    RunRecord,
    Series,
    Transition,
    UsedComponent,
    Why,
)
from trainyard.client.resources.pagination import items
from trainyard.client.resources.run_actions import RunActions
from trainyard.client.wire import lines_of, metrics_of

__all__ = ["Runs"]


class Runs(RunActions):
    """The runs of a server."""

    def create(self, wish: CreateRun, *, project: str | None = None, key: str = "") -> RunRecord:
        """Create a run. Idempotent by `key`; without one, each call makes a run, however often it is sent."""
        return self._client.send(requests.create_run(self._in(project), wish, key=key))

    def get(self, ref: str, *, project: str | None = None) -> RunRecord:
        return self._client.send(requests.get_run(self._in(project), ref))

    def preview(self, wish: CreateRun, *, project: str | None = None) -> Preview:
        """What creating this run would do now, and whether it would start. Nothing is written."""
        return self._client.send(requests.preview_run(self._in(project), wish))

    def uses(self, ref: str, *, project: str | None = None) -> Sequence[UsedComponent]:
        """The components and presets that a run was made with."""
        return self._client.send(requests.run_uses(self._in(project), ref)).items

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
        """One page of the runs that a query is true of, newest first unless sorted. Each has the first 32 of its
        metrics, or those that are named, and those of `q` and `sort`; `get` gives all of them. Raises Invalid for a
        query or sort that makes no sense."""
        return self._client.send(
            requests.list_runs(self._in(project), q=q, sort=sort, metrics=metrics, limit=limit, cursor=cursor)
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
        """All runs that a query is true of, newest first unless sorted, with the metrics that `page` tells; pages are
        asked for as they are needed."""
        return items(
            lambda cursor: self.page(q=q, sort=sort, metrics=metrics, limit=page_size, cursor=cursor, project=project)
        )

    def everywhere(
        self, *, q: str = "", sort: str = "", metrics: Sequence[str] = (), page_size: int = 100
    ) -> Iterator[RunRecord]:
        """As `list`, in all projects that the token may read."""
        return items(
            lambda cursor: self._client.send(
                requests.search_runs(q=q, sort=sort, metrics=metrics, limit=page_size, cursor=cursor)
            )
        )

    def statuses(self, ref: str, *, project: str | None = None) -> Iterator[Transition]:
        """The statuses that a run has had, oldest first."""
        return items(
            lambda cursor: self._client.send(requests.list_statuses(self._in(project), ref, limit=500, cursor=cursor))
        )

    def why(self, ref: str, *, project: str | None = None) -> Why:
        return self._client.send(requests.why_run(self._in(project), ref))

    def activities(self, ref: str, *, project: str | None = None) -> Iterator[Activity]:
        """What has happened to a run, oldest first, up to now."""
        return items(
            lambda cursor: self._client.send(requests.list_activities(self._in(project), ref, limit=500, cursor=cursor))
        )

    def logs(
        self, ref: str, *, cursor: str = "", limit: int | None = None, tail: bool = False, project: str | None = None
    ) -> LogPage:
        """Lines after a cursor; with `tail`, the last `limit` lines."""
        request = requests.read_logs(self._in(project), ref, cursor=cursor, limit=limit, tail=tail)
        return self._client.send(request)

    def lines(self, ref: str, *, cursor: str = "", project: str | None = None) -> Iterator[LogLine]:
        """All lines that there are now."""
        more = True
        while more:
            page = self.logs(ref, cursor=cursor, project=project)
            yield from page.items
            cursor, more = page.next, page.more

    def follow(self, ref: str, *, cursor: str = "", project: str | None = None) -> Iterator[LogLine]:
        """Lines after a cursor as they are written, each once, until the run has ended and all are given."""
        for event in self._client.events(requests.follow_logs(self._in(project), ref, cursor=cursor)):
            yield from lines_of(event)

    def metrics(self, ref: str, *, project: str | None = None) -> Sequence[Metric]:
        """The metrics of a run in brief, by name."""
        where = self._in(project)
        return [*items(lambda cursor: self._client.send(requests.read_metrics(where, ref, cursor=cursor)))]

    def follow_metrics(self, ref: str, *, project: str | None = None) -> Iterator[Sequence[Metric]]:
        """The metrics that have changed, as they change, until the run has ended."""
        for event in self._client.events(requests.follow_metrics(self._in(project), ref)):
            if event.name == "metrics":
                yield metrics_of(event)

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
        """Metrics over steps `first` to `last`, in at most `points` buckets that keep every spike."""
        request = requests.read_series(self._in(project), ref, names, first=first, last=last, points=points)
        return self._client.send(request).items

    def append(self, ref: str, frames: bytes, *, project: str | None = None) -> FrameAck:
        """Append whole frames of one writer. Idempotent by (run, writer, seq)."""
        return self._client.send(requests.append_frames(self._in(project), ref, frames))

    def artifacts(self, ref: str, *, project: str | None = None) -> Sequence[Artifact]:
        """All files of a run, by name; `client.artifacts` has more."""
        return [*self._client.artifacts.list(ref, project=project)]

    def read(self, ref: str, name: str, *, project: str | None = None) -> bytes:
        """The bytes of a small artifact."""
        return self._client.artifacts.read(ref, name, project=project)

    def download(self, ref: str, name: str, target: Path, *, project: str | None = None) -> Path:
        """Bring an artifact into a file, which appears whole or not at all. Raises DigestMismatch."""
        return self._client.artifacts.get(ref, name, target, project=project)

    def upload(
        self, ref: str, name: str, source: Path | bytes, *, kind: str = "file", project: str | None = None
    ) -> Artifact:
        """Store a file or bytes as an artifact. Idempotent: the same bytes under the same name change nothing."""
        return self._client.artifacts.put(ref, name, source, kind=kind, project=project)

    def wait(
        self, ref: str, *, timeout: float | None = None, poll: float = 1.0, project: str | None = None
    ) -> RunRecord:
        """Wait until a run has ended, looking every `poll` seconds. Raises StillRunning after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (run := self.get(ref, project=project)).is_final:
            if deadline is not None and time.monotonic() + poll > deadline:
                raise StillRunning(f"run {run.short_id} is still {run.status} after {timeout:g} s")
            time.sleep(poll)
        return run
