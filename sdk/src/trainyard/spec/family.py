"""Models of which a `kind` in the file says more: the run, the matrix, the shapes of params, early stopping.

A family is one root class and its members by kind. A field is annotated with `Annotated[Root, by_kind(Root)]`; problems
within a member are told at their places, as if the field had that member's type.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from pydantic import BeforeValidator, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails

from trainyard.spec.error import suggest
from trainyard.spec.model import Model, described, problem

__all__ = ["Family", "by_kind", "member_of"]


class Family(Model):
    """The root of a family, and the base of its members, which are built when one of them is first used."""

    model_config = ConfigDict(defer_build=True)

    noun: ClassVar[str] = "kind"
    """What one of the family is called in messages."""
    elsewhere: ClassVar[str] = ""
    """What else may be done about a kind that is not known."""

    kind: str

    @classmethod
    def members(cls) -> Iterable[str]:
        """The kinds that there are."""
        raise NotImplementedError

    @classmethod
    def member(cls, kind: str) -> type[Model] | None:
        """The model of a kind, None when there is no such kind. Raises a problem for one that cannot be loaded."""
        raise NotImplementedError

    @classmethod
    def described_by(cls, value: object) -> type[Model]:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        try:
            return (cls.member(kind) if isinstance(kind, str) else None) or cls
        except ValueError:
            return cls  # it is told where the kind is checked


def by_kind(root: type[Family]) -> BeforeValidator:
    """A validator that makes a member of the family out of a mapping."""

    def check(value: object) -> object:
        if isinstance(value, root):
            return value
        return member_of(root, value).model_validate(value)

    return BeforeValidator(check, json_schema_input_type=root)


def member_of(root: type[Family], value: object) -> type[Model]:
    """The member that a mapping is of. Raises a problem for what is no mapping, has no kind, or one that there is
    not."""
    if not isinstance(value, Mapping):
        said = f"a {root.noun} is a mapping with a `kind`, not {described(value)}"
        raise problem(said, f"write `kind: {next(iter(root.members()))}` and its fields under it")
    kind = value.get("kind")
    if kind is None:
        raise problem("`kind` is missing", _choice(root, ""))
    try:
        found = root.member(kind) if isinstance(kind, str) else None
    except ValueError as error:
        raise _at_kind(kind, error) from None
    if found is None:
        shown = f"`{kind[:40]}`" if isinstance(kind, str) else described(kind)
        raise _at_kind(
            kind,
            problem(f"there is no {root.noun} of kind {shown}", _choice(root, kind if isinstance(kind, str) else "")),
        )
    return found


def _choice(root: type[Family], kind: str) -> str:
    near = suggest(kind, root.members()) or ""
    return f"{near}{'' if near.endswith('?') else ','} {root.elsewhere}" if root.elsewhere else near


def _at_kind(kind: object, error: Exception) -> ValidationError:
    details = InitErrorDetails(type=error, loc=("kind",), input=kind)  # type: ignore[typeddict-item] # a custom error
    return ValidationError.from_exception_data("kind", [details])
