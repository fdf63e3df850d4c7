"""The two clients are one: the same calls with the same signatures. What is the asynchronous client's own is tested
here; every other test of this folder runs for both."""

from __future__ import annotations

import inspect
from contextlib import aclosing

import httpx
import pytest
from fake_platform import TOKEN

from trainyard.client import AsyncClient, Backoff, Client, resources

RUN = "01890000-0000-7000-8000-00000000abcd"
PAIRS = [
    (AsyncClient, Client),
    *(
        (getattr(resources, f"Async{name}"), getattr(resources, name))
        for name in resources.__all__
        if f"Async{name}" in resources.__all__
    ),
]


@pytest.mark.parametrize(("asynchronous", "synchronous"), PAIRS, ids=lambda each: each.__name__)
def test_both_have_the_same_calls(asynchronous, synchronous):
    assert asynchronous.__name__ == f"Async{synchronous.__name__}"
    assert signatures(asynchronous) == signatures(synchronous)


def test_both_have_the_same_resources():
    asynchronous, synchronous = AsyncClient("http://127.0.0.1:9"), Client("http://127.0.0.1:9")
    found = {name: type(value) for name, value in vars(synchronous).items() if type(value) in dict(PAIRS).values()}
    assert {name: type(getattr(asynchronous, name)).__name__ for name in found} == {
        name: f"Async{kind.__name__}" for name, kind in found.items()
    }
    assert {*found.values(), Client} == {pair[1] for pair in PAIRS}


def test_every_resource_has_both_classes():
    assert len(PAIRS) == len(resources.__all__) // 2 + 1


async def test_a_consumer_that_leaves_early_closes_its_connection(platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a", "b", "c"]
    async with AsyncClient(platform.url, token=TOKEN) as client, aclosing(client.runs.follow(RUN)) as lines:
        assert (await anext(lines)).text == "a"


async def test_an_application_in_this_process_is_reached_without_an_address():
    async def application(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"version":"9","later":1}'})

    transport = httpx.ASGITransport(application)
    async with AsyncClient(transport=transport, token="t", backoff=Backoff(tries=1)) as client:
        assert (await client.version()).version == "9"


async def test_event_hooks_see_each_request_and_its_response(platform):
    platform.add_run(RUN)
    seen: list[object] = []

    async def record(event: httpx.Request | httpx.Response) -> None:
        seen.append(event)

    hooks = {"request": [record], "response": [record]}
    async with AsyncClient(platform.url, token=TOKEN, event_hooks=hooks) as client:
        await client.runs.get(RUN)
    request, response = seen
    assert isinstance(request, httpx.Request)
    assert isinstance(response, httpx.Response)
    assert (response.request, response.status_code) == (request, 200)


def signatures(kind: type) -> dict[str, tuple[str, str]]:
    """The public calls of a class, each with its signature and its docstring, in the words of the synchronous one."""
    calls = {name: call for name, call in inspect.getmembers(kind, inspect.isfunction) if is_public(name)}
    return {
        SYNC.get(name, name): (str(inspect.signature(call)).replace("Async", ""), call.__doc__)
        for name, call in calls.items()
    }


def is_public(name: str) -> bool:
    return not name.startswith("_") or name in {"__init__", *SYNC, *SYNC.values()}


SYNC = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
