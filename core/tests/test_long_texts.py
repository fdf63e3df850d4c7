"""Texts, tags and values of runs have bounds wherever they come from. What is recorded while a program runs is cut or
left out with a word, beside all that came with it; what a person sends is refused."""

from __future__ import annotations

import json

import pytest
from web import BASE

from trainyard.names import DESCRIPTION_CHARS, METRIC_NAME_BYTES, RUN_NAME_CHARS, TAG_CHARS, TAGS, VALUE_CHARS, VALUES
from trainyard.track import frames
from trainyard.track.frames import Kind
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import lines, metric
from trainyard_core.work import run_search
from trainyard_core.work.serializers import LISTED_CHARS

WRITER = "1" * 32


async def whole(web, run):
    return (await web.ask("GET", f"{BASE}/{run}")).json()


async def sent(web, *what):
    """A tracked run with these events, a point and a line in frames of one request."""
    run = await web.tracked()
    told = frames.encode(Kind.EVENTS, WRITER, 2, json.dumps(what).encode())
    body = metric(WRITER, 1, {"loss": [1.0]}) + told + lines(WRITER, 3, "a line", final=True)
    answer = await web.ask("POST", f"{BASE}/{run.id}/frames", content=body)
    assert answer.json()["durable"] == 3, answer.text
    found = await whole(web, run.id)
    assert found["metrics"] == {"loss": 1.0}
    return found


async def test_a_tracked_run_that_describes_itself_at_length_is_made_within_bounds(web):
    body = {
        "managed": False,
        "name": "a\n" + "b" * 100_000,
        "description": "c" * 100_000,
        "tags": [f"tag {n}" for n in range(1000)] + ["d" * 1000],
        "params": {"long": "e" * 100_000, "lr": 0.1, **{f"p{n}": n for n in range(5000)}},
    }
    answer = await web.ask("POST", BASE, json=body)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["name"] == "a " + "b" * (RUN_NAME_CHARS - 2)
    assert len(made["description"]) == DESCRIPTION_CHARS
    assert made["tags"] == [f"tag {n}" for n in range(TAGS)]
    assert (made["params"]["lr"], len(made["params"]["long"]), len(made["params"])) == (0.1, VALUE_CHARS, VALUES)
    assert {"name", "description", "long"} <= set(made["meta"]["not_recorded"])
    assert "not recorded" in made["message"]


@pytest.mark.parametrize("kind", ["params", "outputs", "meta"])
async def test_values_that_do_not_fit_cost_none_that_came_with_them(web, kind):
    odd = {"huge": 10**400, "wide": 2**70, "half": "\ud800", "long": "x" * 100_000}
    found = await sent(web, {"type": kind, "values": {"before": 1, **odd, "after": [2, {"deep": 2**64}]}})
    kept = found[kind]
    assert (kept["before"], kept["after"]) == (1, [2, {"deep": str(2**64)}])
    assert kept["wide"] == str(2**70)
    assert (kept["half"], len(kept["long"])) == ("?", VALUE_CHARS)
    assert "long" in found["meta"]["not_recorded"]


async def test_params_without_end_are_cut_off_with_a_word(web):
    many = {"type": "params", "values": {f"p{n}": n for n in range(VALUES + 5)}}
    large = {"type": "outputs", "values": {f"o{n}": "x" * 60_000 for n in range(20)}}
    found = await sent(web, many, large, {"type": "params", "values": {"p0": "replaced", "new": 1}})
    assert (len(found["params"]), found["params"]["p0"]) == (VALUES, "replaced")
    assert 15 < len(found["outputs"]) < 20
    assert {f"p{VALUES}", "new", "o19"} <= set(found["meta"]["not_recorded"])


async def test_tags_that_do_not_fit_cost_none_that_came_with_them(web):
    found = await sent(web, {"type": "tags", "tags": ["a", "b" * 1000, "c\nd", 5, *map(str, range(TAGS)), "e"]})
    assert found["tags"][:3] == ["a", "b" * TAG_CHARS, "c d"]
    assert len(found["tags"]) == TAGS
    assert {"b" * 40, "e"} <= set(found["meta"]["not_recorded"])


async def test_a_metric_whose_name_no_database_looks_up_costs_no_other(web):
    """An index of PostgreSQL takes no key of some thousand bytes that cannot be compressed."""
    run, name = await web.tracked(), "".join(chr(0x4E00 + n * 37 % 20_000) for n in range(5000))
    longest = name[: METRIC_NAME_BYTES // 3]
    body = metric(WRITER, 1, {"loss": [1.0], name: [2.0], longest: [3.0]})
    assert (await web.ask("POST", f"{BASE}/{run.id}/frames", content=body)).json()["durable"] == 1
    found = await whole(web, run.id)
    assert found["metrics"] == {"loss": 1.0, longest: 3.0}
    assert name[:256] in found["meta"]["not_recorded"]


async def test_an_end_tells_so_much_and_not_more(web):
    found = await sent(web, {"type": "end", "status": "failed", "message": "x" * 100_000})
    assert (found["status"], 0 < len(found["message"]) < 20_000) == ("failed", True)


REQUESTS = [
    ("PATCH", "", {"description": "x" * (DESCRIPTION_CHARS + 1)}),
    ("PATCH", "", {"name": "x" * (RUN_NAME_CHARS + 1)}),
    ("PATCH", "", {"tags": [str(n) for n in range(TAGS + 1)]}),
    ("PATCH", "", {"meta": {str(n): n for n in range(VALUES + 1)}}),
    ("PATCH", "", {"meta": {"long": "x" * (VALUE_CHARS + 1)}}),
    ("POST", "/tag", {"add": [str(n) for n in range(TAGS + 1)]}),
]


async def test_what_a_person_sends_over_the_bounds_is_refused(web):
    run = await web.tracked()
    requests = [(method, f"{BASE}/{run.id}{path}", body) for method, path, body in REQUESTS]
    for more in ({"description": "x" * (DESCRIPTION_CHARS + 1)}, {"tags": ["x" * (TAG_CHARS + 1)]}):
        requests.append(("POST", BASE, {"content": operation(), **more}))
    for method, path, body in requests:
        answer = await web.ask(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), (method, path, list(body))
        assert len(answer.text) < 1000
    assert (await whole(web, run.id))["tags"] == []


async def test_a_list_cuts_long_texts_and_a_run_has_them_whole(web):
    long = "x" * (LISTED_CHARS + 1)
    run = await web.tracked()
    await web.ask("PATCH", f"{BASE}/{run.id}", json={"description": long, "meta": {"deep": [{"text": long}], "n": 1}})
    (listed,) = (await web.ask("GET", BASE)).json()["items"]
    cut = long[:-1] + "\N{HORIZONTAL ELLIPSIS}"
    assert (listed["description"], listed["meta"]) == (cut, {"deep": [{"text": cut}], "n": 1})
    found = await whole(web, run.id)
    assert (found["description"], found["meta"]["deep"]) == (long, [{"text": long}])


async def test_a_page_ends_early_when_its_runs_are_large_and_misses_none(web, monkeypatch):
    monkeypatch.setattr(run_search, "PIECE", 2)
    monkeypatch.setattr(run_search, "MOST_BYTES", 10_000)
    made = [await web.tracked() for _ in range(7)]
    for run in made[:5]:
        await web.ask("PATCH", f"{BASE}/{run.id}", json={"meta": {"long": "x" * 20_000}})
    for sort in ("", "-name,created_at"):
        sizes, found, cursor = [], [], ""
        while cursor is not None:
            page = (await web.ask("GET", BASE, params={"sort": sort, "cursor": cursor, "limit": 100})).json()
            sizes.append(len(page["items"]))
            found += [each["id"] for each in page["items"]]
            cursor = page["next"]
        assert sorted(found) == sorted(run.id for run in made)
        assert max(sizes) <= 4
