"""Whether it is said that runs can reach what is the server's: when there is more than one person, and only then."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs
from web import serving

from trainyard.client.models import EditPrincipal
from trainyard_core import reach
from trainyard_core.db import principals
from trainyard_core.hookspecs import SchedulerProvider, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.runtime import Runtime
from trainyard_core.settings import Settings


@pytest.fixture
async def shared(tmp_path):
    """A platform whose scheduler starts runs as the server's own user."""
    async with serving(f"sqlite:///{tmp_path / 'one.db'}", tmp_path / "data", registry(shares_user=True)) as web:
        yield web


def registry(*, shares_user):
    class Plugin:
        @hookimpl
        @hookimpl
        def register_schedulers(self):
            return [SchedulerProvider(name="process", build=lambda context: None, shares_user=shares_user)]

    found = Registry.load(["tracker_folder"])
    found.add("schedulers", Plugin())
    return found


async def said(web):
    with capture_logs() as lines:
        await reach.warn(web.runtime)
    return [line["event"] for line in lines]


async def test_it_is_said_as_soon_as_a_second_person_or_program_is_let_in(shared):
    assert await said(shared) == []
    await shared.admin.service_accounts.add("ci")
    (line,) = await said(shared)
    assert "can act as the admin" in line
    await shared.admin.service_accounts.edit("ci", EditPrincipal(disabled=True))
    assert await said(shared) == []
    await shared.admin.agents.add("gpu-1")
    assert await said(shared) == []


async def test_a_server_without_an_agent_has_nothing_to_say(tmp_path):
    settings = Settings(data=tmp_path / "data", database=f"sqlite:///{tmp_path / 'one.db'}", agent="")
    async with Runtime.open(settings, registry(shares_user=True)) as runtime:
        for name in ("ada", "bob"):
            await runtime.database.write(
                lambda tx, name=name: principals.ensure(tx, name, kind="user", role="none", at=1)
            )
        with capture_logs() as lines:
            await reach.warn(runtime)
    assert lines == []


async def test_it_is_not_said_of_a_scheduler_whose_runs_have_another_user(tmp_path):
    async with serving(f"sqlite:///{tmp_path / 'one.db'}", tmp_path / "data", registry(shares_user=False)) as web:
        await web.admin.users.add("ada")
        assert await said(web) == []
