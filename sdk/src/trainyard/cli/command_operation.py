"""A command as an operation: `python train.py --lr 0.1` becomes a job of that command whose options with a value are
params, so that they are recorded, and can be changed by `yard restart -P`. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

__all__ = ["name_of", "operation_of"]

_OPTION = re.compile(r"--([A-Za-z][A-Za-z0-9_-]*)(?:=(.*))?", re.DOTALL)
_INT = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_EXPONENT = re.compile(r"-?[0-9]+(\.[0-9]+)?[eE][-+]?[0-9]+")
_OPENING = re.compile(r"\{(?=[{%#])")
"""The braces that would begin something in a template."""


class _Param(NamedTuple):
    """An option with a value: where its value stands, and what stands before it in the same word."""

    name: str
    word: int
    before: str
    text: str


def operation_of(command: Sequence[str]) -> dict[str, Any]:
    """The operation as a file would have it. What the command gets is what was typed, word for word, but that
    `1e-4` may become `0.0001`."""
    params = {param.word: param for param in _params(command)}
    words = [_templated(word, params.get(place)) for place, word in enumerate(command)]
    inputs = [_input(param) for param in params.values()]
    container = {"command": words[:1], **({"args": words[1:]} if words[1:] else {})}
    component = {**({"inputs": inputs} if inputs else {}), "run": {"kind": "job", "container": container}}
    return {"version": 1.1, "kind": "operation", "name": name_of(command), "component": component}


def name_of(command: Sequence[str]) -> str:
    """What a command is called: its script, its module, or the program itself."""
    if "-m" in command[1:-1]:
        return command[command.index("-m", 1) + 1].rpartition(".")[2] or "run"
    scripts = (word for word in command[1:] if PurePath(word).suffix in (".py", ".sh") and not word.startswith("-"))
    return PurePath(next(scripts, command[0])).stem or "run"


def _params(command: Sequence[str]) -> list[_Param]:
    """The options that have a value and stand there once; a value in which a template would begin is no param."""
    found = [param for place in range(1, len(command)) if (param := _param(command, place)) is not None]
    counts = Counter(param.name for param in found)
    return [param for param in found if counts[param.name] == 1 and not _OPENING.search(param.text)]


def _param(command: Sequence[str], place: int) -> _Param | None:
    from trainyard.spec.io import RESERVED

    match = _OPTION.fullmatch(command[place])
    name = match[1].replace("-", "_") if match else ""
    if match is None or name in RESERVED:
        return None
    if match[2] is not None:
        return _Param(name, place, f"--{match[1]}=", match[2])
    following = command[place + 1] if place + 1 < len(command) else "--"
    is_value = not following.startswith("-") or _value(following)[0] != "str"
    return _Param(name, place + 1, "", following) if is_value else None


def _templated(word: str, param: _Param | None) -> str:
    return _literal(word) if param is None else f"{_literal(param.before)}{{{{ {param.name} }}}}"


def _literal(word: str) -> str:
    """A word in which no template begins."""
    return _OPENING.sub("{{ '{' }}", word)


def _input(param: _Param) -> dict[str, Any]:
    kind, value = _value(param.text)
    return {"name": param.name, "type": kind, "value": value}


def _value(text: str) -> tuple[str, int | float | str]:
    """The type and value of a text: a number only if it is printed as it was typed, so that `3.10` stays a text."""
    if _INT.fullmatch(text) and text != "-0":
        return "int", int(text)
    try:
        number = float(text) if re.fullmatch(r"[-0-9.eE+]+", text) else None
    except ValueError:
        number = None
    if number is not None and (repr(number) == text or _EXPONENT.fullmatch(text)) and abs(number) < float("inf"):
        return "float", number
    return "str", text
