"""Rules of projects: who may write them, what may be in them, and that a request that comes again changes nothing."""

from __future__ import annotations

from itertools import count

import pytest

from trainyard_core.contracts.routes import READ, WRITE
from trainyard_core.testing.callers import PROJECT, REFUSED, tokens_of_callers

RULE = {"connection": "hook", "events": ["failed"]}
RULES = "notify/projects/default/rules"
ROUTES = {"GET ": READ, "GET /{name}": READ, "PUT /{name}": WRITE, "DELETE /{name}": WRITE,
          "POST /{name}/test": WRITE}  # fmt: skip
"""By hand, apart from what the handlers declare."""


@pytest.fixture(autouse=True)
async def connections(web):
    """One of kind `webhook`, and one of kind `email`."""
    hook = {"kind": "webhook", "fields": {"url": "https://hooks.example.com"}, "secrets": {"key": {"env": "KEY"}}}
    mail = {"kind": "email", "fields": {"host": "smtp.example.com", "sender": "yard@example.com"}}
    for name, body in (("hook", hook), ("mail", mail)):
        assert (await web.ask("PUT", f"connections/{name}", json=body)).is_success


async def test_the_table_has_every_route_of_the_openapi_document(web):
    prefix = "/api/v1/notify/projects/{project}/rules"
    paths = (await web.ask("GET", "openapi.json")).json()["paths"]
    found = {
        f"{method.upper()} {path.removeprefix(prefix)}"
        for path, item in paths.items()
        if path.startswith("/api/v1/notify")
        for method in item
        if method != "parameters"
    }
    assert found == {*ROUTES}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # who may is decided in Python, the same for both
async def test_a_route_refuses_whoever_may_not(web):
    callers, numbers, wrong = await tokens_of_callers(web), count(1), []
    for route, need in ROUTES.items():
        method, path = route.split(" ")
        for caller, refused in REFUSED.items():
            place = f"notify/projects/{PROJECT}/rules"
            name = f"x{next(numbers)}"
            if method != "PUT":
                assert (await web.ask("PUT", f"{place}/{name}", json=RULE)).is_success
            sent = {"json": RULE} if method == "PUT" else {}
            answer = await web.ask(method, place + path.format(name=name), token=callers[caller], **sent)
            if answer.status_code != refused.get(need) and (need in refused or answer.status_code >= 400):
                wrong.append((route, caller, answer.status_code, answer.text[:200]))
    assert not wrong, "\n".join(map(str, wrong))


async def test_a_rule_is_written_read_changed_listed_and_deleted(web):
    made = (await web.ask("PUT", f"{RULES}/b", json={**RULE, "events": ["stopped", "failed", "failed"]})).json()
    assert (made["name"], made["connection"], made["events"]) == ("b", "hook", ["failed", "stopped"])
    assert (made["owner"], made["to"]) == ("user:admin", [])
    mail = {"connection": "mail", "events": ["failed"], "to": ["ada@example.com"]}
    changed = (await web.ask("PUT", f"{RULES}/b", json=mail)).json()
    assert (changed["to"], changed["created_at"]) == (["ada@example.com"], made["created_at"])
    assert (await web.ask("GET", f"{RULES}/b")).json() == changed
    for name in "ac":
        await web.ask("PUT", f"{RULES}/{name}", json=RULE)
    page = (await web.ask("GET", f"{RULES}?limit=2")).json()
    rest = (await web.ask("GET", f"{RULES}?limit=2&cursor={page['next']}")).json()
    assert [each["name"] for each in (*page["items"], *rest["items"])] == ["a", "b", "c"]
    assert rest["next"] is None
    assert (await web.ask("DELETE", f"{RULES}/b")).status_code == 204
    missing = await web.ask("GET", f"{RULES}/b")
    assert (missing.status_code, missing.json()["detail"]) == (404, "no rule 'b'; existing: a, c")


async def test_a_request_that_comes_again_with_its_key_changes_nothing(web):
    key = {"Idempotency-Key": "once"}
    first = await web.ask("PUT", f"{RULES}/a", json=RULE, headers=key)
    await web.ask("DELETE", f"{RULES}/a")
    again = await web.ask("PUT", f"{RULES}/a", json=RULE, headers=key)
    assert again.json() == first.json()
    assert (await web.ask("GET", f"{RULES}/a")).status_code == 404


async def test_changes_are_in_the_activity_log(web):
    for request in (("PUT", RULE), ("PUT", RULE), ("DELETE", None)):
        await web.ask(request[0], f"{RULES}/a", **({"json": request[1]} if request[1] else {}))
    platform = web.runtime.platforms.of("notify")
    told = await platform.activities.after(await platform.actor("user:admin"), 0)
    kinds = [each.kind for each in told if each.kind.startswith("notification_rule")]
    assert kinds == [f"notification_rule_{what}" for what in ("created", "changed", "deleted")]


WRONG = {
    "an event that there is none of": ({**RULE, "events": ["failing"]}, "failing"),
    "no event": ({**RULE, "events": []}, "`events` is empty"),
    "an unknown connection": ({**RULE, "connection": "hok"}, "no connection 'hok'"),
    "no recipients of mails": ({**RULE, "connection": "mail"}, "`to` names the recipients"),
    "recipients of a webhook": ({**RULE, "to": ["ada@example.com"]}, "`to` names the recipients"),
    "a recipient with a line break": ({**RULE, "connection": "mail", "to": ["a@b.c\r\nBcc: d@e.f"]}, "not an address"),
    "a recipient with brackets": ({**RULE, "connection": "mail", "to": ["<a@b.c>"]}, "not an address"),
    "too many recipients": ({**RULE, "connection": "mail", "to": [f"a{n}@b.c" for n in range(51)]}, "the limit is 50"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is refused never comes to it
@pytest.mark.parametrize(("body", "said"), WRONG.values(), ids=WRONG)
async def test_what_cannot_be_a_rule_is_refused(web, body, said):
    answer = await web.ask("PUT", f"{RULES}/a", json=body)
    assert (answer.status_code, said in answer.json()["detail"]) == (422, True), answer.text
    assert (await web.ask("GET", RULES)).json()["items"] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_connection_that_the_project_may_not_use_is_refused(web):
    assert (await web.ask("PATCH", "projects/default", json={"connections": ["mail"]})).is_success
    answer = await web.ask("PUT", f"{RULES}/a", json=RULE)
    assert (answer.status_code, "may not use connection 'hook'" in answer.json()["detail"]) == (422, True)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_project_has_a_hundred_rules_at_most(web):
    for number in range(100):
        assert (await web.ask("PUT", f"{RULES}/r{number}", json=RULE)).is_success
    assert (await web.ask("PUT", f"{RULES}/r7", json=RULE)).is_success
    refused = await web.ask("PUT", f"{RULES}/more", json=RULE)
    assert (refused.status_code, "the most that there may be" in refused.json()["detail"]) == (422, True)
