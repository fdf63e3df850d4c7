"""One action on many runs, through the API, on both databases."""

from __future__ import annotations

import asyncio

import pytest
from run_factory import ended

from trainyard.client.errors import Invalid, NotAllowed
from trainyard.client.models import BulkAction
from trainyard_core.lifecycle import Status


async def act(web, action, *refs, key="", **more):
    return await web.admin.runs.act(BulkAction(action=action, refs=list(refs), **more), key=key)


def told(answer):
    return [(each.done, each.status or each.code) for each in answer.items]


async def test_each_run_has_its_own_outcome_in_the_order_that_was_asked_for(web):
    live, over, waits = [await web.arrange.run(s) for s in (Status.RUNNING, Status.SUCCEEDED, Status.QUEUED)]
    answer = await act(web, "stop", waits, over, "abcdef", live)
    assert told(answer) == [(True, "stopped"), (False, "conflict"), (False, "not_found"), (True, "stopping")]
    assert [each.ref for each in answer.items] == [waits, over, "abcdef", live]
    assert answer.items[1].fix
    assert await web.arrange.status(over) is Status.SUCCEEDED


VERBS = [
    ("approve", Status.COMPILED, "queued"),
    ("stop", Status.QUEUED, "stopped"),
    ("skip", Status.QUEUED, "skipped"),
    ("tag", Status.RUNNING, "running"),
    ("archive", Status.RUNNING, "running"),
    ("restore", Status.RUNNING, "running"),
    ("delete", Status.FAILED, ""),
]


@pytest.mark.parametrize(("verb", "status", "then"), VERBS)
async def test_every_verb_works_on_many_and_may_be_repeated(web, verb, status, then):
    ids = [await web.arrange.run(status) for _ in range(3)]
    more = {"add": ["x"]} if verb == "tag" else {}
    first = await act(web, verb, *ids, key="k", **more)
    assert told(first) == [(True, then)] * 3
    assert await act(web, verb, *ids, key="k", **more) == first
    again = told(await act(web, verb, *ids, **more))
    assert again == ([(False, "not_found")] * 3 if verb == "delete" else [(True, then)] * 3)


@pytest.mark.parametrize("verb", ["restart", "resume", "copy"])
async def test_clones_are_made_once_by_their_key(web, verb):
    ids = [(await ended(web)).id for _ in range(2)]
    answers = await asyncio.gather(*(act(web, verb, *ids, key="k", name="clone") for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    made = [each.made for each in answers[0].items]
    found = [await web.admin.runs.get(run) for run in made]
    assert [(run.cloned_from, run.clone_kind, run.name) for run in found] == [(run, verb, "clone") for run in ids]
    assert len([run async for run in web.admin.runs.list()]) == 4


async def test_runs_are_chosen_by_a_query_up_to_a_limit(web):
    ids = [(await web.run(tags=["a" if n % 2 else "b"])).id for n in range(6)]
    answer = await web.admin.runs.act(BulkAction(action="stop", q="tags:a", limit=2))
    assert ({each.id for each in answer.items} <= {ids[1], ids[3], ids[5]}, answer.more) == (True, True)
    answer = await web.admin.runs.act(BulkAction(action="stop", q="tags:a and status:queued"))
    assert (len(answer.items), answer.more) == (1, False)
    assert [await web.arrange.status(run) for run in ids] == ["queued", "stopped"] * 3


async def test_a_query_never_reaches_another_project(web):
    run = (await web.run(tags=["a"])).id
    await web.admin.projects.create("other")
    answer = await web.admin.runs.act(BulkAction(action="stop", q="tags:a"), project="other")
    assert answer.items == []
    answer = await web.admin.runs.act(BulkAction(action="stop", refs=[run]), project="other")
    assert told(answer) == [(False, "not_found")]
    assert await web.arrange.status(run) is Status.QUEUED


async def test_what_continues_a_run_is_deleted_before_it(web):
    first = await ended(web)
    second = await web.admin.runs.resume(first.id)
    await web.admin.runs.stop(second.id)
    third = await web.admin.runs.copy(second.id)
    await web.admin.runs.stop(third.id)
    assert told(await act(web, "delete", first.id, second.id, third.id)) == [(True, "")] * 3


async def test_a_run_that_is_named_twice_is_taken_once(web):
    run = await web.arrange.run(Status.FAILED)
    assert told(await act(web, "delete", run, run[-12:])) == [(True, "")] * 2


async def test_what_is_meant_must_be_said_one_way(web):
    for body in (
        BulkAction(action="stop"),
        BulkAction(action="stop", refs=["abcd"], q=""),
        BulkAction(action="stop", q="", limit=501),
        BulkAction(action="stop", refs=["abcd"] * 501),
        BulkAction(action="stop", q="nonsense:1"),
    ):
        with pytest.raises(Invalid):
            await web.admin.runs.act(body)


async def test_it_is_for_those_who_may_write(web):
    run = await web.run()
    viewer = web.client(await web.role("viewer"))
    with pytest.raises(NotAllowed):
        await viewer.runs.act(BulkAction(action="stop", refs=[run.id]))
    await viewer.aclose()


async def test_two_requests_for_the_same_runs_in_another_order_do_not_wait_for_each_other(web):
    ids = [await web.arrange.run() for _ in range(30)]
    async with asyncio.timeout(60):
        both = await asyncio.gather(act(web, "stop", *ids), act(web, "skip", *ids[::-1]))
    done = [sum(each.done for each in answer.items) for answer in both]
    assert sum(done) == 30
