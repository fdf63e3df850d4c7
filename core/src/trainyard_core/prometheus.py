"""What an operator's Prometheus asks for: this process's meters, and how the platform stands, read from the database by
one query when it is asked.

The metrics of runs are something else; they are `tracking`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from typing import NamedTuple

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from trainyard_core import instruments
from trainyard_core.clock import SECOND
from trainyard_core.db.engine import Row, Tx
from trainyard_core.db.jobs import STATES as JOB_STATES
from trainyard_core.instruments import Counter, Gauges, Histogram
from trainyard_core.lifecycle import Status

__all__ = ["CONTENT_TYPE", "PlatformCounts", "exposition", "read_counts"]

CONTENT_TYPE = CONTENT_TYPE_LATEST
_COUNTS = (
    "SELECT 'run' AS kind, status AS name, COUNT(*) AS amount, 0 AS at FROM run GROUP BY status"
    " UNION ALL SELECT 'queue', name, 0, 0 FROM queue"
    " UNION ALL SELECT 'waiting', queue, COUNT(*), MIN(updated_at) FROM run WHERE status = 'queued' GROUP BY queue"
    " UNION ALL SELECT 'attempt', state, COUNT(*), 0 FROM attempt WHERE released = 0 GROUP BY state"
    " UNION ALL SELECT 'job', state, COUNT(*), MIN(due_at) FROM job GROUP BY state"
    " UNION ALL SELECT 'agent', name, draining, seen_at FROM agent"
    " UNION ALL SELECT 'observer', o.plugin || ':' || o.name, n.newest - o.cursor_id,"
    " COALESCE((SELECT a.at FROM activity a WHERE a.id > o.cursor_id ORDER BY a.id LIMIT 1), 9223372036854775807)"
    " FROM observer o CROSS JOIN (SELECT COALESCE(MAX(id), 0) AS newest FROM activity) n"
    " UNION ALL SELECT CASE dead WHEN 1 THEN 'observer_dead' ELSE 'observer_waiting' END,"
    " plugin || ':' || observer, COUNT(*), 0 FROM observer_event GROUP BY plugin, observer, dead"
)


class PlatformCounts(NamedTuple):
    """How the platform stands: rows of kind, name, amount and time."""

    rows: Sequence[Row]
    at: int

    def of(self, kind: str) -> Iterator[tuple[str, float, float]]:
        """The name, amount and age in seconds of each row of a kind."""
        for row in self.rows:
            if row["kind"] == kind:
                yield row["name"], float(row["amount"]), max(0.0, (self.at - row["at"]) / SECOND)


async def read_counts(tx: Tx, *, at: int) -> PlatformCounts:
    """Read how the platform stands."""
    return PlatformCounts(await tx.all(_COUNTS), at)


def exposition(now: PlatformCounts, gauges: Gauges) -> bytes:
    """The text that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    registry.register(_Families([*_meters(), *_gauges(gauges), *_counts(now)]))
    return generate_latest(registry)


class _Families:
    """A collector of what was collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families

    def describe(self) -> Iterable[Metric]:
        return ()


def _meters() -> Iterator[Metric]:
    for meter in instruments.ALL:
        yield _count(meter) if isinstance(meter, Counter) else _timing(meter)


def _count(meter: Counter) -> Metric:
    family = CounterMetricFamily(meter.name, meter.what, labels=meter.labels)
    for labels, value in meter.values.items():
        family.add_metric(labels, value)
    return family


def _timing(meter: Histogram) -> Metric:
    family = HistogramMetricFamily(meter.name, meter.what, labels=meter.labels)
    for labels, (*counts, total) in meter.values.items():
        below, buckets = 0.0, []
        for bound, count in zip([*map(str, meter.bounds), "+Inf"], counts, strict=True):
            below += count
            buckets.append((bound, below))
        family.add_metric(labels, buckets=buckets, sum_value=total)
    return family


def _gauges(gauges: Gauges) -> Iterator[Metric]:
    yield _gauge("trainyard_database_connections", "Open connections of this process.", gauges.connections)
    yield _gauge("trainyard_database_waiting", "Transactions that wait or run in this process.", gauges.transactions)
    yield _gauge("trainyard_stream_subscribers", "Open streams of this process.", gauges.streams)
    build = GaugeMetricFamily("trainyard_build_info", "The version that serves.", labels=("version",))
    build.add_metric((version("trainyard-core"),), 1)
    yield build


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)


def _counts(now: PlatformCounts) -> Iterator[Metric]:
    found = {name: amount for name, amount, _ in now.of("run")}
    yield _named("trainyard_runs", "Runs by status.", "status", {each: found.get(each, 0) for each in Status})
    queues = {name: (0.0, 0.0) for name, _, _ in now.of("queue")}
    queues |= {name: (amount, age) for name, amount, age in now.of("waiting")}
    depth = {name: amount for name, (amount, _) in queues.items()}
    yield _named("trainyard_queue_waiting_runs", "Runs that wait in a queue.", "queue", depth)
    oldest = {name: age for name, (_, age) in queues.items()}
    what = "How long the run has waited that was changed the longest ago of those that wait."
    yield _named("trainyard_queue_oldest_seconds", what, "queue", oldest)
    states = {name: amount for name, amount, _ in now.of("attempt")}
    yield _named("trainyard_attempts", "Attempts that agents hold, by state.", "state", states)
    jobs = {name: amount for name, amount, _ in now.of("job")}
    yield _named(
        "trainyard_jobs", "Background jobs by state.", "state", {each: jobs.get(each, 0) for each in JOB_STATES}
    )
    seen = {name: age for name, _, age in now.of("agent")}
    yield _named("trainyard_agent_heartbeat_age_seconds", "Since the agent was heard of.", "agent", seen)
    draining = {name: amount for name, amount, _ in now.of("agent")}
    yield _named("trainyard_agent_draining", "Whether the agent takes no more work.", "agent", draining)
    yield from _observer_counts(now)


def _observer_counts(now: PlatformCounts) -> Iterator[Metric]:
    lag = {name: (amount, age) for name, amount, age in now.of("observer")}
    behind = {name: amount for name, (amount, _) in lag.items()}
    yield _named("trainyard_observer_lag_activities", "Activities after the place of an observer.", "observer", behind)
    what = "Age of the oldest activity after the place of an observer."
    yield _named("trainyard_observer_lag_seconds", what, "observer", {name: age for name, (_, age) in lag.items()})
    none = dict.fromkeys(lag, 0.0)
    waiting = none | {name: amount for name, amount, _ in now.of("observer_waiting")}
    what = "Events that wait because one of their subject failed."
    yield _named("trainyard_observer_waiting_events", what, "observer", waiting)
    dead = none | {name: amount for name, amount, _ in now.of("observer_dead")}
    yield _named("trainyard_observer_dead_letters", "Events that are not tried again.", "observer", dead)


def _named(name: str, what: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, what, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family
