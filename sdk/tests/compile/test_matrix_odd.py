"""Whatever stands in a matrix, what is wrong is told as a finding with a fix: nothing else comes out."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard.compile.context import example_globals
from trainyard.compile.operation import compile_operation
from trainyard.spec.error import SpecError
from trainyard.spec.io import TYPES
from trainyard.spec.matrix.installed import MATRICES
from trainyard.spec.matrix.shapes import SHAPES

NUMBERS = st.sampled_from([0, 1, -1, 3, 2**62, 0.1, 1e-320, 1e308, -1e308, 0.5])
ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    st.sampled_from(["", "a", "0:1", "1:2:3", "{{ x }}", "::", "1e999:2", "2030-01-01"]),
)
NAMES = ("low", "high", "q", "loc", "scale", "start", "stop", "step", "num", "base", "size")
ODD = st.one_of(
    ATOMS,
    st.lists(ATOMS, max_size=4),
    st.lists(NUMBERS, min_size=2, max_size=4),
    st.lists(st.lists(ATOMS, min_size=2, max_size=2), max_size=3),
    st.dictionaries(st.sampled_from(NAMES), st.one_of(NUMBERS, ATOMS), max_size=4),
)
FIELDS = (
    *("params", "values", "metric", "resource", "tuner", "earlyStopping", "concurrency", "seed", "numRuns", "eta"),
    *("utilityFunction", "kind", "maxIterations", "algorithm", "numInitialRuns", "resume"),
)
BASE = {
    "numRuns": 2,
    "maxIterations": 3,
    "numInitialRuns": 2,
    "metric": {"name": "a", "optimization": "minimize"},
    "resource": {"name": "r"},
    "tuner": {"cmd": "ls", "inputs": [{"name": "iteration"}, {"name": "trials"}]},
    "algorithm": "tpe",
    "values": [{"p": 1}],
}
NEEDS: dict[str, tuple[str, ...]] = {
    "mapping": ("values",),
    "grid": (),
    "random": ("numRuns",),
    "hyperband": ("maxIterations", "metric", "resource"),
    "bayes": ("maxIterations", "numInitialRuns", "metric"),
    "tpe": ("numRuns", "metric"),
    "hyperopt": ("numRuns", "metric", "algorithm"),
    "iterative": ("maxIterations", "tuner"),
}


def compiled(matrix: object, kind: str) -> None:
    inputs = [{"name": "p", "type": kind, "isOptional": True}, {"name": "r", "type": "int", "value": 1}]
    operation = {"version": 1.1, "kind": "operation", "cmd": "ls", "inputs": inputs, "matrix": matrix}
    try:
        assert compile_operation(operation, globals=example_globals()).kind in ("sweep", "job")
    except SpecError as error:
        assert all(finding.fix and finding.field for finding in error.findings), str(error)


def sound(kind: str) -> dict[str, object]:
    params = {} if kind == "mapping" else {"params": {"p": {"kind": "choice", "value": [1]}}}
    return {"kind": kind, **params, **{name: BASE[name] for name in NEEDS[kind]}}


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(SHAPES)), ODD, st.sampled_from(TYPES), st.sampled_from(["grid", "random", "bayes"]))
def test_odd_values_of_params(shape: str, value: object, kind: str, matrix: str) -> None:
    compiled({**sound(matrix), "params": {"p": {"kind": shape, "value": value}}}, kind)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(MATRICES.language)), st.sampled_from(FIELDS), ODD)
def test_odd_values_of_fields(kind: str, name: str, value: object) -> None:
    compiled({**sound(kind), name: value}, "any")


def test_what_they_are_put_into_is_sound() -> None:
    for kind in MATRICES.language:
        inputs = [{"name": "p", "value": 1}, {"name": "r", "type": "int", "value": 1}]
        operation = {"version": 1.1, "kind": "operation", "cmd": "ls", "inputs": inputs, "matrix": sound(kind)}
        assert compile_operation(operation, globals=example_globals()).kind == "sweep"
