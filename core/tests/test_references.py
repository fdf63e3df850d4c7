"""What operations refer to: plugins say what references mean, and core keeps what each run was made with."""

from __future__ import annotations

import asyncio
import re
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs
from web import serving

from trainyard.client.distributions import serving as bringing
from trainyard.client.distributions import serving_prefix
from trainyard.client.errors import Busy, Conflict, Invalid, NotAllowed, NotFound, NotInstalled
from trainyard.client.models import CloneRun, CreateRun
from trainyard_core.contracts.database import NewEvent, Target
from trainyard_core.contracts.plugin import Refusal, Resolution, Resolver
from trainyard_core.errors import Forbidden
from trainyard_core.hookspecs import hookimpl
from trainyard_core.plugin_host import references
from trainyard_core.registry import Registry
from trainyard_core.testing.factories import operation
from trainyard_core.work.creation import add, create_run

TRAIN = "version: 1.1\nkind: component\nrun: {kind: job, container: {command: [python, train.py]}}\n"
GPU = "isPreset: true\nrunPatch: {container: {env: {MODE: fast}}}\n"
USES = "version: 1.1\nkind: operation\nhubRef: train\npresets: [gpu]\n"
SHELF = {"train": TRAIN, "gpu": GPU}
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # nothing here depends on it
TARGET = Target(project="default", kind="component", name="train", version="1", digest="sha256:train")


def answer_of(reference):
    """What a plugin says of a reference, that has some of them on its shelf."""
    name = reference.text.partition(":")[0]
    if name in SHELF:
        return Resolution(name=name, version="1", digest=f"sha256:{name}", content=SHELF[name])
    return None


async def from_shelf(_, asked):
    return [answer_of(each) for each in asked]


def plugin(resolve=from_shelf, kinds=("component", "preset")):
    resolver = Resolver(name="shelf", kinds=kinds, resolve=resolve)
    return SimpleNamespace(register_resolvers=hookimpl(lambda: [resolver]))


@pytest.fixture
def serve(database_url, tmp_path):
    def of(**plugins):
        registry = Registry()
        for name, each in plugins.items():
            registry.add(name, each)
        return serving(database_url, tmp_path / "data", registry=registry)

    return of


async def uses(web, run):
    return [(use.kind, use.name, use.version, use.digest) for use in await web.admin.runs.uses(run)]


async def test_a_run_is_made_of_what_plugins_say_and_what_it_was_made_with_is_kept(serve):
    asked = []

    async def resolve(platform, given):
        asked.append([(platform.plugin, each.kind, each.text, each.project, each.actor.name) for each in given])
        return await from_shelf(platform, given)

    async with serve(shelf=plugin(resolve)) as web:
        run = await web.admin.runs.create(CreateRun(content=USES))
        assert (await web.admin.runs.get(run.id)).resolved["env"] == {"MODE": "fast"}
        made_with = [("component", "train", "1", "sha256:train"), ("preset", "gpu", "1", "sha256:gpu")]
        assert await uses(web, run.id) == made_with
        again = await web.admin.runs.restart(run.id, CloneRun())
        assert await uses(web, again.id) == made_with
        preview = await web.admin.runs.preview(CreateRun(content=USES))
        assert [(use.kind, use.name, use.version, use.digest) for use in preview.uses] == made_with
    expected = [
        ("shelf", "component", "train", "default", "user:admin"),
        ("shelf", "preset", "gpu", "default", "user:admin"),
    ]
    assert asked == [expected, expected], "a clone is made of what is stored"


@one_database
async def test_plugins_are_asked_in_the_order_of_their_names_about_what_is_open(serve):
    asked = {}

    def named(name, *known):
        async def resolve(_, given):
            asked[name] = [each.text for each in given]
            return [answer_of(each) if each.text in known else None for each in given]

        return plugin(resolve)

    async with serve(b=named("b", "train", "gpu"), a=named("a", "gpu"), c=named("c")) as web:
        await web.admin.runs.create(CreateRun(content=USES))
        with pytest.raises(Invalid, match="no preset 'nope'"):
            await web.admin.runs.create(CreateRun(content=USES, presets=["nope"]))
    assert asked == {"a": ["train", "gpu", "nope"], "b": ["train", "nope"], "c": ["nope"]}


@one_database
async def test_what_a_plugin_refuses_is_told_at_its_place(serve):
    async def resolve(_, given):
        return [Refusal(message=f"{each.text} is lent out", fix="come back later") for each in given]

    async with serve(shelf=plugin(resolve)) as web:
        with pytest.raises(Invalid) as caught:
            await web.admin.runs.create(CreateRun(content=USES, file="f.yaml"))
        (first, *_) = caught.value.problems
        assert (first.file, first.line, first.field) == ("f.yaml", 3, "hubRef")
        assert ("train is lent out" in first.message, first.fix) == (True, "come back later")
        with pytest.raises(NotFound, match="no project 'nowhere'"):
            await web.admin.runs.create(CreateRun(content=USES), project="nowhere")


async def raising(_, given):
    raise RuntimeError("no answer from postgresql://ada:swordfish@shelf")


async def endless(_, given):
    await asyncio.Event().wait()


async def too_few(_, given):
    return []


async def text(_, given):
    return ["train" for _ in given]


@one_database
@pytest.mark.parametrize(
    ("resolve", "said"),
    [(raising, "RuntimeError"), (endless, "no answer within"), (too_few, "an answer for each"), (text, "gave a str")],
)
async def test_a_plugin_that_fails_to_answer_is_named_to_an_admin_and_nothing_is_created(
    serve, monkeypatch, resolve, said
):
    monkeypatch.setattr(references, "DEADLINE", 0.05)
    async with serve(shelf=plugin(resolve)) as web:
        with capture_logs() as logs, pytest.raises(Busy) as caught:
            await web.admin.runs.create(CreateRun(content=USES))
        assert "plugin 'shelf'" in caught.value.fix
        (log,) = [each for each in logs if each.get("resolver")]
        assert log["plugin"] == "shelf"
        assert re.search(said, log["error"])
        assert "swordfish" not in str(logs) + str(caught.value)
        assert [run async for run in web.admin.runs.list()] == []
        assert (await web.run()).status == "queued", "what refers to nothing needs no plugin"


@one_database
async def test_an_error_that_a_plugin_means_is_the_answer(serve):
    async def resolve(_, given):
        raise Forbidden("the shelf is closed to you", fix="ask the librarian")

    async with serve(shelf=plugin(resolve)) as web:
        with pytest.raises(NotAllowed, match="the shelf is closed"):
            await web.admin.runs.create(CreateRun(content=USES))


@one_database
async def test_a_content_that_cannot_be_read_or_is_too_large_is_told(serve):
    async def resolve(_, given):
        content = "{a: [" if given[0].text == "broken" else "isPreset: true\n" + "#" * 5_000_000
        return [Resolution(name=each.text, version="1", digest="d", content=content) for each in given]

    async with serve(shelf=plugin(resolve)) as web:
        with pytest.raises(Invalid, match=r"preset 'broken' cannot be read: broken:1"):
            await web.admin.runs.create(CreateRun(content=operation(), presets=["broken"]))
        with pytest.raises(Invalid, match="the limit is 4194304"):
            await web.admin.runs.create(CreateRun(content=operation(), presets=["large"]))


@one_database
async def test_the_number_of_references_is_limited(web):
    many = [f"p{n}" for n in range(101)]
    with pytest.raises(Invalid, match="at most 100 presets"):
        await web.admin.runs.create(CreateRun(content=operation(), presets=many))
    with pytest.raises(Invalid, match="refers to 201 things"):
        text = operation(head=f"presets: [{', '.join(f'p{n}' for n in range(201))}]\n")
        await web.admin.runs.create(CreateRun(content=text))


@one_database
async def test_a_server_without_the_plugin_says_what_to_install(web):
    with pytest.raises(Invalid, match="component 'train' cannot be looked up") as caught:
        await web.admin.runs.create(CreateRun(content=USES))
    needed = bringing("components")
    assert f"pip install {needed}" in caught.value.problems[0].fix
    asked = {
        needed: (web.admin.components.page(), web.admin.presets.get("gpu", "1")),
        serving_prefix("notify")[0]: (web.admin.notification_rules.page(), web.admin.notification_rules.test("a")),
    }
    for distribution, asks in asked.items():
        for ask in asks:
            with pytest.raises(NotInstalled) as missing:
                await ask
            assert (missing.value.status, missing.value.code) == (501, "not_installed")
            assert f"pip install {distribution}" in missing.value.fix
    assert (await web.ask("GET", "projects/default/nonsense")).status_code == 404


async def withdraw(web):
    return await web.runtime.platforms.of("shelf").database.write(lambda tx: tx.withdraw_reference(TARGET))


async def test_what_is_withdrawn_is_used_by_no_run_until_it_is_offered_again(serve):
    async with serve(shelf=plugin()) as web:
        assert await withdraw(web) == ""
        assert await withdraw(web) == ""
        with pytest.raises(Conflict, match="component 'train:1' has just been deleted"):
            await web.admin.runs.create(CreateRun(content=USES))
        assert [run async for run in web.admin.runs.list()] == []
        assert (await web.run()).status == "queued"
        database = web.runtime.platforms.of("shelf").database
        await database.write(lambda tx: tx.offer_reference(TARGET))
        run = await web.admin.runs.create(CreateRun(content=USES))
        assert await withdraw(web) == run.id
        assert (await web.admin.runs.create(CreateRun(content=USES))).status == "queued", "it was not withdrawn"


only_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer


async def until_somebody_waits(web):
    """Until a transaction waits for a lock that another one holds."""
    async with asyncio.timeout(30):
        while not (await web.runtime.database.read(_waiting))["n"]:
            await asyncio.sleep(0.01)


async def _waiting(tx):
    return await tx.one(
        "SELECT COUNT(*) AS n FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " WHERE NOT l.granted AND a.datname = current_database()"
    )


@only_postgresql
async def test_a_run_that_is_created_during_a_withdrawal_waits_and_is_refused(serve):
    async with serve(shelf=plugin()) as web:
        withdrawn, committing = asyncio.Event(), asyncio.Event()

        async def slow(tx):
            await tx.withdraw_reference(TARGET)
            withdrawn.set()
            await committing.wait()

        withdrawing = asyncio.create_task(web.runtime.platforms.of("shelf").database.write(slow))
        await withdrawn.wait()
        creating = asyncio.create_task(web.admin.runs.create(CreateRun(content=USES)))
        await until_somebody_waits(web)
        committing.set()
        await withdrawing
        with pytest.raises(Conflict, match="has just been deleted"):
            await creating


@only_postgresql
async def test_a_withdrawal_waits_for_a_run_that_is_being_created_and_finds_it(serve):
    async with serve(shelf=plugin()) as web:
        platform, runtime = web.runtime.platforms.of("shelf"), web.runtime
        inserted, committing = asyncio.Event(), asyncio.Event()

        async def slow(tx, new, policy):
            await add(tx, new, policy)
            inserted.set()
            await committing.wait()

        creating = asyncio.create_task(
            create_run(
                runtime.database,
                "default",
                CreateRun(content=USES),
                key="",
                actor=await platform.actor("user:admin"),
                policy=runtime.policy,
                at=runtime.clock.now(),
                kinds=runtime.kinds,
                lookup=runtime.references,
                amendments=runtime.registry.requests,
                insert=slow,
            )
        )
        await inserted.wait()
        withdrawing = asyncio.create_task(withdraw(web))
        await until_somebody_waits(web)
        committing.set()
        row, _ = await creating
        assert await withdrawing == row["id"]


async def test_what_a_transaction_records_is_there_when_it_is_committed(serve):
    async with serve(shelf=plugin()) as web:
        platform = web.runtime.platforms.of("shelf")
        event = NewEvent(
            project="default", kind="shelf_opened", actor="user:admin", at=platform.clock.now(), data={"n": 1}
        )

        async def failing(tx):
            await tx.record(event)
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await platform.database.write(failing)
        await platform.database.write(lambda tx: tx.record(event))
        seen = await platform.activities.after(await platform.actor("user:admin"), 0)
        assert [each.data for each in seen if each.kind == "shelf_opened"] == [{"n": 1}]
