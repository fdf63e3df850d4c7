"""A matrix as it is written: what is refused, and where it is said to be."""

from __future__ import annotations

import pytest

from trainyard.matrix.objective import Goal, Objective
from trainyard.matrix.stopping import DifferenceRule, FailureShare, MedianRule, Rule, TargetReached, TruncationRule
from trainyard.spec.check import parse_operation, parse_preset
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, SpecError
from trainyard.spec.load import load_text
from trainyard.spec.matrix.base import Matrix

HEAD = "version: 1.1\nkind: operation\ncmd: ls\nmatrix:\n"
METRIC = "  metric: {name: loss, optimization: minimize}\n"
PARAMS = "  params: {lr: {kind: uniform, value: '0:1'}}\n"
GRID = "  kind: grid\n"
TPE = f"  kind: tpe\n{PARAMS}{METRIC}"


def matrix(text: str) -> Matrix:
    found = parse_operation(load_text(HEAD + text, file="t.yaml")).matrix
    assert found is not None
    return found


def findings(text: str) -> list[Finding]:
    with pytest.raises(SpecError) as caught:
        parse_operation(load_text(HEAD + text, file="t.yaml"))
    return list(caught.value.findings)


CASES = [
    ("  kind: gird", "t.yaml:5:9: matrix.kind: there is no matrix of kind `gird`; did you mean `grid`? or install the"),
    ("  kind: [grid]", "matrix.kind: there is no matrix of kind a list; choose from"),
    ("  params: {}", "t.yaml:4:1: matrix: `kind` is missing; choose from"),
    ("  - kind: grid", "matrix: a matrix is a mapping with a `kind`, not a list; write `kind: mapping`"),
    (GRID, "t.yaml:4:1: matrix: `params` is missing"),
    (GRID + "  params: {}", "t.yaml:6:3: matrix.params: there are no params to search"),
    (GRID + "  params: [lr]", "matrix.params: must be a mapping, not a list"),
    (GRID + PARAMS + "  numRun: 3", "t.yaml:7:3: matrix.numRun: there is no such field here; did you mean `numRuns`?"),
    (GRID + PARAMS + "  numRuns: 0", "t.yaml:7:12: matrix.numRuns: must be 1 or more, not 0"),
    (GRID + PARAMS + "  numRuns: 3.5", "matrix.numRuns: must be a whole number, not a number"),
    (GRID + PARAMS + "  numRuns: '{{ n }}'", "matrix.numRuns: templates are not evaluated in a matrix"),
    (GRID + PARAMS + "  num_runs: 2\n  numRuns: 2", "this field is given twice, as `numRuns` and as `num_runs`"),
    (GRID + PARAMS + "  concurrency: 0", "matrix.concurrency: must be 1 or more, not 0"),
    (GRID + PARAMS + "  seed: 1", "matrix.seed: there is no such field here"),
    (
        GRID + "  params: {lr: 3}",
        "t.yaml:6:16: matrix.params.lr: a param is a mapping with a `kind`, not a whole number",
    ),
    (GRID + "  params: {lr: {value: 3}}", "matrix.params.lr: `kind` is missing; choose from `choice`"),
    (
        GRID + "  params: {lr: {kind: unifrm}}",
        "matrix.params.lr.kind: there is no param of kind `unifrm`; did you mean",
    ),
    (GRID + "  params: {lr: {kind: uniform}}", "matrix.params.lr: `value` is missing"),
    (
        GRID + "  params: {lr: {kind: uniform, values: 1}}",
        "matrix.params.lr.values: there is no such field here; did you",
    ),
    (GRID + "  params: {lr: {kind: uniform, value: '1'}}", "matrix.params.lr.value: `high` is missing"),
    (GRID + "  params: {lr: {kind: uniform, value: '1:a'}}", "matrix.params.lr.value: must be a number, not text"),
    (
        GRID + "  params: {lr: {kind: uniform, value: {low: 1, high: a}}}",
        "t.yaml:6:54: matrix.params.lr.value.high: must",
    ),
    (
        GRID + "  params: {lr: {kind: uniform, value: {low: 1, high: 2, size: 3}}}",
        "matrix.params.lr.value.size: `size` is",
    ),
    (
        GRID + "  params: {lr: {kind: uniform, value: '1:2:3'}}",
        "3 parts where there are 2: low, high; a `size` is not taken",
    ),
    (
        GRID + "  params: {lr: {kind: uniform, value: 3}}",
        "must be low and high, not a whole number; write `{low: ..., high",
    ),
    (
        GRID + "  params: {lr: {kind: uniform, value: '{{ a }}'}}",
        "templates are not evaluated in a matrix; write `{low: ",
    ),
    (GRID + "  params: {lr: {kind: quniform, value: '1:2:0'}}", "must be more than 0, not 0"),
    (GRID + "  params: {lr: {kind: normal, value: '1:-2'}}", "must be more than 0, not -2"),
    (GRID + "  params: {lr: {kind: choice, value: []}}", "matrix.params.lr.value: a choice of nothing"),
    (GRID + "  params: {lr: {kind: choice, value: a}}", "matrix.params.lr.value: must be a list, not text"),
    (
        GRID + "  params: {lr: {kind: pchoice, value: [a]}}",
        "matrix.params.lr.value[0]: this is not a value with its prob",
    ),
    (
        GRID + "  params: {lr: {kind: pchoice, value: [[a, 2]]}}",
        "matrix.params.lr.value[0]: a probability is from 0 to 1",
    ),
    (GRID + "  params: {lr: {kind: pchoice, value: [[a, .6], [b, .6]]}}", "the probabilities add up to 1.2"),
    (GRID + "  params: {lr: {kind: range, value: '1:2:0'}}", "must be more than 0, not 0"),
    (GRID + "  params: {lr: {kind: linspace, value: '1:2:2.5'}}", "must be a whole number, not a number"),
    (
        GRID + "  params: {d: {kind: daterange, value: '2030-01-01:2030-02-01:1'}}",
        "must be start and stop and step, not text",
    ),
    (
        GRID + "  params: {d: {kind: daterange, value: [1, 2, 3]}}",
        "expected text such as `2030-12-31`, not a whole number",
    ),
    (GRID + "  params: {d: {kind: datetimerange, value: ['2030-01-01', '2030-02-01', x]}}", "this is not a duration"),
    ("  kind: random\n" + PARAMS, "matrix: `numRuns` is missing"),
    ("  kind: mapping\n  values: []", "matrix.values: 0 trials are listed"),
    ("  kind: mapping\n  values: [3]", "matrix.values[0]: must be a mapping, not a whole number"),
    ("  kind: tpe\n  numRuns: 3\n" + PARAMS, "matrix: `metric` is missing"),
    ("  kind: tpe\n  numRuns: 3\n  metric: loss\n" + PARAMS, "matrix.metric: must be a mapping, not text"),
    (
        TPE.replace("minimize", "min") + "  numRuns: 3",
        "t.yaml:7:38: matrix.metric.optimization: `min` is not one of the",
    ),
    (TPE.replace("loss", '""') + "  numRuns: 3", "matrix.metric.name: this is not the name of a metric"),
    (
        TPE + "  numRuns: 3\n  tuner: {hubRef: a}",
        "matrix.tuner: `tuner` is known but not acted on by this version; remove",
    ),
    (
        TPE.replace("tpe", "hyperopt") + "  numRuns: 3\n  algorithm: anneal",
        "matrix.algorithm: annealing is not offered",
    ),
    (TPE.replace("tpe", "hyperopt") + "  numRuns: 3\n  algorithm: x", "there is no such algorithm of `hyperopt`"),
    (TPE.replace("tpe", "hyperband") + "  maxIterations: 9", "matrix: `resource` is missing"),
    (
        TPE.replace("tpe", "hyperband") + "  maxIterations: 9\n  resource: {name: e}\n  eta: 1",
        "t.yaml:10:8: matrix.eta: must be more than 1, not 1",
    ),
    (
        TPE.replace("tpe", "hyperband") + "  maxIterations: 9\n  resource: {name: e, type: str}",
        "matrix.resource.type: `str` is not one of the words for this; choose from int, float",
    ),
    (
        TPE.replace("tpe", "bayes")
        + "  maxIterations: 9\n  numInitialRuns: 2\n  utilityFunction: {gaussianProcess: {kernel: x}}",
        "matrix.utilityFunction.gaussianProcess.kernel: `x` is not one of the words for this; choose from rbf, matern",
    ),
    ("  kind: iterative\n  maxIterations: 3", "matrix: `tuner` is missing"),
    ("  kind: iterative\n  maxIterations: 3\n  tuner: {}", "matrix.tuner: there is no program in this tuner"),
    (
        "  kind: iterative\n  maxIterations: 3\n  tuner: {hubRef: a, component: {cmd: b}}",
        "matrix.tuner: a tuner has one component, and two are given",
    ),
    (
        "  kind: iterative\n  maxIterations: 3\n  tuner: {cmd: a, nme: b}",
        "matrix.tuner.nme: there is no such field here",
    ),
    (GRID + PARAMS + "  earlyStopping: {}", "matrix.earlyStopping: must be a list, not a mapping"),
    (
        GRID + PARAMS + "  earlyStopping: [{kind: x}]",
        "matrix.earlyStopping[0].kind: there is no early stopping of kind",
    ),
    (
        GRID + PARAMS + "  earlyStopping: [{kind: failure_early_stopping, percent: 101}]",
        "matrix.earlyStopping[0].percent: must be a percentage above 0 and up to 100, not 101",
    ),
    (
        GRID + PARAMS + "  earlyStopping: [{kind: metric_early_stopping, metric: a, optimization: minimize}]",
        "matrix.earlyStopping[0]: this stops nothing",
    ),
    (
        GRID + PARAMS + "  early_stopping:\n    - {kind: metric_early_stopping, metric: a, optimization: minimize,\n"
        "       policy: {kind: diff, percent: 5, minSample: 3}}",
        "t.yaml:9:41: matrix.early_stopping[0].policy.minSample: there is no such field here; did you mean `minSa",
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=range(len(CASES)))
def test_structure_is_checked_with_place_and_fix(text: str, expected: str) -> None:
    found = findings(text)
    assert expected in "\n".join(map(str, found))
    assert all(one.fix for one in found)


def test_all_faults_come_at_once() -> None:
    text = GRID + "  numRuns: x\n  params:\n    a: {kind: b}\n    c: {kind: range, value: [1]}\n"
    fields = ["matrix.numRuns", "matrix.params.a.kind", "matrix.params.c.value", "matrix.params.c.value"]
    assert [one.field for one in findings(text)] == fields


def test_both_spellings_are_read() -> None:
    camel = "  kind: bayes\n  numInitialRuns: 2\n  maxIterations: 3\n  utilityFunction: {acquisitionFunction: ei}\n"
    snake = camel.replace("numInitialRuns", "num_initial_runs").replace("maxIterations", "max_iterations")
    snake = snake.replace("utilityFunction", "utility_function").replace("acquisitionFunction", "acquisition_function")
    assert matrix(camel + METRIC + PARAMS) == matrix(snake + METRIC + PARAMS)


def test_a_param_may_be_called_like_a_field() -> None:
    text = GRID + "  params: {kind: {kind: choice, value: [1]}, value: {kind: choice, valu: 1}}"
    assert [one.field for one in findings(text)] == ["matrix.params.value", "matrix.params.value.valu"]


def test_a_null_is_a_field_that_is_not_set() -> None:
    assert matrix(GRID + PARAMS + "  concurrency: null\n  numRuns: null\n  earlyStopping: null").concurrency is None


def test_a_preset_holds_a_whole_matrix() -> None:
    preset = parse_preset(
        Document.from_mapping({"isPreset": True, "matrix": {"kind": "mapping", "values": [{"a": 1}]}})
    )
    assert preset.matrix is not None
    with pytest.raises(SpecError, match="matrix: `kind` is missing"):
        parse_preset(Document.from_mapping({"isPreset": True, "matrix": {"concurrency": 2}}))


LOSS = Objective(name="loss", goal=Goal.MINIMIZE)
KINDS = [
    ("mapping", "  values: [{a: 1}]\n", "mapping", (), {"values": [{"a": 1}]}),
    ("grid", PARAMS, "grid", (), {}),
    ("grid", PARAMS + "  numRuns: 5\n", "grid", (), {"numRuns": 5}),
    ("random", PARAMS + "  numRuns: 5\n  seed: 3\n", "random", (), {"numRuns": 5}),
    (
        "hyperband",
        PARAMS + METRIC + "  maxIterations: 81\n  resource: {name: epochs, type: float}\n  resume: true\n",
        "hyperband",
        (LOSS,),
        {"maxIterations": 81, "eta": 3, "resource": {"name": "epochs", "type": "float"}, "resume": True},
    ),
    (
        "bayes",
        PARAMS + METRIC + "  numInitialRuns: 5\n  maxIterations: 9\n  utilityFunction: {kappa: 2.5, numWarmup: 3}\n",
        "bayes",
        (LOSS,),
        {"numInitialRuns": 5, "maxIterations": 9, "utilityFunction": {"kappa": 2.5, "numWarmup": 3}},
    ),
    ("tpe", PARAMS + METRIC + "  numRuns: 5\n", "tpe", (LOSS,), {"numRuns": 5}),
    ("hyperopt", PARAMS + METRIC + "  numRuns: 5\n  algorithm: tpe\n", "tpe", (LOSS,), {"numRuns": 5}),
    ("hyperopt", PARAMS + METRIC + "  numRuns: 5\n  algorithm: rand\n", "random", (LOSS,), {"numRuns": 5}),
]


@pytest.mark.parametrize(("kind", "text", "algorithm", "objectives", "options"), KINDS)
def test_a_kind_says_what_it_comes_to(
    kind: str, text: str, algorithm: str, objectives: tuple[Objective, ...], options: dict[str, object]
) -> None:
    found = matrix(f"  kind: {kind}\n{text}")
    assert (found.algorithm(), found.objectives(), found.options()) == (algorithm, objectives, options)


def test_early_stopping_comes_to_rules() -> None:
    head = "{kind: metric_early_stopping, metric: a, optimization: maximize"
    policies = [
        "kind: median, evaluationInterval: 2, minInterval: 5, minSamples: 3",
        "kind: truncation, percent: 50, includeSucceeded: false",
        "kind: diff, percent: 250",
    ]
    stops = ["{kind: failure_early_stopping, percent: 50}", f"{head}, value: 0.9}}"]
    stops += [f"{head}, policy: {{{policy}}}}}" for policy in policies]
    stops += [f"{head}, value: 1, policy: {{kind: median}}}}"]
    goal = Goal.MAXIMIZE
    expected: tuple[Rule, ...] = (
        FailureShare(percent=50),
        TargetReached(metric="a", goal=goal, value=0.9),
        MedianRule(metric="a", goal=goal, interval=2, begin=5, samples=3),
        TruncationRule(metric="a", goal=goal, percent=50, succeeded=False),
        DifferenceRule(metric="a", goal=goal, percent=250),
        TargetReached(metric="a", goal=goal, value=1),
        MedianRule(metric="a", goal=goal),
    )
    assert matrix(GRID + PARAMS + f"  earlyStopping: [{', '.join(stops)}]").rules() == expected
