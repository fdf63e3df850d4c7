"""What the shapes of params have in common: how a value is written in short, and what a shape must say of itself.

The parts of a shape's `value` may be a mapping (`{low: 0, high: 1}`), a list (`[0, 1]`) or one text (`0:1`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Literal

from pydantic import GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from trainyard.matrix.space import Param
from trainyard.spec.family import Family
from trainyard.spec.model import Later, Model, described, is_template, problem
from trainyard.spec.node import plain_scalar

__all__ = ["Needs", "Parts", "Shape"]

Needs = Literal["any", "number", "date", "datetime"]
"""Which inputs a shape can be a value of: any, those of numbers, those of dates, or those of times alone."""


class Shape(Family):
    """How the values of one param are spread."""

    noun: ClassVar[str] = "param"
    needs: ClassVar[Needs] = "number"

    @classmethod
    def members(cls) -> Iterable[str]:
        from trainyard.spec.matrix.shapes import SHAPES

        return SHAPES

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        from trainyard.spec.matrix.shapes import SHAPES

        return SHAPES.get(kind)

    def param(self, *, integer: bool) -> Param:
        """What it comes to, for an input of whole numbers or not. Raises ValueError, whose text is what is wrong and
        what to do, parted by `; `."""
        raise NotImplementedError

    def caution(self) -> str:
        """What is right and yet hardly meant, in a sentence; empty if nothing is."""
        return ""


class Parts(Model):
    """The parts of a value, in the order of the short forms."""

    later: ClassVar[Later] = {"size": "remove it: a trial takes one value of each param"}
    textual: ClassVar[bool] = True
    """Whether the parts may be one text."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, value: object) -> object:
        if isinstance(value, Mapping):
            return value
        names = list(cls.model_fields)
        if isinstance(value, list | tuple):
            return cls._named(names, list(value))
        if isinstance(value, str) and cls.textual and not is_template(value):
            return cls._named(names, [_scalar(part.strip()) for part in value.split(":")])
        if is_template(value):
            raise problem("templates are not evaluated in a matrix", f"write {cls._forms(names)}")
        raise problem(f"must be {' and '.join(names)}, not {described(value)}", f"write {cls._forms(names)}")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A mapping, a list or a text."""
        forms = [handler(core), {"type": "array", "maxItems": len(cls.model_fields)}]
        return {"anyOf": [*forms, {"type": "string"}] if cls.textual else forms}

    @classmethod
    def _named(cls, names: list[str], parts: list[object]) -> dict[str, object]:
        if len(parts) > len(names):
            said = f"{len(parts)} parts where there are {len(names)}: {', '.join(names)}; a `size` is not taken"
            raise problem(said, f"write {cls._forms(names)}")
        return dict(zip(names, parts, strict=False))

    @classmethod
    def _forms(cls, names: list[str]) -> str:
        needed = [name for name in names if cls.model_fields[name].is_required()]
        short = f" or `{':'.join(needed)}`" if cls.textual else ""
        return f"`{{{', '.join(f'{name}: ...' for name in needed)}}}`, `[{', '.join(needed)}]`{short}"


def _scalar(text: str) -> object:
    try:
        return plain_scalar(text)
    except ValueError:
        return text
