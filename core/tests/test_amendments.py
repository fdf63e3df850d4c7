"""Policy and defaults that plugins bring: what they make of an operation, where they are asked, and how they refuse."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
from web import serving

from trainyard.client.models import CloneRun, CreateRun, Patch
from trainyard_core import request_hooks
from trainyard_core.errors import Forbidden
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import operation

OPERATION = operation("exit 0")
OTHER_QUEUE = "isPreset: true\nqueue: other\n"


def registry(**plugins):
    made = Registry()
    for name, function in plugins.items():
        made.add(name, SimpleNamespace(amend_operation=hookimpl(function)))
    return made


@pytest.fixture
def serve(tmp_path):
    def of(**plugins):
        return serving(f"sqlite:///{tmp_path / 'yard.db'}", tmp_path, registry=registry(**plugins))

    return of


def tagging(tag):
    """A plugin that adds a tag behind those that are there."""

    def amend(operation, context):
        return {**operation, "tags": [*operation.get("tags", []), tag]}

    return amend


async def test_each_plugin_sees_what_those_before_it_made_and_the_result_is_what_is_stored(serve):
    async with serve(b=tagging("b"), a=tagging("a"), c=lambda operation, context: None) as web:
        run = await web.admin.runs.create(CreateRun(content=OPERATION, tags=["own"]))
        assert run.tags == ["a", "b", "own"]
        preview = await web.admin.runs.preview(CreateRun(content=OPERATION))
        assert preview.operation["tags"] == ["a", "b"]
        platform = web.runtime.platforms.of("a")
        made = await platform.runs.create(await platform.actor("user:admin"), "default", CreateRun(content=OPERATION))
        assert made.tags == ["a", "b"]


async def test_a_plugin_that_leaves_operations_alone_changes_nothing(serve):
    async with serve() as plain:
        without = await plain.admin.runs.preview(CreateRun(content=OPERATION))
    async with serve(a=lambda operation, context: operation.clear()) as web:
        preview = await web.admin.runs.preview(CreateRun(content=OPERATION))
    assert (preview.operation, preview.resolved) == (without.operation, without.resolved)


def only_other(operation, context):
    """A policy: everything goes to the queue `other`."""
    if operation.get("queue") != "other":
        raise Forbidden(f"{context.actor.name} may not use this queue in {context.project}", fix="use other")


async def test_a_refusal_is_the_answer_and_sees_the_whole_operation(serve):
    async with serve(policy=only_other) as web:
        await web.arrange.queue("other")
        plain = CreateRun(content=OPERATION)
        for body in (plain, CreateRun(content=OPERATION, queue="default")):
            refused = await web.ask("POST", "projects/default/runs", json=_json(body))
            assert (refused.status_code, refused.json()["code"], refused.json()["fix"]) == (
                403,
                "forbidden",
                "use other",
            )
            assert refused.json()["detail"] == "user:admin may not use this queue in default"
        assert (await web.ask("POST", "projects/default/runs/preview", json=_json(plain))).status_code == 403
        for body in (
            CreateRun(content=OPERATION, queue="other"),
            CreateRun(content=operation("exit 0", head="queue: other")),
            CreateRun(content=OPERATION, patches=[Patch(content=OTHER_QUEUE)]),
        ):
            assert (await web.admin.runs.create(body)).queue == "other"
        assert len([run async for run in web.admin.runs.list()]) == 3
        await web.tracked()  # nothing that somebody else runs is an operation


def _json(body):
    return {"content": body.content, **({"queue": body.queue} if body.queue else {})}


async def test_a_clone_is_asked_about_again_by_what_holds_now(serve):
    asked = []
    async with serve(policy=lambda operation, context: asked.append(operation.get("queue"))) as web:
        await web.arrange.queue("other")
        run = await web.admin.runs.create(CreateRun(content=OPERATION))
        await web.admin.runs.restart(run.id, CloneRun(queue="other"))
    assert asked == [None, "other"]


def fails(operation, context):
    raise ZeroDivisionError


def odd(operation, context):
    return {**operation, "tags": {object()}}


@pytest.mark.parametrize(("plugin", "said"), [(fails, "ZeroDivisionError"), (odd, "an operation that is no JSON")])
async def test_a_plugin_that_fails_to_decide_lets_nothing_in(serve, plugin, said):
    async with serve(policy=plugin) as web:
        answer = await web.ask("POST", "projects/default/runs", json={"content": OPERATION})
        assert (answer.status_code, answer.json()["detail"]) == (
            503, "plugin 'policy' fails to decide about the operation",
        )  # fmt: skip
        assert said in web.runtime.registry.plugins["policy"].error
        assert [run async for run in web.admin.runs.list()] == []


async def test_a_plugin_that_hangs_is_given_up(serve, monkeypatch):
    monkeypatch.setattr(request_hooks, "HOOK_DEADLINE", 0.1)
    ends = threading.Event()
    async with serve(policy=lambda operation, context: ends.wait(60)) as web:
        answer = await web.ask("POST", "projects/default/runs", json={"content": OPERATION})
        ends.set()
        assert answer.status_code == 503
        assert "no answer within 0.1 s" in web.runtime.registry.plugins["policy"].error


async def test_what_a_plugin_makes_of_an_operation_is_checked_like_any_other(serve):
    async with serve(policy=lambda operation, context: {**operation, "queu": "x"}) as web:
        answer = await web.ask("POST", "projects/default/runs", json={"content": OPERATION})
        assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "queu")
