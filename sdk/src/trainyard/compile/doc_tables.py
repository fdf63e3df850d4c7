"""Tables of the language for its documentation, printed from the models, so that they cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from trainyard.compile.context import example_globals, run_globals
from trainyard.compile.filters import FILTERS
from trainyard.compile.fragment import grow, plain
from trainyard.compile.patch import patched
from trainyard.compile.value import json_of
from trainyard.matrix.space import Param as ParamValues
from trainyard.matrix.summary import in_words
from trainyard.spec.container import Amounts, AuxiliaryContainer, Container, Requirements
from trainyard.spec.document import Document
from trainyard.spec.installed import InstalledKinds
from trainyard.spec.io import LATER_TYPES, TYPES, Input, Output, Validation
from trainyard.spec.matrix import stopping
from trainyard.spec.matrix.guided import GaussianProcess, Resource, UtilityFunction
from trainyard.spec.matrix.installed import MATRICES, POLICIES
from trainyard.spec.matrix.metric import Metric
from trainyard.spec.matrix.shape import Parts
from trainyard.spec.matrix.shapes import SHAPES
from trainyard.spec.matrix.tuner import Tuner
from trainyard.spec.model import Later, Model
from trainyard.spec.notification import Notification, Plugins
from trainyard.spec.operation import STRATEGIES, Component, Operation, Param, Termination
from trainyard.spec.run import UNSUPPORTED, Environment, Git, InitStep, Job

__all__ = [
    "fields_table",
    "filters_table",
    "globals_list",
    "later_table",
    "later_words",
    "matrix_table",
    "shapes_table",
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
    "plugins": Plugins,
    "plugins.notifications[]": Notification,
    "run": Job,
    "run.environment": Environment,
    "run.init[]": InitStep,
    "run.init[].git": Git,
    "run.init[].container": AuxiliaryContainer,
    "run.sidecars[]": AuxiliaryContainer,
    "run.container": Container,
    "run.container.resources": Requirements,
    "resources": Amounts,
    "matrix.tuner": Tuner,
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
    return f"Refused run kinds: {_names(sorted(UNSUPPORTED))}.\n\nRefused types: {_names(sorted(LATER_TYPES))}."


def types_list() -> str:
    return _names(TYPES)


def globals_list() -> str:
    return _names(f"globals.{name}" for name in sorted(run_globals(example_globals())))


def filters_table() -> str:
    """The filters, sorted, with what each yields."""
    rows = (f"| `{name}` | {used.does} |" for name, used in sorted(FILTERS.items()))
    return "\n".join(("| filter | yields the value |", "|---|---|", *rows))


def matrix_table() -> str:
    """The fields of the language's own kinds of matrix and of what they hold, those that are needed first."""
    kinds = {f"`kind: {kind}`": model for kind, model in _of_language(MATRICES)}
    stops = {f"`earlyStopping[]`, `kind: {kind}`": model for kind, model in stopping.STOPPINGS.items()}
    policies = {f"`policy`, `kind: {kind}`": model for kind, model in _of_language(POLICIES)}
    levels: dict[str, type[Model]] = {**kinds, **_MATRIX, **stops, **policies}
    rows = (
        f"| {level} | {_names(_needed(model, True))} | {_names(_needed(model, False))} |"
        for level, model in levels.items()
    )
    return "\n".join(("| at | needed | may be |", "|---|---|---|", *rows))


def _of_language(kinds: InstalledKinds[Any]) -> Iterator[tuple[str, type[Model]]]:
    for kind in kinds.language:
        if (model := kinds.find(kind)) is not None:
            yield kind, model


def _needed(model: type[Model], needed: bool) -> Iterator[str]:
    fields = model.model_fields.items()
    return (field.alias or name for name, field in fields if field.is_required() is needed and name != "kind")


_MATRIX: Mapping[str, type[Model]] = {
    "`metric`": Metric,
    "`resource` of hyperband": Resource,
    "`utilityFunction` of bayes": UtilityFunction,
    "`gaussianProcess` in it": GaussianProcess,
}

_SHAPES: Mapping[str, object] = {
    "choice": ["adam", "sgd"],
    "pchoice": [["adam", 0.75], ["sgd", 0.25]],
    "range": "1:10:3",
    "linspace": "0:1:5",
    "logspace": "-3:0:4",
    "geomspace": "8:64:4",
    "daterange": ["2030-01-01", "2030-01-15", 7],
    "datetimerange": {"start": "2030-01-01T00:00:00", "stop": "2030-01-01T02:00:00", "step": 3600},
    "uniform": "0:1",
    "quniform": "0:1:0.25",
    "loguniform": "-9.21:-2.303",
    "qloguniform": "0:6.24:8",
    "normal": "0:1",
    "qnormal": "100:20:10",
    "lognormal": "-4.605:1",
    "qlognormal": "4.605:1:8",
}
"""A value of each shape, to show what it comes to."""


def shapes_table() -> str:
    """The shapes of params: an example of a value, the parts that it has, and the values that it comes to."""
    rows = (
        f"| `{kind}` | {_parts(kind)} | `{json_of(value)}` | {in_words(_shape(kind, value))} |"
        for kind, value in _SHAPES.items()
    )
    return "\n".join(("| kind | parts | `value`, for example | a value |", "|---|---|---|---|", *rows))


def _shape(kind: str, value: object) -> ParamValues:
    return SHAPES[kind].model_validate({"kind": kind, "value": value}).param(integer=False)


def _parts(kind: str) -> str:
    annotation = SHAPES[kind].model_fields["value"].annotation
    if isinstance(annotation, type) and issubclass(annotation, Parts):
        return _names(annotation.model_fields)
    return "values, each with its probability" if kind == "pchoice" else "values"


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
        result = plain(patched(before, after, strategy, Operation))
        assert isinstance(result, dict)
        yield f"`{json_of(result[field])}`"


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
