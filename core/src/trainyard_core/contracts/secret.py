"""Secrets: references to them, their values, and what resolves one to the other.

A reference (`SecretRef`) is what is written, stored and sent. In YAML, TOML and JSON it is a mapping of one of three
forms:

    {env: NAME}                          a variable of the environment of the server
    {file: /path}                        a file on the machine of the server
    {source: NAME, name: ..., key: ...}  what the secret source of a plugin has under that name and key

A value (`Secret`) exists from the moment it is resolved until it is used. It is in no row, no log, no error and no
repr.

Raises. `read_reference` raises ValueError; its message never repeats what was written, which may be the value itself.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import msgspec

if TYPE_CHECKING:
    from trainyard_core.contracts.platform import Platform

__all__ = ["FORMS", "Secret", "SecretRef", "SecretSource", "Secrets", "read_reference"]

FORMS = "{env: NAME}, {file: /path} or {source: NAME, name: ..., key: ...}"
"""The forms of a reference, in words."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")
_MOST_CHARS = 1024


class Secret:
    """The value of a secret, passed to the one place that uses it."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """Return the value."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied; pass a SecretRef and resolve it there")


class SecretRef(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A reference to a secret: a variable (`env`), a file by its whole path (`file`), or what the secret source
    `source` has under `name` and, where the source has several entries there, `key`. Raises ValueError for anything
    else. The repr shows the form alone, because users sometimes write a value into a reference by mistake.

    As a field of a Pydantic model it is read from such a mapping, so that the settings of a plugin may hold
    references."""

    env: str = ""
    file: str = ""
    source: str = ""
    name: str = ""
    key: str = ""

    def __post_init__(self) -> None:
        if [bool(self.env), bool(self.file), bool(self.source)].count(True) != 1:
            raise ValueError(f"a reference to a secret is exactly one of {FORMS}")
        if bool(self.source) != bool(self.name) or (self.key and not self.source):
            raise ValueError("`source` and `name` of a reference to a secret belong together; `key` is optional there")
        if self.env and not _VARIABLE.fullmatch(self.env):
            raise ValueError("`env` of a reference to a secret is not the name of a variable")
        if self.file and (not self.file.startswith("/") or "\0" in self.file):
            raise ValueError("`file` of a reference to a secret is not a whole path; begin it with `/`")
        if max(map(len, (self.file, self.source, self.name, self.key))) > _MOST_CHARS:
            raise ValueError(f"a part of a reference to a secret has more than {_MOST_CHARS} characters")

    def __repr__(self) -> str:
        form = "env" if self.env else "file" if self.file else f"source={self.source!r}"
        return f"SecretRef({form}, ...)"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        plain = core_schema.plain_serializer_function_ser_schema(msgspec.to_builtins)
        return core_schema.no_info_plain_validator_function(_validated, serialization=plain)


class Secrets(Protocol):
    """What resolves references, in the process that has it: `env` is read from its environment, `file` on its
    machine."""

    async def resolve(self, ref: SecretRef) -> Secret:
        """The value of a secret. Raises Invalid for one that is not there, naming the reference and what to do, and
        Unavailable for a source that fails; neither holds a value."""


class SecretSource(msgspec.Struct, frozen=True, kw_only=True):
    """A place that keeps secrets. `resolve` is given the platform, the name and the key of a reference and returns the
    value. It is called on the event loop and cancelled after ten seconds. It raises LookupError for a secret that it
    does not have; what else it raises is told by its type alone, for a message may hold the value."""

    name: str
    resolve: Callable[[Platform, str, str], Awaitable[str]]


def read_reference(written: object, where: str = "") -> SecretRef:
    """The reference that somebody wrote at a place. Raises ValueError, which never repeats a text."""
    at = f"{where}: " if where else ""
    if isinstance(written, SecretRef):
        return written
    if not isinstance(written, Mapping):
        what = "a secret in plain text" if isinstance(written, str) else "not a reference to a secret"
        raise ValueError(f"{at}{what}; write where it is: {FORMS}")
    if not written.keys() <= {"env", "file", "source", "name", "key"}:
        raise ValueError(f"{at}a reference to a secret has other fields; write {FORMS}")
    if not all(isinstance(each, str) for each in written.values()):
        raise ValueError(f"{at}a reference to a secret holds texts only; write {FORMS}")
    try:
        return SecretRef(**written)
    except ValueError as error:
        raise ValueError(f"{at}{error}") from None


def _validated(written: object) -> SecretRef:
    from pydantic_core import PydanticCustomError

    try:
        return read_reference(written)
    except ValueError as error:
        raise PydanticCustomError("secret_reference", str(error)) from None
