"""From a `matrix` to the sweep that it comes to.

Decided here: which params a trial gets and whether the component takes them, the space that an optimizer searches, and
one example of a trial, so that a problem of the operation is found before the first trial runs. Left to others: the
fields of each kind (`trainyard.spec.matrix`), whether a value fits its input (`reading.py`), and what may be searched
how (the optimizers themselves).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from trainyard.compile.lower import LoweredOperation
from trainyard.compile.matrix_values import AT, MatrixReader, checked, params_of
from trainyard.compile.render import Renderer
from trainyard.compile.report import Findings
from trainyard.compile.resolve import CompileOptions
from trainyard.compile.resolved import ResolvedOperation
from trainyard.compile.template import parse
from trainyard.matrix.space import Param, Space
from trainyard.matrix.sweep import SweepSpec
from trainyard.matrix.values import combinations
from trainyard.spec.document import Document
from trainyard.spec.io import Input
from trainyard.spec.matrix.base import Matrix
from trainyard.spec.model import is_template
from trainyard.spec.operation import Operation

__all__ = ["SweepDefinition", "plan", "sweep_of", "swept"]

_KEPT = (
    "name",
    "description",
    "queue",
    "priority",
    "code",
    "notifications",
    "resources",
    "max_retries",
    "timeout",
    "component",
)
"""What a sweep has of its trials."""


@dataclass(frozen=True, slots=True)
class SweepDefinition:
    """A sweep, and one trial of it: values of params by name. `unknown` are the inputs whose value only a trial has, or
    that are at fault."""

    sweep: SweepSpec
    trial: Mapping[str, JsonValue]
    names: frozenset[str]
    unknown: frozenset[str]


def plan(
    operation: Operation, inputs: Mapping[str, Input], given: Mapping[str, JsonValue], report: Findings
) -> SweepDefinition:
    """The sweep of an operation that has a matrix. Problems go to the report, and what is returned then is of no use
    but to look for more."""
    matrix = operation.matrix
    assert matrix is not None
    work = MatrixReader(matrix, inputs, report)
    sweep = sweep_of(work)
    _check_clashes(work, operation, given)
    return SweepDefinition(sweep, work.trial, frozenset(work.names), _unknown(work, operation, given))


def sweep_of(work: MatrixReader) -> SweepSpec:
    """The sweep of a matrix that is being read. Problems go to the report, as `plan` says."""
    matrix, params = work.matrix, dict(params_of(work))
    rows = _rows(work)
    _add(work)
    return SweepSpec(
        algorithm=matrix.algorithm(),
        space=_space(work, params),
        objectives=matrix.objectives(),
        limits=matrix.limits(),
        options=_options(matrix, rows, work.report.document),
        seed=matrix.draws(),
        concurrency=matrix.concurrency,
        rules=matrix.rules(),
    )


def _varies(text: object, planned: SweepDefinition) -> bool:
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


def _rows(work: MatrixReader) -> list[dict[str, JsonValue]]:
    """The trials that a matrix lists, each with its values as the inputs want them."""
    rows: list[dict[str, JsonValue]] = []
    for index, row in enumerate(work.matrix.listed()):
        path = (*AT, "values", index)
        named = [(io, value) for name, value in row.items() if (io := work.input(name, (*path, name))) is not None]
        rows.append({io.name: checked(io, value, (*path, io.name), work) for io, value in named})
    for index, row in enumerate(rows):
        for name in sorted(work.names.keys() & work.inputs.keys() - row.keys()):
            if not work.inputs[name].optional:
                said = f"trial {index} has no value for `{name}`, which other trials have"
                work.report.add((*AT, "values", index), said, f"add `{name}`, or give its input a default")
    work.trial.update(rows[0] if rows else {})
    return rows


def _add(work: MatrixReader) -> None:
    """What the algorithm itself gives to each trial."""
    for name, value in work.matrix.added().items():
        path = (*AT, "resource", "name")
        if name in work.names:
            work.report.add(path, f"`{name}` is one of `params` too", "remove one of them")
        io = work.input(name, path)
        if io is not None:
            work.trial[name] = checked(io, value, path, work)


def _check_clashes(work: MatrixReader, operation: Operation, given: Mapping[str, JsonValue]) -> None:
    """A param has its value from the matrix or from elsewhere."""
    for name, path in work.names.items():
        where = ".".join(str(part) for part in path[:2])
        if name in operation.params:
            said = f"`{name}` has a value here, and `{where}` varies it"
            work.report.add(("params", name), said, "remove one of the two", key=True)
        if name in given:
            said = f"`{name}` is given here, and `{where}` varies it"
            work.report.add_given(f"-P {name}", said, f"leave `-P {name}` out, or remove it from the matrix")


def _space(work: MatrixReader, params: Mapping[str, Param]) -> Space:
    if len(params) < len(work.matrix.space()):
        return Space()  # what is at fault has been told
    try:
        space = Space(params=dict(params), constraints=work.matrix.constraints())
    except ValueError as error:
        work.problem((*AT, "constraints"), error)
        return Space()
    crowd = work.matrix.crowd(combinations(space))
    if crowd is not None:
        work.report.add((*AT, "params"), *crowd, key=True)
    return space


def _unknown(work: MatrixReader, operation: Operation, given: Mapping[str, JsonValue]) -> frozenset[str]:
    faulty = work.names.keys() - work.trial.keys()
    if not work.matrix.proposes_any():
        return frozenset(faulty)
    known = operation.params.keys() | given.keys()
    return frozenset(faulty | {name for name, io in work.inputs.items() if not io.optional and name not in known})


def swept(
    resolved: ResolvedOperation,
    operation: Operation,
    lowered: LoweredOperation,
    planned: SweepDefinition,
    renderer: Renderer,
    given: CompileOptions,
) -> ResolvedOperation:
    """The sweep of which this is an example of a trial: without what is a trial's alone."""
    own = {field: getattr(operation, field) or getattr(lowered.body, field) for field in ("name", "description")}
    varied = {
        field: None for field, text in own.items() if _varies(text, planned) and not (field == "name" and given.name)
    }
    tags = (*lowered.body.tags, *(operation.tags if lowered.body is not operation else ()))
    fixed = renderer.texts(("tags",), tuple(tag for tag in tags if not _varies(tag, planned)))
    kept = {name: getattr(resolved, name) for name in _KEPT}
    return ResolvedOperation(
        kind="sweep",
        **{**kept, **varied},
        tags=tuple(dict.fromkeys((*fixed, *given.tags))),
        inputs={name: value for name, value in resolved.inputs.items() if name not in planned.names | planned.unknown},
        sweep=planned.sweep,
    )
