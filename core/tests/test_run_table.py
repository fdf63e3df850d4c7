"""The table of runs beside the plain list: the same runs, params and metrics, as columns."""

from __future__ import annotations

import math

import pytest

from trainyard.client import requests
from trainyard.client.errors import Invalid, NotFound
from trainyard_core.api import run_table
from trainyard_core.testing.frames import events, metric

W = "1" * 32
ODD = (0.1 + 0.2, math.inf, -math.inf, math.nan, 1e308, 5e-324)


async def tables(web, *, project="default", **asked):
    """All pages of a table."""
    pages, cursor = [], ""
    while cursor is not None:
        pages.append(await web.admin.send(requests.read_run_table(project, cursor=cursor, **asked)))
        cursor = pages[-1].next
    return pages


def by_run(pages):
    """The metrics of each run."""
    found = {run: {} for page in pages for run in page.id}
    for page in pages:
        for name, column in page.metrics.items():
            rows = range(len(page.id)) if column.rows is None else column.rows
            for row, value in zip(rows, column.values, strict=True):
                found[page.id[row]][name] = value
    return found


@pytest.fixture
async def runs(web):
    """Seven runs: of each other one the metric `even`, of each a loss, and params of several types."""
    made = []
    for n, odd in enumerate((*ODD, 7.0)):
        run = await web.tracked()
        values = {"lr": 10.0**-n, "layers": n, "net": f"net-{n}", "fast": n > 3, "sizes": [n, {"a": None}]}
        body = metric(W, 1, {"loss": [2.0, 1.0, 3.0]}) + metric(
            W, 2, {"odd": [odd], **({"even": [1.0]} if n % 2 == 0 else {})}
        )
        await web.admin.runs.append(run.id, body)
        told = events(W, 3, {"type": "params", "values": values}, {"type": "tags", "tags": ["t", f"n{n}"]})
        await web.admin.runs.append(run.id, told)
        made.append(run.id)
    return made


@pytest.mark.parametrize("limit", [1, 3, 5000])
async def test_a_table_has_what_the_list_has(web, runs, limit):
    listed = {run.id: run async for run in web.admin.runs.list()}
    pages = await tables(web, limit=limit)
    assert [len(page.id) for page in pages] == [min(limit, 7)] * (7 // limit) + [7 % limit or 7] * (limit > 1)
    assert [run for page in pages for run in page.id] == [*listed] == runs[::-1]
    for page in pages:
        for n, run in enumerate(page.id):
            told = listed[run]
            assert (page.params[n], page.tags[n], page.outputs[n]) == (told.params, told.tags, told.outputs)
            assert (page.name[n], page.status[n], page.reason[n]) == (told.name, told.status, told.reason)
            assert (page.kind[n], page.queue[n], page.user[n]) == (told.kind, told.queue, told.user)
    found = by_run(pages)
    assert {run: {name: repr(value) for name, value in told.metrics.items()} for run, told in listed.items()} == {
        run: {name: repr(float(value)) for name, value in values.items()} for run, values in found.items()
    }


async def test_metrics_that_are_named_come_under_that_name(web, runs):
    (page,) = await tables(web, metrics=["loss.min", "loss.max", "loss", "even", "nothing"])
    assert {name: column.values for name, column in page.metrics.items()} == {
        "loss.min": [1.0] * 7, "loss.max": [3.0] * 7, "loss": [3.0] * 7, "even": [1.0] * 4,
    }  # fmt: skip
    assert page.metrics["even"].rows == [0, 2, 4, 6]
    assert page.metrics["loss"].rows is None


async def test_a_table_is_filtered_and_sorted_as_a_list(web, runs):
    (page,) = await tables(web, q="params.layers:>=4", sort="params.layers")
    assert page.id == runs[4:]


async def test_a_page_ends_where_its_runs_have_many_metrics(web, runs, monkeypatch):
    monkeypatch.setattr(run_table, "MOST_CELLS", 4)
    monkeypatch.setattr(run_table, "PIECE", 2)
    pages = await tables(web, limit=6)
    assert max(len(page.id) for page in pages) < 6
    assert [run for page in pages for run in page.id] == runs[::-1]


async def test_what_makes_no_sense_is_refused_with_its_field(web):
    for asked, said in (
        ({"metrics": ["n" * 300]}, "`metric`, column 1: a name has more than 256 characters"),
        ({"metrics": [f"m{n}" for n in range(201)]}, "201 metrics are too many for one table"),
        ({"q": "statsu:failed"}, "`q`, column 1: no field `statsu`"),
        ({"limit": 5001}, "limit"),
    ):
        with pytest.raises(Invalid, match=said):
            await tables(web, **asked)
    with pytest.raises(NotFound):
        await tables(web, project="nowhere")


async def test_a_cursor_belongs_to_its_own_search(web, runs):
    page = await web.admin.send(requests.read_run_table("default", limit=2))
    with pytest.raises(Invalid, match="another search"):
        await web.admin.send(requests.read_run_table("default", q="tags:t", cursor=page.next))
