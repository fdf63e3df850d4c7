"""From a document to an `Operation`: structure, with every problem named at its place.

pydantic checks the structure; this module words its errors for people, tells a field that does not exist from one that
the language has but this version does not act on, and takes an explicit null for a field that is not set. It does not
look at values and templates: `trainyard.compile` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, get_args

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from trainyard.spec.document import Document, Part, camel, snake
from trainyard.spec.error import Finding, Path, SpecError, suggest
from trainyard.spec.model import Model, described
from trainyard.spec.operation import Component, Operation
from trainyard.spec.run import RunKind, run_model

__all__ = ["level_at", "parse_component", "parse_operation", "parse_part", "parse_preset"]

M = TypeVar("M", bound=Model)

_HEAD = "start with `version: 1.1` and `kind: operation`"
_NOT_IN_PRESETS = {
    **dict.fromkeys(("component", "hub_ref", "path_ref"), "the operation that it is patched onto has the component"),
    **dict.fromkeys(("inputs", "outputs", "run"), "change the run of the component with `runPatch`"),
    "presets": "name all presets in the operation",
}


def parse_operation(document: Document) -> Operation:
    """The operation that the document holds; a bare component becomes an operation of it. Raises SpecError."""
    model = _model(document)
    parsed = _validated(model, document)
    if isinstance(parsed, Operation):
        return parsed
    assert isinstance(parsed, Component)
    return Operation(version=parsed.version, component=parsed)


def _model(document: Document) -> type[Operation] | type[Component]:
    kind = document.data.get("kind")
    missing = [] if document.data.get("version") is not None else [document.finding((), "`version` is missing", _HEAD)]
    if "kind" not in document.data:
        raise SpecError([*missing, document.finding((), "`kind` is missing", _HEAD)])
    if kind not in ("operation", "component"):
        known = kind == "compiled_operation"
        said = "this kind is known but not acted on by this version" if known else "there is no such kind"
        raise SpecError([*missing, document.finding(("kind",), said, "write `operation` or `component`")])
    if missing:
        raise SpecError(missing)
    return Operation if kind == "operation" else Component


def parse_component(document: Document) -> Component:
    """The component that the document holds, by itself. Raises SpecError."""
    if document.data.get("kind") == "operation":
        fix = "write `kind: component` and move the fields of its `component` to the top"
        raise SpecError([document.finding(("kind",), "this is an operation; a component stands by itself here", fix)])
    parsed = _validated(_model(document), document)
    assert isinstance(parsed, Component)
    return parsed


def parse_preset(document: Document) -> Operation:
    """The partial operation that the document holds; `version` and `kind` may be left out. Raises SpecError."""
    if document.data.get("kind", "operation") != "operation":
        fix = "write `kind: operation` and `isPreset: true`"
        raise SpecError([document.finding(("kind",), "a preset is a part of an operation", fix)])
    preset = _validated(Operation, document)
    findings = [
        document.finding((name,), f"a preset has no `{camel(name)}`", fix, key=True)
        for name, fix in _NOT_IN_PRESETS.items()
        if name in preset.model_fields_set
    ]
    if preset.run_patch is not None:
        _check_run(Part(document, ("run_patch",), {"kind": "job", **preset.run_patch}))
    if findings:
        raise SpecError(findings)
    return preset


def _check_run(document: Document) -> None:
    """A run that stands by itself, and has a kind. Raises SpecError."""
    try:
        model = run_model(document.data)
    except ValidationError as error:
        raise SpecError(_findings(RunKind, document, error)) from None
    _validated(model, document)


def parse_part(model: type[M], document: Document) -> M:
    """The document as a part of another one, which needs no `version` and `kind`. Raises SpecError."""
    return _validated(model, document)


def _validated(model: type[M], document: Document) -> M:
    data: Mapping[str, object] = document.data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        unset = {_path(one) for one in error.errors(include_url=False) if _is_unset(one)}
        if not unset:
            raise SpecError(_findings(model, document, error)) from None
    try:
        return model.model_validate(_without(data, unset))
    except ValidationError as error:
        raise SpecError(_findings(model, document, error)) from None


def _is_unset(error: ErrorDetails) -> bool:
    """A null where a field's value is wanted means that the field is not set, also for fields not acted on."""
    return error["input"] is None and error["type"] != "missing"


def _without(value: object, paths: set[Path], at: Path = ()) -> object:
    if isinstance(value, Mapping):
        return {key: _without(item, paths, (*at, key)) for key, item in value.items() if (*at, key) not in paths}
    if isinstance(value, list):
        return [_without(item, paths, (*at, index)) for index, item in enumerate(value)]
    return value


def _findings(model: type[Model], document: Document, error: ValidationError) -> list[Finding]:
    found = [_finding(model, document, one) for one in error.errors(include_url=False)]
    return sorted(found, key=lambda one: (one.line or 0, one.column or 0))


def _finding(model: type[Model], document: Document, error: ErrorDetails) -> Finding:
    path = _path(error)
    if error["type"] == "extra_forbidden":
        return _extra(level_at(model, path[:-1], document.data), document, path)
    if error["type"] == "missing":
        return document.finding(path[:-1], f"`{camel(str(path[-1]))}` is missing", "add it", key=True)
    if error["type"] == "trainyard":
        return document.finding(path, error["ctx"]["said"], error["ctx"]["fix"])
    if error["type"] not in _WORDS:
        return document.finding(path, error["msg"], "give another value")
    message, fix = _WORDS[error["type"]]
    return document.finding(path, f"{message}, not {described(error['input'])}", fix)


_WORDS: dict[str, tuple[str, str | None]] = {
    "bool_type": ("must be true or false", "write `true` or `false` without quotes"),
    "dict_type": ("must be a mapping", "write `name: value` lines under it"),
    "model_type": ("must be a mapping", "write `name: value` lines under it"),
    "string_type": ("must be text", "put the value in quotes"),
    "tuple_type": ("must be a list", "write `- item` lines under it, or `[a, b]`"),
}


def _extra(level: type[Model], document: Document, path: Path) -> Finding:
    name = str(path[-1])
    if name in level.model_fields:
        said = f"this field is given twice, as `{camel(name)}` and as `{name}`"
        return document.finding(path, said, f"keep `{camel(name)}`", key=True)
    later = _later(level, name)
    if later is not None:
        return document.finding(path, f"`{camel(name)}` is known but not acted on by this version", later, key=True)
    fix = level.misplaced.get(camel(name)) or suggest(camel(name), _names(level))
    return document.finding(path, "there is no such field here", fix, key=True)


def _later(level: type[Model], name: str) -> str | None:
    return next((fix for field, fix in level.later.items() if name in (field, snake(field))), None)


def _names(level: type[Model]) -> Iterable[str]:
    return [field.alias or name for name, field in level.model_fields.items()]


def level_at(model: type[Model], path: Sequence[str | int], data: object) -> type[Model]:
    """The model that describes the mapping at `path` of the data, which `model` describes."""
    for part in path:
        fields = model.described_by(data).model_fields
        field = next((field for name, field in fields.items() if part in (name, field.alias)), None)
        model = (_model_in(field.annotation) if field else None) or model
        data = _step(data, part)
    return model.described_by(data)


def _step(data: object, part: str | int) -> object:
    if isinstance(data, Mapping):
        return data.get(part)
    return data[part] if isinstance(data, list) and isinstance(part, int) and part < len(data) else None


def _model_in(annotation: object) -> type[Model] | None:
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    found = (_model_in(part) for part in get_args(annotation))
    return next((one for one in found if one is not None), None)


def _path(error: ErrorDetails) -> Path:
    """Without what pydantic adds: tags of unions, which we write in parentheses, and the mark of a mapping's key."""
    return tuple(part for part in error["loc"] if not (isinstance(part, str) and part[:1] in "(["))
