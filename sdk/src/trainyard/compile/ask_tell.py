"""From a matrix without an operation to its sweep, for a program that runs the trials itself.

The language is the one of files, checked by the same code. Decided here is what a file has an operation for: of which
type the values of each param are, and what trials are judged by where a kind does not go by a metric.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field, ValidationError

from trainyard.compile.matrix import sweep_of
from trainyard.compile.matrix_values import MatrixReader
from trainyard.compile.report import Findings
from trainyard.matrix.space import Ordered
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.check import parse_part
from trainyard.spec.document import Document, camel
from trainyard.spec.error import Path, suggest
from trainyard.spec.io import Input
from trainyard.spec.matrix.base import AnyMatrix, Matrix
from trainyard.spec.matrix.metric import Metric
from trainyard.spec.matrix.number import Natural, one_of
from trainyard.spec.matrix.shape import Shape
from trainyard.spec.model import Model

__all__ = ["asked_sweep"]

Type = Annotated[Literal["any", "bool", "float", "int", "str"], one_of("any", "bool", "float", "int", "str")]


class _SweepRequest(Model):
    matrix: AnyMatrix
    metric: Metric | None = None
    trials: Natural | None = None
    types: dict[str, Type] = Field(default_factory=dict)


def asked_sweep(
    matrix: Mapping[str, object],
    *,
    metric: Mapping[str, object] | None = None,
    trials: int | None = None,
    types: Mapping[str, str] | None = None,
) -> SweepSpec:
    """The sweep of a matrix by itself. Raises SpecError with every finding.

    `types` says of which type the values of a param are. Without it they are as they are written in a `choice`, dates
    in a range of dates, whole numbers in a range of whole numbers, and else `float`. `metric` is what trials are judged
    by, and `trials` how many there are at most, whatever the kind calls them; one that does not go by a metric, such as
    `grid`, is judged by it all the same."""
    fields = {"matrix": dict(matrix), "types": dict(types or {}), "metric": metric, "trials": trials}
    document = Document.from_mapping(_placed({name: value for name, value in fields.items() if value is not None}))
    parsed, report = parse_part(_SweepRequest, document), Findings(document)
    _check(parsed, report)
    inputs = dict(_inputs(parsed, report))
    report.stop()
    sweep = sweep_of(MatrixReader(parsed.matrix, inputs, report))
    report.stop()
    if parsed.metric is not None:
        sweep = msgspec.structs.replace(sweep, objectives=(parsed.metric.objective(),))
    return sweep


def _placed(given: dict[str, Any]) -> dict[str, Any]:
    """The metric and the count as fields of the matrix, where its kind has them."""
    matrix, fields = given["matrix"], _fields_of(given["matrix"].get("kind"))
    for name, field, wrap in _PLACES:
        if name in given and field in fields and camel(field) not in matrix and field not in matrix:
            matrix[camel(field)] = wrap(given.pop(name))
    return given


_PLACES: tuple[tuple[str, str, Callable[[Any], Any]], ...] = (
    ("metric", "metric", lambda metric: metric),
    ("metric", "metrics", lambda metric: [metric]),
    ("trials", "num_runs", lambda trials: trials),
    ("trials", "num_trials", lambda trials: trials),
)


def _fields_of(kind: object) -> Collection[str]:
    """The fields of a kind of matrix; none for a kind that there is not, which is told where it is read."""
    try:
        model = Matrix.member(kind) if isinstance(kind, str) else None
    except ValueError:
        return ()
    return () if model is None else model.model_fields


def _check(parsed: _SweepRequest, report: Findings) -> None:
    """What needs an operation, or names nothing."""
    if "tuner" in type(parsed.matrix).model_fields:
        said = f"a sweep of kind `{parsed.matrix.kind}` runs a tuner, and a program that asks has none"
        report.add(("matrix", "kind"), said, "use another kind, or write an operation")
    if parsed.metric is not None and parsed.matrix.objectives():
        report.add(("metric",), "the matrix has what trials are judged by", "leave one of the two out", key=True)
    if parsed.trials is not None:
        said = f"a matrix of kind `{parsed.matrix.kind}` says by its own fields how many trials there are"
        report.add(("trials",), said, "leave `trials` out, and give those fields", key=True)
    names = set(_names(parsed.matrix))
    for name in parsed.types:
        if name not in names:
            report.add(("types", name), f"there is no param `{name}`", suggest(name, names), key=True)
    report.stop()


def _names(matrix: Matrix) -> Iterator[str]:
    yield from matrix.space()
    yield from matrix.added()
    for row in matrix.listed():
        yield from row


def _inputs(parsed: _SweepRequest, report: Findings) -> Iterator[tuple[str, Input]]:
    """What an operation would declare. A name that none could declare is a problem."""
    shapes, added = parsed.matrix.space(), parsed.matrix.added()
    for name in dict.fromkeys(_names(parsed.matrix)):
        kind = "any" if name in added else _type_of(shapes.get(name))
        found = _input(name, parsed.types.get(name, kind), ("matrix", "params", name), report)
        if found is not None:
            yield name, found


def _input(name: str, kind: str, path: Path, report: Findings) -> Input | None:
    try:
        return Input.model_validate({"name": name, "type": kind, "is_optional": True})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        words = problem.get("ctx", {})
        report.add(
            path, f"`{name}`: {words.get('said', problem['msg'])}", words.get("fix", "choose another name"), key=True
        )
        return None


def _type_of(shape: object) -> str:
    """The type of a param's values, by its shape; of those of a listing it is any."""
    if not isinstance(shape, Shape) or shape.needs == "any":
        return "any"
    if shape.needs != "number":
        return shape.needs
    try:
        param = shape.param(integer=False)
    except ValueError:
        return "float"  # it is told where the param is read
    whole = isinstance(param, Ordered) and all(isinstance(value, int) for value in param.values)
    return "int" if whole else "float"
