"""The base of the language's models, and the small types that several of them use.

Models are frozen and refuse unknown fields. A field is accepted under its camelCase name and its Python name; giving
both is an error (pydantic reports the second as an extra field, `check.py` words it). A value that may be a template
is kept as its text here and evaluated by `trainyard.compile`.
"""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal, TypeGuard

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, StrictBool, Tag
from pydantic_core import PydanticCustomError

from trainyard.spec.document import camel

__all__ = [
    "Boolean",
    "Flag",
    "Later",
    "Model",
    "Name",
    "Number",
    "Priority",
    "Tags",
    "Texts",
    "Variable",
    "Whole",
    "described",
    "is_name",
    "is_template",
    "problem",
    "whole",
]

Later = dict[str, str]
"""Fields of the language that this version refuses, each with what to do instead."""

_NAME = re.compile(r"[-a-zA-Z0-9_]+")


class Model(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=camel,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    later: ClassVar[Later] = {}
    """The fields of this level that the language has and this version does not act on."""

    misplaced: ClassVar[dict[str, str]] = {}
    """What people write at this level although it belongs elsewhere, each with where."""

    @classmethod
    def described_by(cls, value: object) -> type[Model]:
        """The model that describes a mapping of this level: another one where the mapping's `kind` says more."""
        return cls


def problem(message: str, fix: str) -> PydanticCustomError:
    """An error for a validator to raise, with a fix in words. Braces in the words are kept as they are."""
    return PydanticCustomError("trainyard", "{said}", {"said": message, "fix": fix})


def is_template(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and ("{{" in value or "{%" in value or "{#" in value)


def _text_or_flag(value: object) -> Literal["(template)", "(flag)"]:
    return "(template)" if is_template(value) else "(flag)"


def _text_or_number(value: object) -> Literal["(template)", "(number)"]:
    return "(template)" if is_template(value) else "(number)"


def whole(value: object) -> object:
    """A validator for counts: a whole number of 0 or more."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise problem(f"must be a whole number, not {described(value)}", "write digits without quotes, such as `3`")
    if value < 0:
        raise problem("must not be negative", "write 0 or more")
    return value


def _priority(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise problem(f"must be a whole number, not {described(value)}", "write digits without quotes, such as `3`")
    return value


def _number(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise problem(f"must be a number, not {described(value)}", "write digits without quotes, such as `60`")
    if not 0 < value < 2**40:
        raise problem("must be more than 0", "write a number of seconds")
    return value


def described(value: object) -> str:
    """The kind of a value, in the words of the people who write YAML. Never the value: it may be a secret."""
    if value is None:
        return "nothing (null)"
    words = {
        bool: "true/false",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a mapping",
    }
    return words.get(type(value), f"a {type(value).__name__}")


def is_name(value: str) -> bool:
    return len(value) <= 128 and _NAME.fullmatch(value) is not None


def _name(value: str) -> str:
    if not is_template(value) and not is_name(value):
        raise problem(
            "a name is 1 to 128 of the letters a-z and A-Z, digits, `-` and `_`",
            f"write `{re.sub('[^-a-zA-Z0-9_]+', '-', value)[:40].strip('-') or 'train'}`",
        )
    return value


def _variable(name: str) -> str:
    if not name or "=" in name or "\0" in name or name != name.strip():
        raise problem("this is not the name of an environment variable", "use letters, digits and `_`")
    return name


def _split(value: object) -> object:
    """A list, or one text with commas, as the language allows for tags."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _one_or_many(value: object) -> object:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, AfterValidator(_name)]
Tags = Annotated[tuple[str, ...], BeforeValidator(_split, json_schema_input_type=str | tuple[str, ...])]
Texts = Annotated[tuple[str, ...], BeforeValidator(_one_or_many, json_schema_input_type=str | tuple[str, ...])]
Boolean = StrictBool
Flag = Annotated[
    Annotated[StrictBool, Tag("(flag)")] | Annotated[str, Tag("(template)")],
    Discriminator(_text_or_flag),
]
Variable = Annotated[str, AfterValidator(_variable)]
Whole = Annotated[
    Annotated[int, BeforeValidator(whole, json_schema_input_type=int), Tag("(number)")]
    | Annotated[str, Tag("(template)")],
    Discriminator(_text_or_number),
]
Priority = Annotated[
    Annotated[int, BeforeValidator(_priority, json_schema_input_type=int), Tag("(number)")]
    | Annotated[str, Tag("(template)")],
    Discriminator(_text_or_number),
]
Number = Annotated[
    Annotated[float, BeforeValidator(_number, json_schema_input_type=float), Tag("(number)")]
    | Annotated[str, Tag("(template)")],
    Discriminator(_text_or_number),
]
