"""Operations and components: what a person writes to say what runs.

The narrow path: one component of run kind `job`, its params, termination, queue and tags, the references and patches
that make up such an operation, and the `matrix` that makes a sweep of it (`trainyard.spec.matrix`). Each model lists,
in `later`, the fields of the language that this version does not act on; they are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, get_args

from pydantic import BeforeValidator, Field, JsonValue, ModelWrapValidatorHandler, model_validator

from trainyard.spec.container import Amounts, Env
from trainyard.spec.document import camel
from trainyard.spec.io import Input, Output
from trainyard.spec.matrix.base import AnyMatrix
from trainyard.spec.model import (
    Boolean,
    Flag,
    Later,
    Model,
    Name,
    Number,
    Tags,
    Texts,
    Variable,
    Whole,
    problem,
)
from trainyard.spec.notification import Plugins
from trainyard.spec.run import PLACEMENT, AnyRun

__all__ = [
    "STRATEGIES",
    "Component",
    "Operation",
    "Param",
    "Strategy",
    "Termination",
]

Strategy = Literal["replace", "isnull", "post_merge", "pre_merge"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)

_REMOVE = "remove it"
_REFERENCE = "register it and use `hubRef`, or write the `component` out in this file"
_PIPELINE = "remove it; start each run by itself for now"
_SHARED: Later = {
    "namespace": PLACEMENT,
    "cache": "remove it: every run runs",
    "build": "build the image beforehand and name it in `container.image`",
    "hooks": "remove them; start the follow-up run by itself for now",
    "cost": _REMOVE,
    "mount": "remove it; `yard run` takes the code of the folder it is started in",
    "template": "remove it once the fields are filled in",
    "strictParams": "remove it: unknown params are always refused",
    "ports": "remove it: services are not run yet",
}


def _version(value: object) -> object:
    if isinstance(value, bool) or str(value) != "1.1":
        raise problem("this version of the language is not known", "write `version: 1.1`")
    return 1.1


def _strategy(value: object) -> object:
    if value not in STRATEGIES:
        raise problem("there is no such patch strategy", f"choose from {', '.join(STRATEGIES)}")
    return value


PatchStrategy = Annotated[Strategy, BeforeValidator(_strategy, json_schema_input_type=Strategy)]


class Termination(Model):
    later: ClassVar[Later] = {
        "ttl": "remove it: finished runs are kept",
        "culling": "set a `timeout`",
        "probe": "set a `timeout`",
        "podFailurePolicy": "set `maxRetries`",
    }

    max_retries: Whole = 0
    timeout: Number | None = None


class Param(Model):
    """One param: `{value: ...}`, or in short the value itself."""

    later: ClassVar[Later] = {
        "ref": "give the `value` itself; values of other runs are not taken yet",
        "connection": "give what the program needs as a `value`",
        "toInit": "remove it; `init` of the run brings code",
    }

    value: JsonValue = None
    context_only: Boolean = False
    to_env: Variable | None = None

    @model_validator(mode="wrap")
    @classmethod
    def _short(cls, value: object, handler: ModelWrapValidatorHandler[Param]) -> Param:
        if isinstance(value, Mapping) and not _LONG.isdisjoint(value):
            return handler(value)
        return handler({"value": value})


_LONG = frozenset(
    name
    for field in ("value", "ref", "context_only", "connection", "to_init", "to_env")
    for name in (field, camel(field))
)


class Body(Model):
    """What a component and an operation with its component written in it have in common."""

    misplaced: ClassVar[dict[str, str]] = {
        name: f"write it under `run.container`{more}"
        for name, more in {
            "command": ", or use `cmd`",
            "args": ", or put it into `cmd`",
            "image": "",
            "workingDir": "",
        }.items()
    }

    version: Annotated[float | None, BeforeValidator(_version, json_schema_input_type=float)] = None
    name: Name | None = None
    description: str | None = None
    tags: Tags = ()
    queue: str | None = None
    termination: Termination | None = None
    presets: Tags = ()
    plugins: Plugins | None = None
    is_approved: Flag | None = None
    inputs: tuple[Input, ...] = ()
    outputs: tuple[Output, ...] = ()
    run: AnyRun | None = None
    cmd: Texts = ()
    env: Env = Field(default_factory=dict)
    resources: Amounts | None = None


class Component(Body):
    later: ClassVar[Later] = _SHARED

    kind: Literal["component"] = "component"


class Operation(Body):
    later: ClassVar[Later] = {
        **_SHARED,
        **dict.fromkeys(("dagRef", "urlRef"), _REFERENCE),
        **dict.fromkeys(("dependencies", "trigger", "skipOnUpstreamSkip", "joins", "events"), _PIPELINE),
        "conditions": "remove it, and decide before you start the run",
        "schedule": "remove it, and start the run when it is due",
    }

    kind: Literal["operation"] = "operation"
    params: dict[str, Param] = Field(default_factory=dict)
    component: Component | None = None
    hub_ref: str | None = None
    path_ref: str | None = None
    run_patch: dict[str, JsonValue] | None = None
    patch_strategy: PatchStrategy | None = None
    is_preset: Boolean = False
    matrix: AnyMatrix | None = None
