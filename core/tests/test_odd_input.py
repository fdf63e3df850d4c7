"""Odd values in what people send about runs: refused in words or kept, never a failure of the server."""

from __future__ import annotations

from run_factory import ended
from web import BASE

from trainyard_core.testing.frames import metric

NUL = "a\0b"
BODIES = [
    ("PATCH", "", {"description": NUL}),
    ("PATCH", "", {"name": NUL}),
    ("PATCH", "", {"queue": NUL}),
    ("PATCH", "", {"tags": [NUL]}),
    ("PATCH", "", {"meta": {NUL: NUL, "deep": {"x": [NUL]}}}),
    ("PATCH", "", {"meta": {"big": 10**400, "small": -(2**70)}}),
    ("PATCH", "", {"meta": {"k" * 5000: "v" * 5000}}),
    ("PATCH", "", {"priority": 2**70}),
    ("POST", "/stop", {"message": NUL}),
    ("POST", "/skip", {"message": NUL}),
    ("POST", "/archive", {"message": NUL}),
    ("POST", "/approve", {"message": NUL}),
    ("POST", "/tag", {"add": [NUL], "remove": [NUL]}),
    ("POST", "/restart", {"params": {NUL: NUL}}),
    ("POST", "/restart", {"name": NUL, "queue": NUL}),
    ("POST", "/resume", {"step": 2**70}),
    ("POST", "/resume", {"step": -(2**70)}),
    ("POST", "/resume", {"step": -(2**63)}),
    ("POST", "/bulk", {"action": "stop", "refs": [NUL, "", "%", "_" * 300]}),
    ("POST", "/bulk", {"action": "tag", "refs": ["RUN"], "add": [NUL]}),
    ("POST", "/bulk", {"action": "resume", "refs": ["RUN"], "step": 2**70}),
    ("POST", "/bulk", {"action": "stop", "q": NUL}),
]


async def test_odd_values_are_refused_or_kept(web):
    for method, path, body in BODIES:
        run = await ended(web, metric("1" * 32, 1, {"loss": [1.0, 2.0]}))
        place = f"{BASE}/bulk" if path == "/bulk" else f"{BASE}/{run.id}{path}"
        if body.get("refs") == ["RUN"]:
            body = {**body, "refs": [run.id]}
        answer = await web.ask(method, place, json=body)
        assert answer.status_code < 500, (method, path, body, answer.text)
        if answer.status_code >= 400:
            assert answer.json()["detail"], (method, path, body)
        assert (await web.ask("GET", f"{BASE}/{run.id}")).status_code == 200


async def test_a_step_out_of_range_is_refused(web):
    run = await ended(web)
    for step in (2**70, -(2**70), 2**63, -(2**63)):
        answer = await web.ask("POST", f"{BASE}/{run.id}/resume", json={"step": step})
        assert answer.status_code in (400, 422), answer.text
