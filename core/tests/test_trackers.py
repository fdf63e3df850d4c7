"""Several trackers in one server: each run's data stay with the tracker that it has recorded, whatever the settings say
later; a tracker that is missing concerns its runs only."""

from __future__ import annotations

import uuid

import pytest
from pydantic import BaseModel
from web import BASE, serving

from trainyard.client.models import CloneRun, CreateRun
from trainyard_core.contracts.plugin import SettingsSection
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.db import deletions, run_trackers
from trainyard_core.diagnosis import diagnose
from trainyard_core.hookspecs import Context, TrackerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.settings import Settings
from trainyard_core.testing.frames import lines, rows
from trainyard_core.testing.tracker_tools import event_frame
from trainyard_core.work.deletion import Purger
from trainyard_core.work.uploads import Uploads

BYTES = b"weights of a model"
ABANDONED = """INSERT INTO upload (id, run, name, size, digest, kind, state, actor, created_at, updated_at, attempt)
    VALUES (?, ?, 'x', 1, 'sha256:00', 'file', 'open', 'test', 1, 1, 0)"""


class SecondSettings(BaseModel, frozen=True):
    """The section `second`."""

    root: str = ""


class Second:
    """A plugin with a tracker of another name: the folder tracker, on a folder of its own."""

    def __init__(self, fails: str = "") -> None:
        self.fails = fails

    @hookimpl
    def register_settings(self):
        return [SettingsSection(model=SecondSettings)]

    @hookimpl
    def register_trackers(self):
        return [TrackerProvider(name="second", build=self.build)]

    def build(self, context: Context):
        if self.fails:
            raise ValueError(self.fails)
        registry = Registry.load(["tracker_folder"])
        plugin, provider = registry.trackers.get("folder")
        section = registry.section(plugin, Settings(data=context.folder))
        return provider.build(Context(folder=context.folder, settings=section))


def both(second: Second | None = None) -> Registry:
    """The folder tracker and the second one."""
    registry = Registry.load(["tracker_folder"])
    registry.add("second", second or Second())
    registry.installed = frozenset({"tracker_folder", "second"})
    return registry


def starting(database_url, tmp_path, tracker, registry=None, **more):
    """A server whose settings name this tracker."""
    return serving(database_url, tmp_path / "data", registry or both(), tracker=tracker, **more)


async def filled(web, points=((1, 1.0), (2, 2.0))) -> str:
    """A tracked run with a metric, a line and an artifact."""
    run, writer = (await web.tracked()).id, uuid.uuid4().hex
    body = rows(writer, 1, "loss", list(points)) + lines(writer, 2, "printed", final=True)
    assert (await web.ask("POST", f"{BASE}/{run}/frames", content=body)).status_code == 200
    await web.admin.artifacts.put(run, "model.bin", BYTES)
    return run


async def read(web, run) -> tuple[list[float], list[str], bytes]:
    """What is read of a run: values, lines, the artifact."""
    (series,) = await web.admin.runs.series(run, ["loss"], points=0)
    said = [line.text async for line in web.admin.runs.lines(run)]
    return [float(point[-1]) for point in series.points], said, await web.admin.artifacts.read(run, "model.bin")


WHOLE = ([1.0, 2.0], ["printed"], BYTES)


async def test_runs_stay_with_their_tracker_when_the_setting_changes(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        old = await filled(web)
    async with starting(database_url, tmp_path, "second") as web:
        new = await filled(web)
        found = [(await web.admin.runs.get(run)).tracker for run in (old, new)]
        assert found == ["folder", "second"]
        assert await read(web, old) == await read(web, new) == WHOLE
        writer = uuid.uuid4().hex
        answer = await web.ask("POST", f"{BASE}/{old}/frames", content=rows(writer, 1, "loss", [(3, 3.0)]))
        assert answer.status_code == 200, "a run that still goes on writes where it began to"
        kept = {
            name: (await (await web.runtime.trackers.get(name)).series_names(RunRef("default", run)))
            for name, run in (("folder", old), ("second", new))
        }
        assert kept == {"folder": ["loss"], "second": ["loss"]}
        assert await (await web.runtime.trackers.get("second")).series_names(RunRef("default", old)) == []
    async with starting(database_url, tmp_path, "folder") as web:
        assert (await read(web, old))[0] == [1.0, 2.0, 3.0]
        assert await read(web, new) == WHOLE


async def test_a_run_that_continues_one_of_another_tracker_is_read_as_one(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        old = await filled(web)
    async with starting(database_url, tmp_path, "second") as web:
        new = (await web.admin.runs.create(CreateRun(managed=False, resumes=old))).id
        body = rows(uuid.uuid4().hex, 1, "loss", [(3, 3.0)])
        assert (await web.ask("POST", f"{BASE}/{new}/frames", content=body)).status_code == 200
        (series,) = await web.admin.runs.series(new, ["loss"], points=0)
        assert [point[-1] for point in series.points] == [1.0, 2.0, 3.0]
        assert await web.admin.artifacts.read(new, "model.bin") == BYTES, "by reference, from the source's tracker"
        tar = (await web.ask("GET", f"{BASE}/{new}/artifacts.tar")).content
        assert BYTES in tar
        assert (await web.admin.runs.get(new)).tracker == "second"


async def test_a_copy_of_a_run_of_another_tracker_has_its_artifacts(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        source = (await web.run()).id
        await web.admin.artifacts.put(source, "model.bin", BYTES)
        await web.admin.runs.stop(source)
    async with starting(database_url, tmp_path, "second") as web:
        copy = await web.admin.runs.copy(source, CloneRun())
        assert (copy.tracker, await web.admin.artifacts.read(copy.id, "model.bin")) == ("second", BYTES)


async def test_a_deleted_run_is_forgotten_by_its_own_tracker(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        old = await filled(web)
        await web.admin.runs.stop(old)
    async with starting(database_url, tmp_path, "second") as web:
        folder, ref = await web.runtime.trackers.get("folder"), RunRef("default", old)
        assert await folder.list_artifacts(ref) != []
        await web.admin.runs.delete(old)
        await Purger(web.runtime.database, web.runtime.tracker, web.runtime.clock).once()
        assert (await folder.list_artifacts(ref), await folder.series_names(ref)) == ([], [])


@pytest.fixture
async def orphaned(database_url, tmp_path):
    """A server without the tracker of a run, with the run, and one of its own."""
    async with starting(database_url, tmp_path, "second") as web:
        run = await filled(web)
    async with starting(database_url, tmp_path, "folder", Registry.load(["tracker_folder"])) as web:
        yield web, run, await filled(web)


async def test_a_missing_tracker_is_one_line_and_concerns_its_runs_only(orphaned):
    web, run, other = orphaned
    frames = lines(uuid.uuid4().hex, 1, "later")
    asked = {
        "logs": await web.ask("GET", f"{BASE}/{run}/logs"),
        "series": await web.ask("GET", f"{BASE}/{run}/series?name=loss"),
        "artifact": await web.ask("GET", f"{BASE}/{run}/artifacts/model.bin"),
        "tar": await web.ask("GET", f"{BASE}/{run}/artifacts.tar"),
        "frames": await web.ask("POST", f"{BASE}/{run}/frames", content=frames),
        "put": await web.ask("PUT", f"{BASE}/{run}/artifacts/x", content=b"x"),
    }
    for name, answer in asked.items():
        said = answer.json()
        assert (answer.status_code, said["retryable"]) == (503, True), name
        assert said["detail"] == (
            "tracker 'second', which keeps this run's data, is not available: no tracker 'second'; existing: folder"
        )
        assert said["fix"] == "install the plugin that offers it, and start the server again"
    assert [each.name for each in await web.admin.runs.artifacts(run)] == ["model.bin"], "listed from core's own rows"
    assert [each.name for each in await web.admin.runs.metrics(run)] == ["loss"]
    assert await read(web, other) == WHOLE


async def test_the_doctor_says_which_runs_miss_their_tracker(orphaned):
    web, run, _ = orphaned
    found = {each.name: each for each in await diagnose(web.runtime)}["tracker"]
    assert found.state == "warning"
    assert f"1 run (such as {run[-8:]}) of tracker 'second' cannot be read" in found.detail
    assert found.fix == "install the plugin that offers it, and start the server again"


async def test_nothing_is_lost_of_what_was_refused_while_the_tracker_was_missing(orphaned, database_url, tmp_path):
    web, run, _ = orphaned
    frames = lines(uuid.uuid4().hex, 1, "later", final=True)
    assert (await web.ask("POST", f"{BASE}/{run}/frames", content=frames)).status_code == 503
    async with starting(database_url, tmp_path, "folder") as again:
        assert (await again.ask("POST", f"{BASE}/{run}/frames", content=frames)).status_code == 200
        assert {line.text async for line in again.admin.runs.lines(run)} == {"printed", "later"}


async def test_a_deleted_run_waits_for_its_tracker(orphaned, database_url, tmp_path):
    web, run, _ = orphaned
    await web.admin.runs.stop(run)
    await web.admin.runs.delete(run)
    await Purger(web.runtime.database, web.runtime.tracker, web.runtime.clock).once()
    assert await web.runtime.database.read(deletions.next_due) is not None
    async with starting(database_url, tmp_path, "folder") as again:
        again.arrange.clock.turn(3600)
        await Purger(again.runtime.database, again.runtime.tracker, again.runtime.clock).once()
        second = await again.runtime.trackers.get("second")
        assert await second.list_artifacts(RunRef("default", run)) == []


async def test_uploads_of_other_runs_are_tidied_when_a_tracker_is_missing(orphaned):
    web, run, other = orphaned
    values = [(str(uuid.uuid4()), each) for each in (run, other)]
    await web.runtime.database.write(lambda tx: tx.many(ABANDONED, values))
    await Uploads(web.runtime.database, web.runtime.tracker, web.runtime.clock).tidy()
    left = await web.runtime.database.read(lambda tx: tx.all("SELECT run FROM upload"))
    assert [row["run"] for row in left] == [run]


async def test_a_tracker_that_does_not_start_is_one_line_and_is_tried_again(database_url, tmp_path):
    async with starting(database_url, tmp_path, "second") as web:
        run = await filled(web)
    second = Second("the service does not answer")
    async with starting(database_url, tmp_path, "folder", both(second)) as web:
        said = (await web.ask("GET", f"{BASE}/{run}/logs")).json()
        assert said["detail"].endswith(
            "tracker 'second' of plugin 'second' does not start: the service does not answer"
        )
        second.fails = ""
        assert (await web.ask("GET", f"{BASE}/{run}/logs")).status_code == 503, "not at each request"
        web.arrange.clock.turn(11)
        assert await read(web, run) == WHOLE


async def test_a_renamed_setting_of_a_tracker_that_keeps_old_runs_stops_no_server(database_url, tmp_path):
    async with starting(database_url, tmp_path, "second") as web:
        run = await filled(web)
    async with starting(database_url, tmp_path, "folder", sections={"second": {"rot": "x"}}) as web:
        said = (await web.ask("GET", f"{BASE}/{run}/logs")).json()
        assert "[second]: no key 'rot'; existing: root; did you mean root" in said["detail"]
        assert said["fix"] == "correct that, and start again"
        assert (await web.ask("GET", f"{BASE}/{await filled(web)}/logs")).status_code == 200


async def test_runs_of_before_get_the_tracker_of_the_first_start(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        run = await filled(web)
        await web.runtime.database.write(lambda tx: tx.run("UPDATE run SET tracker = ''"))
    async with starting(database_url, tmp_path, "folder"):
        pass
    async with starting(database_url, tmp_path, "second") as web:
        assert (await web.admin.runs.get(run)).tracker == "folder"
        assert await read(web, run) == WHOLE
        assert [(row["tracker"], row["n"]) for row in await web.runtime.database.read(run_trackers.counts)] == [
            ("folder", 1)
        ]


async def test_series_of_runs_of_both_trackers_come_in_one_answer(database_url, tmp_path):
    async with starting(database_url, tmp_path, "folder") as web:
        old = await filled(web)
    async with starting(database_url, tmp_path, "second") as web:
        new = await filled(web, [(1, 5.0)])
        continued = (await web.admin.runs.create(CreateRun(managed=False, resumes=old))).id
        body = rows(uuid.uuid4().hex, 1, "loss", [(2, 9.0), (3, 8.0)])
        assert (await web.ask("POST", f"{BASE}/{continued}/frames", content=body)).status_code == 200
        found = await web.admin.runs.many_series([new, continued, old[-12:], new], ["loss", "none"])
        assert [(each.run, each.name, each.last) for each in found if each.name == "loss"] == [
            (new, "loss", [5.0]), (continued, "loss", [1.0, 9.0, 8.0]), (old, "loss", [1.0, 2.0]), (new, "loss", [5.0])
        ]  # fmt: skip
        assert [each.total for each in found if each.name == "none"] == [0] * 4
        (timed,) = await web.admin.runs.many_series([continued], ["loss"], by="time", points=1)
        assert (timed.total, timed.min, timed.max) == (3, [1.0], [9.0])


@pytest.mark.parametrize(
    "body, said",
    [
        ({"runs": [], "names": ["x"]}, "`runs` has 0 items"),
        ({"runs": ["latest"], "names": []}, "`names` has 0 items"),
        ({"runs": ["latest"], "names": ["x"], "points": -1}, "`points` is -1"),
        ({"runs": ["latest"] * 500, "names": ["x"] * 200, "points": 500}, "too much for one answer"),
        ({"runs": ["0" * 12], "names": ["x"]}, "no run '000000000000'"),
        ({"runs": ["latest"], "names": ["x"], "by": "epoch"}, "by"),
    ],
)
async def test_what_cannot_be_read_together_is_refused_by_its_name(database_url, tmp_path, body, said):
    async with starting(database_url, tmp_path, "folder") as web:
        await web.tracked()
        answer = await web.ask("POST", f"{BASE}/series", json=body)
        assert answer.status_code in (400, 404, 422)
        assert said in answer.text


async def test_events_are_read_back_after_a_restart(database_url, tmp_path):
    writer = uuid.uuid4().hex
    told = [
        {"type": "params", "time": 1_000_000, "values": {"lr": 0.1}},
        {"type": "event", "time": 2_000_000, "name": "epoch", "step": 1, "data": {"n": 1}},
        {"type": "event", "time": 3_000_000, "name": "saved", "data": {}},
    ]
    async with starting(database_url, tmp_path, "folder") as web:
        run = (await web.tracked()).id
        answer = await web.ask("POST", f"{BASE}/{run}/frames", content=event_frame(writer, 1, *told).raw)
        assert answer.status_code == 200
    async with starting(database_url, tmp_path, "second") as web:
        found = [each async for each in web.admin.runs.tracked_events(run)]
        assert [(each.kind, each.name, each.at) for each in found] == [
            ("params", "", "1970-01-01T00:00:01.000000Z"),
            ("event", "epoch", "1970-01-01T00:00:02.000000Z"),
            ("event", "saved", "1970-01-01T00:00:03.000000Z"),
        ]
        assert found[1].data == {"step": 1, "data": {"n": 1}}
        only = [each.name async for each in web.admin.runs.tracked_events(run, kind="event", names=["saved"])]
        assert only == ["saved"]
        first = (await web.ask("GET", f"{BASE}/{run}/tracked-events?limit=2")).json()
        assert first["more"]
        rest = (await web.ask("GET", f"{BASE}/{run}/tracked-events?cursor={first['next']}")).json()
        assert ([each["name"] for each in rest["items"]], rest["more"]) == (["saved"], False)
        wrong = await web.ask("GET", f"{BASE}/{run}/tracked-events?cursor=nonsense")
        assert (wrong.status_code, "cursor" in wrong.text) == (422, True)
