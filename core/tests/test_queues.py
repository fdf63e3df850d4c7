"""Queues over the API, and admission in the database: limits, order, fair share, named agents, any resource."""

from __future__ import annotations

import asyncio
import json

import pytest

from trainyard.client.errors import Conflict, Invalid, NotAllowed, NotFound
from trainyard.client.models import CreateRun, EditQueue, QueueLimits
from trainyard_core.agent.model import Registration
from trainyard_core.contracts.capacity import Capacity
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import admission, agents, projects, queues, runs
from trainyard_core.db.connect import connect
from trainyard_core.lifecycle import Status
from trainyard_core.testing.factories import Arrange, operation

WORK = "version: 1.1\nkind: operation\ncmd: ls\n"


async def activities_of(web, kind):
    rows = await web.runtime.database.read(lambda tx: tx.all("SELECT kind, actor, data FROM activity ORDER BY id"))
    return [(row["actor"], json.loads(row["data"])) for row in rows if row["kind"] == kind]


async def register(arrange, name, **more):
    has = {"cpu": 8.0, "memory": 1 << 40, "gpu": 4, "other": {}, "devices": "indexed", **more}
    labels, queues = has.pop("labels", {}), has.pop("queues", ("*",))
    who = Registration(name=name, scheduler="manual", queues=queues, labels=labels, capacity=Capacity(**has))
    at = arrange.clock.now()
    await arrange.database.write(lambda tx: agents.register(tx, who, at=at))


async def put(arrange, name, **limits):
    limits = {"concurrency": None, "paused": False, **limits}
    at = arrange.clock.now()
    await arrange.database.write(lambda tx: queues.put(tx, name, at=at, **limits))


async def project(arrange, name, *, weight=1.0, quota="{}", patterns='["*"]'):
    at = arrange.clock.now()

    async def work(tx):
        await projects.ensure(tx, name, at=at)
        await tx.run(
            "UPDATE project SET weight = ?, quota = ?, queues = ? WHERE name = ?", weight, quota, patterns, name
        )

    await arrange.database.write(work)


async def waiting(arrange, number, **more):
    """A queued run whose id is this number."""
    fields = {"queue": "q", "project": "default", "cpu": 1.0, **more}
    run = f"{number:08}-0000-7000-8000-000000000000"
    new = runs.NewRun(id=run, kind="job", actor="test", at=arrange.clock.now(), resolved="{}", **fields)
    await arrange.database.write(lambda tx: runs.insert(tx, new))
    await arrange.reconcile(run)
    return run


async def assigned(arrange, agent, **more):
    """The numbers of the runs that the agent gets."""
    return [int(ref.run[:8]) for ref in await arrange.assign(agent, **more)]


async def test_a_queue_is_made_read_changed_and_removed(web):
    made = await web.admin.queues.set(
        "gpu", priority=2, concurrency=3, quota={"gpu": 4, "licence": 1.5}, selector={"disk": "fast"}
    )
    assert (made.priority, made.concurrency, made.quota, made.selector) == (
        2, 3, {"gpu": 4, "licence": 1.5}, {"disk": "fast"},
    )  # fmt: skip
    assert await web.admin.queues.get("gpu") == made
    assert [queue.name async for queue in web.admin.queues.list()] == ["default", "gpu"]
    changed = await web.admin.queues.edit("gpu", EditQueue(paused=True, concurrency=None))
    assert (changed.paused, changed.concurrency, changed.quota) == (True, None, made.quota)
    await web.admin.queues.delete("gpu")
    with pytest.raises(NotFound, match="no queue 'gpu'"):
        await web.admin.queues.get("gpu")
    kinds = [await activities_of(web, kind) for kind in ("queue_created", "queue_changed", "queue_deleted")]
    assert [len(each) for each in kinds] == [1, 1, 1]
    assert all(actor == "user:admin" and data["queue"] == "gpu" for ((actor, data),) in kinds)


async def test_pages_of_queues_go_on_where_they_ended(web):
    for number in range(5):
        await web.admin.queues.set(f"q{number}")
    first = await web.admin.queues.page(limit=4)
    assert [queue.name for queue in first.items] == ["default", "q0", "q1", "q2"]
    rest = await web.admin.queues.page(limit=4, cursor=first.next or "")
    assert ([queue.name for queue in rest.items], rest.next) == (["q3", "q4"], None)


async def test_what_a_queue_holds_is_counted_by_resource(web):
    await web.admin.queues.set("q")
    await web.run("exit 0", queue="q")
    await web.arrange.run(Status.RUNNING, queue="q", cpu=2.0)
    queue = await web.admin.queues.get("q")
    assert (queue.waiting, queue.live, queue.used) == (1, 1, {"cpu": 2.0})


async def test_a_queue_in_use_and_the_default_queue_stay(web):
    await web.admin.queues.set("q")
    run = await web.run(queue="q")
    with pytest.raises(Conflict, match="has runs that have not ended"):
        await web.admin.queues.delete("q")
    await web.admin.runs.stop(run.id)
    await web.admin.queues.delete("q")
    with pytest.raises(Conflict, match="that name no queue"):
        await web.admin.queues.delete("default")


@pytest.mark.parametrize(
    "limits",
    [
        {"concurrency": -1},
        {"concurrency": 2**31},
        {"priority": 2**40},
        {"quota": {"cpu": -1}},
        {"quota": {"no name!": 1}},
        {"selector": {"": "x"}},
        {"selector": {"disk": "x" * 64}},
    ],
)
async def test_limits_that_make_no_sense_are_refused(web, limits):
    with pytest.raises(Invalid):
        await web.admin.queues.set("q", **limits)
    await web.admin.queues.set("q")
    with pytest.raises(Invalid):
        await web.admin.queues.edit("q", EditQueue(**limits))


async def test_only_an_admin_changes_queues_and_everybody_sees_them(web):
    member = web.client(await web.role("member"))
    assert [queue.name async for queue in member.queues.list()] == ["default"]
    for attempt in (member.queues.set("q"), member.queues.edit("default", EditQueue(paused=True))):
        with pytest.raises(NotAllowed):
            await attempt
    await member.aclose()


async def test_a_change_is_made_once_and_only_to_what_was_seen(web):
    body, once = {"priority": 1}, {"Idempotency-Key": "once"}
    first = await web.ask("PUT", "queues/q", json=body, headers=once)
    await web.admin.queues.edit("q", EditQueue(priority=9))
    assert (await web.ask("PUT", "queues/q", json=body, headers=once)).json() == first.json()
    assert (await web.admin.queues.get("q")).priority == 9
    tag = (await web.ask("GET", "queues/q")).headers["etag"]
    await web.admin.queues.edit("q", EditQueue(priority=8))
    stale = await web.ask("PATCH", "queues/q", json={"priority": 7}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert QueueLimits(priority=8).priority == (await web.admin.queues.get("q")).priority


async def test_an_operation_says_its_agent_priority_and_resources(web):
    text = WORK + "queue: box/default\nresources: {cpu: 2, licence: 2}\n"
    run = await web.admin.runs.create(CreateRun(content=text, priority=7))
    row = await web.arrange.row(run.id)
    assert (row["agent"], row["queue"], row["priority"], row["resources"]) == ("box", "default", 7, '{"licence":2.0}')
    inside = operation().replace("kind: job\n", "kind: job\n    environment: {priority: 3}\n")
    assert (await web.admin.runs.create(CreateRun(content=inside))).priority == 3
    assert (await web.admin.runs.create(CreateRun(content=inside, priority=0))).priority == 0
    with pytest.raises(Invalid, match="out of range"):
        await web.admin.runs.create(CreateRun(content=inside, priority=10**7))


async def test_queues_come_by_priority_and_those_of_one_take_turns(arrange):
    await register(arrange, "box", cpu=5.0)
    await put(arrange, "q")
    await put(arrange, "r")
    await put(arrange, "urgent", priority=1)
    for number, queue in enumerate(["q", "q", "q", "r", "r", "urgent"]):
        await waiting(arrange, number, queue=queue)
    assert await assigned(arrange, "box") == [5, 0, 3, 1, 4]


async def test_projects_share_a_queue_by_weight_and_what_they_hold(arrange):
    await register(arrange, "box", cpu=8.0)
    await put(arrange, "q")
    await project(arrange, "heavy", weight=3.0)
    for number in range(8):
        await waiting(arrange, number, project="default" if number < 4 else "heavy")
    assert await assigned(arrange, "box", most=4) == [0, 4, 5, 6]
    assert await assigned(arrange, "box", most=2) == [1, 7]


async def test_quotas_of_queue_and_project_hold_for_every_resource(arrange):
    await register(arrange, "box", cpu=99.0, other={"licence": 99.0})
    await put(arrange, "q", quota={"licence": 2.0})
    await put(arrange, "r")
    await project(arrange, "small", quota='{"cpu": 3}')
    for number in range(3):
        await waiting(arrange, number, resources={"licence": 1.0})
    for number in range(3, 6):
        await waiting(arrange, number, project="small", queue="qr"[number % 2], cpu=2.0)
    assert sorted(await assigned(arrange, "box")) == [0, 1, 3]
    assert await assigned(arrange, "box") == []
    await arrange.report(await arrange.current(f"{0:08}-0000-7000-8000-000000000000"), Phase.EXITED, agent="box",
                         exit=Exit(code=0))  # fmt: skip
    assert await assigned(arrange, "box") == [2]


async def test_only_agents_with_the_labels_the_resources_and_the_name_get_a_run(arrange):
    await register(arrange, "plain")
    await register(arrange, "fast", labels={"disk": "fast"}, other={"licence": 1.0})
    await put(arrange, "q")
    await put(arrange, "f", selector={"disk": "fast"})
    await waiting(arrange, 1, queue="f")
    await waiting(arrange, 2, agent="fast")
    await waiting(arrange, 3, resources={"licence": 1.0})
    await waiting(arrange, 4, resources={"licence": 1.0})
    await waiting(arrange, 5)
    assert await assigned(arrange, "plain") == [5]
    assert sorted(await assigned(arrange, "fast")) == [1, 2, 3]
    assert await assigned(arrange, "fast") == [], "the licence is held"


async def test_many_runs_that_never_fit_do_not_hide_one_that_does(arrange):
    await register(arrange, "small", cpu=2.0, gpu=0)
    await put(arrange, "q")
    for number in range(140):
        await waiting(arrange, number, **({"cpu": 64.0}, {"gpu": 9}, {"resources": {"odd": 1.0}})[number % 3])
    await waiting(arrange, 999)
    assert await assigned(arrange, "small") == [999]


async def test_concurrency_counts_live_runs_in_the_database(arrange):
    await arrange.queue("q", concurrency=2)
    for _ in range(4):
        await arrange.run(queue="q")
    first = await arrange.assign()
    assert len(first) == 2
    assert await arrange.assign() == []
    await arrange.stop(first[0].run)
    assert await arrange.status(first[0].run) is Status.STOPPING
    assert await arrange.assign() == [], "a stopping run still holds its slots"


async def test_agents_that_lease_at_once_keep_every_limit(database_url, database):
    arrange = await Arrange(database).ground()
    for name in ("one", "two", "three"):
        await register(arrange, name, cpu=20.0)
    await put(arrange, "q", concurrency=7)
    await put(arrange, "r", quota={"gpu": 3.0, "licence": 1.0})
    await project(arrange, "small", quota='{"cpu": 4}')
    for number in range(40):
        shape = ({}, {"queue": "r", "gpu": 1}, {"project": "small", "queue": "default"})[number % 3]
        await waiting(arrange, number, **shape)
    others = [await connect(database_url) for _ in range(3)] if database.dialect == "postgresql" else [database] * 3
    who = [Arrange(other) for other in others]
    lists = await asyncio.gather(
        *(each.assign(name, most=4) for _ in range(4) for each, name in zip(who, ("one", "two", "three"), strict=True))
    )
    rows = [await arrange.row(ref.run) for refs in lists for ref in refs]
    assert len({row["id"] for row in rows}) == len(rows)
    held = {name: [row for row in rows if row["queue"] == name] for name in ("q", "r")}
    assert len(held["q"]) == 7
    assert sum(row["gpu"] for row in held["r"]) == 3
    assert sum(row["cpu"] for row in rows if row["project"] == "small") == 4
    for other in {*others} - {database}:
        await other.close()


async def test_admission_reads_by_its_indexes(arrange):
    """SQLite takes a partial index only for the very words of its condition."""
    if arrange.database.dialect != "sqlite":
        pytest.skip("PostgreSQL's planner decides by the size of the tables")
    seen = []

    async def work(tx):
        class Watched:
            dialect = tx.dialect

            async def all(self, sql, *args):
                seen.extend((sql, row["detail"]) for row in await tx.all(f"EXPLAIN QUERY PLAN {sql}", *args))
                return await tx.all(sql, *args)

            async def one(self, sql, *args):
                return next(iter(await self.all(sql, *args)), None)

            run = tx.run

        world = await admission.world(Watched(), capacity={})
        head = (await admission.ask(Watched(), admission.WaitingQuery("default")))[0]
        await admission.ask(Watched(), admission.WaitingQuery("default", head, head, (1.0, 0.0, 0.0), 8))
        await queues.waiting_counts(Watched())
        await admission.waiting_in(Watched(), "default")
        await queues.in_use(Watched(), "default")
        return world

    await arrange.run()
    await arrange.database.read(work)
    touched = [detail for _, detail in seen if " run" in detail]
    assert touched
    indexes = ("run_waiting", "run_live_resources", "run_not_queued_yet")
    assert all(any(index in d for index in indexes) for d in touched), touched
