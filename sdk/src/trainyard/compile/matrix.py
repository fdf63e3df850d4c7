"""From a `matrix` to the sweep that it comes to: every value of it held against the inputs that it is for.

Decided here: which params a trial gets and whether the component takes them, the space that an optimizer searches, and
one example of a trial, so that a fault of the operation is found before the first trial runs. Left to others: the
fields of each kind (`trainyard.spec.matrix`), and what may be searched how (the optimizers themselves).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from pydantic import JsonValue

from trainyard.compile.bind import fitted
from trainyard.compile.report import Report
from trainyard.compile.template import parse
from trainyard.matrix.space import Choice, Normal, Ordered, Param, Space, Uniform, Weighted
from trainyard.matrix.sweep import Sweep
from trainyard.matrix.values import combinations, example, extremes
from trainyard.spec.document import Document
from trainyard.spec.error import Path, suggest
from trainyard.spec.io import Input
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.matrix.shape import Needs, Shape
from trainyard.spec.model import is_template
from trainyard.spec.operation import Operation

__all__ = ["Planned", "plan", "varies"]

AT: Path = ("matrix",)
_MOST = 5
"""Faults of one param's values that are told; the others are alike."""
_TYPES: Mapping[Needs, frozenset[str]] = {
    "number": frozenset({"int", "float", "metric"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"datetime"}),
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A sweep, and one trial of it: values of params by name. `unknown` are the inputs whose value only a trial has, or
    that are at fault."""

    sweep: Sweep
    trial: Mapping[str, JsonValue]
    names: frozenset[str]
    unknown: frozenset[str]


@dataclass(slots=True)
class _Work:
    """One matrix being read."""

    matrix: Matrix
    inputs: Mapping[str, Input]
    report: Report
    trial: dict[str, JsonValue] = field(default_factory=dict)
    names: dict[str, Path] = field(default_factory=dict)
    """Every param that trials get, and where the file gives it."""

    def input(self, name: str, path: Path) -> Input | None:
        """The input that a param is for; a fault once if there is none."""
        io = self.inputs.get(name)
        if io is None and name not in self.names:
            fix = suggest(name, self.inputs) or "declare it under `inputs`"
            self.report.add(path, f"the component has no input `{name}`", fix, key=path[-1] == name)
        self.names.setdefault(name, path)
        return io

    def fault(self, path: Path, error: ValueError) -> None:
        """A fault whose text is what is wrong and what to do, parted by `; `."""
        said, _, fix = str(error).partition("; ")
        self.report.add(path, said, fix or None)


def plan(operation: Operation, inputs: Mapping[str, Input], given: Mapping[str, JsonValue], report: Report) -> Planned:
    """The sweep of an operation that has a matrix. Faults go to the report, and what is returned then is of no use
    but to look for more."""
    matrix = operation.matrix
    assert matrix is not None
    work = _Work(matrix, inputs, report)
    params = dict(_params(work))
    rows = _rows(work)
    _add(work)
    _check_clashes(work, operation, given)
    sweep = Sweep(
        algorithm=matrix.algorithm(),
        space=_space(work, params),
        objectives=matrix.objectives(),
        limits=matrix.limits(),
        options=_options(matrix, rows, report.document),
        seed=matrix.draws(),
        concurrency=matrix.concurrency,
        rules=matrix.rules(),
    )
    return Planned(sweep, work.trial, frozenset(work.names), _unknown(work, operation, given))


def varies(text: object, planned: Planned) -> bool:
    """Whether a text of the operation is another one in each trial."""
    if not is_template(text):
        return False
    return bool(parse(text).names & {"params", *planned.names}) or "globals.iteration" in text


def _options(matrix: Matrix, rows: list[dict[str, JsonValue]], document: Document) -> dict[str, object]:
    """With what a matrix lists as the inputs want it, and with its tuner as an operation by itself."""
    options = matrix.options()
    if rows:
        options["values"] = rows
    if "tuner" in options:
        written = document.data["matrix"]
        assert isinstance(written, Mapping)
        options["tuner"] = {"version": 1.1, "kind": "operation", **written["tuner"]}
    return options


def _params(work: _Work) -> Iterator[tuple[str, Param]]:
    for name, shape in work.matrix.space().items():
        path = (*AT, "params", name)
        io = work.input(name, path)
        assert isinstance(shape, Shape)
        if io is not None and _takes(io, shape, path, work):
            found = _param(io, shape, path, work)
            if found is not None:
                work.trial[name] = example(found)
                yield name, found


def _takes(io: Input, shape: Shape, path: Path, work: _Work) -> bool:
    """Whether the input is one of values such as the shape has."""
    if shape.needs == "any" or (io.type in _TYPES[shape.needs] and not io.is_list):
        return True
    kinds = " or ".join(f"`{kind}`" for kind in sorted(_TYPES[shape.needs] - {"metric"}))
    declared = f"a list of `{io.type}`" if io.is_list else f"`{io.type}`"
    said = f"a `{shape.kind}` needs an input of type {kinds}, and `{io.name}` is declared as {declared}"
    work.report.add((*path, "kind"), said, "declare the input so, or write the values as a `choice`")
    return False


def _param(io: Input, shape: Shape, path: Path, work: _Work) -> Param | None:
    at = (*path, "value")
    try:
        param = shape.param(integer=io.type == "int")
        refused = work.matrix.refusal(param)
        if refused is None:
            return _fitted(io, param, at, work)
        work.report.add((*path, "kind"), *refused)
    except ValueError as error:
        work.fault(at, error)
    return None


def _fitted(io: Input, param: Param, at: Path, work: _Work) -> Param | None:
    """The param with its values as the input wants them. Raises ValueError where two of them are the same to it."""
    faults = len(work.report.findings)
    if isinstance(param, Uniform | Normal):
        for value in extremes(param):
            _checked(io, value, at, work)
        return param if len(work.report.findings) == faults else None
    values = tuple(islice(_values(io, param, at, work), len(param.values)))
    if len(work.report.findings) > faults:
        return None
    match param:
        case Choice():
            return Choice(values=values)
        case Weighted():
            return Weighted(values=values, weights=param.weights)
        case Ordered():
            return Ordered(values=values)  # type: ignore[arg-type] # an input of numbers or dates makes no others


def _values(io: Input, param: Choice | Weighted | Ordered, at: Path, work: _Work) -> Iterator[JsonValue]:
    faults = len(work.report.findings)
    for index, value in enumerate(param.values):
        yield _checked(io, value, at if isinstance(param, Ordered) else (*at, index), work)
        if len(work.report.findings) >= faults + _MOST:
            return


def _checked(io: Input, value: object, path: Path, work: _Work) -> JsonValue:
    """The value as the input wants it; a null, where the input may be without a value, stays one."""
    if value is None:
        if not io.optional:
            work.report.add(path, f"input `{io.name}` may not be without a value", "give one, or declare `isOptional`")
        return None
    converted, faults = fitted(io, value)
    for said, fix in faults:
        work.report.add(path, f"input `{io.name}`: {said}{_shown(value)}", fix)
    return converted


def _shown(value: object) -> str:
    """The value that is meant, where the file does not have it in so many words."""
    return f" ({value:g})" if isinstance(value, float) else f" ({value})" if isinstance(value, int) else ""


def _rows(work: _Work) -> list[dict[str, JsonValue]]:
    """The trials that a matrix lists, each with its values as the inputs want them."""
    rows: list[dict[str, JsonValue]] = []
    for index, row in enumerate(work.matrix.listed()):
        path = (*AT, "values", index)
        named = [(io, value) for name, value in row.items() if (io := work.input(name, (*path, name))) is not None]
        rows.append({io.name: _checked(io, value, (*path, io.name), work) for io, value in named})
    for index, row in enumerate(rows):
        for name in work.names.keys() & work.inputs.keys() - row.keys():
            if not work.inputs[name].optional:
                said = f"trial {index} has no value for `{name}`, which other trials have"
                work.report.add((*AT, "values", index), said, f"add `{name}`, or give its input a default")
    work.trial.update(rows[0] if rows else {})
    return rows


def _add(work: _Work) -> None:
    """What the algorithm itself gives to each trial."""
    for name, value in work.matrix.added().items():
        path = (*AT, "resource", "name")
        if name in work.names:
            work.report.add(path, f"`{name}` is one of `params` too", "remove one of them")
        io = work.input(name, path)
        if io is not None:
            work.trial[name] = _checked(io, value, path, work)


def _check_clashes(work: _Work, operation: Operation, given: Mapping[str, JsonValue]) -> None:
    """A param has its value from the matrix or from elsewhere."""
    for name, path in work.names.items():
        where = ".".join(str(part) for part in path[:2])
        if name in operation.params:
            said = f"`{name}` has a value here, and `{where}` varies it"
            work.report.add(("params", name), said, "remove one of the two", key=True)
        if name in given:
            said = f"`{name}` is given here, and `{where}` varies it"
            work.report.add_given(f"-P {name}", said, f"leave `-P {name}` out, or remove it from the matrix")


def _space(work: _Work, params: Mapping[str, Param]) -> Space:
    if len(params) < len(work.matrix.space()):
        return Space()  # what is at fault has been told
    try:
        space = Space(params=dict(params), constraints=work.matrix.constraints())
    except ValueError as error:
        work.fault((*AT, "constraints"), error)
        return Space()
    crowd = work.matrix.crowd(combinations(space))
    if crowd is not None:
        work.report.add((*AT, "params"), *crowd, key=True)
    return space


def _unknown(work: _Work, operation: Operation, given: Mapping[str, JsonValue]) -> frozenset[str]:
    faulty = work.names.keys() - work.trial.keys()
    if not work.matrix.proposes_any():
        return frozenset(faulty)
    known = operation.params.keys() | given.keys()
    return frozenset(faulty | {name for name, io in work.inputs.items() if not io.optional and name not in known})
