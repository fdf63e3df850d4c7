"""What a scheduler says of an attempt is stored on it, and `why` and the run show it."""

from __future__ import annotations

import pytest
from manual_scheduler import ManualScheduler, Remote, running

from trainyard.client.models import CreateRun
from trainyard_core.contracts.scheduler import AttemptDiagnosis
from trainyard_core.contracts.workload import AttemptRef, Exit, Observation, Phase
from trainyard_core.testing.background import until
from trainyard_core.work import attempt_diagnosis

SPEC = {
    "version": 1.1,
    "kind": "operation",
    "component": {"run": {"kind": "job", "container": {"image": "busybox", "command": ["true"]}}},
}


class ToldScheduler(ManualScheduler):
    """Says of every attempt what a test tells it to; a diagnosis that is an exception is raised."""

    diagnosis: list[AttemptDiagnosis] | Exception

    def __init__(self) -> None:
        super().__init__()
        self.told: dict[str, object] = {"phase": Phase.SUBMITTED}
        self.diagnosis = []
        self.asked: list[AttemptRef] = []

    async def diagnose(self, ref: AttemptRef) -> list[AttemptDiagnosis]:
        self.asked.append(ref)
        if isinstance(self.diagnosis, Exception):
            raise self.diagnosis
        return self.diagnosis

    def _seen(self, ref: AttemptRef) -> Observation:
        return Observation(ref=ref, **self.told)


async def attempt_of(web, run):
    return (await web.admin.runs.get(run)).attempts[-1]


async def until_said(web, run, phase, message):
    """Wait until an observation has reached the run."""

    async def look():
        answer = await web.admin.runs.why(run)
        seen = answer.observation
        return answer if seen and (seen.phase, seen.message) == (phase, message) else None

    return await until(look)


@pytest.fixture
async def far(web, tmp_path):
    token = (await web.admin.agents.add("far")).token
    scheduler = ToldScheduler()
    async with running(Remote(web, token, tmp_path / "far", scheduler=scheduler)):
        yield scheduler


async def test_why_and_the_run_show_what_the_scheduler_of_a_remote_agent_says(web, far):
    far.told = {
        "phase": Phase.SUBMITTED,
        "reason": "unschedulable",
        "message": "0/3 nodes have a GPU",
        "detail": {"nodes": {"a": "no gpu"}, "password": "open sesame"},
    }
    run = (await web.admin.runs.create(CreateRun(operation=SPEC))).id
    answer = await until_said(web, run, "submitted", "0/3 nodes have a GPU")
    assert answer.summary == "0/3 nodes have a GPU"
    assert answer.observation.reason == "unschedulable"
    assert answer.observation.detail == {"nodes": {"a": "no gpu"}, "password": "[hidden]"}
    assert (await attempt_of(web, run)).observation == answer.observation
    far.told = {"phase": Phase.RUNNING, "reason": "node_lost", "message": "node a does not answer"}
    answer = await until_said(web, run, "running", "node a does not answer")
    assert answer.summary.endswith("; its scheduler says: node a does not answer")


async def test_why_says_that_a_scheduler_raises_at_each_submit(web, far):
    far.trouble = OSError("the cluster is full; token: bearer abcdefghijk")
    run = (await web.admin.runs.create(CreateRun(operation=SPEC))).id
    message = "its scheduler could not take it; it is tried again: OSError: the cluster is full; token: bearer [hidden]"
    answer = await until_said(web, run, "pending", message)
    assert answer.summary == message
    far.trouble = None


@pytest.mark.parametrize("detail", [{"long": "x" * 5000}, {"deep": object()}], ids=["too large", "no plain data"])
async def test_detail_that_is_not_fit_is_left_out_and_the_rest_is_kept(arrange, detail):
    run = await arrange.run("scheduled")
    ref = AttemptRef(run, 1)
    await arrange.report(ref, Phase.SUBMITTED, message="m" * 9000, detail=detail)
    row = (await arrange.attempts(run))[0]
    assert len(row["phase_message"]) == 2000
    assert len(row["detail"]) < 4096


async def test_an_earlier_phase_that_comes_late_changes_nothing_and_the_same_again_writes_nothing(arrange):
    run = await arrange.run("scheduled")
    ref = AttemptRef(run, 1)
    await arrange.report(ref, Phase.RUNNING, message="on node a")
    first = (await arrange.attempts(run))[0]
    arrange.clock.turn(5)
    for phase, message in ((Phase.PENDING, "late"), (Phase.STARTING, "late"), (Phase.RUNNING, "on node a")):
        await arrange.report(ref, phase, message=message)
    assert (await arrange.attempts(run))[0] == first
    await arrange.report(ref, Phase.RUNNING, message="on node b")
    changed = (await arrange.attempts(run))[0]
    assert (changed["phase_message"], changed["state"]) == ("on node b", "running")
    assert changed["started_at"] == first["started_at"] and changed["observed_at"] > first["observed_at"]
    await arrange.report(ref, Phase.EXITED, reason="evicted", exit=Exit(code=0))
    assert [(row["phase"], row["phase_reason"]) for row in await arrange.attempts(run)] == [("exited", "evicted")]


async def test_why_asks_the_scheduler_of_a_remote_agent_for_a_diagnosis_and_not_again_at_once(web, far):
    far.diagnosis = [AttemptDiagnosis("no node has a GPU", "3 nodes were looked at", "add a node with one")]
    run = (await web.admin.runs.create(CreateRun(operation=SPEC))).id
    await far.until(lambda: far.workloads)
    (found,) = (await web.admin.runs.why(run)).blockers
    assert found.code == "diagnosis" and found.fix == "add a node with one"
    assert found.message.startswith("no node has a GPU: 3 nodes were looked at (found at 20")
    assert (await web.admin.runs.why(run)).blockers == [found]
    assert far.asked == [AttemptRef(run, 1)]
    far.diagnosis = []
    web.arrange.clock.turn(10)
    assert (await web.admin.runs.why(run)).blockers == []


@pytest.mark.parametrize(("requested", "cores"), [({}, 1.0), ({"cpu": 0.5}, 0.5)])
async def test_a_scheduler_is_given_the_cores_that_admission_counts(web, far, requested, cores):
    run = {**SPEC["component"]["run"]}
    run["container"] = {**run["container"], "resources": {"requests": requested}}
    await web.admin.runs.create(CreateRun(operation={**SPEC, "component": {"run": run}}))
    await far.until(lambda: far.workloads)
    offer = await web.admin.agents.get("far")
    assert far.workloads[0].resources.cpu == cores == offer.cpu - offer.free_cpu


async def test_a_diagnosis_that_fails_is_told_and_why_answers(web, far):
    far.diagnosis = OSError("the cluster does not answer")
    run = (await web.admin.runs.create(CreateRun(operation=SPEC))).id
    await far.until(lambda: far.workloads)
    (found,) = (await web.admin.runs.why(run)).blockers
    assert "failed: " in found.message and "the cluster does not answer" in found.message


async def test_an_agent_that_never_answers_holds_up_why_only_once(web, monkeypatch):
    monkeypatch.setattr(attempt_diagnosis, "PATIENCE", 0.2)
    run = await web.arrange.run("scheduled")
    assert (await web.admin.runs.why(run)).blockers == []
    looks = []
    monkeypatch.setattr(attempt_diagnosis, "_is_answered", looks.append)
    assert (await web.admin.runs.why(run)).blockers == []
    assert looks == []
    assert [(o.todo, o.ref.run) for o in await web.arrange.orders()] == [("submit", run), ("diagnose", run)]


TABLE = {
    "it says nothing": ({"phase": Phase.SUBMITTED}, "scheduled", "its scheduler states no reason"),
    "a reason alone": ({"phase": Phase.SUBMITTED, "reason": "no_quota"}, "scheduled", "no quota"),
    "a message": ({"phase": Phase.SUBMITTED, "message": "0/3 nodes fit"}, "scheduled", "0/3 nodes fit"),
    "both": ({"phase": Phase.SUBMITTED, "reason": "a", "message": "behind 4 jobs"}, "scheduled", "behind 4 jobs"),
    "it starts": ({"phase": Phase.STARTING, "message": "pulls its image"}, "starting", "pulls its image"),
    "it cannot start": ({"phase": Phase.STARTING, "reason": "image_pull_failed"}, "starting", "image pull failed"),
    "it runs": ({"phase": Phase.RUNNING}, "running", "; no data yet"),
    "its node is lost": ({"phase": Phase.RUNNING, "reason": "node_lost"}, "running", "its scheduler says: node lost"),
    "its node is away": ({"phase": Phase.RUNNING, "message": "a is away"}, "running", "its scheduler says: a is away"),
    "it fails": ({"phase": Phase.EXITED, "exit": Exit(code=3)}, "failed", "exit code 3"),
    "it is refused": (
        {"phase": Phase.EXITED, "exit": Exit(reason="submit_failed", message="no host has 9 GPUs")},
        "failed",
        "no host has 9 GPUs",
    ),
    "it is gone": ({"phase": Phase.GONE, "message": "node a was removed"}, "retrying", "node a was removed"),
}


@pytest.mark.parametrize(("told", "status", "words"), TABLE.values(), ids=TABLE)
async def test_why_says_what_the_scheduler_says(web, far, told, status, words):
    far.told = told
    run = (await web.admin.runs.create(CreateRun(operation=SPEC))).id

    async def look():
        found = await web.admin.runs.why(run)
        return found if found.status == status and words in found.summary else None

    answer = await until(look)
    seen = (await web.admin.runs.get(run)).attempts[0].observation
    assert (seen.phase, seen.reason, seen.message) == (told["phase"], told.get("reason", ""), told.get("message", ""))
    assert status in ("failed", "retrying") or answer.observation == seen
