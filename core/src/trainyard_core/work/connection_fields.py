"""Holds the fields of a connection against the model of its kind. No problem repeats a value, which may be a secret
that somebody wrote into the wrong field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from pydantic_core.core_schema import ErrorType

from trainyard.client.models import FieldProblem

__all__ = ["field_problems"]

LONGEST = 64
"""Characters of a name that somebody wrote, in a problem."""
_CUSTOM = frozenset({"assertion_error", "value_error"})
_BUILT_IN = frozenset[str](get_args(ErrorType)) - _CUSTOM
"""The kinds of errors whose words are Pydantic's own; those of others may hold the value."""


def field_problems(fields: Mapping[str, object], model: type[BaseModel]) -> list[FieldProblem]:
    """All problems of the fields, each with its field and a fix. Values are taken as they are, without conversion, and
    there are no fields but those of the model."""
    try:
        model.model_validate(dict(fields), strict=True, extra="forbid")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        return [_told(each, model) for each in problems]
    return []


def _told(problem: ErrorDetails, model: type[BaseModel]) -> FieldProblem:
    location = [str(part)[:LONGEST] for part in problem["loc"]]
    known = {info.alias or name: info.description or "" for name, info in model.model_fields.items()}
    place, purpose = ".".join(["fields", *location]), known.get(location[0], "") if location else ""
    if problem["type"] == "extra_forbidden":
        return FieldProblem(field=place, message=_unknown(location, known), fix=f"use {', '.join(known) or 'none'}")
    if problem["type"] == "missing":
        return FieldProblem(field=place, message="this is missing", fix=purpose or "add it")
    said = problem["msg"].replace("Input should be", "this should be") if problem["type"] in _BUILT_IN else ""
    return FieldProblem(field=place, message=said or "this is not valid", fix=purpose or "correct it")


def _unknown(location: Sequence[str], known: Mapping[str, str]) -> str:
    near = get_close_matches(location[-1], known, 1) if len(location) == 1 else []
    return "there is no such field" + (f"; did you mean `{near[0]}`?" if near else "")
