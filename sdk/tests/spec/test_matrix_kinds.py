"""Kinds of matrix and early-stopping policies that installed distributions offer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from trainyard.matrix.objective import Goal
from trainyard.matrix.stopping import PolicyRule
from trainyard.spec.check import parse_operation
from trainyard.spec.document import Document
from trainyard.spec.error import SpecError
from trainyard.spec.matrix import installed
from trainyard.spec.matrix.metric import Metric
from trainyard.spec.matrix.number import Natural, Positive
from trainyard.spec.matrix.search import SeededMatrix
from trainyard.spec.matrix.stopping import Policy
from trainyard.spec.matrix.text import ConstraintText
from trainyard.spec.model import Model
from trainyard.spec.schema import json_schema


class Budget(Model):
    hours: Natural


class SwarmMatrix(SeededMatrix):
    metrics: tuple[Metric, ...]
    bounds: tuple[ConstraintText, ...] = ()
    budget: Budget | None = None


class MarginPolicy(Policy):
    margin: Positive
    only_after: Natural | None = None


def point(name: str, value: str) -> EntryPoint:
    return EntryPoint(name, value, "trainyard.matrix")


@pytest.fixture
def _offered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A kind of this module, one that is not there, one that is none, one of the language, one whose module
    ends the process, and one that two distributions bring."""
    monkeypatch.setitem(sys.modules, "swarm_of_this_test", sys.modules[__name__])
    points = [
        point("swarm", "swarm_of_this_test:SwarmMatrix"),
        point("gone", "no_such_module_anywhere:Matrix"),
        point("strange", "swarm_of_this_test:Budget"),
        point("grid", "swarm_of_this_test:SwarmMatrix"),
        point("leaving", "leaving_of_this_test:Matrix"),
        point("contested", "swarm_of_this_test:SwarmMatrix"),
        point("contested", "swarm_of_this_test:SwarmMatrix"),
    ]
    (tmp_path / "leaving_of_this_test.py").write_text("raise SystemExit('no licence')")
    monkeypatch.syspath_prepend(str(tmp_path))
    policies = [
        EntryPoint("margin", "swarm_of_this_test:MarginPolicy", "trainyard.policy"),
        EntryPoint("strange", "swarm_of_this_test:Budget", "trainyard.policy"),
    ]
    groups = {"trainyard.matrix": points, "trainyard.policy": policies}
    monkeypatch.setattr(
        "trainyard.spec.installed.entry_points", lambda group: groups.get(group) or entry_points(group=group)
    )
    _forget()
    yield
    _forget()


def _forget() -> None:
    installed.MATRICES.forget()
    installed.POLICIES.forget()


def said(**matrix: object) -> str:
    document = Document.from_mapping({"version": 1.1, "kind": "operation", "cmd": "ls", "matrix": matrix})
    with pytest.raises(SpecError) as caught:
        parse_operation(document)
    return str(caught.value)


METRICS = [{"name": "loss", "optimization": "minimize"}]
PARAMS = {"lr": {"kind": "uniform", "value": "0:1"}}


@pytest.mark.usefixtures("_offered")
def test_a_kind_of_a_plugin_is_read() -> None:
    matrix = {"kind": "swarm", "params": PARAMS, "metrics": METRICS, "bounds": ["lr <= 0.5"], "seed": 3}
    document = Document.from_mapping({"version": 1.1, "kind": "operation", "cmd": "ls", "matrix": matrix})
    found = parse_operation(document).matrix
    assert isinstance(found, SwarmMatrix)
    assert (found.algorithm(), found.draws()) == ("swarm", 3)
    assert found.options() == {"metrics": METRICS, "bounds": ["lr <= 0.5"]}


@pytest.mark.usefixtures("_offered")
@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ({"kind": "swarn"}, "matrix.kind: there is no matrix of kind `swarn`; did you mean `swarm`?"),
        (
            {"kind": "swarm", "params": PARAMS, "metrics": [{"name": "a"}]},
            "matrix.metrics[0]: `optimization` is missing",
        ),
        (
            {"kind": "swarm", "params": PARAMS, "metrics": METRICS, "bonds": 1},
            "matrix.bonds: there is no such field here; did",
        ),
        (
            {"kind": "swarm", "params": PARAMS, "metrics": METRICS, "budget": {"hour": 1, "hours": 1}},
            "matrix.budget.hour: there is no such field here; did you mean `hours`?",
        ),
        (
            {"kind": "swarm", "params": PARAMS, "metrics": METRICS, "bounds": ["a", "lr <= 1"]},
            "matrix.bounds[0]: there is no single `<=` or `>=` in it; write a sum",
        ),
        (
            {"kind": "gone"},
            "matrix.kind: the kind `gone` of an unknown distribution cannot be loaded: ModuleNotFoundError",
        ),
        (
            {"kind": "strange"},
            "cannot be loaded: swarm_of_this_test:Budget is no subclass of trainyard.spec.matrix.Matrix",
        ),
        ({"kind": "gone", "tuner": {}}, "the kind `gone`"),
        ({"kind": "leaving"}, "the kind `leaving` of an unknown distribution cannot be loaded: SystemExit: no licence"),
        ({"kind": "contested"}, "the kind `contested` comes with an unknown distribution and an unknown distribution"),
        ({"kind": "grid", "params": PARAMS, "metrics": METRICS}, "matrix.metrics: there is no such field here"),
    ],
)
def test_faults_of_such_a_kind_are_told_like_any(matrix: dict[str, object], expected: str) -> None:
    assert expected in said(**matrix)


@pytest.mark.usefixtures("_offered")
def test_the_schema_has_every_kind_that_can_be_loaded() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    kinds = {name.removeprefix("Matrix.") for name in definitions if name.startswith("Matrix.")}
    assert kinds == {*installed.MATRICES.language, "swarm"}
    swarm = definitions["Matrix.swarm"]
    assert swarm["properties"]["kind"] == {"const": "swarm"}  # type: ignore[index, call-overload]
    assert "hours" in swarm["$defs"]["Budget"]["properties"]  # type: ignore[index, call-overload, operator]


def with_policy(**policy: object) -> dict[str, object]:
    rule = {"kind": "metric_early_stopping", "metric": "loss", "optimization": "minimize", "policy": policy}
    return {"kind": "grid", "params": {"lr": {"kind": "choice", "value": [1]}}, "earlyStopping": [rule]}


@pytest.mark.usefixtures("_offered")
def test_a_policy_of_a_plugin_is_a_rule_with_its_own_fields_as_options() -> None:
    matrix = with_policy(kind="margin", margin=0.5, onlyAfter=3, minInterval=2, evaluationInterval=4, minSamples=6)
    document = Document.from_mapping({"version": 1.1, "kind": "operation", "cmd": "ls", "matrix": matrix})
    found = parse_operation(document).matrix
    assert found is not None
    assert found.rules() == (
        PolicyRule(
            metric="loss",
            goal=Goal.MINIMIZE,
            begin=2,
            interval=4,
            samples=6,
            policy="margin",
            options={"margin": 0.5, "onlyAfter": 3},
        ),
    )
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    policies = {name.removeprefix("Policy.") for name in definitions if name.startswith("Policy.")}
    assert policies == {"median", "truncation", "diff", "margin"}


@pytest.mark.usefixtures("_offered")
@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"kind": "margn", "margin": 1}, "there is no policy of kind `margn`; did you mean `margin`?"),
        ({"kind": "asha"}, "or install the plugin that offers it"),
        ({"kind": "margin"}, "matrix.earlyStopping[0].policy: `margin` is missing"),
        ({"kind": "margin", "margin": -1}, "matrix.earlyStopping[0].policy.margin"),
        ({"kind": "strange"}, "swarm_of_this_test:Budget is no subclass of trainyard.spec.matrix.Policy"),
    ],
)
def test_faults_of_a_policy_of_a_plugin_are_told_like_any(policy: dict[str, object], expected: str) -> None:
    assert expected in said(**with_policy(**policy))


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = json_schema()

    def follow(value: object) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                target: object = schema
                for part in str(value["$ref"]).removeprefix("#/").split("/"):
                    assert isinstance(target, dict)
                    target = target[part]
            for item in value.values():
                follow(item)
        elif isinstance(value, list):
            for item in value:
                follow(item)

    follow(schema)


def test_reading_an_operation_without_a_matrix_loads_no_kind() -> None:
    code = (
        "import sys; from trainyard.spec.check import parse_operation; from trainyard.spec.document import Document;"
        "parse_operation(Document.from_mapping({'version': 1.1, 'kind': 'operation', 'cmd': 'ls'}));"
        "print([name for name in sys.modules if name.startswith('trainyard.spec.matrix.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "shapes" not in done.stdout
    assert "installed" not in done.stdout
