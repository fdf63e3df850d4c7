"""A scheduler that answers late and lists incompletely passes the suite of its contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainyard_alternate_late.hosts import Cluster, Host, HostsScheduler, write_cluster
from trainyard_alternate_late.instant import InstantScheduler
from trainyard_alternate_late.late import LateScheduler
from trainyard_core.contracts.workload import AttemptRef, Phase
from trainyard_core.hookspecs import Context
from trainyard_core.testing.scheduler_suite import SchedulerHarness, SchedulerSuite
from trainyard_core.testing.scheduler_tools import shell


class Site:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def make_scheduler(self) -> LateScheduler:
        return LateScheduler.from_context(Context(folder=self.folder, settings={}))


class TestLateScheduler(SchedulerSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SchedulerHarness:
        return Site(tmp_path)


class HostsSite(Site):
    def make_scheduler(self) -> HostsScheduler:
        return HostsScheduler.from_context(Context(folder=self.folder, settings={}))

    @contextmanager
    def crowded(self) -> Iterator[None]:
        write_cluster(self.folder, Cluster())
        yield
        write_cluster(self.folder, Cluster(hosts={"a": Host(cpu=4)}))


class TestHostsScheduler(SchedulerSuite):
    @pytest.fixture
    def harness(self, tmp_path: Path) -> SchedulerHarness:
        return HostsSite(tmp_path)


async def test_instant_ends_at_once_and_shares_its_memory_between_instances(tmp_path: Path) -> None:
    context = Context(folder=tmp_path, settings={})
    workload = shell("never run")
    await InstantScheduler.from_context(context).submit(workload)
    other = InstantScheduler.from_context(context)
    seen, unknown = await other.observe([workload.ref, AttemptRef("unknown", 1)])
    assert (seen.phase, seen.exit and seen.exit.code) == (Phase.EXITED, 0)
    assert unknown.phase is Phase.GONE
    await other.release(workload.ref)
    assert await other.adopt() == []
