"""Projects, members, people, tokens and settings as the SDK's client offers them, against the real API."""

from __future__ import annotations

import pytest
from threaded_client import both_clients

from trainyard.client.errors import Conflict, Invalid, NotAllowed, NotAuthenticated, NotFound
from trainyard.client.models import EditPrincipal, EditProject, NewToken, Whoami

pytestmark = both_clients


async def test_a_project_from_its_making_to_its_end(web):
    made = await web.admin.projects.create("vision", "pictures")
    assert (made.name, made.description, made.queues, made.archived) == ("vision", "pictures", ["*"], False)
    with pytest.raises(Conflict, match="'vision' is taken"):
        await web.admin.projects.create("vision")
    assert (await web.admin.projects.create("vision-2", key="k")).created_at == (
        await web.admin.projects.create("vision-2", key="k")
    ).created_at
    changed = await web.admin.projects.edit("vision", EditProject(weight=2.5, quota={"gpu": 4}, archived=True))
    assert (changed.weight, changed.quota, changed.archived, changed.description) == (2.5, {"gpu": 4}, True, "pictures")
    assert await web.admin.projects.get("vision") == changed
    with pytest.raises(Conflict):
        await web.admin.projects.edit("vision", EditProject(description="x"), match='"another"')
    await web.admin.projects.delete("vision")
    with pytest.raises(NotFound):
        await web.admin.projects.get("vision")


async def test_lists_walk_all_pages(web):
    names = [f"p{number}" for number in range(7)]
    for name in names:
        await web.admin.projects.create(name)
        await web.admin.users.add(name)
    first = await web.admin.projects.page(limit=3)
    assert (len(first.items), first.next is None) == (3, False)
    assert {p.name async for p in web.admin.projects.list()} >= set(names)
    assert {p.name async for p in web.admin.users.list()} >= set(names)


async def test_people_and_programs_are_kept_apart_and_alike(web):
    for nouns, kind in ((web.admin.users, "user"), (web.admin.service_accounts, "service")):
        added = await nouns.add(f"a-{kind}", role="viewer", description="d")
        assert (added.kind, added.role, added.disabled) == (kind, "viewer", False)
        changed = await nouns.edit(added.name, EditPrincipal(role="member", disabled=True))
        assert (changed.role, changed.disabled, changed.description) == ("member", True, "d")
        assert await nouns.get(added.name) == changed
        assert added.name in [each.name async for each in nouns.list()]
        await nouns.delete(added.name)
        with pytest.raises(NotFound):
            await nouns.get(added.name)
    with pytest.raises(Invalid):
        await web.admin.users.add("b", role="king")


async def test_a_token_works_until_it_is_revoked_and_is_shown_once(web):
    await web.admin.service_accounts.add("ci", role="none")
    made = await web.admin.tokens.create(NewToken(name="build", principal="ci", scopes=["read"], expires_in=3600))
    assert made.token
    assert made.token not in repr(made)
    listed = [token async for token in web.admin.tokens.list("ci")]
    assert [(token.id, token.token, token.name) for token in listed] == [(made.id, "", "build")]
    ci = web.client(made.token)
    who = await ci.server.whoami()
    assert (who.name, who.role, who.scopes) == ("service:ci", "none", ["read"])
    assert who.expires_at is not None
    assert [token.id async for token in ci.tokens.list()] == [made.id]
    with pytest.raises(NotAllowed):
        await ci.server.settings()
    await web.admin.tokens.revoke(made.id)
    await web.admin.tokens.revoke(made.id)
    with pytest.raises(NotAuthenticated):
        await ci.server.whoami()
    await ci.aclose()


async def test_a_member_has_the_role_in_that_project_alone(web):
    await web.admin.users.add("ada")
    await web.admin.projects.create("vision")
    assert (await web.admin.members.put("ada", "viewer", project="vision")).role == "viewer"
    made = await web.admin.tokens.create(NewToken(principal="ada"))
    ada = web.client(made.token)
    assert [project.name async for project in ada.projects.list()] == ["vision"]
    assert (await ada.server.whoami()).roles == {"vision": "viewer"}
    with pytest.raises(NotFound):
        await ada.projects.get("default")
    with pytest.raises(NotAllowed):
        await ada.projects.edit("vision", EditProject(description="mine"))
    assert [(m.principal, m.role) async for m in web.admin.members.list(project="vision")] == [("ada", "viewer")]
    await web.admin.members.remove("ada", project="vision")
    with pytest.raises(NotFound):
        await ada.projects.get("vision")
    await ada.aclose()


async def test_the_server_about_itself(web):
    assert await web.admin.server.whoami() == Whoami(
        name="user:admin",
        role="admin",
        scopes=(await web.admin.server.whoami()).scopes,
        projects=["*"],
    )
    assert await web.admin.server.health()
    assert (await web.admin.server.ready()).ready
    assert "port" in {setting.name for setting in await web.admin.server.settings()}
    assert [plugin.name for plugin in await web.admin.plugins()] == ["tracker_folder"]
