"""Who may do what with components and presets: every route of the plugin, asked by everybody."""

from __future__ import annotations

from itertools import count

import pytest
import pytest_asyncio

from trainyard.client.models import RegisterComponent
from trainyard_core.contracts.routes import READ, WRITE
from trainyard_core.testing.callers import PROJECT, REFUSED, operations, tokens_of_callers

CONTENT = {"components": "version: 1.1\nkind: component\ncmd: echo hi\n", "presets": "isPreset: true\n"}
ROUTES = {
    "GET ": READ,
    "POST ": WRITE,
    "GET /{name}": READ,
    "GET /{name}/versions": READ,
    "GET /{name}/versions/{version}": READ,
    "PATCH /{name}/versions/{version}": WRITE,
    "DELETE /{name}/versions/{version}": WRITE,
}
"""By hand, apart from what the handlers declare."""


@pytest_asyncio.fixture
async def callers(web):
    """A token for each of them."""
    return await tokens_of_callers(web)


@pytest.mark.parametrize("noun", CONTENT)
async def test_the_table_has_every_route(web, noun):
    assert await operations(web, f"/{noun}") == {*ROUTES}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # who may is decided in Python, the same for both
@pytest.mark.parametrize("noun", CONTENT)
async def test_a_route_refuses_whoever_may_not(web, callers, noun):
    numbers, wrong = count(1), []
    resource = getattr(web.admin, noun)
    for route, need in ROUTES.items():
        method, path = route.split(" ")
        for caller, refused in REFUSED.items():
            name = f"x{next(numbers)}"
            if "{name}" in path:
                body = RegisterComponent(name=name, version="1", content=CONTENT[noun])
                await resource.register(body, project=PROJECT)
            sent = {"POST": {"name": name, "version": "1", "content": CONTENT[noun]}, "PATCH": {"description": "x"}}
            answer = await web.ask(
                method,
                f"projects/{PROJECT}/{noun}{path.format(name=name, version='1')}",
                token=callers[caller],
                **({"json": sent[method]} if method in sent else {}),
            )
            if answer.status_code != refused.get(need) and (need in refused or answer.status_code >= 400):
                wrong.append((route, caller, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
