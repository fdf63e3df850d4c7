"""What the attempts of a run track: the current one moves the run, an earlier one is kept and changes nothing, and the
metrics in brief are of the points that readers of the series show."""

from __future__ import annotations

import hashlib
import io
import json
import math
import random
import tarfile

import pytest
import pytest_asyncio
from fake_tracker import Counting, folder_tracker
from web import BASE

from trainyard_core.contracts.tracker import RunRef, Upload
from trainyard_core.contracts.workload import Exit, Phase
from trainyard_core.db import tracking, uploads
from trainyard_core.db.batch import ROWS
from trainyard_core.db.tokens import run_token
from trainyard_core.lifecycle import Reason, Status
from trainyard_core.testing.frames import events, lines, metric, rows
from trainyard_core.testing.tracker_tools import stream
from trainyard_core.work import resume
from trainyard_core.work.ingest import ingest
from trainyard_core.work.uploads import Uploads


def writer(attempt, number=0):
    """The id of a writer of an attempt."""
    return f"{attempt:016x}{number:016x}"


class Tried:
    """A run that is tried several times, with its tracker."""

    def __init__(self, arrange, tracker, run):
        self.arrange, self.tracker, self.run = arrange, tracker, run

    async def again(self):
        """The current attempt is lost, and another one begins."""
        ref = await self.arrange.current(self.run)
        await self.arrange.report(ref, Phase.EXITED, exit=Exit(reason=Reason.LOST, retryable=True))
        self.arrange.clock.turn(600)
        assert await self.arrange.reconcile(self.run) is Status.QUEUED
        (ref,) = await self.arrange.assign()
        await self.arrange.report(ref, Phase.RUNNING)
        return ref.attempt

    async def send(self, *body, attempt=0):
        """Frames by the token of an attempt; 0: by a person's."""
        _, done = await ingest(
            self.arrange.database,
            self.tracker,
            RunRef("default", self.run),
            b"".join(body),
            policy=self.arrange.policy,
            at=self.arrange.clock.now(),
            attempt=attempt,
        )
        return done

    async def row(self):
        return await self.arrange.row(self.run)

    async def brief(self):
        """Of each metric: last, step, low, high, count."""
        found = await self.arrange.database.read(lambda tx: tracking.metrics(tx, self.run))
        return {
            row["name"]: (row["last"], row["last_step"], row["min"], row["max"], row["value_count"]) for row in found
        }

    async def shown(self):
        """The same, counted from the points that a reader of the series gets."""
        row = await self.row()
        links = await self.arrange.database.read(lambda tx: resume.links_of(tx, row))
        names = await resume.series_names(self.tracker, links)
        found = {}
        for series in await resume.read_series(self.tracker, links, names):
            last = series.points[-1]
            values = [point.last for point in series.points]
            found[series.name] = (last.last, last.step, min(values), max(values), len(values))
        return found


@pytest_asyncio.fixture
async def tried(arrange, tmp_path):
    tracker = folder_tracker(tmp_path / "tracker")
    arrange.policy = type(arrange.policy)(platform_retries=9)
    yield Tried(arrange, tracker, await arrange.run(Status.RUNNING))
    await tracker.aclose()


async def test_a_given_up_attempt_changes_nothing_of_the_run(tried):
    await tried.send(rows(writer(1), 1, "acc", [(step, 1.0) for step in range(5)]), attempt=1)
    assert await tried.again() == 2
    result = {"type": "artifact", "name": "model.pt", "kind": "model", "size": 2, "digest": "sha256:2", "step": 3}
    told = [{"type": "outputs", "values": {"acc": 2}}, {"type": "params", "values": {"lr": 2}},
            {"type": "tags", "tags": ["two"]}, {"type": "progress", "value": 1.0}, result]  # fmt: skip
    await tried.send(rows(writer(2), 1, "acc", [(step, 2.0) for step in range(9)]), attempt=2)
    await tried.send(events(writer(2), 2, *told), attempt=2)
    before, brief = await tried.row(), await tried.brief()
    assert brief == {"acc": (2.0, 8, 2.0, 2.0, 9)}

    old = [{"type": "outputs", "values": {"acc": 1, "old": 1}}, {"type": "params", "values": {"lr": 1}},
           {"type": "meta", "values": {"a": 1}}, {"type": "tags", "tags": ["one"]},
           {"type": "progress", "value": 0.1}, {**result, "size": 1, "digest": "sha256:1"}]  # fmt: skip
    done = await tried.send(
        rows(writer(1), 2, "acc", [(step, 1.0) for step in range(5, 99)]),
        rows(writer(1), 3, "only", [(1, 7.0)]),
        events(writer(1), 4, *old),
        lines(writer(1), 5, "still here"),
        attempt=1,
    )
    assert done.durable == 5, "it is acknowledged like all else"
    assert dict(await tried.row()) == dict(before)
    assert await tried.brief() == brief
    (artifact,) = await tried.arrange.database.read(lambda tx: tracking.artifacts(tx, tried.run))
    assert (artifact["size"], artifact["digest"]) == (2, "sha256:2")
    page = await tried.tracker.read_logs(RunRef("default", tried.run))
    assert [line.text for line in page.lines] == ["still here"], "its lines are kept"
    assert (await tried.shown())["acc"] == brief["acc"], "its points are not shown"


async def test_a_writer_stays_with_the_attempt_that_it_began_in(tried):
    """Whoever delivers what is left in a spool later, with whatever token."""
    await tried.send(lines(writer(1), 1, "a"), attempt=1)
    await tried.again()
    await tried.send(events(writer(1), 2, {"type": "outputs", "values": {"acc": 1}}))
    assert json.loads((await tried.row())["outputs"]) == {}
    await tried.send(events(writer(7), 1, {"type": "outputs", "values": {"by": "hand"}}))
    assert json.loads((await tried.row())["outputs"]) == {"by": "hand"}


async def test_a_retry_that_goes_on_from_a_checkpoint_has_each_step_once(tried):
    await tried.send(rows(writer(1), 1, "loss", [(step, 100.0 - step) for step in range(38)]), attempt=1)
    await tried.again()
    assert await tried.brief() == {"loss": (63.0, 37, 63.0, 100.0, 38)}
    await tried.send(rows(writer(2), 1, "loss", [(step, 50.0) for step in range(30, 40)]), attempt=2)
    await tried.send(rows(writer(2), 2, "loss", [(step, 40.0) for step in range(40, 60)]), attempt=2)
    assert await tried.brief() == {"loss": (40.0, 59, 40.0, 100.0, 60)} == await tried.shown()


async def test_an_attempt_that_begins_anew_leaves_nothing_of_the_one_before(tried):
    await tried.send(rows(writer(1), 1, "loss", [(step, 9.0) for step in range(38)]), attempt=1)
    await tried.again()
    await tried.send(rows(writer(2), 1, "loss", [(0, 5.0)]), attempt=2)
    assert await tried.brief() == {"loss": (5.0, 0, 5.0, 5.0, 1)} == await tried.shown()


async def test_what_an_attempt_sends_late_completes_what_came_before_the_next_one(tried):
    """A machine that was cut off has points of its time that nobody else has."""
    await tried.send(rows(writer(1), 1, "loss", [(step, 9.0) for step in range(10)]), attempt=1)
    await tried.again()
    await tried.send(rows(writer(2), 1, "loss", [(30, 5.0)]), attempt=2)
    await tried.send(rows(writer(1), 2, "loss", [(step, 8.0) for step in range(10, 40)]), attempt=1)
    assert await tried.brief() == {"loss": (5.0, 30, 5.0, 9.0, 31)} == await tried.shown()


class Meanwhile:
    """A tracker that reads series, and then lets something happen before it answers, once."""

    def __init__(self, tracker, meanwhile):
        self._tracker, self._meanwhile = tracker, [meanwhile]

    def __getattr__(self, name):
        return getattr(self._tracker, name)

    async def read_series(self, *args, **more):
        found = await self._tracker.read_series(*args, **more)
        if self._meanwhile:
            await self._meanwhile.pop()()
        return found


async def test_late_points_that_are_counted_while_those_before_an_attempt_are_read_are_not_lost(tried):
    await tried.send(rows(writer(1), 1, "loss", [(step, 9.0) for step in range(10)]), attempt=1)
    await tried.again()
    await tried.send(rows(writer(2), 1, "loss", [(30, 5.0)]), attempt=2)
    plain = tried.tracker

    async def late():
        tried.tracker = plain
        await tried.send(rows(writer(1), 2, "loss", [(step, 8.0) for step in range(10, 40)]), attempt=1)

    tried.tracker = Meanwhile(plain, late)
    await tried.send(rows(writer(2), 2, "loss", [(25, 4.0)]), attempt=2)
    assert await tried.brief() == {"loss": (5.0, 30, 4.0, 9.0, 27)} == await tried.shown()


async def test_a_metric_that_is_not_counted_holds_up_no_other(tried):
    """Its name is longer than the database can look up."""
    long = "\N{GRINNING FACE}" * 600
    for attempt in (1, 2):
        name, step = writer(attempt), 3 * (attempt - 1)
        await tried.send(rows(name, 1, long, [(step, 1.0)]), rows(name, 2, "acc", [(step, 2.0)]), attempt=attempt)
        await tried.send(events(name, 3, {"type": "outputs", "values": {"attempt": attempt}}), attempt=attempt)
        assert (await tried.row())["outputs"] == f'{{"attempt":{attempt}}}'
        await tried.again()
    assert await tried.brief() == {"acc": (2.0, 3, 2.0, 2.0, 2)}


async def test_how_many_statements_count_points_hardly_depends_on_how_many_names_they_have(tried):
    """The first attempt's, the next one's of the same steps and then of earlier ones, and what comes late."""
    values = {f"m{n:04d}": [float(n)] for n in range(14 * ROWS)}
    tried.arrange.database = counting = Counting(tried.arrange.database)

    async def sends(name, seq, first, attempt):
        counting.statements = 0
        await tried.send(metric(name, seq, values, first=first), attempt=attempt)
        return counting.statements

    assert await sends(writer(1), 1, 5, 1) < 100
    await tried.again()
    for name, seq, first, attempt in [(writer(2), 1, 5, 2), (writer(2), 2, 4, 2), (writer(1), 2, 1, 1)]:
        assert await sends(name, seq, first, attempt) < 200, (attempt, first)
    assert counting.arguments < 32_767, "no database takes more"
    assert counting.arguments < len(values), "nor does it grow with the names"
    brief = await tried.brief()
    assert brief == {name: (value, 5, value, value, 3) for name, (value,) in values.items()}
    assert len({row["version"] for row in await _metrics(tried)}) == len(values)


async def _metrics(tried):
    return await tried.arrange.database.read(lambda tx: tracking.metrics(tx, tried.run))


async def test_numbers_that_are_none_and_the_least_step_there_is(tried):
    least = -(2**63)
    await tried.send(rows(writer(1), 1, "loss", [(1, math.nan), (2, math.inf), (5, 1.0)]), attempt=1)
    await tried.again()
    await tried.send(rows(writer(2), 1, "loss", [(3, math.nan)]), attempt=2)
    assert await tried.brief() == {"loss": (None, 3, None, None, 3)}
    await tried.send(rows(writer(2), 2, "loss", [(least, 4.0)]), attempt=2)
    assert await tried.brief() == {"loss": (None, 3, 4.0, 4.0, 2)}


@pytest.mark.parametrize("seed", range(4))
async def test_metrics_in_brief_are_of_the_points_that_readers_show(tried, seed):
    """Three attempts of two writers each, whose frames come late, early and in any order of steps and times."""
    chance, waiting, seqs = random.Random(seed), [], {}
    for attempt in (1, 2, 3):
        for _ in range(12):
            who = writer(attempt, chance.randrange(2))
            points = [(chance.randrange(20), float(chance.randrange(100))) for _ in range(chance.randrange(1, 5))]
            waiting.append((attempt, who, chance.choice("ab"), points, chance.randrange(3)))
        held = chance.sample(waiting, len(waiting) // 4) if attempt < 3 else []
        for each in [each for each in waiting if each not in held]:
            await _send(tried, seqs, *each)
        waiting = held
        if attempt < 3:
            await tried.again()
    for each in ((3, writer(3), name, [(10, 1.0)], 1) for name in "ab"):
        await _send(tried, seqs, *each)
    for each in chance.sample(waiting, len(waiting)):
        await _send(tried, seqs, *each)
    assert await tried.brief() == await tried.shown()


async def _send(tried, seqs, attempt, who, name, points, time):
    seqs[who] = seqs.get(who, 0) + 1
    await tried.send(rows(who, seqs[who], name, points, time=time), attempt=attempt)


@pytest.mark.parametrize("order", ["as logged", "the other way round"])
async def test_the_last_value_does_not_depend_on_what_comes_first(tried, order):
    """Two writers, equal steps: the later time counts, then the greater id, then what was logged last."""
    bodies = [
        [rows("a" * 32, 1, "time", [(5, 0.1)], time=20)],
        [rows("b" * 32, 1, "time", [(5, 0.2)], time=10)],
        [rows("c" * 32, 1, "id", [(5, 0.3)], time=10)],
        [rows("d" * 32, 1, "id", [(5, 0.4)], time=10)],
        [rows("e" * 32, 1, "order", [(5, 0.5)], time=10), rows("e" * 32, 2, "order", [(5, 0.6)], time=10)],
        [rows("f" * 32, 1, "steps", [(10, 0.9)], time=10), rows("f" * 32, 2, "steps", [(3, 0.1)], time=20)],
    ]
    for body in bodies if order == "as logged" else reversed(bodies):
        await tried.send(*body)
    assert {name: last for name, (last, *_) in (await tried.brief()).items()} == {
        "time": 0.1, "id": 0.4, "order": 0.6, "steps": 0.9,
    }  # fmt: skip
    assert await tried.brief() == await tried.shown()


BODY = b"weights" * 100
DIGEST = f"sha256:{hashlib.sha256(BODY).hexdigest()}"


class Machines:
    """A run over the API whose first attempt was given up, and which both machines still send for."""

    def __init__(self, web, run):
        self.web, self.run = web, run

    @classmethod
    async def of(cls, web):
        run = await web.arrange.run(Status.RUNNING)
        return cls(web, run)

    async def again(self):
        await Tried(self.web.arrange, None, self.run).again()

    async def ask(self, method, path, *, attempt, **more):
        token = run_token(self.web.runtime.secret, self.run, attempt, at=self.web.arrange.clock.now())
        return await self.web.ask(method, f"{BASE}/{self.run}/{path}", token=token, **more)

    async def open(self, attempt, name="model.pt"):
        body = {"name": name, "size": len(BODY), "digest": DIGEST}
        return await self.ask("POST", "uploads", attempt=attempt, json=body)

    async def stored(self):
        """Names and digests, as the list has them and as the tracker does."""
        listed = {each.name: each.digest async for each in self.web.admin.artifacts.list(self.run)}
        kept = await self.web.runtime.tracker.list_artifacts(RunRef("default", self.run))
        assert listed == {info.name: info.digest for info in kept}
        return listed


def refused(answer):
    return (answer.status_code, answer.json()["code"]) == (409, "attempt_superseded")


async def test_the_files_of_a_run_are_those_of_its_current_attempt(web):
    machines = await Machines.of(web)
    opened = (await machines.open(1, "late.pt")).json()
    assert (await machines.ask("PUT", "artifacts/model.pt", attempt=1, content=b"one")).status_code == 200
    await machines.again()
    assert (await machines.ask("PUT", "artifacts/model.pt", attempt=2, content=b"two")).status_code == 200
    stored = await machines.stored()
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w") as made:
        made.addfile(tarfile.TarInfo("model.pt"), io.BytesIO())
    part = {"content": BODY, "headers": {"Upload-Offset": "0"}}
    assert refused(await machines.ask("PUT", "artifacts/model.pt", attempt=1, content=b"one"))
    assert refused(await machines.ask("POST", "artifacts.tar", attempt=1, content=tar.getvalue()))
    assert refused(await machines.open(1))
    assert refused(await machines.ask("PATCH", f"uploads/{opened['id']}", attempt=1, **part))
    assert refused(await machines.ask("DELETE", f"uploads/{opened['id']}", attempt=1))
    assert await machines.stored() == stored
    assert (await machines.ask("GET", "artifacts/model.pt", attempt=1)).content == b"two", "it may still read"
    assert (await machines.ask("PATCH", f"uploads/{opened['id']}", attempt=2, **part)).status_code == 200
    assert (await machines.stored())["late.pt"] == DIGEST, "the later attempt goes on with what is there"


async def test_what_a_person_sends_for_an_attempt_counts_as_its_own(web):
    """Whoever brings what is left of an attempt names it; what is for nobody is for the current one."""
    machines = await Machines.of(web)
    opened = (await machines.open(1, "late.pt")).json()
    await machines.again()
    assert (await machines.ask("PUT", "artifacts/model.pt", attempt=2, content=b"two")).status_code == 200
    stored = await machines.stored()

    async def send(method, path, *, attempt, **more):
        headers = {**more.pop("headers", {}), **({"Attempt": str(attempt)} if attempt else {})}
        return await web.ask(method, f"{BASE}/{machines.run}/{path}", headers=headers, **more)

    request = {"name": "model.pt", "size": len(BODY), "digest": DIGEST}
    part = {"content": BODY, "headers": {"Upload-Offset": "0"}}
    assert refused(await send("PUT", "artifacts/model.pt", attempt=1, content=b"one"))
    assert refused(await send("POST", "uploads", attempt=1, json=request))
    assert refused(await send("PATCH", f"uploads/{opened['id']}", attempt=1, **part))
    assert await machines.stored() == stored
    old = events(writer(1), 1, {"type": "outputs", "values": {"acc": 1}})
    assert (await send("POST", "frames", attempt=1, content=old)).status_code == 200
    assert json.loads((await web.arrange.row(machines.run))["outputs"]) == {}
    for attempt in (2, 99, 0):
        assert (await send("PUT", "artifacts/model.pt", attempt=attempt, content=b"by hand")).status_code == 200
    new = events(writer(2), 1, {"type": "outputs", "values": {"acc": 2}})
    assert (await send("POST", "frames", attempt=99, content=new)).status_code == 200
    assert json.loads((await web.arrange.row(machines.run))["outputs"]) == {"acc": 2}
    claim = {"content": b"one", "headers": {"Attempt": "2"}}
    assert refused(await machines.ask("PUT", "artifacts/model.pt", attempt=1, **claim)), "its token says whose it is"
    assert (await send("PUT", "artifacts/model.pt", attempt="two", content=b"x")).status_code == 422


@pytest.mark.parametrize("way", ["put", "part"])
async def test_an_attempt_that_is_given_up_while_it_sends_a_file_stores_none(web, way):
    machines = await Machines.of(web)

    async def slow():
        yield BODY[:100]
        await machines.again()
        yield BODY[100:]

    if way == "put":
        answer = await machines.ask("PUT", "artifacts/model.pt", attempt=1, content=slow())
    else:
        opened = (await machines.open(1)).json()
        place = {"Upload-Offset": "0"}
        answer = await machines.ask("PATCH", f"uploads/{opened['id']}", attempt=1, content=slow(), headers=place)
    assert refused(answer)
    assert await machines.stored() == {}


@pytest.mark.parametrize("point", ["before", "after"], ids=["before the tracker has it", "when the tracker has it"])
async def test_the_patrol_finishes_no_upload_of_a_given_up_attempt(web, point):
    machines, tracker = await Machines.of(web), web.runtime.tracker
    opened = (await machines.open(1)).json()
    upload = Upload(id=opened["id"], name="model.pt", size=len(BODY), digest=DIGEST)
    ref = RunRef("default", machines.run)
    await (await tracker.of(ref)).append_upload(ref, upload, 0, stream(BODY))
    at = web.arrange.clock.now()
    await web.runtime.database.write(lambda tx: uploads.set_state(tx, upload.id, "finishing", at=at))
    if point == "after":
        await (await tracker.of(ref)).finish_upload(ref, upload)
    await machines.again()
    web.arrange.clock.turn(3600)
    await Uploads(web.runtime.database, tracker, web.arrange.clock).tidy()
    assert await machines.stored() == ({} if point == "before" else {"model.pt": DIGEST})
    assert await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM upload")) == []
