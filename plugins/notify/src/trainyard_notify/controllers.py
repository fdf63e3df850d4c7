"""The rules of a project: which statuses of its runs are told, through which connection."""

from __future__ import annotations

import re
from typing import Annotated

from litestar import Controller, delete, get, post, put
from litestar.params import FromPath, JSONBody, QueryParameter

from trainyard.client.models import NewNotificationRule, NotificationRule, NotificationRulePage, NotificationTest
from trainyard_core.contracts.database import NewEvent, PluginTx
from trainyard_core.contracts.platform import Platform
from trainyard_core.contracts.routes import READ, WRITE, Actor, Change, Permission
from trainyard_core.contracts.wire import decode_cursor, encode_cursor, rfc3339
from trainyard_core.errors import Invalid, NotFound, TrainyardError, choice
from trainyard_notify import outbox, rules
from trainyard_notify.delivery import deliver
from trainyard_notify.failure import DeliveryFailed
from trainyard_notify.kinds import KINDS, MOST_RECIPIENTS, RECIPIENT, recipients
from trainyard_notify.notice import Notice
from trainyard_notify.rules import EVENTS, Rule

__all__ = ["Rules"]

MOST = 500
MOST_RULES = 100
"""Of one project."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_RECIPIENT = re.compile(RECIPIENT)
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="At most so many items.")]
Cursor = Annotated[str, QueryParameter(description="`next` of the page before.")]
MAY_READ = {"authorization": Permission(READ, project="project")}
MAY_WRITE = {"authorization": Permission(WRITE, project="project")}


class Rules(Controller):
    """`/notify/projects/{project}/rules`."""

    path = "/projects/{project:str}/rules"
    tags = ("notifications",)
    opt = MAY_READ

    @get()
    async def page(
        self, platform: Platform, project: FromPath[str], limit: Limit = 50, cursor: Cursor = ""
    ) -> NotificationRulePage:
        """List the rules of a project by name."""
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        found = await platform.database.read(lambda tx: rules.page(tx, project, after=after, limit=limit))
        following = encode_cursor(found[-1].name) if len(found) == limit else None
        return NotificationRulePage(items=[_shown(rule) for rule in found], next=following)

    @get("/{name:str}")
    async def one(self, platform: Platform, project: FromPath[str], name: FromPath[str]) -> NotificationRule:
        """Return one rule."""
        return await platform.database.read(lambda tx: _one(tx, project, name))

    @put("/{name:str}", opt=MAY_WRITE)
    async def put(
        self,
        platform: Platform,
        actor: Actor,
        change: Change,
        project: FromPath[str],
        name: FromPath[str],
        data: JSONBody[NewNotificationRule],
    ) -> NotificationRule:
        """Create a rule, or replace what it says. It acts in the name of the caller, who may use the connection."""
        _check(name, data)
        connection = await platform.connections.get(actor, project, data.connection)
        kinds = [kind.name for kind in KINDS]
        if connection.kind not in kinds:
            said = f"connection '{connection.name}' is of kind '{connection.kind}', which sends nothing"
            raise Invalid(said, fix=f"use a connection of kind {', '.join(kinds)}")
        if (connection.kind == "email") != bool(data.to or recipients(connection)):
            said = "`to` names the recipients of mails, and belongs to connections of kind 'email' alone"
            raise Invalid(said, fix="write `to` for such a connection, and leave it out for others")
        at = platform.clock.now()

        async def work(tx: PluginTx) -> NotificationRule:
            await tx.check_open_project(project)
            known = await rules.get(tx, project, name)
            if known is not None:
                change.check_match(_shown(known))
            elif len(await rules.page(tx, project, after="", limit=MOST_RULES)) >= MOST_RULES:
                raise Invalid(
                    f"project '{project}' has {MOST_RULES} rules, the most that there may be", fix="remove one"
                )
            rule = Rule(
                project=project,
                name=name,
                connection=data.connection,
                events=[event for event in EVENTS if event in data.events],
                to=list(dict.fromkeys(data.to)),
                owner=actor.name,
                created_at=at if known is None else known.created_at,
                updated_at=at,
            )
            await rules.put(tx, rule)
            kind = "notification_rule_created" if known is None else "notification_rule_changed"
            told = {"name": name, "connection": data.connection, "events": rule.events}
            await tx.record(NewEvent(project=project, kind=kind, actor=actor.name, at=at, data=told))
            return _shown(rule)

        return await change(work, NotificationRule)

    @post("/{name:str}/test", opt=MAY_WRITE, status_code=200)
    async def test(
        self, platform: Platform, actor: Actor, project: FromPath[str], name: FromPath[str]
    ) -> NotificationTest:
        """Send a notification of no run through the connection of a rule now, in the name of the caller, and say
        whether the receiver takes it."""
        rule = await platform.database.read(lambda tx: rules.get(tx, project, name))
        if rule is None:
            raise await platform.database.read(lambda tx: _missing(tx, project, name))
        connection = await platform.connections.get(actor, project, rule.connection)
        note = Notice(
            event=0,
            rule=name,
            project=project,
            run="test",
            status=rule.events[0],
            at=platform.clock.now(),
            reason="test",
            message=f"a test of rule '{name}'",
        )
        try:
            await deliver(platform, connection, rule.to, note)
        except (DeliveryFailed, TrainyardError) as error:
            return NotificationTest(ok=False, message=str(error))
        return NotificationTest(ok=True)

    @delete("/{name:str}", opt=MAY_WRITE)
    async def remove(
        self, platform: Platform, actor: Actor, change: Change, project: FromPath[str], name: FromPath[str]
    ) -> None:
        """Delete a rule. Notifications of it that wait are not sent."""
        at = platform.clock.now()

        async def work(tx: PluginTx) -> None:
            change.check_match(await _one(tx, project, name))
            await rules.delete(tx, project, name)
            await outbox.delete_rule(tx, project, name)
            told = {"name": name}
            event = NewEvent(project=project, kind="notification_rule_deleted", actor=actor.name, at=at, data=told)
            await tx.record(event)

        await change(work, type(None))


def _check(name: str, data: NewNotificationRule) -> None:
    """Raises Invalid for what cannot be a rule, whatever the connection."""
    if not _NAME.fullmatch(name):
        raise Invalid(f"'{name[:80]}' cannot be the name of a rule", fix="use letters, digits, '-' and '_'")
    if not data.events:
        raise Invalid("`events` is empty", fix=f"name at least one of {', '.join(EVENTS)}")
    for event in data.events:
        if event not in EVENTS:
            raise Invalid(choice("event", event[:80], EVENTS), fix=f"use {', '.join(EVENTS)}")
    if len(data.to) > MOST_RECIPIENTS:
        raise Invalid(f"`to` has {len(data.to)} recipients; the limit is {MOST_RECIPIENTS}", fix="use a mailing list")
    for each in data.to:
        if not _RECIPIENT.fullmatch(each):
            raise Invalid(f"'{each[:80]}' is not an address of e-mail", fix="write NAME@HOST in ASCII")


async def _one(tx: PluginTx, project: str, name: str) -> NotificationRule:
    rule = await rules.get(tx, project, name)
    if rule is None:
        raise await _missing(tx, project, name)
    return _shown(rule)


async def _missing(tx: PluginTx, project: str, name: str) -> NotFound:
    known = [each.name for each in await rules.page(tx, project, after="", limit=MOST_RULES)]
    return NotFound(choice("rule", name[:80], known), fix=f"see yard notify ls -p {project}")


def _shown(rule: Rule) -> NotificationRule:
    return NotificationRule(
        project=rule.project,
        name=rule.name,
        connection=rule.connection,
        events=rule.events,
        to=rule.to,
        owner=rule.owner,
        created_at=rfc3339(rule.created_at) or "",
        updated_at=rfc3339(rule.updated_at) or "",
    )
