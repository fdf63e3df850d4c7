"""Declared inputs and outputs, their types and their validation keys.

This module decides how a declaration is written. How a value is converted and checked is in `convert.py`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import AfterValidator, BeforeValidator, JsonValue, StringConstraints, TypeAdapter
from pydantic_core import SchemaError

from trainyard.spec.model import Boolean, Later, Model, Name, Variable, described, problem, whole

__all__ = ["LATER_TYPES", "RESERVED", "TYPES", "Input", "Output", "TypeName", "Validation", "pattern"]

TypeName = Literal[
    "any",
    "str",
    "int",
    "float",
    "bool",
    "dict",
    "list",
    "path",
    "uri",
    "metric",
    "date",
    "datetime",
    "timedelta",
    "uuid",
    "email",
]
TYPES: tuple[str, ...] = get_args(TypeName)
LATER_TYPES = frozenset(
    ("metadata", "image", "gcs", "s3", "wasb", "auth", "git", "dockerfile", "file", "tensorboard", "event", "artifacts")
)
RESERVED = frozenset({"globals", "params", "connections", "as_args"})
"""Names that templates already use for other things."""

_VALIDATION = "write it under `validation`"
_CONNECTION = "remove it and give the place as an ordinary input"


def _type(value: object) -> object:
    if isinstance(value, str) and value not in TYPES:
        if value in LATER_TYPES or "[" in value:
            raise problem(
                f"the type `{value}` is known but not acted on by this version", "use `any`, `dict` or `list`"
            )
        raise problem(f"there is no type `{value}`", f"choose from {', '.join(TYPES)}")
    return value


def _unreserved(value: str) -> str:
    if value in RESERVED:
        raise problem(f"the name `{value}` is kept for templates", "choose another name")
    if not value.replace("-", "_").isidentifier():
        raise problem("a name of an input or output starts with a letter", "choose another name")
    return value


def _bound(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise problem(f"must be a number, not {described(value)}", "write digits without quotes")
    return value


def _unit(value: object) -> object:
    bound = _bound(value)
    if not isinstance(bound, int | float) or bound <= 0:
        raise problem("must be more than 0", "leave it out to take any number")
    return bound


def _pattern(value: str) -> str:
    try:
        pattern(value)
    except ValueError as error:
        fix = "do without look-around and back-references"
        raise problem(f"this is not a regular expression: {error}", fix) from None
    return value


@lru_cache(maxsize=256)
def pattern(regex: str) -> TypeAdapter[str]:
    """A checker of text that begins with `regex`, in linear time whatever the pattern. Raises ValueError."""
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=rf"\A(?:{regex})")])
    except SchemaError as error:
        raise ValueError(re.split(r"rror: ", str(error))[-1].strip()) from None


Type = Annotated[TypeName, BeforeValidator(_type, json_schema_input_type=TypeName)]
IoName = Annotated[Name, AfterValidator(_unreserved)]
Count = Annotated[int, BeforeValidator(whole, json_schema_input_type=int)]
Bound = Annotated[int | float, BeforeValidator(_bound, json_schema_input_type=int | float)]
Unit = Annotated[int | float, BeforeValidator(_unit, json_schema_input_type=int | float)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class Validation(Model):
    """Limits on a value; of a list, and of the values of a dict, each element is checked."""

    later: ClassVar[Later] = {"delay": "remove it: inputs are checked when the run is created"}

    gt: Bound | None = None
    ge: Bound | None = None
    lt: Bound | None = None
    le: Bound | None = None
    multiple_of: Unit | None = None
    min_digits: Count | None = None
    max_digits: Count | None = None
    decimal_places: Count | None = None
    regex: Pattern | None = None
    min_length: Count | None = None
    max_length: Count | None = None
    contains: JsonValue = None
    excludes: JsonValue = None
    options: tuple[JsonValue, ...] | None = None
    min_items: Count | None = None
    max_items: Count | None = None
    keys: tuple[str, ...] | None = None
    contains_keys: tuple[str, ...] | None = None
    excludes_keys: tuple[str, ...] | None = None


class Input(Model):
    later: ClassVar[Later] = {
        "connection": _CONNECTION,
        "toInit": "remove it; `init` of the run brings code",
        "options": _VALIDATION,
        "delayValidation": "remove it: inputs are checked when the run is created",
    }

    name: IoName
    description: str | None = None
    type: Type = "any"
    is_optional: Boolean | None = None
    is_list: Boolean = False
    is_flag: Boolean = False
    arg_format: str | None = None
    to_env: Variable | None = None
    value: JsonValue = None
    validation: Validation | None = None

    @property
    def optional(self) -> bool:
        """A default makes an input optional unless it says otherwise."""
        return self.is_optional if self.is_optional is not None else self.value is not None


class Output(Model):
    later: ClassVar[Later] = {
        "connection": _CONNECTION,
        "toInit": "remove it; `init` of the run brings code",
        "toEnv": "remove it: an output has no value when the command starts",
        "argFormat": "remove it: an output has no value when the command starts",
        "isFlag": "remove it: only an input is a flag",
        "validation": "remove it: what a run logs is not checked yet",
        "options": "remove it: what a run logs is not checked yet",
        "delayValidation": "remove it: what a run logs is not checked yet",
    }

    name: IoName
    description: str | None = None
    type: Type = "any"
    is_optional: Boolean = False
    is_list: Boolean = False
    value: JsonValue = None
