"""Observers: each event at least once, in order for each subject; a failing one blocks its subject alone; both
databases."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from observer_harness import PLUGIN, Reader, append, reading, registry_of, row_of, running, stands
from web import serving

from trainyard_core.contracts.observer import Observer
from trainyard_core.lifecycle import Status
from trainyard_core.observers import backlog
from trainyard_core.registry import Registry

PAGE = Path(__file__).parents[2] / "docs/plugins.md"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """A failed event is tried again at once or nearly so."""
    monkeypatch.setattr(backlog, "FIRST_BACKOFF", 0.01)
    monkeypatch.setattr(backlog, "MOST_BACKOFF", 0.05)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def observed(database_url, tmp_path):
    """A server whose plugin has this one observer; its data stays."""

    def of(**more):
        registry = registry_of(Observer(name="books", **more))
        return serving(database_url, tmp_path / "data", registry=registry)

    return of


async def test_every_event_after_the_start_is_given_once_and_in_order(observed, reader, database_url, tmp_path):
    async with serving(database_url, tmp_path / "data", registry=Registry()) as web:
        await append(web.runtime, 0)
    async with observed(handle=reader.handle, kinds=("noted",)) as web:
        await append(web.runtime, 1)  # the server serves, and its worker is not there yet
        async with reading(web.runtime):
            await append(web.runtime, *range(2, 30), run=(await web.tracked()).id)
            await reader.until(29)
        assert reader.given == [*range(1, 30)]
        row = await row_of(web.runtime)
        assert row["cursor_id"] == row["newest"]
        assert row["lease_holder"] == ""


async def test_an_observer_that_begins_at_the_beginning_is_given_all_that_is_kept(observed, reader):
    async with observed(handle=reader.handle, kinds=("noted",), start="beginning") as web:
        await append(web.runtime, *range(1200))
        async with running(web.runtime):
            await reader.until(*range(1200))
    assert reader.given == [*range(1200)]


async def test_what_was_committed_while_nobody_observed_comes_after_the_restart(observed, reader):
    async with observed(handle=reader.handle, kinds=("noted",)) as web:
        async with reading(web.runtime):
            await append(web.runtime, 1)
            await reader.until(1)
        await append(web.runtime, 2, 3)
        async with running(web.runtime):
            await reader.until(3)
    assert reader.given == [1, 2, 3]


async def test_only_what_passes_the_filter_is_given(observed, reader):
    async with observed(handle=reader.handle, kinds=("noted",), projects=("vision",)) as web, reading(web.runtime):
        await append(web.runtime, 1)
        await append(web.runtime, 2, kind="other", project="vision")
        await append(web.runtime, 3, project="vision")
        await reader.until(3)
    assert reader.given == [3]


async def test_an_event_that_fails_blocks_its_own_subject_and_no_other(observed, reader):
    reader.poisoned = {1}
    odd = observed(handle=reader.handle, kinds=("noted",), subject=lambda event: str(event.data["n"] % 2))
    async with odd as web, reading(web.runtime):
        await append(web.runtime, 1, 2, 3, 4, 5, 6)
        await reader.until(2, 4, 6)
        await stands(web.runtime, blocked=1, waiting=3)
        assert reader.given == [2, 4, 6]
        reader.poisoned.clear()
        await reader.until(1, 3, 5)
        await stands(web.runtime, blocked=0, waiting=0)
    assert reader.given == [2, 4, 6, 1, 3, 5]


async def test_a_blocked_subject_stays_in_order_across_a_restart(observed, reader):
    reader.poisoned = {1}
    async with observed(handle=reader.handle, kinds=("noted",), subject=lambda event: "one") as web:
        async with reading(web.runtime):
            await append(web.runtime, 1, 2)
            await stands(web.runtime, waiting=2)
        await append(web.runtime, 3)
        reader.poisoned.clear()
        async with running(web.runtime):
            await reader.until(3)
    assert reader.given == [1, 2, 3]


async def test_an_event_becomes_a_dead_letter_which_can_be_retried(observed, reader):
    reader.poisoned = {1}
    async with observed(handle=reader.handle, kinds=("noted",), attempts=3) as web, reading(web.runtime):
        await append(web.runtime, 1, 2)
        await reader.until(2)
        await stands(web.runtime, dead=1, waiting=0, blocked=0)
        assert reader.tries.count(1) == 3
        reader.poisoned.clear()
        answer = await web.ask("POST", f"observers/{PLUGIN}/books/retry")
        assert answer.json()["dead"] == 0, answer.text
        await reader.until(1)
        await stands(web.runtime, dead=0, waiting=0)
    assert reader.given == [2, 1]


async def test_a_handler_that_takes_too_long_has_failed(observed, reader):
    reader.held = {1}
    impatient = observed(handle=reader.handle, kinds=("noted",), timeout=0.05, attempts=2)
    async with impatient as web, reading(web.runtime):
        await append(web.runtime, 1, 2)
        await reader.until(2)
        await stands(web.runtime, dead=1)
    assert reader.tries == [1, 1, 2]


async def test_no_more_than_so_many_are_handled_at_once(observed, reader):
    reader.held = {1, 2}
    async with (
        observed(handle=reader.handle, kinds=("noted",), parallel=2, subject=lambda event: str(event.data["n"])) as web,
        reading(web.runtime),
    ):
        await append(web.runtime, 1, 2, 3)
        await reader.until_tried(2, 1)
        assert reader.tries == [1, 2]
        reader.let.set()
        await reader.until(1, 2, 3)


async def test_events_that_hang_when_they_are_tried_again_leave_room_for_others(observed, reader):
    async def handle(platform, event):
        if event.data["n"] in (1, 2):
            if event.data["n"] in reader.tries:
                await asyncio.Event().wait()
            reader.poisoned.add(event.data["n"])
        await reader.handle(platform, event)

    hanging = observed(
        handle=handle, kinds=("noted",), parallel=2, timeout=300, subject=lambda event: str(event.data["n"])
    )
    async with hanging as web, reading(web.runtime):
        await append(web.runtime, 1, 2)
        await stands(web.runtime, blocked=2)
        await append(web.runtime, *range(4, 30))
        await reader.until(*range(4, 30))


@pytest.mark.parametrize("raised", [SystemExit, KeyboardInterrupt, asyncio.CancelledError])
async def test_whatever_a_handler_raises_is_its_own_failure(observed, reader, raised):
    async def handle(platform, event):
        if event.data["n"] == 1:
            raise raised
        await reader.handle(platform, event)

    async with observed(handle=handle, kinds=("noted",), attempts=1) as web, reading(web.runtime):
        await append(web.runtime, 1, 2)
        await reader.until(2)
        await stands(web.runtime, dead=1)


async def test_a_subject_that_cannot_be_told_fails_with_its_reason(observed, reader):
    async with observed(
        handle=reader.handle, kinds=("noted",), attempts=1, subject=lambda event: event.data["x"]
    ) as web:
        async with reading(web.runtime):
            await append(web.runtime, 1)
            await stands(web.runtime, dead=1)
        assert reader.tries == []


async def test_the_example_of_the_docs_works(database_url, tmp_path):
    section = PAGE.read_text("utf-8").partition("\n## Observers\n")[2].partition("\n## ")[0]
    (source,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    plugin, registry, noted = ModuleType("notes"), Registry(), tmp_path / "noted"
    exec(source, vars(plugin))
    registry.add("notes", plugin)
    sections = {"notes": {"file": str(noted)}}
    served = serving(database_url, tmp_path / "data", registry=registry, sections=sections)
    async with served as web, reading(web.runtime), asyncio.timeout(30):
        await web.arrange.run(Status.SUCCEEDED)
        run = await web.arrange.run(Status.FAILED)
        while not (noted.exists() and noted.read_text()):
            await asyncio.sleep(0.01)
    (line,) = noted.read_text().splitlines()
    assert json.loads(line)["run"] == run
