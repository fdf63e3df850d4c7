"""A request that is cut off because the server ends."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from trainyard.client.models import Problem
from trainyard_core.api.shutdown import answering

HTTP = {"type": "http"}
START = {"type": "http.response.start", "status": 200, "headers": []}


async def cut(app, scope=HTTP):
    """The task of a request to this application that is cancelled once it hangs, and what it has sent."""
    sent, hangs = [], asyncio.Event()

    async def send(message):
        sent.append(message)

    async def hanging(scope, receive, send):
        await app(send)
        hangs.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(answering(hanging)(scope, None, send))
    await hangs.wait()
    task.cancel()
    await asyncio.wait([task])
    return task, sent


async def nothing(send):
    """Before the answer."""


async def a_head(send):
    await send(START)


async def test_it_is_told_to_ask_again():
    task, (head, body) = await cut(nothing)
    assert not task.cancelled()
    assert (head["status"], dict(head["headers"])[b"content-type"]) == (503, b"application/problem+json")
    problem = msgspec.json.decode(body["body"], type=Problem)
    assert (problem.code, problem.retryable, problem.fix) == ("unavailable", True, "ask again")


@pytest.mark.parametrize(("app", "scope"), [(a_head, HTTP), (nothing, {"type": "lifespan"})])
async def test_what_has_begun_or_is_no_request_is_left_to_the_server(app, scope):
    task, sent = await cut(app, scope)
    assert task.cancelled()
    assert sent == ([START] if app is a_head else [])
