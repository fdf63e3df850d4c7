"""People, services, members and tokens through the API: what they get, lose and cannot give themselves."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from web import serving, token_of

from trainyard_core.contracts.plugin import Authenticator
from trainyard_core.datadir import admin_token
from trainyard_core.hookspecs import Identity, hookimpl
from trainyard_core.registry import Registry
from trainyard_core.work.event_feed import ACCESS

P = "projects/default"


async def ask(web, method, path, body=None, *, token=None, **headers):
    return await web.ask(method, path, token=token, json=body, headers=headers)


async def person(web, name="ada", role="none", **narrow):
    return await token_of(web.runtime, name, role=role, at=web.arrange.clock.now(), **narrow)


async def test_a_revoked_token_is_refused_at_once(web):
    made = (await ask(web, "POST", "tokens", {"name": "ci", "scopes": ["read"]})).json()
    assert made["token"].startswith(made["prefix"])
    assert (await ask(web, "GET", P, token=made["token"])).status_code == 200
    assert (await ask(web, "POST", f"{P}/runs", {}, token=made["token"])).status_code == 403
    assert (await ask(web, "DELETE", f"tokens/{made['id']}")).status_code == 204
    assert (await ask(web, "GET", P, token=made["token"])).status_code == 401
    listed = (await ask(web, "GET", "tokens")).json()["items"]
    assert [(each["name"], each["revoked_at"] is None, each["token"]) for each in listed][-1] == ("ci", False, "")


async def test_a_revocation_by_one_process_is_seen_by_another_at_once(postgres_url, tmp_path):
    async with serving(postgres_url, tmp_path / "a") as first, serving(postgres_url, tmp_path / "b") as second:
        made = (await ask(first, "POST", "tokens", {"name": "x"})).json()
        assert (await ask(second, "GET", P, token=made["token"])).status_code == 200
        await ask(first, "DELETE", f"tokens/{made['id']}")
        assert (await ask(second, "GET", P, token=made["token"])).status_code == 401


async def test_a_token_expires_to_the_second(web):
    made = (await ask(web, "POST", "tokens", {"name": "short", "expires_in": 90})).json()
    for turned, status in ((29, 200), (60, 200), (2, 401)):
        web.arrange.clock.turn(turned)
        assert (await ask(web, "GET", P, token=made["token"])).status_code == status


async def test_the_same_key_gives_the_same_token_again_although_only_its_hash_is_kept(web):
    first = await ask(web, "POST", "tokens", {"name": "x"}, **{"Idempotency-Key": "k"})
    again = await ask(web, "POST", "tokens", {"name": "x"}, **{"Idempotency-Key": "k"})
    assert first.json() == again.json()
    assert first.json()["token"]
    kept = await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM idempotency"))
    assert first.json()["token"] not in str([dict(row) for row in kept])
    other = await ask(web, "POST", "tokens", {"name": "y"}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_nobody_makes_a_token_that_may_more_than_their_own(web):
    narrow = await person(web, role="member", scopes=("read",), projects=("default",))
    for wanted in ({"scopes": ["write"]}, {"projects": ["*"]}, {"projects": ["other"]}, {"principal": "admin"}):
        assert (await ask(web, "POST", "tokens", wanted, token=narrow)).status_code == 403, wanted
    made = (await ask(web, "POST", "tokens", {}, token=narrow)).json()
    assert (made["scopes"], made["projects"]) == (["read"], ["default"])
    assert (await ask(web, "POST", "tokens", {"scopes": ["all"]}, token=narrow)).status_code == 422


async def test_nobody_sees_or_revokes_the_tokens_of_others(web):
    ada, bob = await person(web, "ada"), await person(web, "bob")
    (own,) = (await ask(web, "GET", "tokens", token=ada)).json()["items"]
    assert (await ask(web, "DELETE", f"tokens/{own['id']}", token=bob)).status_code == 404
    assert (await ask(web, "GET", "tokens?principal=ada", token=bob)).status_code == 403
    assert {each["principal"] for each in (await ask(web, "GET", "tokens?principal=*")).json()["items"]} == {
        "admin", "ada", "bob",
    }  # fmt: skip
    assert (await ask(web, "DELETE", f"tokens/{own['id']}")).status_code == 204


async def test_a_role_counts_from_the_next_request_on(web):
    ada = await person(web)
    assert (await ask(web, "GET", P, token=ada)).status_code == 404
    await ask(web, "PUT", f"{P}/members/ada", {"role": "viewer"})
    assert (await ask(web, "GET", P, token=ada)).json()["role"] == "viewer"
    assert [each["name"] for each in (await ask(web, "GET", "projects", token=ada)).json()["items"]] == ["default"]
    await ask(web, "DELETE", f"{P}/members/ada")
    assert (await ask(web, "GET", P, token=ada)).status_code == 404
    await ask(web, "PATCH", "users/ada", {"disabled": True})
    assert (await ask(web, "GET", "whoami", token=ada)).status_code == 401


async def test_the_last_admin_stays(web):
    for method, body in (("PATCH", {"role": "viewer"}), ("PATCH", {"disabled": True}), ("DELETE", None)):
        assert (await ask(web, method, "users/admin", body)).status_code == 409
    await person(web, "eve", role="admin")
    assert (await ask(web, "PATCH", "users/admin", {"role": "viewer"})).status_code == 200


async def test_whoever_holds_the_data_directory_is_not_removed(web):
    """The next start would make an admin of that name again, with the token that lies there."""
    answer = await web.ask("DELETE", "users/admin")
    assert (answer.status_code, "holds the data directory" in answer.text) == (409, True)


async def test_whoever_makes_a_project_is_its_admin(web):
    ada = await person(web, role="member")
    assert (await ask(web, "POST", "projects", {"name": "hers"}, token=ada)).json()["role"] == "admin"
    assert (await ask(web, "PUT", "projects/hers/members/ada", {"role": "admin"}, token=ada)).status_code == 200
    assert (await ask(web, "PATCH", "projects/hers", {"weight": 5}, token=ada)).status_code == 403
    assert (await ask(web, "PATCH", "projects/hers", {"weight": 5})).json()["weight"] == 5


async def test_an_archived_project_takes_no_new_runs(web):
    await ask(web, "POST", "projects", {"name": "old"})
    await ask(web, "PATCH", "projects/old", {"archived": True})
    answer = await ask(web, "POST", "projects/old/runs", {"managed": False})
    assert (answer.status_code, "open" in answer.json()["detail"]) == (404, True)
    await ask(web, "PATCH", "projects/old", {"archived": False})
    assert (await ask(web, "POST", "projects/old/runs", {"managed": False})).status_code == 201


async def test_a_change_holds_on_to_what_was_read(web):
    seen = await ask(web, "GET", P)
    tag = seen.headers["etag"]
    assert (await ask(web, "GET", P, **{"If-None-Match": tag})).status_code == 304
    web.arrange.clock.turn(1)
    assert (await ask(web, "PATCH", P, {"description": "new"}, **{"If-Match": tag})).status_code == 200
    late = await ask(web, "PATCH", P, {"description": "newer"}, **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert (await ask(web, "GET", P)).json()["description"] == "new"


async def test_lists_go_on_after_what_was_given_whatever_comes_between(web):
    for name in ("b", "d", "f"):
        await ask(web, "POST", "projects", {"name": name})
    first = (await ask(web, "GET", "projects?limit=2")).json()
    await ask(web, "POST", "projects", {"name": "a"})
    await ask(web, "POST", "projects", {"name": "e"})
    rest = (await ask(web, "GET", f"projects?limit=9&cursor={first['next']}")).json()
    assert [each["name"] for each in first["items"] + rest["items"]] == ["b", "d", "default", "e", "f"]
    assert rest["next"] is None
    for wrong in ("x", "e30", "WzEsMl0"):
        assert (await ask(web, "GET", f"projects?cursor={wrong}")).status_code == 422


async def test_every_change_tells_who_made_it(web):
    ada = await person(web, role="admin")
    await ask(web, "POST", "projects", {"name": "p"}, token=ada)
    await ask(web, "POST", "users", {"name": "bob"}, token=ada)
    await ask(web, "PUT", "projects/p/members/bob", {"role": "viewer"}, token=ada)
    rows = await web.runtime.database.read(lambda tx: tx.all("SELECT * FROM activity ORDER BY id"))
    assert [(row["kind"], row["actor"]) for row in rows][-3:] == [
        ("project_created", "user:ada"), ("user_created", "user:ada"), ("member_put", "user:ada"),
    ]  # fmt: skip


async def test_whoever_asks_too_often_is_told_when_to_come_again(web):
    web.app.state.known.askers._rate, web.app.state.known.askers._burst = 2, 3
    statuses = [(await ask(web, "GET", "version")).status_code for _ in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = await ask(web, "GET", "version")
    assert (refused.json()["code"], refused.json()["retryable"], refused.headers["retry-after"]) == (
        "rate_limited",
        True,
        "1",
    )
    web.arrange.clock.turn(0.5)
    assert (await ask(web, "GET", "version")).status_code == 200


async def test_whoever_guesses_tokens_is_slowed_down(web):
    statuses = {(await ask(web, "GET", "version", token=f"ty.{n}")).status_code for n in range(101)}
    assert statuses == {401, 429}
    assert (await ask(web, "GET", "version")).status_code == 200


class Proxy:
    """A plugin that believes a header, keeps everybody out of `closed`, and lets `guest` read one project."""

    @hookimpl
    def register_authenticators(self):
        return [Authenticator(name="proxy", authenticate=self._identify)]

    async def _identify(self, platform, headers):
        name = headers.get("x-proxy-user")
        return Identity(name=name) if name else None

    @hookimpl
    def authorize(self, actor, action, project):
        if project == "closed":
            return False
        return True if actor.name == "user:guest" and (action, project) == ("read", "default") else None


def authenticating(*functions):
    """A plugin with these authenticators."""
    offers = [Authenticator(name=f"a{number}", authenticate=each) for number, each in enumerate(functions)]
    return SimpleNamespace(register_authenticators=hookimpl(lambda: offers))


class Broken:
    @hookimpl
    def authorize(self, actor):
        raise RuntimeError("no policy server")


@pytest.fixture
def registry():
    return Registry.load(["tracker_folder"])


async def test_a_plugin_brings_another_way_in_and_another_rule(database_url, tmp_path, registry):
    registry.add("proxy", Proxy())
    async with serving(database_url, tmp_path / "data", registry) as web:
        who = await ask(web, "GET", "whoami", token="", **{"X-Proxy-User": "guest"})
        assert who.json()["name"] == "user:guest"
        assert (await ask(web, "GET", P, token="", **{"X-Proxy-User": "guest"})).status_code == 200
        assert (await ask(web, "GET", P, token="", **{"X-Proxy-User": "other"})).status_code == 404
        await ask(web, "POST", "projects", {"name": "closed"})
        assert (await ask(web, "GET", "projects/closed")).status_code == 404
        await ask(web, "POST", "users", {"name": "guest"})
        await ask(web, "PATCH", "users/guest", {"disabled": True})
        assert (await ask(web, "GET", "whoami", token="", **{"X-Proxy-User": "guest"})).status_code == 401


class Undecided:
    """A plugin whose `authorize` is a coroutine's: the answer is no answer."""

    @hookimpl
    def authorize(self, actor):
        async def later():
            return True

        return later()


@pytest.mark.parametrize("plugin", [Broken(), Undecided()])
async def test_whoever_holds_the_data_directory_sees_what_is_wrong_with_a_plugin_that_forbids_all(
    database_url, tmp_path, registry, plugin
):
    registry.add("policy", plugin)
    (tmp_path / "data").mkdir()
    async with serving(database_url, tmp_path / "data", registry) as web:
        await admin_token(web.runtime.settings.data, web.runtime.database, web.arrange.clock)
        own = (tmp_path / "data" / "token").read_text().strip()
        assert (await ask(web, "GET", "queues", token=own)).status_code == 403
        assert (await ask(web, "GET", "plugins")).status_code == 403, "an admin with another token"
        (found,) = [
            each for each in (await ask(web, "GET", "plugins", token=own)).json()["items"] if each["name"] == "policy"
        ]
        assert found["error"].startswith("authorize: ")
        looked = (await ask(web, "POST", "diagnosis", token=own)).json()["items"]
        assert [each["state"] for each in looked if each["name"] == "plugins"] == ["failed"]


async def test_strangers_have_plugins_asked_no_more_often_than_they_may_guess(database_url, tmp_path, registry):
    asked = []

    async def counted(platform, headers):
        asked.append(headers)
        return Identity(name="ada", role="viewer") if "x-user" in headers else None

    registry.add("sso", authenticating(counted))
    async with serving(database_url, tmp_path / "data", registry) as web:
        for _ in range(120):
            assert (await ask(web, "GET", "version", token="", **{"X-User": "ada"})).status_code == 200
        statuses = [(await ask(web, "GET", "version", token="")).status_code for _ in range(110)]
        assert statuses == [401] * 100 + [429] * 10
        assert len(asked) == 220
        assert (await ask(web, "GET", "version")).status_code == 200


async def test_when_it_cannot_be_told_who_asks_that_may_be_tried_again(database_url, tmp_path, registry):
    async def broken(platform, headers):
        raise RuntimeError("no directory server")

    registry.add("sso", authenticating(broken))
    async with serving(database_url, tmp_path / "data", registry) as web:
        for token in ("", "a.foreign.token"):
            refused = await ask(web, "GET", "version", token=token)
            assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
            assert "sso" not in refused.text
            assert "directory" not in refused.text
        assert (await ask(web, "GET", "version", token="ty.gone")).status_code == 401
        assert (await ask(web, "GET", "version")).status_code == 200


async def test_a_stream_ends_when_a_plugin_forbids_it_meanwhile(database_url, tmp_path, registry):
    closed = []

    class Closes:
        @hookimpl
        def authorize(self, actor, action):
            return False if closed and action == "read" else None

    registry.add("policy", Closes())
    async with serving(database_url, tmp_path / "data", registry) as web:
        run = await web.run()
        follow = asyncio.create_task(
            ask(web, "GET", f"projects/default/runs/{run.id}/logs", Accept="text/event-stream")
        )
        async with asyncio.timeout(20):
            while not web.runtime.event_feed.subscribers:
                await asyncio.sleep(0)
            closed.append(True)
            web.runtime.event_feed.receive((ACCESS,))
            assert "the token may not see this any more" in (await follow).text


async def test_lists_show_what_a_plugin_lets_somebody_read_and_nothing_else(database_url, tmp_path, registry):
    registry.add("proxy", Proxy())
    async with serving(database_url, tmp_path / "data", registry) as web:
        await ask(web, "POST", "projects", {"name": "closed"})
        await ask(web, "POST", "projects", {"name": "other"})
        open_run = (await ask(web, "POST", f"{P}/runs", {"managed": False})).json()["id"]
        other_run = (await ask(web, "POST", "projects/other/runs", {"managed": False})).json()["id"]
        await web.runtime.database.write(lambda tx: tx.run("UPDATE run SET project = 'closed' WHERE id = ?", other_run))
        for token, names in (("", ["default"]), (None, ["default", "other"])):
            more = {"token": token, **({} if token is None else {"X-Proxy-User": "guest"})}
            listed = (await ask(web, "GET", "projects", **more)).json()["items"]
            assert [each["name"] for each in listed] == names
            assert [each["id"] for each in (await ask(web, "GET", "runs", **more)).json()["items"]] == [open_run]
            told = {each["project"] for each in (await ask(web, "GET", "activities", **more)).json()["items"]}
            assert told <= {*names}
            assert "default" in told
            unknown = (await ask(web, "GET", "projects/none/runs", **more)).json()["detail"]
            assert "closed" not in unknown


async def test_a_plugin_that_fails_to_decide_forbids(database_url, tmp_path, registry):
    registry.add("broken", Broken())
    async with serving(database_url, tmp_path / "data", registry) as web:
        assert (await ask(web, "GET", P)).status_code == 404
        assert "no policy server" in registry.plugins["broken"].error
