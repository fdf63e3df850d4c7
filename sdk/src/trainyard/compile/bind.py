"""Binding: params from the file and from the command line to the declared inputs, each by its type.

What a sweep gives to a trial wins over the command line, that over the file, the file over the default. Values from the
file may hold templates over `globals`; they are evaluated once. Values of trials and of the command line are data and
never evaluated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from trainyard.compile.render import Renderer
from trainyard.compile.report import Findings
from trainyard.compile.value import TemplateError, bounded, text_of
from trainyard.spec.convert import convert
from trainyard.spec.error import Path, suggest
from trainyard.spec.io import Input
from trainyard.spec.operation import Param
from trainyard.spec.satisfy import satisfies

__all__ = ["Binder", "Bindings", "bind", "bind_defaults", "fitted"]

_NOTHING = object()


@dataclass(slots=True)
class Bindings:
    """Inputs by name in the order they are declared, the values for templates alone, and variables to set."""

    inputs: dict[str, JsonValue] = field(default_factory=dict)
    context_only: dict[str, JsonValue] = field(default_factory=dict)
    env: dict[str, tuple[str, Path]] = field(default_factory=dict)
    """Variable to the name of the value and the place that asks for it."""


@dataclass(frozen=True, slots=True)
class Binder:
    """One binding of one operation: where problems go, and what values are taken from."""

    report: Findings
    renderer: Renderer
    params: Mapping[str, Param]
    given: Mapping[str, JsonValue]
    trial: Mapping[str, JsonValue] = field(default_factory=dict)
    """What a trial of a sweep gets: data, of the types that it has."""
    unknown: frozenset[str] = frozenset()
    """Inputs whose value is not known yet and needs none."""
    bound: Bindings = field(default_factory=Bindings)

    def declared(self, io: Input, path: Path) -> None:
        """Bind one input; a name stays known to templates when its value is refused."""
        self.bound.inputs[io.name] = None
        problems = len(self.report.findings)
        value, source, text = self._source(io, path)
        if len(self.report.findings) > problems:
            return
        if io.name in self.unknown:
            value = None
        elif value is _NOTHING or (value is None and not io.optional):
            fix = f"set it with `-P {io.name}=...`, under `params`, or as its default `value`"
            self.report.add(path, f"the input `{io.name}` has no value", fix)
        elif value is not None:
            self.bound.inputs[io.name] = self._converted(io, value, source, text=text)
        param = self.params.get(io.name)
        self._variable(io.name, io.to_env, (*path, "to_env"))
        self._variable(io.name, param.to_env if param else None, ("params", io.name, "to_env"))

    def undeclared(self, name: str, param: Param, known: Mapping[str, Input]) -> None:
        """A param of the file without an input: for templates alone if it says so, else a problem."""
        if not param.context_only:
            fix = suggest(name, known) or "declare it under `inputs`, or set `contextOnly: true`"
            self.report.add(("params", name), f"the component has no input `{name}`", fix, key=True)
            return
        value = self.given.get(name, _NOTHING)
        if value is _NOTHING:
            value = self.renderer.tree(("params", name, "value"), param.value)
        problem = _oversize(value)
        if problem is not None:
            self.report.add(("params", name, "value"), f"`{name}`: {problem[0]}", problem[1])
        self.bound.context_only[name] = value if problem is None else None  # type: ignore[assignment] # JSON values
        self._variable(name, param.to_env, ("params", name, "to_env"))

    def _source(self, io: Input, path: Path) -> tuple[object, Path, bool]:
        if io.name in self.trial:
            return self.trial[io.name], ("matrix", "params", io.name), False
        if io.name in self.given:
            return self.given[io.name], path, True
        param = self.params.get(io.name)
        if param is not None:
            at: Path = ("params", io.name, "value")
            return self.renderer.tree(at, param.value), at, False
        if io.value is not None:
            at = (*path, "value")
            return self.renderer.tree(at, io.value), at, False
        return (None if io.optional else _NOTHING), path, False

    def _converted(self, io: Input, value: object, path: Path, *, text: bool) -> JsonValue:
        said_of = f"the given value of input `{io.name}`" if text else f"input `{io.name}`"
        converted, problems = fitted(io, value, text=text)
        for said, fix in problems:
            self.report.add(path, f"{said_of}: {said}", fix)
        return converted

    def _variable(self, name: str, variable: str | None, path: Path) -> None:
        if not variable:
            return
        if variable in self.bound.env and self.bound.env[variable][0] != name:
            self.report.add(path, f"the variable `{variable}` is set by two values", "choose another name for one")
        self.bound.env[variable] = (name, path)


def fitted(io: Input, value: object, *, text: bool = False) -> tuple[JsonValue, list[tuple[str, str | None]]]:
    """A value as an input wants it, and what is wrong with it, each with a fix; None when it cannot be used. `text`
    says that it is text from a command line."""
    try:
        converted = convert(value, io, text=text)
    except ValueError as error:
        return None, [(str(error), f"the input is declared as {_declared(io)}")]
    large = _oversize(converted)
    if large is not None:
        return None, [large]
    said = satisfies(converted, io.validation) if io.validation else ()
    return converted, [(one, "give another value") for one in said]


def _oversize(value: object) -> tuple[str, str | None] | None:
    """Every value has a text form, for variables and arguments, so that must not be too large for one."""
    try:
        bounded(len(text_of(value)) if value is not None else 0)
    except TemplateError as error:
        return error.message, error.fix
    return None


def bind(binder: Binder, inputs: Mapping[str, Input], at: Path) -> Bindings:
    """All inputs of a component at `at`, and all params. Problems go to the report of the binder."""
    for index, io in enumerate(inputs.values()):
        binder.declared(io, (*at, "inputs", index))
    for name, param in binder.params.items():
        if name not in inputs:
            binder.undeclared(name, param, inputs)
        elif param.context_only:
            said = f"`{name}` is a declared input and cannot be for templates alone"
            binder.report.add(("params", name), said, "remove `contextOnly`", key=True)
    for name in sorted(binder.trial.keys() - inputs.keys()):
        fix = suggest(name, inputs) or "declare it under `inputs`"
        binder.report.add(at, f"the sweep gives it `{name}`, and the component has no such input", fix, key=True)
    for name in sorted(binder.given.keys() - inputs.keys() - binder.params.keys()):
        fix = suggest(name, inputs) or "declare it under `inputs`"
        binder.report.add_given(f"-P {name}", f"the component has no input `{name}`", fix)
    return binder.bound


def bind_defaults(binder: Binder, inputs: Mapping[str, Input], at: Path) -> Bindings:
    """The inputs of a component as far as it gives them values itself; the others are there without one."""
    for index, io in enumerate(inputs.values()):
        if io.value is not None:
            binder.declared(io, (*at, "inputs", index))
        else:
            binder.bound.inputs[io.name] = None
    return binder.bound


def _declared(io: Input) -> str:
    return f"a list of `{io.type}`" if io.is_list else f"`{io.type}`"
