"""Kinds of run that installed distributions offer: what they plan is theirs, how they are written is checked here."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import JsonValue

from trainyard.compile.context import example_globals
from trainyard.compile.operation import TrialCompiler, check_component, compile_operation, compile_whole
from trainyard.compile.reference import Library
from trainyard.compile.resolved import (
    ContainerSpec,
    ResolvedOperation,
    Resources,
    canonical_json,
    decode_resolved,
    digest,
)
from trainyard.spec.container import AuxiliaryContainer, Container, GpuAmounts, Requirements
from trainyard.spec.document import Document
from trainyard.spec.error import SpecError
from trainyard.spec.installed import RUNS
from trainyard.spec.load import load_text
from trainyard.spec.matrix.number import Natural
from trainyard.spec.model import Model
from trainyard.spec.run import DirectedRun, ScheduledRun
from trainyard.spec.schema import json_schema
from trainyard.spec.workload import Role, WorkloadSpec


class Step(Model):
    name: str
    times: Natural = 1


class ReviewRun(DirectedRun):
    steps: tuple[Step, ...]
    stop_early: bool = False
    fields: dict[str, JsonValue] | None = None


class PairRun(ScheduledRun):
    """One that leads and some that follow."""

    followers: Natural = 1
    image: str = "pair:1"
    cpu: str = "500m"
    twice: bool = False
    port: int | None = None

    def workload(self) -> WorkloadSpec:
        if self.followers > 99:
            raise ValueError("a leader has at most 99 followers")
        sized = Requirements(requests=GpuAmounts(cpu=self.cpu, memory="1Gi"), limits=GpuAmounts(gpu="1"))
        program = Container(image=self.image, command=("lead",), resources=sized)
        follow = Container.model_validate(
            {"command": ["follow"], "resources": {"limits": {"cpu": 2, "nvidia.com/gpu": 2, "google.com/tpu": 4}}}
        )
        return WorkloadSpec(
            roles=(
                Role(name="leader", container=program),
                Role(name="leader" if self.twice else "follower", replicas=self.followers, container=follow),
            ),
            topology="torch",
            ports=() if self.port is None else (self.port,),
            sidecars=(AuxiliaryContainer(command=("watch",)),),
            volumes=({"name": "shm", "emptyDir": {"medium": "Memory"}},),
            placement={"nodeSelector": {"zone": "a"}},
        )


@pytest.fixture(autouse=True)
def _offered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "runs_of_this_test", sys.modules[__name__])
    points = [
        EntryPoint("review", "runs_of_this_test:ReviewRun", "trainyard.runs"),
        EntryPoint("pair", "runs_of_this_test:PairRun", "trainyard.runs"),
        EntryPoint("strange", "runs_of_this_test:Step", "trainyard.runs"),
        EntryPoint("gone", "no_such_module_anywhere:Run", "trainyard.runs"),
        EntryPoint("dag", "runs_of_this_test:ReviewRun", "trainyard.runs"),
        EntryPoint("job", "runs_of_this_test:ReviewRun", "trainyard.runs"),
    ]
    groups = {"trainyard.runs": points}
    monkeypatch.setattr(
        "trainyard.spec.installed.entry_points", lambda group: groups.get(group) or entry_points(group=group)
    )
    RUNS.forget()
    yield
    monkeypatch.undo()
    RUNS.forget()


def document(run: str, *, within: str = "", more: str = "") -> Document:
    """An operation whose run is written so, on line 6; `within` are more lines of its component."""
    return load_text(
        "version: 1.1\nkind: operation\nname: look\ncomponent:\n  inputs: [{name: n, type: int, value: 2}]\n"
        f"  run: {run}\n{within}{more}",
        file="t.yaml",
    )


def compiled(run: str, **params: JsonValue) -> ResolvedOperation:
    return compile_operation(document(run), globals=example_globals(), params=params)


def said(run: str, **lines: str) -> str:
    with pytest.raises(SpecError) as caught:
        compile_operation(document(run, **lines), globals=example_globals())
    return str(caught.value)


def test_its_fields_are_what_its_director_is_told() -> None:
    found = compiled("{kind: review, steps: [{name: a}, {name: b, times: 3}], stopEarly: true}")
    wanted = {"steps": [{"name": "a", "times": 1}, {"name": "b", "times": 3}], "stopEarly": True}
    assert (found.kind, found.name, found.spec, found.command) == ("review", "look", wanted, ())
    assert decode_resolved(canonical_json(found)) == found


def test_templates_are_evaluated_before_the_fields_are_checked() -> None:
    run = "{kind: review, steps: [{name: 'at-{{ n }}', times: '{{ n }}'}], fields: {a: '{{ params.n.value }}'}}"
    assert compiled(run).spec == {"steps": [{"name": "at-2", "times": 2}], "stopEarly": False, "fields": {"a": 2}}
    assert compiled(run, n="5").spec["steps"] == [{"name": "at-5", "times": 5}]
    assert digest(compiled(run)) != digest(compiled(run, n=5))


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("{kind: review}", "t.yaml:6:3: component.run: `steps` is missing; add it"),
        ("{kind: review, steps: [{nam: a}]}", "component.run.steps[0].nam: there is no such field here"),
        ("{kind: review, steps: [{name: a, times: 0}]}", "component.run.steps[0].times"),
        ("{kind: review, steps: [{name: x, times: '{{ n - 2 }}'}]}", "component.run.steps[0].times"),
        ("{kind: review, steps: [{name: '{{ m }}'}]}", "component.run.steps[0].name: "),
        ("{kind: review, steps: [{nam: '{{ n }}'}]}", "component.run.steps[0].nam: there is no such field here"),
        ("{kind: reviw, steps: []}", "component.run.kind: there is no run of kind `reviw`; did you mean `review`?"),
        ("{kind: strange, name: a}", "runs_of_this_test:Step is no subclass of trainyard.spec.run.DirectedRun"),
        ("{kind: gone}", "the kind `gone` of an unknown distribution cannot be loaded: ModuleNotFoundError"),
        ("{kind: tfjob, worker: {}}", "component.run.kind: the run kind `tfjob` is known but not acted on"),
        ("{kind: job, steps: []}", "component.run.steps: there is no such field here"),
        ("[review]", "component.run: a run is a mapping with a `kind`, not a list"),
        ("{steps: []}", "component.run: `kind` is missing"),
    ],
)
def test_faults_are_told_at_their_places(run: str, expected: str) -> None:
    assert expected in said(run)


def test_a_kind_that_a_scheduler_runs_says_what_its_roles_are() -> None:
    found = compiled("{kind: pair, followers: '{{ n }}', cpu: '{{ n * 500 }}m', port: 8000}")
    leader, follower = found.roles
    assert (found.kind, found.topology, found.ports, found.command) == ("pair", "torch", (8000,), ())
    assert (leader.name, leader.replicas, leader.container.command) == ("leader", 1, ("lead",))
    assert (leader.requests, leader.limits) == (Resources(cpu=1.0, memory=1 << 30), Resources(gpu=1))
    assert (follower.replicas, follower.container.name) == (2, "follower")
    limits = Resources(cpu=2.0, gpu=2, other={"google.com/tpu": 4.0})
    assert (follower.requests, follower.limits) == (limits, limits), "what is only limited is asked for"
    assert found.resources == Resources(cpu=5.0, memory=1 << 30, gpu=4, other={"google.com/tpu": 8.0})
    assert found.sidecars == (ContainerSpec(name="sidecar-1", command=("watch",)),)
    assert found.volumes == ({"name": "shm", "emptyDir": {"medium": "Memory"}},)
    assert found.placement == {"nodeSelector": {"zone": "a"}}
    assert found.spec == {"followers": 2, "image": "pair:1", "cpu": "1000m", "twice": False, "port": 8000}
    assert decode_resolved(canonical_json(found)) == found


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        ("{kind: pair, followers: 100}", "component.run: a leader has at most 99 followers"),
        ("{kind: pair, twice: true}", "two roles are called `leader`"),
        ("{kind: pair, cpu: many}", "component.run: "),
        ("{kind: pair, port: 70000}", "component.run: "),
    ],
)
def test_what_its_fields_cannot_be_together_is_told_at_the_run(run: str, expected: str) -> None:
    assert expected in said(run)


def test_such_a_run_can_be_swept_and_has_programs_of_its_own() -> None:
    swept = {"more": "matrix: {kind: grid, params: {n: {kind: choice, value: [1, 2]}}}\n"}
    operation = document("{kind: pair, followers: '{{ n }}'}", **swept)
    assert compile_operation(operation, globals=example_globals()).kind == "sweep"
    trial = TrialCompiler(operation).compile({"n": 2}, globals={**example_globals(), "iteration": 1})
    assert (trial.resolved.kind, trial.resolved.roles[1].replicas) == ("pair", 2)
    assert "component.cmd: a run of kind `pair` has programs of its own" in said("{kind: pair}", within="  cmd: ls\n")


def test_a_plugin_may_bring_a_kind_that_this_version_does_not_act_on() -> None:
    assert compiled("{kind: dag, steps: [{name: a}]}").kind == "dag"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ({"within": "  cmd: ls\n"}, "component.cmd: a run of kind `review` runs no program itself"),
        ({"within": "  env: {A: b}\n"}, "component.env: a run of kind `review` runs no program itself"),
        ({"within": "  resources: {cpu: 1}\n"}, "component.resources: a run of kind `review` runs no program"),
        (
            {"more": "matrix: {kind: grid, params: {n: {kind: choice, value: [1]}}}\n"},
            "matrix: a run of kind `review` cannot be swept",
        ),
    ],
)
def test_what_only_a_job_has_is_refused(lines: dict[str, str], expected: str) -> None:
    assert expected in said("{kind: review, steps: [{name: a}]}", **lines)


def test_a_component_of_such_a_kind_is_checked_without_params() -> None:
    head = "version: 1.1\nkind: component\ninputs: [{name: n, type: int}]\n"
    run = "run: {kind: review, steps: [{name: '{{ %s }}'}]}\n"
    assert check_component(load_text(head + run % "n", file="c.yaml")).run is not None
    with pytest.raises(SpecError, match=r"run\.steps\[0\]\.name"):
        check_component(load_text(head + run % "m", file="c.yaml"))


def test_a_run_patch_reaches_its_fields() -> None:
    operation = document("{kind: review, steps: [{name: a}]}", more="runPatch: {stopEarly: true}\n")
    assert compile_whole(operation, Library(), globals=example_globals()).resolved.spec["stopEarly"] is True


def test_the_schema_has_the_kinds_that_can_be_loaded() -> None:
    definitions = json_schema()["$defs"]
    assert isinstance(definitions, dict)
    kinds = {name.removeprefix("RunKind.") for name in definitions if name.startswith("RunKind.")}
    assert kinds == {"job", "review", "pair", "dag"}


def test_the_example_of_the_docs_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text("utf-8")
    section = page.partition("\n## Kinds of run\n")[2].partition("\n## ")[0]
    (code,), (text,) = (re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL) for kind in ("python", "yaml"))
    module = ModuleType("language_of_the_docs")
    exec(code, vars(module))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    groups = {"trainyard.runs": [EntryPoint("review", f"{module.__name__}:ReviewRun", "trainyard.runs")]}
    monkeypatch.setattr(
        "trainyard.spec.installed.entry_points", lambda group: groups.get(group) or entry_points(group=group)
    )
    RUNS.forget()
    found = compile_operation(load_text(text, file="t.yaml"), globals=example_globals(), params={"count": "3"})
    assert (found.kind, found.spec) == ("review", {"steps": 3})
