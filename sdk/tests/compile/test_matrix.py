"""From an operation with a matrix to a sweep, and from that to its trials."""

from __future__ import annotations

import pytest
from matrices import GRID, HEAD, said, sweep, trial, whole

from trainyard.compile.context import example_globals
from trainyard.compile.operation import TrialCompiler, compile_operation
from trainyard.compile.resolved import Code, canonical_json, decode_resolved
from trainyard.matrix.space import Choice, Ordered, Space, Uniform
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text


def test_an_operation_with_a_matrix_is_a_sweep() -> None:
    resolved = whole(GRID, opt="sgd").resolved
    assert resolved.kind == "sweep"
    assert resolved.sweep == SweepSpec(
        algorithm="grid",
        space=Space(params={"lr": Ordered(values=(0.1, 0.2, 0.3)), "depth": Choice(values=(2, 4))}),
        concurrency=2,
    )
    assert resolved.inputs == {"opt": "sgd", "note": None, "day": None, "when": None, "layers": None}
    assert (resolved.name, resolved.queue, resolved.max_retries, resolved.timeout) == ("digits", "gpu", 2, 60)
    assert (resolved.command, resolved.args, resolved.env, resolved.resources.cpu) == ((), (), {}, 2)
    assert resolved.component == trial(GRID, lr=0.1, depth=2).resolved.component


def test_what_differs_from_trial_to_trial_is_not_the_sweeps_own() -> None:
    resolved = whole(
        GRID.replace("name: digits", 'name: "d-{{ depth }}"\ndescription: "no. {{ globals.iteration }}"')
    ).resolved
    assert (resolved.name, resolved.description, resolved.tags) == (None, None, ("demo",))


def test_a_caller_may_name_and_tag_it() -> None:
    document = load_text(GRID.replace("name: digits", 'name: "d-{{ depth }}"'), file="t.yaml")
    resolved = compile_operation(
        document, globals=example_globals(), name="mine", queue="cpu", tags=("a",), code=Code(kind="folder", path="/a")
    )
    assert (resolved.name, resolved.queue, resolved.tags) == ("mine", "cpu", ("demo", "a"))
    assert resolved.code.path == "/a"


def test_a_sweep_survives_json_byte_for_byte() -> None:
    content = canonical_json(whole(GRID).resolved)
    assert canonical_json(decode_resolved(content)) == content
    assert decode_resolved(content) == whole(GRID).resolved


def test_a_trial_is_the_operation_with_its_params() -> None:
    compiled = trial(GRID, lr=0.2, depth=4)
    assert compiled.resolved.kind == "job"
    assert compiled.resolved.inputs == {
        "lr": 0.2,
        "depth": 4,
        "opt": "adam",
        **dict.fromkeys(("note", "day", "when", "layers")),
    }
    assert compiled.resolved.args == ("set -e\ntrain --lr=0.2 --depth=4 --opt=adam --iteration=7 0.4",)
    assert compiled.resolved.tags == ("demo", "depth-4")
    assert compiled.resolved.sweep is None
    assert "matrix" not in compiled.document.data


def test_what_a_trial_gets_is_data() -> None:
    text = HEAD + "matrix: {kind: mapping, values: [{lr: 1, opt: a}]}"
    assert trial(text, lr=1, opt="{{ lr }}").resolved.env == {"OPT": "{{ lr }}"}
    assert trial(text, lr=1, note="[1]").resolved.inputs["note"] == "[1]"


def test_a_trial_that_the_component_cannot_take_is_refused_at_its_place() -> None:
    with pytest.raises(SpecError, match=r"t\.yaml:22:5: matrix.params.lr: input `lr`: must be at most 5; give another"):
        trial(GRID, lr=6, depth=2)
    with pytest.raises(SpecError, match="the sweep gives it `dept`, and the component has no such input; did you mean"):
        trial(GRID, lr=1, dept=2)


def test_a_trial_needs_no_approval_and_no_matrix() -> None:
    text = GRID + "isApproved: false\n"
    assert not whole(text).approved
    assert trial(text, lr=1).approved
    plain = TrialCompiler({"version": 1.1, "kind": "operation", "cmd": "ls"}).compile({}, globals=example_globals())
    assert plain.resolved.kind == "job"


PARAM_FAULTS = [
    ("lr: {kind: choice, value: [1, fast]}", "matrix.params.lr.value[1]: input `lr`: expected a number"),
    ("lr: {kind: choice, value: [1, null]}", "matrix.params.lr.value[1]: input `lr` may not be without a value"),
    ("lr: {kind: choice, value: [1, 1.0]}", "matrix.params.lr.value: a value is there twice"),
    ("lr: {kind: linspace, value: '0:1:2'}", "matrix.params.lr.value: input `lr`: must be more than 0 (0)"),
    (
        "lr: {kind: choice, value: [1]}, opt: {kind: choice, value: [1]}",
        "matrix.params.opt.value[0]: input `opt`: expected",
    ),
    (
        "lr: {kind: choice, value: [1]}, opt: {kind: range, value: '1:3:1'}",
        "a `range` needs an input of type `float` or",
    ),
    (
        "lr: {kind: choice, value: [1]}, note: {kind: range, value: '1:3:1'}",
        "`note` is declared as `any`; declare the input",
    ),
    (
        "lr: {kind: choice, value: [1]}, layers: {kind: range, value: '1:3:1'}",
        "`layers` is declared as a list of `int`",
    ),
    (
        "lr: {kind: choice, value: [1]}, depth: {kind: linspace, value: '0:1:3'}",
        "expected a whole number such as `3`, not a",
    ),
    ("lr: {kind: daterange, value: ['2030-01-01', '2030-02-01', 1]}", "a `daterange` needs an input of type `date` or"),
    (
        "lr: {kind: choice, value: [1]}, day: {kind: datetimerange, value: ['2030-01-01', '2030-02-01', 86400]}",
        "a `datetimerange` needs an input of type `datetime`, and `day` is declared as `date`",
    ),
    (
        "lr: {kind: choice, value: [1]}, dept: {kind: choice, value: [1]}",
        "t.yaml:22:5: matrix.params.dept: the component has",
    ),
    (
        "lr: {kind: uniform, value: '1:2'}",
        "matrix.params.lr.kind: a grid takes each value of a param, and a distribution",
    ),
    ("lr: {kind: pchoice, value: [[1, .5], [2, .5]]}", "matrix.params.lr.kind: a grid takes each value once"),
    ("lr: {kind: geomspace, value: '0:2:2'}", "matrix.params.lr.value: start 0 has no logarithm; raise it above 0"),
    ("depth: {kind: choice, value: [1]}", "inputs[0]: the input `lr` has no value"),
]


@pytest.mark.parametrize(("params", "expected"), PARAM_FAULTS)
def test_every_value_is_held_against_its_input(params: str, expected: str) -> None:
    lines = params.replace("}, ", "}\n    ")
    found = said(f"{HEAD}matrix:\n  kind: grid\n  params:\n    {lines}\n")
    assert expected in found
    assert len(found.splitlines()) == 1


def test_many_faults_of_one_param_are_not_all_told() -> None:
    found = said(HEAD + "matrix: {kind: grid, params: {lr: {kind: linspace, value: '6:7:1000'}}}")
    assert len(found.splitlines()) == 5


def test_a_value_from_elsewhere_clashes_and_both_places_are_named() -> None:
    found = said(GRID + "params: {lr: 3}\n")
    assert (
        "t.yaml:24:10: params.lr: `lr` has a value here, and `matrix.params` varies it; remove one of the two" in found
    )
    assert "-P depth: `depth` is given here, and `matrix.params` varies it; leave `-P depth` out" in said(
        GRID, depth="2"
    )


def test_the_operation_is_checked_on_an_example_of_a_trial() -> None:
    assert "did you mean `lr`?" in said(GRID.replace("lr * 2", "lrr"))
    assert "t.yaml:17:13: cmd: this divides by 0" in said(GRID.replace("lr * 2", "1 / (depth - 2)"))


def test_the_iteration_is_known_to_sweeps_alone() -> None:
    assert "there is no field `iteration`" in said(HEAD + "params: {lr: 1}\n")


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [("'0:1'", "must be more than 0 (0)"), ("'1:9'", "must be at most 5 (9)"), ("'1:5'", "")],
)
def test_both_bounds_must_be_values_of_the_input(bounds: str, expected: str) -> None:
    text = HEAD + f"matrix: {{kind: random, numRuns: 3, params: {{lr: {{kind: uniform, value: {bounds}}}}}}}"
    if expected:
        assert expected in said(text)
    else:
        assert sweep(text).space.params == {"lr": Uniform(low=1, high=5)}


def test_the_type_of_the_input_says_whether_numbers_are_whole() -> None:
    params = "lr: {kind: uniform, value: '1:2'}, depth: {kind: quniform, value: '0:8:2'}"
    found = sweep(HEAD + f"matrix: {{kind: random, numRuns: 3, params: {{{params}}}}}").space.params
    assert found == {"lr": Uniform(low=1, high=2), "depth": Uniform(low=0, high=8, step=2, integer=True)}


def test_dates_become_those_of_the_input() -> None:
    params = "lr: {kind: choice, value: [1]}, when: {kind: daterange, value: ['2030-01-01', '2030-01-03', 1]}"
    found = sweep(HEAD + f"matrix: {{kind: grid, params: {{{params}}}}}").space.params["when"]
    assert found == Ordered(values=("2030-01-01T00:00:00", "2030-01-02T00:00:00"))


BIG = "lr: {kind: linspace, value: '1:2:2000'}, depth: {kind: range, value: '0:1000:1'}"


def test_a_grid_without_end_is_refused_with_its_size() -> None:
    found = said(HEAD + f"matrix: {{kind: grid, params: {{{BIG}}}}}")
    assert "matrix.params: these are 2000000 combinations, and 1000000 are the most; give fewer values" in found
    assert sweep(HEAD + f"matrix: {{kind: grid, numRuns: 10, params: {{{BIG}}}}}").options == {"numRuns": 10}
