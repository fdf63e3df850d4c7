"""The values that a matrix gives to params, held against the inputs that they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from pydantic import JsonValue

from trainyard.compile.bind import fitted
from trainyard.compile.report import Findings
from trainyard.matrix.space import Choice, Normal, Ordered, Param, Uniform, Weighted
from trainyard.matrix.values import example, extremes
from trainyard.spec.error import Path, suggest
from trainyard.spec.io import Input
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.shape import Needs, Shape

__all__ = ["AT", "MatrixReader", "checked", "params_of"]

AT: Path = ("matrix",)
"""Where a matrix stands."""
_MOST = 5
"""Problems of one param's values that are told; the others are alike."""
_TYPES: Mapping[Needs, frozenset[str]] = {
    "number": frozenset({"int", "float", "metric"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"datetime"}),
}


@dataclass(slots=True)
class MatrixReader:
    """One matrix being read."""

    matrix: Matrix
    inputs: Mapping[str, Input]
    report: Findings
    trial: dict[str, JsonValue] = field(default_factory=dict)
    names: dict[str, Path] = field(default_factory=dict)
    """Every param that trials get, and where the file gives it."""

    def input(self, name: str, path: Path) -> Input | None:
        """The input that a param is for; a problem once if there is none."""
        io = self.inputs.get(name)
        if io is None and name not in self.names:
            fix = suggest(name, self.inputs) or "declare it under `inputs`"
            self.report.add(path, f"the component has no input `{name}`", fix, key=path[-1] == name)
        self.names.setdefault(name, path)
        return io

    def problem(self, path: Path, error: ValueError) -> None:
        """A problem whose text is what is wrong and what to do, parted by `; `."""
        said, _, fix = str(error).partition("; ")
        self.report.add(path, said, fix or None)


def params_of(work: MatrixReader) -> Iterator[tuple[str, Param]]:
    for name, shape in work.matrix.space().items():
        path = (*AT, "params", name)
        io = work.input(name, path)
        assert isinstance(shape, Shape)
        if io is not None and _takes(io, shape, path, work):
            found = _param(io, shape, path, work)
            if found is not None:
                work.trial[name] = example(found)
                yield name, found


def _takes(io: Input, shape: Shape, path: Path, work: MatrixReader) -> bool:
    """Whether the input is one of values such as the shape has."""
    if shape.needs == "any" or (io.type in _TYPES[shape.needs] and not io.is_list):
        return True
    kinds = " or ".join(f"`{kind}`" for kind in sorted(_TYPES[shape.needs] - {"metric"}))
    declared = f"a list of `{io.type}`" if io.is_list else f"`{io.type}`"
    said = f"a `{shape.kind}` needs an input of type {kinds}, and `{io.name}` is declared as {declared}"
    work.report.add((*path, "kind"), said, "declare the input so, or write the values as a `choice`")
    return False


def _param(io: Input, shape: Shape, path: Path, work: MatrixReader) -> Param | None:
    at = (*path, "value")
    try:
        param = shape.param(integer=io.type == "int")
        refused = work.matrix.refusal(param)
        if refused is None:
            return _fitted(io, param, at, work)
        work.report.add((*path, "kind"), *refused)
    except ValueError as error:
        work.problem(at, error)
    return None


def _fitted(io: Input, param: Param, at: Path, work: MatrixReader) -> Param | None:
    """The param with its values as the input wants them. Raises ValueError where two of them are the same to it."""
    problems = len(work.report.findings)
    if isinstance(param, Uniform | Normal):
        for value in extremes(param):
            checked(io, value, at, work)
        return param if len(work.report.findings) == problems else None
    values = tuple(islice(_values(io, param, at, work), len(param.values)))
    if len(work.report.findings) > problems:
        return None
    match param:
        case Choice():
            return Choice(values=values)
        case Weighted():
            return Weighted(values=values, weights=param.weights)
        case Ordered():
            return Ordered(values=values)  # type: ignore[arg-type] # an input of numbers or dates makes no others


def _values(io: Input, param: Choice | Weighted | Ordered, at: Path, work: MatrixReader) -> Iterator[JsonValue]:
    problems = len(work.report.findings)
    for index, value in enumerate(param.values):
        yield checked(io, value, at if isinstance(param, Ordered) else (*at, index), work)
        if len(work.report.findings) >= problems + _MOST:
            return


def checked(io: Input, value: object, path: Path, work: MatrixReader) -> JsonValue:
    """The value as the input wants it; a null, where the input may be without a value, stays one."""
    if value is None:
        if not io.optional:
            work.report.add(path, f"input `{io.name}` may not be without a value", "give one, or declare `isOptional`")
        return None
    converted, problems = fitted(io, value)
    for said, fix in problems:
        work.report.add(path, f"input `{io.name}`: {said}{_shown(value)}", fix)
    return converted


def _shown(value: object) -> str:
    """The value that is meant, where the file does not have it in so many words."""
    return f" ({value:g})" if isinstance(value, float) else f" ({value})" if isinstance(value, int) else ""
