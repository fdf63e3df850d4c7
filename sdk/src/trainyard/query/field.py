"""The fields that queries and sorts know: their names, their aliases, and how their values are written.

A field of a run has a plain name; params, outputs, meta and metrics are named below their family (`params.lr`,
`metrics.loss.min`). Everything that is not in this list is refused.
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from trainyard.query.error import QueryError, nearest
from trainyard.query.status import MEANINGS, STATUSES
from trainyard.query.tree import Field, Kind

__all__ = ["ALIASES", "CHOICES", "FAMILIES", "FIELDS", "PARTS", "field_of"]

FIELDS: dict[str, Kind] = {
    "agent": "text",
    "archived": "truth",
    "archived_at": "moment",
    "artifacts": "words",
    "attempt": "number",
    "clone_kind": "text",
    "cpu": "number",
    "created_at": "moment",
    "description": "text",
    "digest": "text",
    "downstream": "ids",
    "duration": "seconds",
    "finished_at": "moment",
    "gpu": "number",
    "hold": "text",
    "id": "id",
    "intent": "text",
    "kind": "text",
    "managed": "truth",
    "memory": "bytes",
    "message": "text",
    "name": "text",
    "original": "id",
    "parent": "id",
    "priority": "number",
    "progress": "number",
    "project": "text",
    "queue": "text",
    "reason": "text",
    "started_at": "moment",
    "status": "text",
    "tags": "words",
    "updated_at": "moment",
    "upstream": "ids",
    "user": "text",
    "wait_time": "seconds",
}
"""Fields of a run itself, and how their values are written."""

FAMILIES: dict[str, Kind] = {"meta": "scalar", "metrics": "metric", "outputs": "scalar", "params": "scalar"}
"""Fields that a run's program names: each has a key behind a dot."""

PARTS = ("last", "min", "max")
"""What is known of a metric; `last` when nothing is said."""

ALIASES = {
    "actor": "user",
    "cloned_from": "original",
    "cloning_kind": "clone_kind",
    "controller": "parent",
    "cores": "cpu",
    "created_by": "user",
    "in": "params",
    "inputs": "params",
    "is_managed": "managed",
    "meta_flags": "meta",
    "meta_info": "meta",
    "meta_values": "meta",
    "metric": "metrics",
    "out": "outputs",
    "output": "outputs",
    "owner": "user",
    "param": "params",
    "pending": "hold",
    "pipeline": "parent",
    "sweep": "parent",
    "tag": "tags",
    "uid": "id",
    "uuid": "id",
}
"""Other names of the same, most of them Polyaxon's."""

CHOICES: dict[str, tuple[str, ...]] = {
    "clone_kind": ("copy", "restart", "resume"),
    "hold": ("approval", "schedule", "upload", "upstream"),
    "intent": ("run", "stop"),
    "status": (*STATUSES, *MEANINGS),
}
"""Fields whose values are known beforehand."""

MOST_KEY = 256
_SEGMENT = re.compile(r'"((?:[^"\\]|\\.)*)"|([^."]+)')


def field_of(written: str, column: int) -> Field:
    """The field that is meant. Raises QueryError for one that does not exist, with what does."""
    head, dot, rest = written.partition(".")
    name = ALIASES.get(head.lower(), head.lower())
    if name in FIELDS:
        if dot:
            raise QueryError(f"`{head}` has nothing below it", column=column, suggestion=f"write `{head}`")
        return Field(name, FIELDS[name])
    if name in FAMILIES:
        return _below(name, head, rest, column)
    raise QueryError(f"no field `{written}`", column=column, suggestion=_suggestion(written))


def _suggestion(written: str) -> str:
    """The nearest name, aliases included; else a param or metric of that name, and the names without their aliases."""
    head, dot, _ = written.partition(".")
    known = [*FIELDS, *(f"{family}.NAME" for family in FAMILIES)]
    if get_close_matches(head.lower(), [*known, *ALIASES, *FAMILIES], 1):
        return nearest(head, [*known, *ALIASES, *FAMILIES])
    below = "" if dot else f"did you mean `params.{head}` or `metrics.{head}`? Otherwise "
    return below + nearest(head, known)


def _below(family: str, head: str, rest: str, column: int) -> Field:
    key, part = _split(rest) if family == "metrics" else ("".join(_pieces(rest)), "")
    if not key:
        raise QueryError(f"`{head}` needs a name", column=column, suggestion=f"write `{head}.NAME`")
    if len(key) > MOST_KEY:
        raise QueryError(
            f"a name has more than {MOST_KEY} characters", column=column, suggestion="longer names are not searched"
        )
    return Field(family, FAMILIES[family], key, part)


def _split(rest: str) -> tuple[str, str]:
    """A metric's name, and which of its figures is meant. Only the last piece can say that, and only unquoted."""
    pieces = _pieces(rest)
    if len(pieces) > 2 and pieces[-1] in PARTS and not rest.endswith('"'):
        return "".join(pieces[:-2]), pieces[-1]
    return "".join(pieces), "last"


def _pieces(rest: str) -> list[str]:
    """The name in pieces: texts and the dots between them, quotes taken off."""
    found: list[str] = []
    at = 0
    while at < len(rest):
        if rest[at] == "." or (match := _SEGMENT.match(rest, at)) is None:
            found.append(rest[at])
            at += 1
        else:
            found.append(match[2] if match[1] is None else re.sub(r"\\(.)", r"\1", match[1]))
            at = match.end()
    return found
