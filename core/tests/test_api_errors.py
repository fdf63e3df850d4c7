"""What the API refuses, and how: one shape for every error, a token for every route, and no secret in any answer."""

from __future__ import annotations

import itertools
import json

import msgspec
import pytest
from web import BASE, serving

from trainyard.client import models
from trainyard.client.errors import Conflict, Invalid, NotAllowed, NotAuthenticated
from trainyard.client.models import CreateRun, Problem
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import operation
from trainyard_core.testing.frames import lines

PUBLIC = {"/api/v1/health"}


def problem(answer, status, code=None) -> Problem:
    """The answer as a problem, checked for the one shape."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found = msgspec.json.decode(answer.content, type=Problem)
    assert found.status == status
    assert found.type == f"urn:trainyard:{found.code}"
    assert found.title
    if code:
        assert found.code == code
    return found


@pytest.mark.parametrize("levels", [100, 300, 20_000])
async def test_a_body_nested_too_deep_is_refused_in_our_words(web, levels):
    value = "[" * levels + "]" * levels
    body = f'{{"operation": {{"version": 1.1, "kind": "operation", "inputs": [{{"name": "a", "value": {value}}}]}}}}'
    answer = await web.ask("POST", BASE, content=body.encode(), headers={"Content-Type": "application/json"})
    assert problem(answer, 422, "invalid")
    assert "nested" in answer.text
    assert "flatten it" in answer.text


@pytest.mark.parametrize("token", ["", "ty.wrong", "tyr.a.1.99999999999.x", "tyr.é.x", "tyr....", "\x7f"])
async def test_whatever_is_no_token_is_refused_in_one_shape(web, token):
    headers = {"Authorization": f"Bearer {token}".encode()} if token else {}
    answer = await web.bare.request("GET", f"{BASE}", headers=headers)
    problem(answer, 401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_runs_token_tracks_its_own_run_and_no_other(web):
    mine, other = await web.tracked(), await web.tracked()
    own = web.client(web.of_run(mine.id))
    assert (await own.runs.get(mine.id)).id == mine.id
    assert (await own.runs.append(mine.id, lines("1" * 32, 1, "a"))).durable == 1
    with pytest.raises(NotAllowed):
        await own.runs.stop(mine.id)
    with pytest.raises(NotAllowed):
        await own.runs.append(other.id, lines("1" * 32, 1, "a"))
    await own.aclose()


UNKNOWN = [
    ("projects/defualt/runs", ["defualt", "default"]),
    (f"projects/defualt/runs/{'0' * 8}-0000-7000-8000-000000000000", ["defualt", "default"]),
    (f"projects/default/runs/{'0' * 12}", ["0" * 12]),
    ("projects/default/runs?q=status:runing", ["no status `runing`"]),
    ("projects/a%00b/runs", []),
    ("projects/default/runs?statu=running", ["no query parameter 'statu'; existing: ", "limit", "sort"]),
]


@pytest.mark.parametrize(("path", "said"), UNKNOWN)
async def test_what_is_not_there_says_what_is(web, path, said):
    answer = await web.ask("GET", path)
    found = problem(answer, 422 if "statu" in path else 404)
    assert all(each in found.detail for each in said), found


async def test_an_unknown_queue_says_what_exists_and_how_to_make_it(web):
    with pytest.raises(Invalid) as caught:
        await web.run(queue="gpu")
    assert "no queue 'gpu'; existing: default" in str(caught.value)
    assert "yard queues set gpu" in str(caught.value)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing/here", 404),
        ("GET", "/elsewhere", 404),
        ("DELETE", "projects", 405),
        ("GET", "projects/default/runs?limit=0", 422),
        ("GET", "projects/default/runs?limit=many", 422),
        ("GET", "projects/default/runs/abc", 404),
    ],
)
async def test_addresses_and_parameters_that_are_wrong_have_the_same_shape(web, method, path, status):
    problem(await web.ask(method, path), status)


BODIES = {
    "not JSON": (b"kind: operation", (400, 422)),
    "cut": (json.dumps({"content": operation()}).encode()[:-5], (400, 422)),
    "an unknown field": (b'{"contents": "x"}', (400, 422)),
    "a wrong type": (b'{"content": 5}', (400, 422)),
    "a list": (b"[]", (400, 422)),
    "not text": (b"\xff\xfe\x00", (400, 422)),
    "not YAML": (b'{"content": "a: ["}', (422,)),
    "duplicate keys": (b'{"content": "kind: operation\\nkind: operation"}', (422,)),
    "nothing": (b"", (400, 422)),
    "deep": (b'{"operation": ' + b'{"a":' * 3000 + b"1" + b"}" * 3001, (400, 413, 422)),
}


@pytest.mark.parametrize(("body", "statuses"), BODIES.values(), ids=BODIES)
async def test_bodies_that_make_no_sense_are_refused(web, body, statuses):
    answer = await web.ask("POST", BASE, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in statuses, answer.text
    problem(answer, answer.status_code)


async def test_an_alias_bomb_is_refused_quickly_with_its_place(web):
    names = "abcdefghijklmnopqrst"
    pairs = itertools.pairwise(names)
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}, *{a}]\n" for a, b in pairs)
    with pytest.raises(Invalid) as caught:
        await web.admin.runs.create(CreateRun(content=bomb, file="bomb.yaml"))
    assert "bomb.yaml" in str(caught.value)


@pytest.mark.parametrize("path", ["projects/default/runs", "projects/default/runs/{run}/frames"])
async def test_a_gigabyte_that_is_announced_is_refused_before_it_is_read(web, path):
    run = await web.tracked()
    sent = 0

    async def endless():
        nonlocal sent
        for _ in range(1000):
            sent += 1 << 20
            yield b"x" * (1 << 20)

    headers = {"Content-Length": str(1 << 30), "Content-Type": "application/json"}
    answer = await web.ask("POST", path.format(run=run.id), content=endless(), headers=headers)
    problem(answer, 413, "too_large")
    assert sent <= 32 << 20


async def test_a_finding_has_its_line_and_fix(web):
    text = operation().replace("command", "comand")
    with pytest.raises(Invalid) as caught:
        await web.admin.runs.create(CreateRun(content=text, file="train.yaml"))
    (problem, *_) = caught.value.problems
    assert (problem.file, problem.line) == ("train.yaml", 7)
    assert "command" in problem.fix + problem.message


@pytest.mark.parametrize("value", [2**40, 2**80, -1])
async def test_numbers_beyond_their_column_are_invalid_input(web, value):
    answer = await web.ask("PUT", "queues/q", json={"concurrency": value} if value < 2**63 else None,
                           content=None if value < 2**63 else b'{"concurrency": %d}' % value)  # fmt: skip
    if answer.status_code != 200:
        problem(answer, answer.status_code)
        assert answer.status_code in (400, 422)
    answer = await web.ask("GET", f"{BASE}/{(await web.tracked()).id}/activities?after={value}")
    assert answer.status_code in (200, 400, 422), answer.text


async def test_frames_that_are_none_and_gaps_have_their_codes(web):
    run = await web.tracked()
    path = f"{BASE}/{run.id}/frames"
    problem(await web.ask("POST", path, content=b"junk"), 422, "bad_frame")
    problem(await web.ask("POST", path, content=b""), 422, "bad_frame")
    answer = await web.ask("POST", path, content=lines("1" * 32, 5, "a"))
    assert problem(answer, 409, "sequence_gap").retryable
    assert answer.json()["expected"] == 1


async def test_ended_and_ambiguous_runs_are_conflicts(web):
    first = await web.tracked()
    await web.admin.runs.stop(first.id)
    again = await web.admin.runs.stop(first.id)
    assert again.status == "stopped"
    from trainyard_core.lifecycle import Status

    done = await web.arrange.run(Status.SUCCEEDED)
    with pytest.raises(Conflict, match="ended already"):
        await web.admin.runs.stop(done)
    twins = [f"01900000-0000-7000-8000-{n}00000abcdef" for n in "12"]
    for twin in twins:
        await web.admin.runs.create(CreateRun(managed=False, id=twin))
    with pytest.raises(Conflict, match="more than one"):
        await web.admin.runs.get("abcdef")
    assert (await web.admin.runs.get("100000abcdef")).id == twins[0]


@pytest.mark.parametrize(
    "name", ["../x", "%2e%2e/x", "a/%2e%2e/%2e%2e/x", "%00", "a%00b", "..%2fx", "%2e%2e%5cx", "x" * 300]
)
async def test_artifact_names_that_leave_the_root_are_refused(web, name, tmp_path):
    run = await web.tracked()
    before = {str(path) for path in tmp_path.rglob("*") if path.name == "x"}
    answer = await web.ask("PUT", f"{BASE}/{run.id}/artifacts/{name}", content=b"evil")
    assert answer.status_code in (400, 404, 405, 422), answer.text
    assert {str(path) for path in tmp_path.rglob("*") if path.name == "x"} == before
    answer = await web.ask("GET", f"{BASE}/{run.id}/artifacts/{name}")
    assert answer.status_code in (400, 404, 405, 422), answer.text


async def test_an_inner_failure_tells_nothing_of_the_inside(web, monkeypatch):
    async def explode(*_, **__):
        raise RuntimeError("postgresql://user:hunter2@db")

    run = await web.tracked()
    monkeypatch.setattr(web.runtime.database, "read", explode)
    for token in (web.token, web.of_run(run.id)):
        answer = await web.ask("GET", f"{BASE}/{run.id}", token=token)
        assert problem(answer, 500, "internal").retryable
        assert "hunter2" not in answer.text


async def test_core_alone_serves_and_says_what_is_missing(database_url, tmp_path):
    async with serving(database_url, tmp_path / "alone", Registry()) as web:
        found = await web.admin.version()
        assert found.missing == ["scheduler", "tracker"]
        run = await web.run()
        web.arrange.clock.turn(3600)  # the arranged agent is silent by now
        why = await web.admin.runs.why(run.id)
        assert why.blockers[0].code == "scheduler_missing"
        assert "pip install" in why.blockers[0].fix
        answer = await web.ask("GET", f"{BASE}/{run.id}/logs")
        assert "tracker" in problem(answer, 503, "unavailable").detail
        with pytest.raises(NotAuthenticated):
            await web.client("ty.none").version()
        assert isinstance(await web.admin.plugins(), list)
        assert isinstance(run, models.RunRecord)
