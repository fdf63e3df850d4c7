"""Who may do what with sweeps: every route of the plugin, asked by everybody."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sweep_harness import Book, sweeping

from trainyard.client.models import NewSweep
from trainyard.client.requests import create_sweep
from trainyard_core.contracts.routes import READ, WRITE
from trainyard_core.testing.callers import PROJECT, REFUSED, operations, tokens_of_callers

MATRIX = {"kind": "random", "numRuns": 4, "seed": 1, "params": {"x": {"kind": "choice", "value": [1, 2]}}}
ROUTES = {
    "POST ": (WRITE, {"matrix": MATRIX}),
    "GET /{ref}": (READ, None),
    "GET /{ref}/trials": (READ, None),
    "GET /{ref}/front": (READ, None),
    "POST /{ref}/ask": (WRITE, {"count": 1}),
    "POST /{ref}/trials/{key}/tell": (WRITE, {"status": "failed"}),
}
"""By hand, apart from what the handlers declare."""
FINE = {404, 409}
"""What a route may answer to somebody who may use it here: there is no trial of that key, no objective."""


@pytest_asyncio.fixture
async def web(tmp_path):
    async with sweeping(f"sqlite:///{tmp_path / 'trainyard.db'}", tmp_path / "data", Book()) as served:
        yield served  # who may is decided in Python, the same for both databases


@pytest_asyncio.fixture
async def callers(web):
    """A token for each of them."""
    return await tokens_of_callers(web)


async def test_the_table_has_every_route(web):
    assert await operations(web, "/sweeps") == {*ROUTES}


@pytest.mark.parametrize("route", ROUTES)
async def test_a_route_refuses_whoever_may_not(web, callers, route):
    need, body = ROUTES[route]
    made = await web.admin.send(create_sweep(PROJECT, NewSweep(matrix=MATRIX, name="search")))
    method, path = route.split(" ")
    wrong = []
    for caller, refused in REFUSED.items():
        answer = await web.ask(
            method,
            f"projects/{PROJECT}/sweeps{path.format(ref=made.id, key='9')}",
            token=callers[caller],
            **({} if body is None else {"json": body}),
        )
        fine = (
            answer.status_code == refused[need]
            if need in refused
            else answer.status_code < 400 or (answer.status_code in FINE)
        )
        if not fine:
            wrong.append((caller, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
