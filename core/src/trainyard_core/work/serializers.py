"""Makes what the API answers with out of the rows of the database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from trainyard.client import models
from trainyard.query.tree import SortKey
from trainyard.track import omissions
from trainyard_core.admission import AgentOffer
from trainyard_core.clock import bounded, rfc3339
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.tracker import ArtifactInfo, LoggedLine, Series
from trainyard_core.contracts.tracker_events import RecordedEvent
from trainyard_core.contracts.workload import Exit
from trainyard_core.db.engine import Row
from trainyard_core.db.tracking import MetricSelection
from trainyard_core.work import observation
from trainyard_core.work.run_record import LAST_LINES, last_lines

__all__ = [
    "activity",
    "agent",
    "artifact",
    "folder",
    "line",
    "listed",
    "metric",
    "number",
    "numbers",
    "run",
    "series",
    "stored",
    "transition",
    "upload",
]

LISTED_CHARS = 1000
"""Of each text of a run in a list."""
_decode = msgspec.json.decode
_exit = msgspec.json.Decoder(Exit)


def number(value: float | None) -> float | str:
    """A number on the wire; NULL is NaN."""
    return "NaN" if value is None else models.on_wire(value)


def numbers(values: Sequence[float | None]) -> list[float | str]:
    """Many numbers on the wire, each as of `number`."""
    if None not in values and math.isfinite(sum(values)):  # type: ignore[arg-type]  # there is no None
        return values  # type: ignore[return-value]  # nothing has to be written as text
    return [number(value) for value in values]


def run(
    row: Row,
    *,
    metrics: Sequence[Row] = (),
    metrics_left_out: int = 0,
    attempts: Sequence[Row] = (),
    resolved: str = "",
    dropped: int = 0,
    sort: Sequence[SortKey] = (),
) -> models.RunRecord:
    """A run; with `resolved`, the JSON of its operation as it runs."""
    tries = [_attempt(each) for each in attempts]
    ends = [_exit.decode(each["exit"]) for each in attempts if each["exit"]]
    meta = _decode(row["meta"])
    printed = meta.pop(LAST_LINES, [])
    return models.RunRecord(
        id=row["id"],
        project=row["project"],
        kind=row["kind"],
        status=row["status"],
        created_at=rfc3339(row["created_at"]) or "",
        name=row["name"],
        description=row["description"],
        reason=row["reason"],
        message="; ".join(filter(None, (row["message"], omissions.summary(meta.get(omissions.META))))),
        intent=row["intent"],
        hold=row["hold"],
        managed=bool(row["managed"]),
        queue=row["queue"],
        tags=_decode(row["tags"]),
        params=_decode(row["params"]),
        outputs=_decode(row["outputs"]),
        metrics={each["name"]: number(each["last"]) for each in metrics},
        metrics_left_out=metrics_left_out,
        meta=meta,
        digest=row["digest"],
        attempt=row["attempt"],
        attempts=tries,
        exit_code=tries[-1].exit_code if tries else row["reported_exit_code"],
        last_lines=list(ends[-1].last_lines) if ends else last_lines(printed),
        cloned_from=row["cloned_from"],
        started_at=rfc3339(row["started_at"]),
        finished_at=rfc3339(row["finished_at"]),
        updated_at=rfc3339(row["updated_at"]) or "",
        progress=row["progress"],
        resolved=_decode(resolved) if resolved else None,
        user=row["created_by"],
        priority=row["priority"],
        parent=row["parent"],
        clone_kind=row["clone_kind"],
        fork_step=row["fork_step"],
        archived_at=rfc3339(row["archived_at"]),
        dropped=dropped,
        tracker=row["tracker"],
        untrusted=bool(row["untrusted"]),
        sorted_by=_sorted_by(sort, metrics),
    )


def _sorted_by(sort: Sequence[SortKey], metrics: Sequence[Row]) -> dict[str, float | str]:
    """The values of metrics that are sorted by, those that the run has."""
    rows = {row["name"]: row for row in metrics} if sort else {}
    fields = [key.field for key in sort if key.field.kind == "metric" and key.field.key in rows]
    return {f"metrics.{each.key}.{each.part}": number(rows[each.key][each.part]) for each in fields}


def listed(row: Row, metrics: MetricSelection, sort: Sequence[SortKey] = ()) -> models.RunRecord:
    """A run in a list: it has some of its metrics, and its long texts are cut; all is there where the run itself is
    asked for. `sort` is what the list is sorted by."""
    found = run(row, metrics=metrics.rows, metrics_left_out=metrics.left_out, sort=sort)
    long = [name for name in ("params", "outputs", "meta") if len(row[name]) > LISTED_CHARS]
    short = {name: _short(getattr(found, name)) for name in ("name", "description", "message", *long)}
    return msgspec.structs.replace(found, **short, last_lines=[])


def _short(value: Any) -> Any:
    """The value with every long text in it cut."""
    if isinstance(value, str):
        return value if len(value) <= LISTED_CHARS else value[:LISTED_CHARS] + "\N{HORIZONTAL ELLIPSIS}"
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    return [_short(each) for each in value] if isinstance(value, list) else value


def _attempt(row: Row) -> models.Attempt:
    return models.Attempt(
        number=row["number"],
        agent=row["agent"],
        started_at=rfc3339(row["started_at"]),
        finished_at=rfc3339(row["finished_at"]),
        exit_code=row["exit_code"],
        signal=row["signal"],
        reason=row["reason"],
        message=row["message"],
        gpu=row["gpu"],
        gpus=_decode(row["gpus"]) or [],
        observation=observation.shown(row),
    )


def transition(row: Row) -> models.Transition:
    """One status from its activity."""
    data = _decode(row["data"])
    return models.Transition(
        status=data["status"],
        at=rfc3339(row["at"]) or "",
        reason=data.get("reason", ""),
        message=data.get("message", ""),
        attempt=data.get("attempt", 0),
    )


def activity(row: Row) -> models.Activity:
    """One activity."""
    return models.Activity(
        id=row["id"],
        kind=row["kind"],
        at=rfc3339(row["at"]) or "",
        actor=row["actor"],
        project=row["project"],
        run=row["run"] or "",
        data=_decode(row["data"]),
    )


def metric(row: Row) -> models.Metric:
    """One metric in brief."""
    return models.Metric(
        name=row["name"],
        last=number(row["last"]),
        step=row["last_step"],
        min=row["min"],
        max=row["max"],
        count=row["value_count"],
    )


def series(found: Series) -> models.Series:
    """One series."""
    points = [[p.step, p.until, bounded(p.time), number(p.min), number(p.max), number(p.last)] for p in found.points]
    return models.Series(name=found.name, total=found.total, points=points)


def line(logged: LoggedLine) -> models.LogLine:
    """One line of output."""
    return models.LogLine(
        at=rfc3339(logged.time) or "",
        text=logged.text,
        stream="stderr" if logged.stream == 2 else "stdout",
        cut=logged.cut,
    )


def event(recorded: RecordedEvent) -> models.TrackedEvent:
    """One event that a program recorded."""
    rest = {key: value for key, value in recorded.data.items() if key not in ("type", "name", "time")}
    return models.TrackedEvent(
        kind=recorded.kind, name=recorded.name, at=rfc3339(bounded(recorded.time)) or "", data=rest
    )


def artifact(row: Row) -> models.Artifact:
    """One artifact."""
    return models.Artifact(
        name=row["name"],
        size=row["size"],
        digest=row["digest"],
        kind=row["kind"],
        at=rfc3339(row["at"]) or "",
        source=row["source"] or "",
    )


def stored(info: ArtifactInfo, *, kind: str, at: int) -> models.Artifact:
    """One artifact as it was stored at a time."""
    return models.Artifact(name=info.name, size=info.size, digest=info.digest, kind=kind, at=rfc3339(at) or "")


def folder(row: Row) -> models.Folder:
    """A folder among the names of artifacts."""
    return models.Folder(name=row["entry"], files=row["files"], size=row["size"], at=rfc3339(row["at"]) or "")


def upload(row: Row, *, offset: int, step: int) -> models.Upload:
    """An upload of which so many bytes are kept."""
    return models.Upload(
        id=row["id"],
        name=row["name"],
        size=row["size"],
        digest=row["digest"],
        kind=row["kind"],
        offset=offset,
        step=step,
        done=row["state"] == "done",
        updated_at=rfc3339(row["updated_at"]) or "",
    )


def agent(row: Row, offer: AgentOffer, live: int) -> models.Agent:
    """Return one agent."""
    has = msgspec.json.decode(row["capacity"], type=Capacity)
    return models.Agent(
        name=row["name"],
        scheduler=row["scheduler"],
        queues=list(offer.queues),
        alive=offer.alive,
        seen_at=(rfc3339(row["seen_at"]) or "") if row["seen_at"] else "",
        allowed=_decode(row["allowed_queues"]),
        labels=_decode(row["labels"]),
        enrolled=bool(row["enrolled"]),
        draining=bool(row["draining"]) if row["not_ready"] else offer.draining,
        not_ready=row["not_ready"],
        version=row["version"],
        epoch=row["epoch"],
        cpu=has.cpu,
        memory=has.memory,
        gpu=has.gpu,
        resources=has.other,
        largest=has.largest,
        free_cpu=None if has.cpu is None else round(offer.free.cpu, 6),  # sums of tenths leave a trace
        free_gpu=None if has.gpu is None else int(offer.free.gpu),
        live=live,
    )
