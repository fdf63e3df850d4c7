"""The fields of a run as SQL: the allow-list. What a query may name is in `trainyard.query.field`; what is not here is
answered by `condition` from other tables."""

from __future__ import annotations

from typing import Literal

import msgspec

from trainyard.query.tree import Field
from trainyard_core.search.scope import Scope
from trainyard_core.search.sql import Sql, sql

__all__ = ["COLUMNS", "INDEXES", "Expression", "Value", "expression"]

Value = Literal["text", "integer", "number"]
"""What a column holds; integers are microseconds, or 0 and 1."""

INDEXES = {
    "created_at": "run_created",
    "digest": "run_digest",
    "finished_at": "run_finished",
    "name": "run_name",
    "original": "run_cloned",
    "parent": "run_parent",
    "queue": "run_queue",
    "started_at": "run_started",
    "status": "run_status",
}
"""Fields with an index on (project, field, id)."""

_TEXTS = (
    "clone_kind",
    "description",
    "digest",
    "hold",
    "intent",
    "kind",
    "message",
    "name",
    "project",
    "queue",
    "reason",
    "status",
)
_NUMBERS = ("attempt", "cpu", "gpu", "memory", "priority")
COLUMNS = {"original": "cloned_from", "user": "created_by"}


class Expression(msgspec.Struct, frozen=True):
    """A value of the run in SQL, what it holds, and whether it may be NULL."""

    sql: Sql
    value: Value
    nullable: bool = False


def expression(field: Field, scope: Scope) -> Expression:
    """A field that is a column of the run, or follows from its columns."""
    name = field.name
    column = scope.column(COLUMNS.get(name, name))
    if name in _TEXTS or name == "user":
        return Expression(Sql(scope.letters(column)), "text")
    if name in _NUMBERS:
        return Expression(Sql(f"CAST({column} AS DOUBLE PRECISION)"), "number")
    if name == "progress":
        return Expression(Sql(column), "number", nullable=True)
    if field.kind == "moment":
        return Expression(Sql(column), "integer", nullable=name not in ("created_at", "updated_at"))
    if field.kind == "id":
        return Expression(Sql(column), "text", nullable=name != "id")
    return _SPECIAL[name](scope)


def _managed(scope: Scope) -> Expression:
    return Expression(Sql(scope.column("managed")), "integer")


def _archived(_: Scope) -> Expression:
    return Expression(Sql("(CASE WHEN run.archived_at IS NULL THEN 0 ELSE 1 END)"), "integer")


def _duration(scope: Scope) -> Expression:
    """Of a run that goes on: until now."""
    return Expression(sql("(COALESCE(run.finished_at, ?) - run.started_at)", scope.at), "integer", nullable=True)


def _wait_time(scope: Scope) -> Expression:
    """Of a run that still waits: until now."""
    return Expression(sql("(COALESCE(run.started_at, run.finished_at, ?) - run.created_at)", scope.at), "integer")


def _agent(scope: Scope) -> Expression:
    """The agent of the current attempt."""
    agent = scope.letters("t.agent")
    return Expression(
        Sql(f"(SELECT {agent} FROM attempt t WHERE t.run = run.id AND t.number = run.attempt)"), "text", nullable=True
    )


_SPECIAL = {
    "agent": _agent,
    "archived": _archived,
    "duration": _duration,
    "managed": _managed,
    "wait_time": _wait_time,
}
