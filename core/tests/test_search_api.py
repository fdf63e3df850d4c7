"""Searching over the API and through the client: pages, problems, other people's projects; and that what is searched
follows what runs become."""

from __future__ import annotations

import pytest
from search_model import MINE_AND_THEIRS, put
from web import BASE

from trainyard.client.errors import Invalid, NotFound
from trainyard.client.models import CreateRun
from trainyard.query import parse
from trainyard.query.field import FIELDS
from trainyard.query.status import STATUSES
from trainyard_core.db.search import select_ids
from trainyard_core.lifecycle import Status
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import events, metric

W = "1" * 32


async def ids(web, q="", sort="", **more):
    """The runs that a search gives, by page of two."""
    return [run.id async for run in web.admin.runs.list(q=q, sort=sort, page_size=2, **more)]


async def test_runs_are_found_by_what_they_logged_and_sorted_by_it(web):
    losses = [0.5, 0.1, 0.9]
    made = [(await web.tracked()).id for _ in range(4)]
    for run, loss in zip(made, losses, strict=False):
        body = metric(W, 1, {"loss": [loss + 1, loss]}) + events(
            W, 2, {"type": "params", "values": {"lr": loss, "name": f"n{loss}"}}, {"type": "tags", "tags": ["x"]}
        )
        await web.admin.runs.append(run, body)
    assert await ids(web, sort="metrics.loss") == [made[1], made[0], made[2], made[3]]
    assert await ids(web, sort="-metrics.loss.max") == [made[2], made[0], made[1], made[3]]
    shown = [run.sorted_by async for run in web.admin.runs.list(sort="-metrics.loss.max,metrics.loss,name")]
    assert shown[0] == {"metrics.loss.max": 1.9, "metrics.loss.last": 0.9}
    assert shown[3] == {}, "it has no such metric"
    assert await ids(web, sort="-params.lr") == [made[2], made[0], made[1], made[3]]
    assert await ids(web, "metrics.loss:<=0.5, tags:x", "metrics.loss") == [made[1], made[0]]
    assert await ids(web, "params.name:n0.9 OR metrics.loss:nil") == [made[3], made[2]]


async def test_a_list_has_some_metrics_of_each_run_and_says_how_many_others_there_are(web):
    many, few, none = [(await web.tracked()).id for _ in range(3)]
    names = [f"m{number:03d}" for number in range(40)]
    await web.admin.runs.append(many, metric(W, 1, {name: [float(number)] for number, name in enumerate(names)}))
    await web.admin.runs.append(few, metric(W, 1, {"a, b": [1.0], "m039": [2.0]}))

    async def seen(**more):
        found = {run.id: run async for run in web.admin.runs.list(**more)}
        return [(sorted(found[run].metrics), found[run].metrics_left_out) for run in (many, few, none) if run in found]

    assert await seen() == [(names[:32], 8), (["a, b", "m039"], 0), ([], 0)]
    assert await seen(sort="-metrics.m035.max") == [([*names[:32], "m035"], 7), (["a, b", "m039"], 0), ([], 0)]
    assert await seen(q="NOT (metrics.m038:<0 OR metrics.m033:nil)") == [([*names[:32], "m033", "m038"], 6)]
    assert await seen(metrics=["m039", "a, b"]) == [(["m039"], 39), (["a, b", "m039"], 0), ([], 0)]
    assert await seen(metrics=["m039"], q="metrics.m001:1") == [(["m001", "m039"], 38)]
    assert await seen(metrics=["nothing", "\0"]) == [([], 40), ([], 2), ([], 0)]
    everywhere = {run.id: run.metrics async for run in web.admin.runs.everywhere(metrics=["m039"])}
    assert everywhere == {many: {"m039": 39.0}, few: {"m039": 2.0}, none: {}}
    whole = await web.admin.runs.get(many)
    assert (sorted(whole.metrics), whole.metrics_left_out) == (names, 0)
    with pytest.raises(Invalid, match="201 metrics are too many"):
        await web.admin.runs.page(metrics=[f"{number}" for number in range(201)])


async def test_metrics_of_the_system_are_not_counted_as_left_out(web):
    run = (await web.tracked()).id
    await web.admin.runs.append(run, metric(W, 1, {"loss": [1.0], "system/cpu": [5.0], "system/memory": [7.0]}))
    for names in (["loss"], ["loss", "system/cpu"]):
        (found,) = [each async for each in web.admin.runs.list(metrics=names)]
        assert (sorted(found.metrics), found.metrics_left_out) == (names, 0)


async def test_what_is_searched_follows_what_a_run_becomes(web):
    run = (await web.tracked()).id
    for seq, value in ((1, 1), (2, "two"), (3, None)):
        event = {"type": "outputs", "values": {"best": value, "other": seq}}
        await web.admin.runs.append(run, events(W, seq, event))
        found = [q for q in ("outputs.best:1", "outputs.best:two", "outputs.best:nil") if await ids(web, q)]
        assert found == [["outputs.best:1"], ["outputs.best:two"], ["outputs.best:nil"]][seq - 1]
        assert await ids(web, f"outputs.other:{seq}") == [run]


async def test_a_null_character_in_a_value_is_no_trouble(web):
    run = (await web.tracked()).id
    event = {"type": "params", "values": {"a\0b": "c\0d", "long": "x" * 5000, "n" * 300: 1, "big": 10**18}}
    await web.admin.runs.append(run, events(W, 1, event, {"type": "tags", "tags": ["t\0t", "y" * 5000]}))
    assert await ids(web, f"params.long:{'x' * 300}, params.big:>=1e18, tags:yy%") == [run]


async def test_a_fault_is_told_with_column_and_suggestion(web):
    for given, column, said in (
        ({"q": "gpu:1, statsu:running"}, 8, "did you mean `status`?"),
        ({"sort": "-creatd_at"}, 2, "did you mean `created_at`?"),
    ):
        with pytest.raises(Invalid) as caught:
            await web.admin.runs.page(**given)
        (problem,) = caught.value.problems
        assert (problem.field, problem.column, caught.value.fix) == (*given, column, said)


async def test_a_cursor_goes_on_with_its_own_search_only(web):
    for _ in range(3):
        await web.tracked()
    page = await web.admin.runs.page(q="status:running", limit=1)
    assert (await web.admin.runs.page(q="status:running", limit=1, cursor=page.next)).items[0].id != page.items[0].id
    for other in ({"q": "status:failed"}, {"q": "status:running", "sort": "name"}, {"q": "", "cursor": "WzFd"}):
        with pytest.raises(Invalid, match="cursor"):
            await web.admin.runs.page(**{"limit": 1, "cursor": page.next, **other})


async def test_relative_times_mean_the_same_on_every_page(web):
    made = []
    for _ in range(3):
        made.append((await web.tracked()).id)
        web.arrange.clock.turn(60)
    page = await web.admin.runs.page(q="created_at:-10m", limit=2)
    web.arrange.clock.turn(3600)
    rest = await web.admin.runs.page(q="created_at:-10m", limit=2, cursor=page.next)
    assert [run.id for run in [*page.items, *rest.items]] == made[::-1]


async def test_one_sees_runs_of_ones_own_projects_only(web):
    await web.admin.projects.create("secret")
    mine = (await web.tracked()).id
    theirs = (await web.admin.runs.create(CreateRun(managed=False), project="secret")).id
    assert [run.id async for run in web.admin.runs.everywhere()] == [theirs, mine]
    assert [run.id async for run in web.admin.runs.everywhere(q="project:secret")] == [theirs]
    for q in (f"id:{theirs}", "project:secret", "NOT id:nil OR project:secret"):
        assert theirs not in await ids(web, q)
    page = await web.admin.runs.page(project="secret", limit=1)
    assert page.next is None
    with pytest.raises(NotFound, match="nowhere"):
        await web.admin.runs.page(project="nowhere")


async def test_archived_runs_are_listed_unless_they_are_filtered(web):
    run = (await web.tracked()).id
    await web.admin.runs.stop(run)
    assert (await web.ask("POST", f"{BASE}/{run}/archive")).status_code == 200
    assert await ids(web) == await ids(web, "archived:true") == [run]
    assert await ids(web, "archived:false") == []


async def test_ids_for_bulk_actions_are_the_newest(database):
    await database.write(lambda tx: put(tx, MINE_AND_THEIRS))
    mine = sorted((run["id"] for run in MINE_AND_THEIRS if run["project"] == "mine"), reverse=True)
    found = await database.read(lambda tx: select_ids(tx, "mine", parse(""), 7, at=0))
    assert found == mine[:7]


def test_the_language_knows_every_status():
    assert tuple(Status) == STATUSES


async def test_every_field_can_be_asked_for_and_sorted_by(web):
    await web.tracked()
    for field, kind in FIELDS.items():
        assert len(await ids(web, f"{field}:nil OR {field}:~nil")) == 1, field
        if kind not in ("words", "ids"):
            assert len(await ids(web, "", f"-{field},{field}")) == 1, field


async def test_runs_are_counted_when_that_is_asked_for(web, monkeypatch):
    for tags in (["x"], ["x"], ["x"], []):
        await web.admin.runs.create(CreateRun(content=operation(), tags=tags))
    counts = {}
    for q, limit in (("", "1"), ("tags:x", "2"), ("tags:x", "5"), ("tags:none", "5")):
        page = (await web.ask("GET", f"{BASE}?count=true&q={q}&limit={limit}")).json()
        counts[q, limit] = (len(page["items"]), page["total"], page["total_is_cut"])
    assert counts == {
        ("", "1"): (1, 4, False), ("tags:x", "2"): (2, 3, False), ("tags:x", "5"): (3, 3, False),
        ("tags:none", "5"): (0, 0, False),
    }  # fmt: skip
    assert (await web.ask("GET", f"{BASE}?limit=1")).json()["total"] is None
    first = (await web.ask("GET", f"{BASE}?limit=3&count=true")).json()
    last = (await web.ask("GET", f"{BASE}?limit=3&count=true&cursor={first['next']}")).json()
    assert (len(last["items"]), last["total"]) == (1, 4)
    monkeypatch.setattr("trainyard_core.work.run_search.MOST_COUNTED", 2)
    cut = (await web.ask("GET", f"{BASE}?limit=1&count=true")).json()
    assert (cut["total"], cut["total_is_cut"]) == (2, True)
