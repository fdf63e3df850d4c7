"""A warm start: the trials of earlier sweeps and runs are told before the first of one's own is asked for."""

from __future__ import annotations

import msgspec
import pytest
import pytest_asyncio
from sweep_harness import Book, begin, book_of, children, play, sweeping, tables

from trainyard.client.models import CreateRun
from trainyard.matrix.sweep import SweepSpec
from trainyard_core.db import directors
from trainyard_core.errors import Invalid
from trainyard_core.testing.background import until
from trainyard_core.testing.factories import operation
from trainyard_sweeps import sweeps


@pytest_asyncio.fixture
async def web(database_url, tmp_path):
    async with sweeping(database_url, tmp_path / "data", Book()) as served:
        yield served


async def begin_from(web, *names: str):
    """A sweep that learns from others, held before its first look."""
    web.runtime.directors.wake, wake = lambda run: None, web.runtime.directors.wake
    sweep = await begin(web, trials=2)

    async def rewrite(tx):
        row = await sweeps.load(tx, sweep.id)
        study = msgspec.json.decode(row["study"], type=SweepSpec)
        study = msgspec.structs.replace(study, options={**study.options, "warmStart": list(names)})
        await tx.run("UPDATE sweeps_sweep SET study = ? WHERE run = ?", msgspec.json.encode(study).decode(), sweep.id)

    await tables(web).write(rewrite)
    web.runtime.directors.wake = wake
    wake(sweep.id)
    await until(lambda: children(web, sweep.id))
    return sweep


async def test_trials_of_an_earlier_sweep_are_told_first(web):
    before = await begin(web, trials=3)
    await play(web, before.id, lambda x: None if x == 1 else float(x))
    sweep = await begin_from(web, before.id[-8:])
    told = (await book_of(web, sweep.id))["told"][:3]
    ending = before.id[-8:]
    assert [each[:2] for each in told] == [
        [f"{ending}/1", "succeeded"],
        [f"{ending}/2", "failed"],
        [f"{ending}/3", "succeeded"],
    ]
    assert await play(web, sweep.id, float) == 2


async def test_what_lies_outside_the_space_is_not_told(web):
    other = await web.admin.runs.create(CreateRun(content=operation("exit 0")))
    (ref,) = await web.arrange.assign(most=1)
    web_run = await web.admin.runs.get(ref.run)
    assert web_run.id == other.id
    await web.admin.runs.stop(other.id)
    sweep = await begin_from(web, other.id)
    assert not [each for each in (await book_of(web, sweep.id))["told"] if each[0].startswith("run/")]


@pytest.mark.parametrize("name", ["ffffffff", "%%%%%%%%", "00"])
async def test_a_run_that_is_not_there_is_refused(web, name):
    with pytest.raises(Invalid, match="warmStart"):
        await web.runtime.database.read(lambda tx: directors.find_runs(tx, "default", [name], field="warmStart"))
