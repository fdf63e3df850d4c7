"""Tables of the language for its documentation, printed from the models, so that they cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from trainyard.compile.context import example_globals, run_globals
from trainyard.compile.filters import FILTERS
from trainyard.compile.patch import patched
from trainyard.compile.piece import grow, plain
from trainyard.compile.value import json_of
from trainyard.spec.container import Amounts, Container, Requirements
from trainyard.spec.document import Document
from trainyard.spec.io import LATER_TYPES, TYPES, Input, Output, Validation
from trainyard.spec.model import Later, Model
from trainyard.spec.operation import (
    RUN_KINDS,
    STRATEGIES,
    Component,
    Environment,
    Git,
    InitStep,
    Job,
    Operation,
    Param,
    Termination,
)

__all__ = [
    "fields_table",
    "filters_table",
    "globals_list",
    "later_table",
    "later_words",
    "strategies_table",
    "types_list",
]

LEVELS: Mapping[str, type[Model]] = {
    "operation": Operation,
    "component": Component,
    "params.NAME": Param,
    "inputs[]": Input,
    "inputs[].validation": Validation,
    "outputs[]": Output,
    "termination": Termination,
    "run": Job,
    "run.environment": Environment,
    "run.init[]": InitStep,
    "run.init[].git": Git,
    "run.container": Container,
    "run.container.resources": Requirements,
    "resources": Amounts,
}
"""Where each model stands in a document."""


def fields_table() -> str:
    """The fields that are acted on, a row for each level."""
    rows = (f"| `{level}` | {_names(_fields(model))} |" for level, model in LEVELS.items())
    return "\n".join(("| at | fields |", "|---|---|", *rows))


def later_table() -> str:
    """The fields that the language has and this version refuses, with what to do instead."""
    rows = (
        f"| `{level}` | {_names(names)} | {fix} |"
        for level, model in LEVELS.items()
        for fix, names in _by_fix(_own_later(level, model)).items()
    )
    return "\n".join(("| at | refused | instead |", "|---|---|---|", *rows))


def later_words() -> str:
    """The run kinds and types that the language has and this version refuses."""
    return f"Refused run kinds: {_names(sorted(RUN_KINDS))}.\n\nRefused types: {_names(sorted(LATER_TYPES))}."


def types_list() -> str:
    return _names(TYPES)


def globals_list() -> str:
    return _names(f"globals.{name}" for name in sorted(run_globals(example_globals())))


def filters_table() -> str:
    """The filters, sorted, with what each yields."""
    rows = (f"| `{name}` | {used.does} |" for name, used in sorted(FILTERS.items()))
    return "\n".join(("| filter | yields the value |", "|---|---|", *rows))


_PATCHES: Mapping[str, tuple[str, object, object]] = {
    "text, numbers": ("queue", "a", "b"),
    "null in the patch": ("queue", "a", None),
    "lists": ("tags", ["x", "y"], ["y", "z"]),
    "levels of the language": ("termination", {"maxRetries": 1}, {"maxRetries": 2, "timeout": 9}),
    "mappings": ("env", {"A": "1", "B": "1"}, {"B": "2", "C": "2"}),
    "params": ("params", {"lr": {"value": 1, "toEnv": "LR"}}, {"lr": 2}),
}
"""What the strategies are shown on: a field, what it is and what the patch has."""


def strategies_table() -> str:
    """What each strategy makes of each kind of value, as the code does it."""
    head = ("", "there", "patch", *(f"`{name}`" for name in STRATEGIES))
    rows = ("| " + " | ".join((kind, *_results(*example))) + " |" for kind, example in _PATCHES.items())
    return "\n".join((f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows))


def _results(field: str, old: object, new: object) -> Iterator[str]:
    yield f"`{json_of(old)}`"
    yield f"`{json_of(new)}`"
    before, after = (grow(Document.from_mapping({field: value}), Operation) for value in (old, new))
    for strategy in STRATEGIES:
        made = plain(patched(before, after, strategy, Operation))
        assert isinstance(made, dict)
        yield f"`{json_of(made[field])}`"


def _fields(model: type[Model]) -> Iterator[str]:
    """As they are written; what `Amounts` collects in `others` has any name."""
    written = (field.alias or name for name, field in model.model_fields.items())
    return ("NAME" if issubclass(model, Amounts) and name == "others" else name for name in written)


def _own_later(level: str, model: type[Model]) -> Later:
    """What an operation and a component share is listed once, at the operation."""
    if level == "component":
        return {name: fix for name, fix in model.later.items() if name not in Operation.later}
    return model.later


def _by_fix(later: Later) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, fix in later.items():
        grouped.setdefault(fix, []).append(name)
    return grouped


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
