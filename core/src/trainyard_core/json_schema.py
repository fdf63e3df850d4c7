"""Holds plain data against a JSON Schema of the kinds of connections: the part of JSON Schema that
`contracts.connection.JsonSchema` names. Pure. No problem repeats a value, which may be a secret that somebody wrote
into the wrong field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from trainyard.client.models import FieldProblem

__all__ = ["KEYWORDS", "problems_of"]

KEYWORDS = frozenset(
    ("type", "properties", "required", "additionalProperties", "items", "enum", "pattern", "minLength", "maxLength",
     "minimum", "maximum", "description", "default", "title")
)  # fmt: skip
"""What a schema may hold; other keywords would be passed over."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


def problems_of(value: object, schema: Mapping[str, Any], field: str) -> list[FieldProblem]:
    """All problems of a value, each with its field and a fix."""
    kind = schema.get("type")
    if kind and not _is(value, kind):
        return [_problem(field, f"this is not of type {kind}", f"write one of type {kind}")]
    if "enum" in schema and value not in schema["enum"]:
        said = ", ".join(map(str, schema["enum"]))
        return [_problem(field, f"this is not one of {said}", "use one of these")]
    if isinstance(value, dict):
        return [*_of_object(value, schema, field)]
    if isinstance(value, list | tuple):
        items: Mapping[str, Any] = schema.get("items", {})
        return [each for index, item in enumerate(value) for each in problems_of(item, items, f"{field}[{index}]")]
    if isinstance(value, str):
        return [*_of_text(value, schema, field)]
    return [*_of_number(value, schema, field)]


def _is(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])


def _of_object(value: dict[str, Any], schema: Mapping[str, Any], field: str) -> Iterator[FieldProblem]:
    known: Mapping[str, Any] = schema.get("properties", {})
    rest = schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield _problem(f"{field}.{name}", "this is missing", known.get(name, {}).get("description", "add it"))
    for name, each in value.items():
        if name in known:
            yield from problems_of(each, known[name], f"{field}.{name}")
        elif rest is False:
            near = get_close_matches(name, known, 1)
            hint = f"; did you mean `{near[0]}`?" if near else ""
            yield _problem(f"{field}.{name[:64]}", f"there is no such field{hint}", f"use {', '.join(known) or 'none'}")
        elif isinstance(rest, Mapping):
            yield from problems_of(each, rest, f"{field}.{name}")


def _of_text(value: str, schema: Mapping[str, Any], field: str) -> Iterator[FieldProblem]:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        least, most = schema.get("minLength", 0), schema.get("maxLength", "any number of")
        yield _problem(field, f"this has {len(value)} characters", f"write {least} to {most} characters")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield _problem(field, "this does not have the form that is wanted", schema.get("description", ""))


def _of_number(value: object, schema: Mapping[str, Any], field: str) -> Iterator[FieldProblem]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    least, most = schema.get("minimum", value), schema.get("maximum", value)
    if not least <= value <= most:
        yield _problem(field, "this is out of range", f"use {least} to {most}")


def _problem(field: str, message: str, fix: str) -> FieldProblem:
    return FieldProblem(field=field, message=message, fix=fix)
