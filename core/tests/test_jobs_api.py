"""Background jobs over the API: an admin lists them, retries dead ones and deletes them."""

from __future__ import annotations

import pytest
from job_harness import benching

from trainyard.client.errors import Conflict, NotFound
from trainyard_core.testing.background import working


@pytest.fixture
async def bench(database_url, tmp_path):
    async with benching(database_url, tmp_path) as served:
        yield served


async def test_jobs_are_listed_retried_and_deleted_by_an_admin(bench):
    client = bench.web.admin

    async def fail(platform, call):
        raise RuntimeError("no paper")

    bench.calls.what["a"] = fail
    await bench.enqueue("short", "a", args={"n": 1})
    async with working(bench.runtime.run_jobs()):
        dead = await bench.in_state("dead")
    (job,) = [each async for each in client.jobs.list(state="dead")]
    assert (job.plugin, job.name, job.key, job.args, job.attempt) == ("press", "short", "a", {"n": 1}, 1)
    assert (job.error, job.known, job.periodic) == ("RuntimeError: no paper", True, False)
    assert {(each.plugin, each.name) async for each in client.jobs.list(plugin="core")} >= {("core", "keys")}
    again = await client.jobs.retry(dead["id"])
    assert (again.state, again.attempt) == ("waiting", 0)
    await client.jobs.remove(dead["id"])
    for ask in (client.jobs.retry, client.jobs.remove):
        with pytest.raises(NotFound):
            await ask(dead["id"])


async def test_a_job_that_runs_is_not_retried_and_not_deleted(bench):
    await bench.enqueue("print", "a")
    (taken,) = await bench.take("a worker")
    for ask in (bench.web.admin.jobs.retry, bench.web.admin.jobs.remove):
        with pytest.raises(Conflict, match="runs"):
            await ask(taken["id"])
    answer = await bench.web.ask("GET", "jobs?state=done")
    assert (answer.status_code, "waiting" in answer.text) == (422, True)
