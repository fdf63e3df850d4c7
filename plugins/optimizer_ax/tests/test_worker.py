"""The worker process: deadlines, deaths, and that it does not outlive its server."""

import asyncio
import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.space import Space, Uniform
from trainyard_core.contracts.optimizer import Study, Trial, TrialPhase
from trainyard_optimizer_ax import history, process
from trainyard_optimizer_ax.optimizer import AxOptimizer
from trainyard_optimizer_ax.settings import Settings

STUDY = Study(
    space=Space(params={"x": Uniform(low=-1, high=2), "y": Uniform(low=1, high=3)}),
    objectives=(Objective(name="loss", goal=Goal.MINIMIZE),),
    options={"numInitialRuns": 2, "maxIterations": 20},
)


def told(number, x, y):
    params = {"x": x, "y": y}
    return Trial(key=f"told-{number}", params=params, phase=TrialPhase.SUCCEEDED, values={"loss": x * x + y})


TOLD = [told(number, x, y) for number, (x, y) in enumerate([(0.0, 1.0), (1.0, 2.0), (-1.0, 3.0), (2.0, 1.5)])]


async def suggest(optimizer, *, changed=(), state=b"", count=1, seed=3):
    return await optimizer.suggest(STUDY, changed=changed, count=count, seed=seed, state=state)


async def opened(settings):
    optimizer = AxOptimizer("bayes", settings)
    return optimizer, optimizer._lease.worker


@pytest.fixture
async def held():
    """A model that holds its answers of full effort back for an hour."""
    optimizer, worker = await opened(Settings(deadline=240, hold=3600))
    yield optimizer, worker
    await optimizer.aclose()


async def ready(optimizer):
    """Ax has been imported: the worker predicts, which nothing holds back."""
    state = (await suggest(optimizer, changed=TOLD, count=0)).state
    (prediction,) = await optimizer.predict(STUDY, points=[{"x": 0.5, "y": 1.0}], state=state)
    assert prediction is not None
    return state


async def test_past_the_deadline_an_even_point_is_taken_and_the_next_calls_recover(held):
    optimizer, worker = held
    state = await ready(optimizer)
    slow = worker.pid
    optimizer._deadline = 1.0
    late = await suggest(optimizer, state=state)
    (suggestion,) = late.suggestions
    assert "even spread" in suggestion.note and "longer than 1 s" in suggestion.note
    assert -1 <= suggestion.params["x"] <= 2
    assert worker.pid != slow, "the slow thought was not ended"
    optimizer._deadline = 240
    recovered = await suggest(optimizer, state=late.state)
    assert recovered.suggestions[0].note == ""
    lightest = msgspec.structs.replace(history.read(recovered.state), late=2)
    assert (await suggest(optimizer, state=history.written(lightest))).suggestions[0].note == ""


async def test_a_worker_that_is_killed_in_the_middle_is_started_again_and_asked_again(warm_worker):
    optimizer, worker = await opened(Settings(deadline=240))
    expected = await suggest(optimizer, changed=TOLD)
    asked = asyncio.ensure_future(suggest(optimizer, changed=TOLD))
    await asyncio.sleep(0)
    os.kill(worker.pid, signal.SIGKILL)
    assert (await asked).suggestions == expected.suggestions
    assert expected.suggestions[0].note == ""
    await optimizer.aclose()


async def test_a_busy_worker_is_not_ended_for_the_sake_of_another_sweep(held):
    optimizer, worker = held
    state = await ready(optimizer)
    pid = worker.pid
    other = AxOptimizer("bayes", Settings(deadline=1.0, hold=3600))
    optimizer._deadline = 4.0
    slow = asyncio.ensure_future(suggest(optimizer, state=state))
    await asyncio.sleep(0)
    (waiting,) = (await suggest(other, state=state, seed=4)).suggestions
    assert "even spread" in waiting.note
    assert "longer than 4 s" in (await slow).suggestions[0].note
    assert worker.pid != pid
    await other.aclose()


async def test_two_sweeps_at_once_have_the_answers_that_they_have_alone(warm_worker):
    optimizer, _ = await opened(Settings(deadline=240))
    alone = [await suggest(optimizer, changed=TOLD, seed=seed) for seed in (1, 2)]
    together = await asyncio.gather(*(suggest(optimizer, changed=TOLD, seed=seed) for seed in (1, 2)))
    assert [answer.suggestions for answer in alone] == [answer.suggestions for answer in together]
    await optimizer.aclose()


async def test_the_last_optimizer_ends_the_worker():
    optimizer, worker = await opened(Settings(hold=0.25))
    other = AxOptimizer("ax", Settings(hold=0.25))
    await suggest(optimizer)
    await optimizer.aclose()
    await optimizer.aclose()
    assert not worker._closed
    await other.aclose()
    assert worker._closed and worker.pid is None


SERVER = """
import sys
from trainyard_optimizer_ax.process import Worker
worker = Worker()
worker.warm()
worker.ask.__self__._thread.submit(lambda: print(worker.pid, flush=True))
sys.stdin.read()
"""


def test_a_worker_does_not_outlive_its_server():
    with subprocess.Popen([sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        ended = os.pidfd_open(int(server.stdout.readline()))
        server.kill()
    readable, _, _ = select.select([ended], [], [], 60)
    os.close(ended)
    assert readable, "the worker lives"


async def test_nothing_is_imported_from_where_the_server_was_started(tmp_path, monkeypatch):
    """Whoever may write there would be the server's user. What PYTHONPATH names on purpose is kept."""
    trap = "open({!r}, 'a').write(__name__ + ' ')\n"
    for name in ("ax", "torch", "random", "msgspec", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(trap.format(str(tmp_path / "imported")))
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "sitecustomize.py").write_text(trap.format(str(tmp_path / "meant")))
    own = str(Path(process.__file__).parents[1])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([own, "named", ""]))
    monkeypatch.chdir(tmp_path)
    optimizer, _ = await opened(Settings(deadline=240, hold=0.001))
    try:
        await suggest(optimizer, changed=TOLD)
    finally:
        await optimizer.aclose()
    assert not (tmp_path / "imported").exists(), (tmp_path / "imported").read_text()
    assert (tmp_path / "meant").read_text() == "sitecustomize "
