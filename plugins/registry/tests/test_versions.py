"""Components and presets over the API: immutable versions, what runs are made of, and previews that write nothing."""

from __future__ import annotations

import asyncio

import pytest

from trainyard.client.errors import Conflict, Invalid, NotFound
from trainyard.client.models import CloneRun, CreateRun, EditComponent, EditProject, Patch, RegisterComponent, RunRecord
from trainyard.compile.reference import Reference
from trainyard_core.cancellation import end_all
from trainyard_core.testing.factories import operation
from trainyard_registry import versions
from trainyard_registry.tables import RegistryVersion

TRAIN = """\
version: 1.1
kind: component
tags: [mnist]
inputs:
  - {name: lr, type: float, value: 0.1}
run:
  kind: job
  container: {command: [python, train.py, "--lr={{ lr }}"]}
"""
GPU = "isPreset: true\nqueue: gpu\nrunPatch: {container: {env: {MODE: fast}}}\n"
USES = "version: 1.1\nkind: operation\nhubRef: train\npresets: [gpu]\nparams: {lr: 0.5}\n"


def register_request(name="train", version="1.0", content=TRAIN, **more):
    return RegisterComponent(name=name, version=version, content=content, **more)


@pytest.fixture
async def stocked(web):
    """A project with a component, a preset and the queue that it names."""
    await web.admin.queues.set("gpu")
    await web.admin.components.register(register_request())
    await web.admin.presets.register(register_request("gpu", content=GPU))
    return web


async def count(web):
    database = web.runtime.platforms.of("registry").database
    return (await database.read(lambda tx: tx.one("SELECT COUNT(*) AS n FROM registry_version")))["n"]


async def test_a_version_is_registered_once_and_never_changes(web):
    made = await web.admin.components.register(register_request(description="first", tags=["a", "b", "a"]))
    assert (made.name, made.version, made.stage, made.tags) == ("train", "1.0", "testing", ["a", "b"])
    assert (made.content, made.created_by) == (TRAIN, "user:admin")
    again = await web.ask(
        "POST", "projects/default/components", json={"name": "train", "version": "1.0", "content": TRAIN + "# same\n"}
    )
    assert (again.status_code, again.json()["description"]) == (200, "first")
    with pytest.raises(Conflict, match="registered with other content"):
        await web.admin.components.register(register_request(content=TRAIN.replace("0.1", "0.2")))
    assert (await web.admin.components.get("train", "1.0")).digest == made.digest
    told = [each.kind async for each in activities(web)]
    assert told.count("component_registered") == 1


async def activities(web):
    rows = await web.runtime.database.read(lambda tx: tx.all("SELECT kind, actor, data FROM activity ORDER BY id"))
    for row in rows:
        yield type("Told", (), {"kind": row["kind"], "actor": row["actor"], "data": row["data"]})


async def test_twenty_registrations_at_once_make_one_version(web):
    made = await asyncio.gather(*(web.admin.components.register(register_request()) for _ in range(20)))
    assert len({one.digest for one in made}) == 1
    assert await count(web) == 1


async def test_the_content_is_checked_with_every_place(web):
    with pytest.raises(Invalid) as caught:
        await web.admin.components.register(
            register_request(content=TRAIN.replace("{{ lr", "{{ rl").replace("0.1", "x"))
        )
    places = [(problem.file, problem.line, problem.field) for problem in caught.value.problems]
    assert places == [("component.yaml", 5, "inputs[0].value"), ("component.yaml", 8, "run.container.command[2]")]


REFUSED = {
    "a name with a colon": (register_request("a:b"), "cannot be the name"),
    "latest": (register_request(version="latest"), "cannot be a version"),
    "no version": (register_request(version=""), "cannot be a version"),
    "a preset": (register_request(content=GPU), "`version` is missing"),
    "an operation": (register_request(content=operation()), "this is an operation"),
    "too many tags": (register_request(tags=[str(n) for n in range(101)]), "at most 100 tags"),
    "not YAML": (register_request(content="{a: [", file="mine.yaml"), "mine.yaml"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is refused never comes to it
@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED)
async def test_what_may_not_be_registered(web, given, said):
    with pytest.raises(Invalid) as caught:
        await web.admin.components.register(given)
    assert said in str(caught.value)
    assert await count(web) == 0


async def test_presets_and_components_are_apart(stocked):
    web = stocked
    with pytest.raises(NotFound, match="no component 'gpu'; existing: train"):
        await web.admin.components.get("gpu")
    with pytest.raises(Invalid, match="a preset is a part of an operation"):
        await web.admin.presets.register(register_request("train"))
    assert [each.name async for each in web.admin.presets.list()] == ["gpu"]


async def test_versions_are_listed_newest_first_and_paged(web):
    for version in ("2", "1", "3"):
        await web.admin.components.register(register_request(version=version))
    await web.admin.components.register(register_request("a"))
    await web.admin.components.register(register_request("z"))
    assert [each.version async for each in web.admin.components.versions("train")] == ["3", "1", "2"]
    page = await web.ask("GET", "projects/default/components/train/versions?limit=2")
    more = await web.ask("GET", f"projects/default/components/train/versions?limit=2&cursor={page.json()['next']}")
    assert [each["version"] for each in page.json()["items"] + more.json()["items"]] == ["3", "1", "2"]
    assert more.json()["next"] is None
    first = await web.admin.components.page(limit=2)
    rest = await web.admin.components.page(limit=2, cursor=first.next)
    found = [(each.name, each.version, each.content) for each in [*first.items, *rest.items]]
    assert found == [("a", "1.0", None), ("train", "3", None), ("z", "1.0", None)]
    assert (await web.admin.components.get("train")).version == "3"
    assert (await web.admin.components.get("train", "latest")).content == TRAIN
    with pytest.raises(NotFound, match="component 'train' has no version '4'; it has 3, 1, 2"):
        await web.admin.components.get("train", "4")


async def test_a_version_is_described_and_archived_but_an_outdated_edit_is_refused(web):
    await web.admin.components.register(register_request())
    newest = await web.admin.components.register(register_request(version="2"))
    path = "projects/default/components/train/versions/2"
    tag = (await web.ask("GET", path)).headers["etag"]
    change = EditComponent(description="d", tags=["x"], stage="production", deprecated=True, archived=True)
    edited = await web.admin.components.edit("train", "2", change, match=tag)
    assert (edited.stage, edited.deprecated, edited.archived, edited.digest) == (
        "production",
        True,
        True,
        newest.digest,
    )
    stale = await web.ask("PATCH", path, json={"stage": "testing"}, headers={"If-Match": tag})
    assert stale.status_code == 412
    assert (await web.admin.components.get("train")).version == "1.0"
    assert [each.version async for each in web.admin.components.versions("train")] == ["1.0"]
    assert [each.version async for each in web.admin.components.versions("train", archived=True)] == ["2", "1.0"]
    back = await web.admin.components.edit("train", "2", EditComponent(archived=False))
    assert (back.archived, back.stage) == (False, "production")
    with pytest.raises(Invalid, match="no stage 'prod'"):
        await web.admin.components.edit("train", "2", EditComponent(stage="prod"))


async def test_a_run_is_made_of_what_it_refers_to(stocked):
    web = stocked
    run = await web.admin.runs.create(CreateRun(content=USES, file="digits.yaml"))
    assert (run.status, run.queue, run.tags, run.params) == ("queued", "gpu", ["mnist"], {"lr": 0.5})
    whole = await web.admin.runs.get(run.id)
    assert whole.resolved["command"] == ["python", "train.py", "--lr=0.5"]
    assert whole.resolved["env"] == {"MODE": "fast"}
    uses = [(use.kind, use.name, use.version) for use in await web.admin.runs.uses(run.id)]
    assert uses == [("component", "train", "1.0"), ("preset", "gpu", "1.0")]


async def test_presets_and_patches_of_the_request_come_last(stocked):
    body = CreateRun(
        content="version: 1.1\nkind: operation\nhubRef: train:1.0\n",
        presets=["gpu:latest"],
        patches=[Patch(content="runPatch: {container: {env: {MODE: slow}}}\n", file="mine.yaml")],
    )
    run = await stocked.admin.runs.create(body)
    assert (await stocked.admin.runs.get(run.id)).resolved["env"] == {"MODE": "slow"}


async def test_restart_works_after_the_component_changed(stocked):
    web = stocked
    run = await web.admin.runs.create(CreateRun(content=USES, presets=["gpu"]))
    await web.admin.components.register(register_request(version="2.0", content=TRAIN.replace("train.py", "other.py")))
    for registry, name in ((web.admin.components, "train"), (web.admin.presets, "gpu")):
        await registry.edit(name, "1.0", EditComponent(archived=True))
    again = await web.admin.runs.restart(run.id, CloneRun(params={"lr": 0.9}))
    whole = await web.admin.runs.get(again.id)
    assert whole.resolved["command"] == ["python", "train.py", "--lr=0.9"]
    assert (whole.queue, whole.resolved["env"]) == ("gpu", {"MODE": "fast"})
    assert await web.admin.runs.uses(again.id) == await web.admin.runs.uses(run.id)


UNKNOWN = {
    "a name": ("hubRef: trian", "no component 'trian'; existing: train; did you mean train?", 3, "hubRef"),
    "a version": ("hubRef: train:9", "component 'train' has no version '9'; it has 1.0", 3, "hubRef"),
    "a preset": ("cmd: x\npresets:\n  - gpus", "no preset 'gpus'; existing: gpu; did you mean gpu?", 5, "presets[0]"),
}


@pytest.mark.parametrize(("text", "said", "line", "field"), UNKNOWN.values(), ids=UNKNOWN)
async def test_an_unknown_reference_is_told_at_its_place(stocked, text, said, line, field):
    with pytest.raises(Invalid) as caught:
        await stocked.admin.runs.create(CreateRun(content=f"version: 1.1\nkind: operation\n{text}\n", file="f.yaml"))
    (problem,) = caught.value.problems
    assert said in problem.message
    assert (problem.file, problem.line, problem.field) == ("f.yaml", line, field)
    assert problem.fix


async def test_an_unknown_preset_of_the_request_is_told_too(stocked):
    with pytest.raises(Invalid, match="no preset 'nope'; existing: gpu"):
        await stocked.admin.runs.create(CreateRun(content=operation(), presets=["nope"]))


async def test_the_size_of_what_is_referred_to_is_limited(web):
    large = "isPreset: true\n" + "# filling\n" * 90_000
    for n in range(5):
        await web.admin.presets.register(register_request(f"p{n}", content=large))
    with pytest.raises(Invalid, match="characters of components and presets; the limit is 4194304"):
        await web.admin.runs.create(CreateRun(content=operation(), presets=[f"p{n}" for n in range(5)]))


async def test_a_deprecated_version_warns_and_an_archived_one_is_refused(stocked):
    web = stocked
    await web.admin.components.edit("train", "1.0", EditComponent(deprecated=True, description="use flax"))
    preview = await web.admin.runs.preview(CreateRun(content=USES))
    assert preview.warnings == ["component 'train:1.0' is deprecated: use flax"]
    run = await web.admin.runs.create(CreateRun(content=USES))
    told = [each.data async for each in web.admin.runs.activities(run.id) if each.kind == "warning"]
    assert told == [{"message": "component 'train:1.0' is deprecated: use flax"}]
    await web.admin.components.edit("train", "1.0", EditComponent(archived=True))
    with pytest.raises(Invalid, match=r"version '1\.0' of component 'train' is archived"):
        await web.admin.runs.create(CreateRun(content=USES.replace("train", "train:1.0")))
    with pytest.raises(Invalid, match="no component 'train'; existing: none"):
        await web.admin.runs.create(CreateRun(content=USES))


async def test_other_projects_components_are_not_reached(stocked):
    web = stocked
    await web.admin.projects.create("other")
    with pytest.raises(Invalid, match="no component 'train'; existing: none"):
        await web.admin.runs.create(CreateRun(content=USES), project="other")
    with pytest.raises(NotFound):
        await web.admin.components.get("train", project="other")
    with pytest.raises(NotFound, match="no project 'nowhere'"):
        await web.admin.components.register(register_request(), project="nowhere")
    with pytest.raises(NotFound, match="no project 'nowhere'"):
        await web.admin.runs.create(CreateRun(content=USES), project="nowhere")


async def test_a_version_is_deleted_unless_a_run_was_made_with_it(stocked):
    web = stocked
    await web.admin.components.register(register_request(version="2"))
    run = await web.admin.runs.create(CreateRun(content=USES))
    with pytest.raises(Conflict, match="is part of runs") as caught:
        await web.admin.components.delete("train", "2")
    assert "archive" in caught.value.fix
    await web.admin.components.delete("train", "1.0")
    assert [each.version async for each in web.admin.components.versions("train")] == ["2"]
    await web.admin.runs.stop(run.id)
    await web.admin.runs.delete(run.id)
    await web.admin.components.delete("train", "2")
    with pytest.raises(NotFound):
        await web.admin.components.get("train")


async def test_deleting_while_runs_are_made_leaves_no_run_without_its_version(stocked):
    web = stocked

    async def make() -> RunRecord | Conflict | Invalid:
        try:
            return await web.admin.runs.create(CreateRun(content=USES))
        except (Conflict, Invalid) as error:
            return error

    async def drop() -> Conflict | None:
        try:
            return await web.admin.components.delete("train", "1.0")
        except Conflict as error:
            return error

    made, refused = await asyncio.gather(asyncio.gather(*(make() for _ in range(8))), drop())
    runs = [one for one in made if isinstance(one, RunRecord)]
    assert bool(runs) == (refused is not None)
    for run in runs:
        assert len(await web.admin.runs.uses(run.id)) == 2


async def test_a_preview_tells_what_a_run_would_be_made_of(stocked):
    web, body = stocked, CreateRun(content=USES + "isApproved: false\n", name="n")
    preview = await web.admin.runs.preview(body)
    assert preview.resolved["command"] == ["python", "train.py", "--lr=0.5"]
    assert "hubRef" not in preview.operation
    assert (preview.queue, preview.hold, preview.warnings) == ("gpu", "approval", [])
    assert [(use.kind, use.name, use.version) for use in preview.uses] == [
        ("component", "train", "1.0"),
        ("preset", "gpu", "1.0"),
    ]
    await web.admin.components.delete("train", "1.0")  # no run was made with it


async def test_a_queue_that_a_preset_names_must_be_on_the_projects_list(stocked):
    await stocked.admin.projects.edit("default", EditProject(queues=["def*", "cpu"]))
    with pytest.raises(Invalid, match="project 'default' may not use queue 'gpu'"):
        await stocked.admin.runs.create(CreateRun(content=USES))


async def test_viewers_read_and_members_register(web):
    await web.admin.components.register(register_request())
    viewer = web.client(await web.role("viewer"))
    assert (await viewer.components.get("train")).version == "1.0"
    for change in (
        viewer.components.register(register_request(version="2")),
        viewer.components.edit("train", "1.0", EditComponent(stage="staging")),
        viewer.components.delete("train", "1.0"),
    ):
        with pytest.raises(Exception, match="may not write"):
            await change
    member = web.client(await web.role("member"))
    await member.components.register(register_request(version="2"))
    await member.components.delete("train", "2")
    await viewer.aclose()
    await member.aclose()


async def test_a_project_goes_with_its_components(web):
    await web.admin.components.register(register_request())
    await web.admin.projects.create("short")
    await web.admin.components.register(register_request(), project="short")
    following = asyncio.create_task(web.runtime.observer_runner().run())
    async with asyncio.timeout(30):
        while not await web.admin.observers.list():  # it begins at the end of the log
            await asyncio.sleep(0.01)
    await web.admin.projects.delete("short")
    with pytest.raises(NotFound, match="no project 'short'"):
        await web.admin.components.get("train", project="short")
    async with asyncio.timeout(30):
        while await count(web) > 1:
            await asyncio.sleep(0.01)
    await end_all([following], patience=10)
    assert [each.project async for each in web.admin.components.list()] == ["default"]


async def test_nothing_is_registered_in_an_archived_project(web):
    await web.admin.projects.create("old")
    await web.admin.projects.edit("old", EditProject(archived=True))
    with pytest.raises(Conflict, match="project 'old' is archived") as caught:
        await web.admin.components.register(register_request(), project="old")
    assert "yard projects archive old --undo" in caught.value.fix
    assert await count(web) == 0


async def test_the_table_has_the_columns_that_queries_are_built_of(web):
    await web.admin.components.register(register_request())
    database = web.runtime.platforms.of("registry").database
    row = await database.read(lambda tx: tx.one("SELECT * FROM registry_version"))
    assert {*row.keys()} == {column._meta.db_column_name for column in RegistryVersion._meta.columns}


async def test_a_request_that_comes_again_gets_the_first_answer(web):
    path, key = "projects/default/components", {"Idempotency-Key": "once"}
    body = {"name": "train", "version": "1.0", "content": TRAIN}
    first = await web.ask("POST", path, json=body, headers=key)
    again = await web.ask("POST", path, json=body, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    other = await web.ask("POST", path, json={**body, "version": "2"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    removals = [
        await web.ask("DELETE", f"{path}/train/versions/1.0", headers={"Idempotency-Key": "gone"}) for _ in range(2)
    ]
    assert [each.status_code for each in removals] == [204, 204]
    assert (await web.ask("DELETE", f"{path}/train/versions/1.0")).status_code == 404


async def test_names_are_found_by_one_query_for_all_references(stocked):
    asked = []

    class Counting:
        def __init__(self, tx):
            self.dialect, self._tx = tx.dialect, tx

        async def all(self, sql, *args):
            asked.append(sql)
            return await self._tx.all(sql, *args)

    references = [Reference("component", "train"), Reference("preset", "gpu", "1.0"), Reference("preset", "nope")]
    database = stocked.runtime.platforms.of("registry").database
    found = await database.read(lambda tx: versions.find(Counting(tx), "default", references))
    assert sorted(row["name"] for row in found) == ["gpu", "train"]
    assert len(asked) == 1
