"""A run on the server, as a program or a notebook holds it: to watch it, wait for it, stop it and start it again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from trainyard.client import Client, models
from trainyard.client.errors import ClientError, RunFailed
from trainyard.track.conversion import plain_mapping

if TYPE_CHECKING:
    from trainyard.table.table import Table

__all__ = ["RunHandle", "get_run", "plain_params"]


class RunHandle:
    """A run on the server. `status`, `metrics` and the others read it anew each time; `record` is the run as it was
    read last. It holds no connection. Made by `trainyard.launch` and `trainyard.get_run`."""

    def __init__(self, record: models.RunRecord) -> None:
        self.record = record

    def __repr__(self) -> str:
        return f"RunHandle(id={self.id!r}, name={self.record.name!r}, status={self.record.status!r})"

    def _repr_html_(self) -> str:
        from trainyard.table.html import card

        with suppress(ClientError):  # it is shown as it was read last
            self.refresh()
        return card(self.record)

    @property
    def id(self) -> str:
        """The id of the run."""
        return self.record.id

    @property
    def project(self) -> str:
        """The project of the run."""
        return self.record.project

    @property
    def name(self) -> str:
        """The name of the run."""
        return self.refresh().name

    @property
    def status(self) -> str:
        """The status now."""
        return self.refresh().status

    @property
    def reason(self) -> str:
        """Why the run is in its status, in one word; empty when there is nothing to say."""
        return self.refresh().reason

    @property
    def params(self) -> dict[str, Any]:
        """The params of the run."""
        return self.refresh().params

    @property
    def metrics(self) -> dict[str, Any]:
        """The last value of each metric."""
        return self.refresh().metrics

    @property
    def outputs(self) -> dict[str, Any]:
        """What the run has given out by name."""
        return self.refresh().outputs

    @property
    def tags(self) -> list[str]:
        """The tags of the run."""
        return self.refresh().tags

    def refresh(self) -> models.RunRecord:
        """Read the run from the server. Raises NotFound when it was deleted."""
        with self._client() as client:
            self.record = client.runs.get(self.id)
        return self.record

    def wait(self, timeout: float | None = None, *, check: bool = True) -> RunHandle:
        """Wait until the run has ended, and return this handle. Raises StillRunning after `timeout` seconds, and unless
        `check` is false RunFailed when the run has failed, or was stopped or skipped."""
        with self._client() as client:
            self.record = client.runs.wait(self.id, timeout=timeout)
        if check and self.record.status != "succeeded":
            raise RunFailed(_failure(self.record), self.record)
        return self

    def stop(self, message: str = "") -> RunHandle:
        """Stop the run, and return this handle. Idempotent; `wait(check=False)` waits until it has stopped."""
        with self._client() as client:
            self.record = client.runs.stop(self.id, message)
        return self

    def restart(
        self, *, params: Mapping[str, Any] | None = None, name: str = "", queue: str = "", **more: Any
    ) -> RunHandle:
        """Create a run of the same operation, with other params: by name (`restart(epochs=20)`), or a mapping."""
        body = models.CloneRun(params=plain_params(params, more), name=name, queue=queue)
        with self._client() as client:
            return RunHandle(client.runs.restart(self.id, body))

    def resume(
        self, *, params: Mapping[str, Any] | None = None, step: int | None = None, queue: str = "", **more: Any
    ) -> RunHandle:
        """Create a run that continues this one, which has ended: after its last step, or after `step`."""
        body = models.CloneRun(params=plain_params(params, more), step=step, queue=queue)
        with self._client() as client:
            return RunHandle(client.runs.resume(self.id, body))

    def logs(self) -> list[str]:
        """The lines of output that there are now."""
        with self._client() as client:
            return [line.text for line in client.runs.lines(self.id)]

    def follow_logs(self) -> Iterator[str]:
        """The lines of output as they are written, until the run has ended."""
        with self._client() as client:
            for line in client.runs.follow(self.id):
                yield line.text

    def history(self, *metrics: str, points: int | None = None, shape: str = "wide") -> Table:
        """The values of metrics over the steps of the run, as `trainyard.history` gives them."""
        from trainyard.table.history import history

        return history(self, *metrics, points=points, shape=shape)

    def _client(self) -> Client:
        return Client(project=self.project)


def get_run(ref: str = "latest", *, project: str | None = None) -> RunHandle:
    """A run of a project (default: TRAINYARD_PROJECT, then `default`). `ref` is its id, a unique ending of it with at
    least four characters, or `latest`. Raises NotFound, Conflict for an ending of several ids, NoServer and
    NotReachable where there is no server."""
    with Client(project=project) as client:
        return RunHandle(client.runs.get(ref))


def plain_params(params: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Params as they are sent. Raises TypeError for one that is given twice, or that JSON cannot hold."""
    mapping = params or {}
    if twice := sorted(mapping.keys() & more.keys()):
        raise TypeError(f"{', '.join(twice)}: given in the mapping and by name; leave one")
    return plain_mapping({**mapping, **more}, _refuse)


def _refuse(name: str, why: str) -> None:
    raise TypeError(f"param {name}: {why}; give a number, a text, a boolean, or a list or mapping of these")


def _failure(run: models.RunRecord) -> str:
    """What has become of a run, why, and the last lines of its output."""
    lines = "".join(f"\n  {line}" for line in run.last_lines)
    return f"run {run.short_id} {run.status}{f': {run.cause}' if run.cause else ''}{lines}"
