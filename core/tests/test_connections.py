"""Connections over the API, with a kind and a secret source of a plugin: who may see, write and use them, and what an
attempt that uses them is given."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import pytest_asyncio
import yaml
from one_trial import one_trial
from pydantic import BaseModel, Field, field_validator
from web import serving, token_of

from trainyard.client.distributions import connecting
from trainyard.client.errors import Conflict, Invalid, NotAllowed, NotFound
from trainyard.client.models import CreateRun, EditProject, FieldProblem
from trainyard.compile.resolved import decode_resolved
from trainyard_core.contracts.connection import Connection, ConnectionKind
from trainyard_core.contracts.needs import InitStep, Mount, Needs, SecretFiles
from trainyard_core.contracts.secret import SecretSource
from trainyard_core.db import connections
from trainyard_core.hookspecs import hookimpl
from trainyard_core.registry import Registry

CANARY = "hunter2-is-secret"
USES = """
version: 1.1
kind: component
run:
  kind: job
  connections: [one]
  container: {command: [env]}
"""


class BoxFields(BaseModel):
    size: int = Field(default=1, ge=1, description="How large it is.")
    colour: str = Field(default="", description="Its colour.")

    @field_validator("colour")
    @classmethod
    def _known(cls, value):
        if value.startswith("hunter2"):
            raise ValueError(f"{value} is no colour")
        return value


class Box(ConnectionKind):
    """A kind with a field, a required secret, and a probe that fails for a size of 13."""

    name = "box"
    fields = BoxFields

    def secrets(self):
        return {"key": "what opens it", "spare": "what else opens it"}

    def check(self, connection):
        if "key" in connection.secrets:
            return []
        return [FieldProblem(field="secrets.key", message="this secret is missing", fix="write a reference")]

    def needs(self, connection):
        files = {name: ref for name, ref in connection.secrets.items() if name == "spare"}
        return Needs(
            owner=f"connection '{connection.name}'",
            env={"BOX_SIZE": str(connection.fields.get("size", 1))},
            secret_env={"BOX_KEY": connection.secrets["key"]},
            mounts=(Mount(path="box", source=SecretFiles(files=files)),) if files else (),
        )

    async def probe(self, connection, secrets):
        if connection.fields.get("size") == 13:
            raise ConnectionRefusedError(111, "Connection refused")
        return "" if secrets["key"].reveal() == CANARY else "it does not open"


class Crate(Box):
    name = "crate"


class Shelf(Box):
    """A kind that leads to code."""

    name = "shelf"

    def check_checkout(self, connection, checkout):
        said = FieldProblem(field="git.revision", message="it has no such revision", fix="write another one")
        return [said] if checkout.revision == "none" else []

    def checkout(self, connection, checkout, name):
        return InitStep(name=name, command=("fetch", checkout.path, checkout.revision or "", *checkout.flags))


async def vault(platform, name, key):
    if name == "broken":
        raise RuntimeError(f"cannot read {CANARY}")
    return {("box", "main"): CANARY}[name, key]


def plugin():
    return SimpleNamespace(
        register_connection_kinds=hookimpl(lambda: [Box(), Crate(), Shelf()]),
        register_secret_sources=hookimpl(lambda: [SecretSource(name="vault", resolve=vault)]),
    )


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    registry = Registry()
    registry.add("one_trial", one_trial())
    registry.add("boxes", plugin())
    async with serving(database_url, tmp_path / "data", registry=registry) as served:
        yield served


@pytest.fixture
def variable(monkeypatch):
    monkeypatch.setenv("TEST_BOX_KEY", CANARY)
    return {"env": "TEST_BOX_KEY"}


async def workloads(web):
    """What the agent is handed of all that it was assigned."""
    refs = await web.arrange.assign()
    agent = web.arrange.agent
    row = await web.runtime.database.read(lambda tx: tx.one("SELECT epoch FROM agent WHERE name = ?", agent))
    return await web.runtime.session_service().workloads(agent, row["epoch"], refs)


async def everything_stored(web):
    """All rows of all tables of core, as text."""

    async def work(tx):
        tables = ("connection", "activity", "run", "operation", "attempt", "idempotency", "project", "edge")
        return [await tx.all(f"SELECT * FROM {table}") for table in tables]

    return str(await web.runtime.database.read(work))


async def test_a_connection_is_added_shown_changed_and_removed(web, variable):
    made = await web.admin.connections.set("one", kind="box", fields={"size": 2}, secrets={"key": variable})
    assert (made.kind, made.fields, made.secrets) == ("box", {"size": 2}, {"key": variable})
    changed = await web.admin.connections.set("one", kind="box", secrets={"key": variable}, key="k1")
    assert await web.admin.connections.set("one", kind="box", secrets={"key": variable}, key="k1") == changed
    assert changed.fields == {}
    assert [each async for each in web.admin.connections.list()] == [changed]
    await web.admin.connections.delete("one")
    with pytest.raises(NotFound):
        await web.admin.connections.get("one")
    rows = await web.runtime.database.read(
        lambda tx: tx.all("SELECT kind, data FROM activity WHERE kind LIKE 'connection%' ORDER BY id")
    )
    assert [row["kind"] for row in rows] == [f"connection_{each}" for each in ("created", "changed", "deleted")]
    assert "size" not in str(rows)


async def test_a_change_of_what_has_changed_since_is_refused(web, variable):
    await web.admin.connections.set("one", kind="box", secrets={"key": variable})
    tag = (await web.ask("GET", "connections/one")).headers["etag"]
    await web.admin.connections.set("one", kind="box", fields={"size": 2}, secrets={"key": variable}, match=tag)
    with pytest.raises(Conflict):
        await web.admin.connections.set("one", kind="box", secrets={"key": variable}, match=tag)


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"kind": "bos"}, "kind", "did you mean box?"),
        ({"fields": {"sise": CANARY}}, "fields.sise", "did you mean `size`?"),
        ({"fields": {"size": CANARY}}, "fields.size", "this should be a valid integer; How large it is."),
        ({"fields": {"size": 0}}, "fields.size", "should be greater than or equal to 1"),
        ({"fields": {"size": "2"}}, "fields.size", "this should be a valid integer"),
        ({"fields": {"size": True}}, "fields.size", "this should be a valid integer"),
        ({"fields": {"colour": CANARY}}, "fields.colour", "this is not valid; Its colour."),
        ({"secrets": {"key": CANARY}}, "secrets.key", "a secret in plain text"),
        ({"secrets": {"key": {"env": "A", "file": "/b"}}}, "secrets.key", "exactly one of"),
        ({"secrets": {"key": {"value": CANARY}}}, "secrets.key", "other fields"),
        ({"secrets": {"key": {"env": "hunter2 is secret"}}}, "secrets.key", "not the name of a variable"),
        ({"secrets": {"key": {"file": "relative"}}}, "secrets.key", "begin it with `/`"),
        ({"secrets": {}}, "secrets.key", "this secret is missing"),
        ({"secrets": {"key": {"env": "A"}, "kee": {"env": "A"}}}, "secrets.kee", "did you mean key?"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_field_and_without_the_text(web, body, field, says):
    answer = await web.ask("PUT", "connections/one", json={"kind": "box", "secrets": {"key": {"env": "A"}}, **body})
    assert answer.status_code == 422, answer.text
    (problem,) = answer.json()["problems"]
    assert problem["field"] == field
    assert says in f"{problem['message']}; {problem.get('fix')}"
    assert "hunter2" not in answer.text
    assert "hunter2" not in await everything_stored(web)


async def test_a_name_that_another_kind_has_is_refused(web, variable):
    await web.admin.connections.set("one", kind="box", secrets={"key": variable})
    with pytest.raises(Conflict, match="of kind 'box'"):
        await web.admin.connections.set("one", kind="crate", secrets={"key": variable})


async def test_whoever_may_use_a_connection_sees_its_name_and_kind_and_admins_the_rest(web, variable):
    for name in ("one", "two"):
        await web.admin.connections.set(name, kind="box", fields={"size": 2}, secrets={"key": variable})
    await web.admin.projects.create("vision")
    await web.admin.projects.edit("vision", EditProject(connections=["on*"]))
    at = web.arrange.clock.now()
    ada = web.client(await token_of(web.runtime, "ada", role="none", at=at))
    assert [each async for each in ada.connections.list()] == []
    await web.admin.members.put("ada", "member", project="vision")
    (seen,) = [each async for each in ada.connections.list()]
    assert (seen.name, seen.kind, seen.fields, seen.secrets) == ("one", "box", {}, {})
    with pytest.raises(NotFound) as refused:
        await ada.connections.get("two")
    assert "existing: one" in str(refused.value)
    with pytest.raises(NotAllowed):
        await ada.connections.set("one", kind="box", secrets={"key": variable})


async def test_check_tells_of_secrets_that_are_missing_and_of_hosts_that_do_not_answer(web, variable, tmp_path):
    put, check = web.admin.connections.set, web.admin.connections.check
    await put("one", kind="box", secrets={"key": variable})
    assert (await check("one")).ok
    await put("one", kind="box", fields={"size": 13}, secrets={"key": variable})
    assert "cannot be reached: Connection refused" in (await check("one")).problems[0].message
    missing = {"env": "TEST_NOT_SET", "file": str(tmp_path / "none")}
    for form, where in missing.items():
        await put("one", kind="box", secrets={"key": {form: where}})
        (problem,) = (await check("one")).problems
        assert problem.field == "secrets.key"
        assert where in problem.message
        assert problem.fix
    await put("one", kind="box", secrets={"key": {"source": "vault", "name": "broken"}})
    (problem,) = (await check("one")).problems
    assert "plugin 'boxes' failed with RuntimeError" in problem.message
    assert CANARY not in str(problem)


@pytest.mark.parametrize("form", ["env", "file", "source"])
async def test_an_attempt_is_given_the_values_and_no_row_has_them(web, variable, tmp_path, form):
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")
    refs = {"env": variable, "file": {"file": str(file)}, "source": {"source": "vault", "name": "box", "key": "main"}}
    ref = refs[form]
    await web.admin.connections.set("one", kind="box", fields={"size": 2}, secrets={"key": ref, "spare": ref})
    await web.admin.runs.create(CreateRun(content=USES))
    (workload,) = await workloads(web)
    assert workload.needs.env == {"BOX_SIZE": "2"}
    assert workload.secret_env == {"BOX_KEY": CANARY}
    assert workload.secret_files == {"box/spare": CANARY}
    assert CANARY not in repr(workload)
    assert CANARY not in await everything_stored(web)


NOTIFIES = USES.replace("run:\n", "plugins: {notifications: [{trigger: done, connections: [one]}]}\nrun:\n").replace(
    "  connections: [one]\n", ""
)


@pytest.mark.parametrize("content", [USES, NOTIFIES], ids=["run", "notifications"])
async def test_a_run_that_uses_what_it_may_not_is_not_created(web, variable, content):
    await web.admin.connections.set("two", kind="box", secrets={"key": variable})
    with pytest.raises(Invalid, match="no connection 'one'; existing: two"):
        await web.admin.runs.create(CreateRun(content=content))
    await web.admin.connections.set("one", kind="box", secrets={"key": variable})
    await web.admin.projects.edit("default", EditProject(connections=["two"]))
    with pytest.raises(Invalid, match="may not use connection 'one'; it may use: two"):
        await web.admin.runs.create(CreateRun(content=content))


async def test_what_a_run_tells_is_in_the_log_and_its_program_is_given_nothing_of_the_connection(web, variable):
    await web.admin.connections.set("one", kind="box", fields={"size": 2}, secrets={"key": variable})
    run = await web.admin.runs.create(CreateRun(content=NOTIFIES))
    told = [each.data async for each in web.admin.activities.list(kind="status") if each.run == run.id]
    (born,) = [each for each in told if each["status"] == "created"]
    assert born["notifications"] == [{"trigger": "done", "connections": ["one"]}]
    database = web.runtime.database
    row = await database.read(lambda tx: tx.one("SELECT resolved FROM operation WHERE run = ?", run.id))
    resolved = decode_resolved(row["resolved"])
    assert (resolved.connections, [each.trigger for each in resolved.notifications]) == ((), ["done"])


CHEST = """
version: 1.1
kind: component
run:
  kind: job
  connections: [one, two]
  container: {command: [env]}
"""
SWEEP = {"matrix": {"kind": "grid", "params": {"lr": {"kind": "choice", "value": [0.1, 0.2]}}}}


def swept(content=USES):
    component = yaml.safe_load(content)
    component |= {"inputs": [{"name": "lr", "type": "float"}]}
    return CreateRun(operation={"version": 1.1, "kind": "operation", "component": component, **SWEEP})


async def refusals(web, body):
    """What creating and previewing such a run are refused with."""
    found = []
    for attempt in (web.admin.runs.create, web.admin.runs.preview):
        with pytest.raises(Invalid) as refused:
            await attempt(body)
        assert [each.field for each in refused.value.problems] in (["run.connections"], ["connection"])
        found.append(str(refused.value))
    assert len(set(found)) == 1
    return found[0]


@pytest.mark.parametrize("body", [CreateRun(content=CHEST), swept(CHEST)], ids=["run", "sweep"])
async def test_two_connections_that_want_one_variable_are_refused_with_both_names(web, variable, body):
    for name, size in (("one", 1), ("two", 2)):
        await web.admin.connections.set(name, kind="box", fields={"size": size}, secrets={"key": variable})
    said = await refusals(web, body)
    assert "connection 'one' and connection 'two' both want environment variable 'BOX_SIZE'" in said
    assert [run async for run in web.admin.runs.list()] == []
    await web.admin.connections.set("two", kind="box", fields={"size": 1}, secrets={"key": variable})
    assert await web.admin.runs.create(body), "they mean the same now"


async def test_a_restart_of_a_run_whose_connections_clash_now_is_refused(web, variable):
    for name in ("one", "two"):
        await web.admin.connections.set(name, kind="box", secrets={"key": variable})
    run = await web.admin.runs.create(CreateRun(content=CHEST))
    await web.admin.connections.set("two", kind="box", fields={"size": 2}, secrets={"key": variable})
    with pytest.raises(Invalid, match="both want environment variable 'BOX_SIZE'"):
        await web.admin.runs.restart(run.id)


@pytest.mark.parametrize("body", [CreateRun(content=USES), swept()], ids=["run", "sweep"])
@pytest.mark.parametrize(
    ("kind", "says"), [("lost", "install the plugin that brings it"), ("git", f"pip install {connecting('git')}")]
)
async def test_a_connection_whose_kind_is_gone_is_refused_with_its_name(web, body, kind, says):
    gone = Connection(name="one", kind=kind)
    await web.runtime.database.write(lambda tx: connections.put(tx, gone, at=1))
    said = await refusals(web, body)
    assert f"connection 'one': no connection kind '{kind}'; existing: box, crate, shelf" in said
    assert says in said


async def test_a_sweep_whose_trials_may_not_use_a_connection_is_not_created(web, variable):
    assert "no connection 'one'" in await refusals(web, swept())
    await web.admin.connections.set("one", kind="box", secrets={"key": variable})
    await web.admin.projects.edit("default", EditProject(connections=["two"]))
    assert "may not use connection 'one'" in await refusals(web, swept())


FETCHES = """
version: 1.1
kind: component
run:
  kind: job
  init:
    - container: {name: first, command: ["true"]}
    - {connection: one, git: {revision: v1}}
    - {connection: two, path: lib/x, git: {flags: [--depth=2]}}
  container: {command: [env]}
"""


async def test_init_steps_of_connections_come_before_those_of_containers(web, variable):
    for name in ("one", "two"):
        await web.admin.connections.set(name, kind="shelf", secrets={"key": variable})
    run = await web.admin.runs.create(CreateRun(content=FETCHES))
    assert run.id
    (workload,) = await workloads(web)
    assert [(step.name, step.command) for step in workload.needs.init] == [
        ("checkout-1", ("fetch", ".", "v1")),
        ("checkout-2", ("fetch", "lib/x", "", "--depth=2")),
        ("first", ("true",)),
    ]
    assert (workload.code.kind, workload.checkouts) == ("none", ("lib/x",))
    assert workload.secret_env == {"BOX_KEY": CANARY}, "the connections are used as if `connections` named them"


async def test_what_a_connection_cannot_check_out_is_refused_at_create(web, variable):
    with pytest.raises(Invalid, match="no connection 'one'"):
        await web.admin.runs.create(CreateRun(content=FETCHES))
    for name, kind in (("one", "shelf"), ("two", "box")):
        await web.admin.connections.set(name, kind=kind, secrets={"key": variable})
    with pytest.raises(Invalid, match="connection 'two' of kind 'box' leads to no code"):
        await web.admin.runs.create(CreateRun(content=FETCHES))
    with pytest.raises(Invalid, match="connection 'one': it has no such revision") as refused:
        await web.admin.runs.create(CreateRun(content=FETCHES.replace("v1", "none")))
    assert [problem.field for problem in refused.value.problems] == ["run.init.git.revision"]
    with pytest.raises(Invalid, match="an untrusted run, whose code comes from outside, may not use connection 'one'"):
        await web.admin.runs.create(CreateRun(content=FETCHES, untrusted=True))


async def test_a_run_whose_connection_is_taken_away_meanwhile_fails_with_one_reason(web, variable):
    await web.admin.connections.set("one", kind="box", secrets={"key": variable})
    run = await web.admin.runs.create(CreateRun(content=USES))
    await web.admin.projects.edit("default", EditProject(connections=["two"]))
    assert await workloads(web) == []
    await web.arrange.reconcile(run.id)
    ended = await web.admin.runs.get(run.id)
    assert (ended.status, ended.reason) == ("failed", "submit_failed")
    assert "may not use connection 'one'" in ended.message


async def test_a_run_whose_secret_is_missing_fails_and_says_which_and_what_to_do(web):
    await web.admin.connections.set("one", kind="box", secrets={"key": {"env": "TEST_NOT_SET"}})
    run = await web.admin.runs.create(CreateRun(content=USES))
    assert await workloads(web) == []
    await web.arrange.reconcile(run.id)
    ended = await web.admin.runs.get(run.id)
    assert ended.status == "failed"
    assert "set the variable TEST_NOT_SET where the server runs" in ended.message
