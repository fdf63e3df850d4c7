"""The main container: the program, its environment and the size it needs.

A subset of the Kubernetes container. What is here is acted on by every scheduler or recorded for those that use images;
every other field of a Kubernetes container is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, model_validator
from pydantic.json_schema import SkipJsonSchema

from trainyard.spec.model import Later, Model, Name, Variable, described, is_template, problem

__all__ = ["Amount", "Amounts", "AuxiliaryContainer", "Container", "Env", "GpuAmounts", "Requirements"]

_RESOURCE = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9_./]{0,62}")
_MISSPELT = frozenset({"cpu", "cpus", "core", "cores", "gpu", "gpus", "mem", "memory", "ram"})
"""What is not taken for the name of another resource, however it is written."""
_LATER = "remove it; schedulers choose this themselves for now"
_VALUE_FROM = "give a `value`, or set the variable where the agent runs"


def _env(value: object) -> object:
    """A mapping of names to texts, or Kubernetes' list of `{name, value}`; a mapping after validation."""
    if not isinstance(value, list):
        return value
    named: dict[object, object] = {}
    for index, item in enumerate(value):
        name, text = _pair(index, item)
        if name in named:
            raise problem(f"the variable `{name}` is given twice", "remove one of them")
        named[name] = text
    return named


def _pair(index: int, item: object) -> tuple[object, object]:
    if isinstance(item, Mapping) and not item.keys().isdisjoint(("valueFrom", "value_from")):
        raise problem(f"`valueFrom` of item {index} is known but not acted on by this version", _VALUE_FROM)
    if not isinstance(item, Mapping) or set(item) != {"name", "value"} or not isinstance(item["name"], str):
        raise problem(f"item {index} is not a `name` with a `value`", "write `{name: LOG_LEVEL, value: debug}`")
    return item["name"], item["value"]


def _words(value: object) -> object:
    """A list, or one text for one word: no shell splits a text, so one with blanks is hardly ever meant."""
    if not isinstance(value, str):
        return value
    if not is_template(value) and len(value.split()) > 1:
        raise problem(
            "this is one text with blanks, and no shell splits it",
            "write a list such as `[python, train.py]`, or use `cmd`",
        )
    return [value]


def _text(value: object) -> object:
    if isinstance(value, bool | int | float):
        raise problem(f"must be text, not {described(value)}", "put the value in quotes")
    return value


def _amount(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise problem(f"must be an amount, not {described(value)}", "write an amount such as `2`, `500m` or `1Gi`")
    return value if isinstance(value, str) else str(value)


def _is_other(name: object, later: Later) -> bool:
    """Whether this may be the name of a resource that we do not know; not one that is meant to be one of ours."""
    if not isinstance(name, str) or name in later or name.lower() in _MISSPELT:
        return False
    return _RESOURCE.fullmatch(name) is not None


def _other(name: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise problem(f"`{name}` must be an amount, not {described(value)}", "write an amount such as `2`")
    return str(value)


def _any_name(schema: dict[str, JsonValue]) -> None:
    schema["additionalProperties"] = {"anyOf": [{"type": "string"}, {"type": "number"}]}


Env = Annotated[
    dict[Variable, Annotated[str, BeforeValidator(_text)]],
    BeforeValidator(_env, json_schema_input_type=dict[str, str] | list[dict[str, str]]),
]
Words = Annotated[tuple[str, ...], BeforeValidator(_words, json_schema_input_type=str | tuple[str, ...])]
Amount = Annotated[str, BeforeValidator(_amount, json_schema_input_type=str | int | float)]


class Amounts(Model):
    """Sizes in short: `cpu` in cores, `memory` in bytes, `gpu` in whole devices; and amounts of anything else that
    agents say they have, by its name."""

    model_config = ConfigDict(json_schema_extra=_any_name)

    later: ClassVar[Later] = {
        "nvidia.com/gpu": "write `gpu` here",
        "amd.com/gpu": "write `gpu` here",
        "ephemeral-storage": _LATER,
    }

    cpu: Amount | None = None
    memory: Amount | None = None
    gpu: Amount | None = None
    others: SkipJsonSchema[dict[str, str]] = Field(default_factory=dict)
    """Of any other name. Nobody writes this field: what has no field of its own is collected here."""

    @model_validator(mode="before")
    @classmethod
    def _collect(cls, value: object) -> object:
        if not isinstance(value, Mapping):
            return value
        own = {name for field, info in cls.model_fields.items() for name in (field, info.alias)} - {"others"}
        others = {name: amount for name, amount in value.items() if name not in own and _is_other(name, cls.later)}
        rest = {name: amount for name, amount in value.items() if name not in others}
        return {**rest, "others": {name: _other(name, amount) for name, amount in others.items()}}


class GpuAmounts(Amounts):
    """Sizes as Kubernetes writes them; `nvidia.com/gpu` and `gpu` are the same."""

    later: ClassVar[Later] = {"amd.com/gpu": "write `gpu` here", "ephemeral-storage": _LATER}

    nvidia_gpu: Amount | None = Field(default=None, alias="nvidia.com/gpu")


class Requirements(Model):
    later: ClassVar[Later] = {"claims": _LATER}

    requests: GpuAmounts | None = None
    limits: GpuAmounts | None = None


class _Program(Model):
    later: ClassVar[Later] = {
        "envFrom": _VALUE_FROM,
        **dict.fromkeys(
            (
                "imagePullPolicy",
                "lifecycle",
                "livenessProbe",
                "ports",
                "readinessProbe",
                "restartPolicy",
                "securityContext",
                "startupProbe",
                "stdin",
                "stdinOnce",
                "terminationMessagePath",
                "terminationMessagePolicy",
                "tty",
                "volumeDevices",
                "volumeMounts",
            ),
            _LATER,
        ),
    }

    image: str | None = None
    command: Words = ()
    args: Words = ()
    env: Env = Field(default_factory=dict)
    working_dir: str | None = None


class Container(_Program):
    """The main container."""

    later: ClassVar[Later] = {
        **_Program.later,
        "name": "remove it: there is one main container and its name is given",
    }

    resources: Requirements | None = None


class AuxiliaryContainer(_Program):
    """A container before the main one (an init step) or beside it (a sidecar). Its name stands before its lines in the
    log."""

    later: ClassVar[Later] = {
        **_Program.later,
        "resources": "remove it: the size of a run is that of its main container",
    }

    name: Name | None = None
