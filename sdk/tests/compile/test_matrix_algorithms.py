"""What single kinds of matrix compile to, what is warned of, and how one is patched."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from matrices import GRID, HEAD, said, sweep, whole

from trainyard.compile.context import example_globals
from trainyard.compile.operation import TrialCompiler, compile_operation, compile_whole
from trainyard.compile.reference import Library, Reference, ReferenceUse, ResolvedReference, wanted
from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text

METRIC = "metric: {name: accuracy, optimization: maximize}"


BAYES = f"matrix: {{kind: bayes, numInitialRuns: 2, maxIterations: 3, {METRIC}, params: "


def test_bayes_wants_bounds() -> None:
    assert "`bayes` searches between bounds" in said(HEAD + BAYES + "{lr: {kind: normal, value: '1:2'}}}")
    assert "write the values as a `choice`" in said(HEAD + BAYES + "{lr: {kind: pchoice, value: [[1, .5]]}}}")
    assert sweep(HEAD + BAYES + "{lr: {kind: loguniform, value: '0:1'}}}").algorithm == "bayes"


def test_a_mapping_is_listed_as_its_inputs_want_it() -> None:
    resolved = whole(HEAD + "matrix: {kind: mapping, values: [{lr: 1, depth: '4'}, {lr: '2'}]}").resolved
    assert resolved.sweep == SweepSpec(algorithm="mapping", options={"values": [{"lr": 1.0, "depth": 4}, {"lr": 2.0}]})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("[{lr: 1}, {lr: x}]", "t.yaml:18:48: matrix.values[1].lr: input `lr`: expected a number"),
        (
            "[{lr: 1}, {dept: 2, lr: 1}]",
            "matrix.values[1].dept: the component has no input `dept`; did you mean `depth`?",
        ),
        ("[{lr: 1}, {depth: 2}]", "matrix.values[1]: trial 1 has no value for `lr`, which other trials have"),
        ("[{lr: 1}, {lr: null}]", "matrix.values[1].lr: input `lr` may not be without a value"),
        ("[{lr: 1}, {lr: 9}]", "matrix.values[1].lr: input `lr`: must be at most 5 (9)"),
        ("[{depth: 1}]", "inputs[0]: the input `lr` has no value"),
    ],
)
def test_every_trial_of_a_mapping_is_checked(values: str, expected: str) -> None:
    assert expected in said(HEAD + f"matrix: {{kind: mapping, values: {values}}}")


BAND = (
    "matrix: {kind: hyperband, maxIterations: 9, metric: {name: accuracy, optimization: maximize},"
    " resource: {name: %s}, params: {lr: {kind: uniform, value: '1:2'}}}"
)


def test_hyperband_gives_its_resource_to_trials() -> None:
    resolved = whole(HEAD + BAND % "depth").resolved
    assert resolved.sweep is not None
    assert resolved.sweep.objectives == (Objective(name="accuracy", goal=Goal.MAXIMIZE),)
    assert "depth" not in resolved.inputs


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("dept", "matrix.resource.name: the component has no input `dept`; did you mean `depth`?"),
        ("lr", "matrix.resource.name: `lr` is one of `params` too"),
        ("opt", "matrix.resource.name: input `opt`: expected text, not a whole number"),
    ],
)
def test_the_resource_is_an_input_of_numbers(resource: str, expected: str) -> None:
    assert expected in said(HEAD + BAND % resource)
    assert "`depth` has a value here, and `matrix.resource` varies it" in said(
        HEAD + "params: {depth: 1}\n" + BAND % "depth"
    )


WARNED = [
    ("accuracy", "accuracy", ""),
    ("acuracy", "accuracy", "matrix.metric.name: the component declares no output `acuracy`; did you mean `accuracy`?"),
    ("loss", "loss", ""),
    (
        "loss",
        "losss",
        "matrix.earlyStopping[0]: `losss` is neither what is searched for nor an output; did you mean `loss`?",
    ),
    ("loss", "accuracy", ""),
]


@pytest.mark.parametrize(("objective", "stopping", "expected"), WARNED)
def test_a_metric_that_is_nearly_another_is_warned_of(objective: str, stopping: str, expected: str) -> None:
    stop = f"{{kind: metric_early_stopping, metric: {stopping}, optimization: maximize, value: 1}}"
    text = (
        f"matrix: {{kind: tpe, numRuns: 2, metric: {{name: {objective}, optimization: maximize}},"
        f" earlyStopping: [{stop}], params: {{lr: {{kind: uniform, value: '1:2'}}}}}}"
    )
    assert [expected in one for one in whole(HEAD + text).warnings] == ([True] if expected else [])


def test_logarithms_that_look_like_values_are_warned_of_at_their_place() -> None:
    text = HEAD + "matrix: {kind: random, numRuns: 2, params: {lr: {kind: loguniform, value: '0.001:0.1'}}}"
    (warning,) = whole(text).warnings
    assert warning.startswith("t.yaml:18:75: matrix.params.lr.value: the bounds of `loguniform` are logarithms")


TUNER_FIELDS = ("inputs: [{name: iteration, type: int}, {name: trials, type: list}]", "cmd: 'tune {{ iteration }}'")


TUNER = ", ".join(TUNER_FIELDS)


ITERATIVE = "matrix: {kind: iterative, maxIterations: 3, tuner: %s}"


def test_a_tuner_is_an_operation_of_its_own() -> None:
    found = whole(HEAD + ITERATIVE % f"{{{TUNER}}}")
    assert found.resolved.sweep is not None
    tuner = found.resolved.sweep.options["tuner"]
    assert isinstance(tuner, dict)
    made = TrialCompiler(tuner).compile({"iteration": 2, "trials": []}, globals=example_globals())
    assert made.resolved.args == ("set -e\ntune 2",)


def test_without_params_a_tuner_may_give_any_input() -> None:
    resolved = whole(HEAD + ITERATIVE % f"{{{TUNER}}}").resolved
    assert "lr" not in resolved.inputs
    assert "did you mean `lr`?" in said(HEAD.replace("lr * 2", "lrr") + ITERATIVE % f"{{{TUNER}}}")


@pytest.mark.parametrize(
    ("tuner", "expected"),
    [
        ("{cmd: tune}", "matrix.tuner: the sweep gives it `iteration`, and the component has no such input"),
        (
            f"{{component: {{{TUNER.replace('{{ iteration', '{{ iteratio')}}}}}",
            "matrix.tuner.component.cmd: there is no",
        ),
        (f"{{{TUNER}, hubRef: tune}}", "matrix.tuner.hubRef: the component `tune` is known to a server only"),
    ],
)
def test_faults_of_a_tuner_are_told_at_its_place(tuner: str, expected: str) -> None:
    assert expected in said(HEAD + ITERATIVE % tuner)


def test_a_tuner_by_reference_is_looked_up_and_written_in() -> None:
    text = HEAD + ITERATIVE % "{hubRef: 'tune:1.0', queue: cpu}"
    document = load_text(text, file="t.yaml")
    target = Reference("component", "tune", "1.0")
    assert wanted(document, Library()) == [target]
    component = load_text("\n".join(("version: 1.1", "kind: component", *TUNER_FIELDS)), file="tune.yaml")
    library = Library({target: ResolvedReference(ReferenceUse("component", "tune", "1.0", "sha256:0"), component)})
    found = whole(text, library)
    assert [use.name for use in found.uses] == ["tune"]
    again = compile_operation(found.document.data, globals=example_globals())
    assert again == found.resolved
    assert again.sweep is not None
    tuner: object = again.sweep.options["tuner"]
    assert isinstance(tuner, Mapping)
    made = TrialCompiler(tuner).compile({"iteration": 2, "trials": []}, globals=example_globals())
    assert (made.resolved.queue, made.resolved.args) == ("cpu", ("set -e\ntune 2",))


PATCHES = [
    ("{kind: grid, params: {lr: {kind: choice, value: [3]}}}", [("depth", (2, 4)), ("lr", (3.0,))]),
    (
        "{kind: grid, concurrency: 9, params: {opt: {kind: choice, value: [a]}}}",
        [("depth", (2, 4)), ("lr", (0.1, 0.2, 0.3)), ("opt", ("a",))],
    ),
    ("{kind: random, numRuns: 2, params: {lr: {kind: choice, value: [3]}}}", [("lr", (3.0,))]),
]


@pytest.mark.parametrize(("patch", "expected"), PATCHES)
def test_a_matrix_is_merged_with_one_of_its_kind_alone(
    patch: str, expected: list[tuple[str, tuple[object, ...]]]
) -> None:
    preset = load_text(f"isPreset: true\nmatrix: {patch}\n", file="p.yaml")
    document = load_text(GRID, file="t.yaml")
    resolved = compile_whole(document, Library(), globals=example_globals(), patches=[preset]).resolved
    assert resolved.sweep is not None
    assert sorted((name, param.values) for name, param in resolved.sweep.space.params.items()) == expected  # type: ignore[union-attr]
    assert resolved.sweep.concurrency == (9 if "9" in patch else 2 if "grid" in patch else None)


def test_a_fault_of_a_patched_matrix_is_told_where_it_was_written() -> None:
    preset = load_text(
        "isPreset: true\nmatrix: {kind: grid, params: {lr: {kind: choice, value: [x]}}}\n", file="p.yaml"
    )
    with pytest.raises(SpecError, match=r"p\.yaml:2:58: matrix.params.lr.value\[0\]: input `lr`: expected a number"):
        compile_whole(load_text(GRID, file="t.yaml"), Library(), globals=example_globals(), patches=[preset])
