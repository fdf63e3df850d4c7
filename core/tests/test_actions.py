"""What people do to runs, through the API, on both databases: each verb over every status, and again."""

from __future__ import annotations

import msgspec
import pytest
from web import BASE

from trainyard.client.errors import Conflict, Invalid, NotFound
from trainyard.client.models import EditRun
from trainyard_core.lifecycle import FINAL, Hold, Status, may_follow


async def kinds(web, run):
    return [each.kind async for each in web.admin.runs.activities(run)]


@pytest.mark.parametrize("status", Status)
async def test_skip_works_exactly_where_the_table_lets_a_run_be_skipped(web, status):
    run = await web.arrange.run(status)
    if status is Status.SKIPPED or may_follow(status, Status.SKIPPED):
        skipped = await web.admin.runs.skip(run, "not today")
        assert skipped.status == "skipped"
        assert status is Status.SKIPPED or (skipped.reason, skipped.message) == ("user", "not today")
        assert (await web.admin.runs.skip(run)).message == skipped.message
    else:
        with pytest.raises(Conflict, match=f"it is {status}"):
            await web.admin.runs.skip(run)
        assert await web.arrange.status(run) is status


@pytest.mark.parametrize("status", Status)
async def test_stop_may_be_repeated_and_is_refused_where_the_run_has_ended_otherwise(web, status):
    run = await web.arrange.run(status)
    if status in FINAL - {Status.STOPPED}:
        with pytest.raises(Conflict, match="has ended already"):
            await web.admin.runs.stop(run)
        return
    first = await web.admin.runs.stop(run)
    again = await web.admin.runs.stop(run)
    assert first.status == again.status
    assert first.status in ("stopped", "stopping")
    assert (await kinds(web, run)).count("stop_wanted") == 1


async def test_approve_lets_a_held_run_go_once(web):
    run = await web.arrange.run(Status.COMPILED)
    assert (await web.admin.runs.why(run)).blockers[0].code == "hold"
    approved = await web.admin.runs.approve(run, "looks fine")
    assert (approved.status, approved.hold) == ("queued", "")
    assert (await web.admin.runs.approve(run)).status == "queued"
    assert (await kinds(web, run)).count("approved") == 1


async def test_approve_refuses_what_does_not_wait_for_it(web):
    with pytest.raises(Conflict, match="it is queued"):
        await web.admin.runs.approve(await web.arrange.run())
    held = await web.arrange.run(Status.COMPILED)

    async def hold(tx):
        await tx.run("UPDATE run SET hold = ? WHERE id = ?", Hold.UPLOAD, held)

    await web.runtime.database.write(hold)
    with pytest.raises(Conflict, match="held for upload"):
        await web.admin.runs.approve(held)


async def test_tags_are_added_and_removed_and_told_once(web):
    run = (await web.run(tags=["a", "b"])).id
    assert (await web.admin.runs.tag(run, ["c", "a"], ["b"])).tags == ["a", "c"]
    assert (await web.admin.runs.tag(run, ["c"], ["b"])).tags == ["a", "c"]
    told = [each.data async for each in web.admin.runs.activities(run) if each.kind == "tagged"]
    assert told == [{"added": ["c"], "removed": ["b"]}]
    for bad in ("", "two\nlines", "x" * 251):
        with pytest.raises(Invalid):
            await web.admin.runs.tag(run, [bad])


async def test_archive_and_restore_change_nothing_else(web):
    run = await web.arrange.run(Status.RUNNING)
    archived = await web.admin.runs.archive(run)
    assert archived.archived_at
    assert (await web.admin.runs.archive(run)).archived_at == archived.archived_at
    restored = await web.admin.runs.restore(run)
    assert (restored.archived_at, restored.status) == (None, "running")
    assert [kind for kind in await kinds(web, run) if "archiv" in kind or "restor" in kind] == ["archived", "restored"]


async def test_edit_changes_what_is_given_and_nothing_else(web):
    run = await web.run(name="old", tags=["a"])
    body = EditRun(name="new", tags=["b", "b"], meta={"note": 1, "gone": None}, priority=5)
    edited = await web.admin.runs.edit(run.id, body)
    assert (edited.name, edited.tags, edited.meta, edited.priority) == ("new", ["b"], {"note": 1}, 5)
    assert (edited.description, edited.queue) == (run.description, "default")
    assert (await web.admin.runs.edit(run.id, EditRun(meta={"note": None}, description="why"))).meta == {}
    await web.admin.runs.edit(run.id, EditRun(name="new"))
    told = [each.data async for each in web.admin.runs.activities(run.id) if each.kind == "edited"]
    assert [each["fields"] for each in told] == [["meta", "name", "priority", "tags"], ["description", "meta"]]


async def test_queue_and_priority_move_only_while_the_run_waits(web):
    await web.arrange.queue("gpu")
    live = await web.arrange.run(Status.RUNNING)
    run = (await web.run()).id
    assert (await web.admin.runs.edit(run, EditRun(queue="gpu"))).queue == "gpu"
    with pytest.raises(Invalid, match="no queue 'gp'; existing: default, gpu; did you mean gpu"):
        await web.admin.runs.edit(run, EditRun(queue="gp"))
    with pytest.raises(Invalid, match="out of range"):
        await web.admin.runs.edit(run, EditRun(priority=1 << 40))
    with pytest.raises(Conflict, match="the queue of run"):
        await web.admin.runs.edit(live, EditRun(queue="gpu"))
    assert (await web.admin.runs.edit(live, EditRun(queue="default", name="n"))).name == "n"


async def test_edit_holds_against_the_version_that_was_read(web):
    run = (await web.run(name="old")).id
    tag = (await web.ask("GET", f"{BASE}/{run}")).headers["etag"]
    assert (await web.admin.runs.edit(run, EditRun(name="mine"), match=tag)).name == "mine"
    answer = await web.ask("PATCH", f"{BASE}/{run}", json={"name": "yours"}, headers={"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "precondition_failed")
    assert (await web.admin.runs.get(run)).name == "mine"


async def test_a_change_is_told_with_its_actor_and_a_run_with_its_maker(web):
    run = await web.run()
    assert run.user == "user:admin"
    await web.admin.runs.tag(run.id, ["x"])
    assert {each.actor async for each in web.admin.runs.activities(run.id)} == {"user:admin", "core"}


async def test_the_same_key_answers_as_the_first_time_and_acts_once(web):
    run = (await web.run()).id
    first = await web.admin.runs.tag(run, ["x"], key="k")
    await web.admin.runs.tag(run, [], ["x"])
    assert await web.admin.runs.tag(run, ["x"], key="k") == first
    assert (await web.admin.runs.get(run)).tags == []


async def test_statuses_and_activities_come_in_pages(web):
    run = (await web.run()).id
    first = (await web.ask("GET", f"{BASE}/{run}/statuses?limit=2")).json()
    rest = (await web.ask("GET", f"{BASE}/{run}/statuses?limit=2&cursor={first['next']}")).json()
    assert [each["status"] for each in first["items"] + rest["items"]] == ["created", "compiled", "queued"]
    assert rest["next"] is None
    assert (await web.ask("GET", f"{BASE}/{run}/activities?cursor=nonsense")).status_code == 422


VERBS = ("approve", "stop", "skip", "tag", "archive", "restore", "restart", "resume", "copy")


@pytest.mark.parametrize("verb", VERBS)
async def test_who_may_not_write_may_do_nothing_and_unknown_runs_are_not_found(web, verb):
    run = (await web.run()).id
    body = {"add": ["x"]} if verb == "tag" else {}
    for token in (await web.role("viewer"), web.of_run(run)):
        answer = await web.ask("POST", f"{BASE}/{run}/{verb}", json=body, token=token)
        assert answer.status_code == 403, answer.text
    assert (await web.ask("POST", f"{BASE}/{'0' * 12}/{verb}", json=body)).status_code == 404
    assert (await web.ask("POST", f"{BASE}/{run}/{verb}", json={"nonsense": 1})).status_code == 422
    assert (await web.admin.runs.get(run)).updated_at == (await web.admin.runs.get(run)).updated_at


async def test_actions_in_another_project_do_not_reach_a_run(web):
    run = (await web.run()).id
    await web.admin.projects.create("other")
    for call in (web.admin.runs.stop, web.admin.runs.archive, web.admin.runs.delete, web.admin.runs.lineage):
        with pytest.raises(NotFound):
            await call(run, project="other")
    assert msgspec.to_builtins(await web.admin.runs.get(run))["status"] == "queued"
