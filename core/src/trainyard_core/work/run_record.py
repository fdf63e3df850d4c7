"""What is recorded of a run, as it may be stored: names and texts cut, values plain, and so many of each. Pure.

What comes with a run's frames was recorded while its program ran, so nobody can be told to send something else: what
does not fit is cut or left out, and an omission says so, beside all that fits. What a person sends is refused instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from trainyard.client.models import CreateRun
from trainyard.names import (
    DESCRIPTION_CHARS,
    METRIC_NAME_BYTES,
    RUN_NAME_CHARS,
    TAG_CHARS,
    TAGS,
    VALUES,
    VALUES_BYTES,
    storable,
)
from trainyard.track.conversion import plain_mapping
from trainyard.track.frames import Summary
from trainyard.track.omissions import META, added, omission
from trainyard_core.errors import Invalid

__all__ = [
    "LAST_LINES",
    "Omitted",
    "RunDescription",
    "check_description",
    "check_line",
    "check_tags",
    "described",
    "last_lines",
    "meta_of",
    "metrics",
    "tags",
    "values",
]

LAST_LINES = "last_lines"
"""The name in a tracked run's meta of the last lines that its program printed before it failed."""
_LINES, _LINE_CHARS = 20, 500
Omitted = list[dict[str, Any]]
"""The omissions of what was cut or left out."""
_WORDS = {"params": "param", "outputs": "output", "meta": "fact"}
_encode = msgspec.json.Encoder().encode


class RunDescription(NamedTuple):
    """How a tracked run is called and what it begins with."""

    name: str
    description: str
    params: dict[str, Any]
    tags: list[str]
    meta: dict[str, Any]


def described(body: CreateRun) -> RunDescription:
    """A tracked run as its program describes it; `meta` says what of that did not fit."""
    name, omitted = _line("name", body.name, RUN_NAME_CHARS)
    description = storable(body.description, DESCRIPTION_CHARS)
    if description != body.description:
        omitted.append(omission("description", "", f"cut to {DESCRIPTION_CHARS} characters"))
    inputs, more = values("params", body.params)
    kept, rest = tags(body.tags)
    return RunDescription(name, description, inputs, kept, meta_of([*omitted, *more, *rest]))


def last_lines(given: object) -> list[str]:
    """The last lines that a program says it has printed, as they are kept. Takes whatever it is given."""
    lines = given if isinstance(given, list) else []
    return [storable(line, _LINE_CHARS) for line in lines[-_LINES:] if isinstance(line, str)]


def meta_of(omitted: Omitted, known: Mapping[str, Any] = {}) -> dict[str, Any]:
    """A run's meta with these omissions."""
    meta = dict(known)
    for event in omitted:
        meta[META] = added(meta.get(META), event)
    return meta


def values(column: str, given: Mapping[str, Any], before: Mapping[str, Any] = {}) -> tuple[dict[str, Any], Omitted]:
    """What is in a column of named values once these are added, and what of them did not fit."""
    omitted: Omitted = []
    what, merged, room = _WORDS[column], dict(before), VALUES_BYTES - len(_encode(before))
    plain = plain_mapping(given, lambda name, why: omitted.append(omission(name, what, why)))
    for name, value in plain.items():
        more = _size(name, value) - (_size(name, merged[name]) if name in merged else 0)
        if name not in merged and len(merged) >= VALUES:
            omitted.append(omission(name, what, f"left out: a run has at most {VALUES} of them"))
        elif more > max(room, 0):
            omitted.append(omission(name, what, f"left out: they have at most {VALUES_BYTES} bytes as JSON together"))
        else:
            merged[name] = value
            room -= more
    return merged, omitted


def tags(given: Sequence[str], before: Sequence[str] = ()) -> tuple[list[str], Omitted]:
    """The tags of a run once these are added, and what of them did not fit."""
    omitted: Omitted = []
    kept = dict.fromkeys(before)
    for each in given:
        tag, cut = _line(storable(each, 40), each, TAG_CHARS)
        if tag and tag not in kept and len(kept) >= TAGS:
            cut = [omission(tag, "tag", f"left out: a run has at most {TAGS} tags")]
        elif tag:
            kept[tag] = None
        omitted += cut
    return [*kept], omitted


def metrics(summaries: Sequence[Summary]) -> tuple[list[Summary], Omitted]:
    """Metrics in brief with names that every database can look up. Their points are kept all the same."""
    kept, omitted = [], []
    for each in summaries:
        if len(each.name.encode()) <= METRIC_NAME_BYTES:
            kept.append(each)
        else:
            omitted.append(omission(each.name, "metric", f"its name has more than {METRIC_NAME_BYTES} bytes"))
    return kept, omitted


def check_line(field: str, text: str, most: int) -> None:
    """Raises Invalid for a text that is too long or not one line."""
    if len(text) > most or not (text.isprintable() or not text):
        raise Invalid(f"`{field}`: {text[:40]!r} is not one line of at most {most} characters", fix="shorten it")


def check_description(text: str) -> None:
    """Raises Invalid for a description that is too long."""
    if len(text) > DESCRIPTION_CHARS:
        raise Invalid(f"`description` has {len(text)} characters", fix=f"use at most {DESCRIPTION_CHARS}")


def check_tags(given: Sequence[str]) -> None:
    """Raises Invalid for too many tags, or one that is empty, too long or not one line."""
    if len(given) > TAGS:
        raise Invalid(f"`tags`: {len(given)} are too many", fix=f"use at most {TAGS}")
    for each in given:
        check_line("tags", each, TAG_CHARS)
        if not each.strip():
            raise Invalid("a tag is empty", fix="leave it out")


def _line(field: str, text: str, most: int) -> tuple[str, Omitted]:
    """The text as one line of at most so many characters that can be printed."""
    line = "".join(each if each.isprintable() else " " for each in text[:most])
    return line, [] if line == text else [omission(field, "", f"cut to one line of at most {most} characters")]


def _size(name: str, value: Any) -> int:
    return len(_encode({name: value}))
