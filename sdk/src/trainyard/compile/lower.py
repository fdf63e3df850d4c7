"""Lowering: the several ways to write an operation become one shape.

A component may be written inside an operation, be the whole file, or have its fields stand in the operation itself; the
main container may be written out, or in short as `cmd`, `env` and `resources`. After this module there is one body, one
command, one environment and one size.
"""

from __future__ import annotations

from dataclasses import dataclass

from trainyard.compile.report import Findings
from trainyard.compile.resolved import digest_of
from trainyard.spec.container import Amounts, Container, GpuAmounts
from trainyard.spec.error import Path
from trainyard.spec.io import Input, Output
from trainyard.spec.operation import Body, Operation
from trainyard.spec.run import DirectedRun, InstalledRun, Job, RunKind, TemplatedRun

__all__ = ["LocatedText", "LoweredOperation", "component_digest", "lower"]

BODY = ("inputs", "outputs", "run", "cmd", "env", "resources")
"""Fields that make up a component, also where they stand in the operation itself."""


@dataclass(frozen=True, slots=True)
class LocatedText:
    """A text and the place it is written at."""

    text: str
    path: Path


@dataclass(frozen=True, slots=True)
class LoweredOperation:
    """One operation in one shape. `at` is where the component stands, `component` its digest."""

    body: Body
    component: str
    at: Path
    job: Job | None
    installed: InstalledRun | TemplatedRun | None
    container: Container
    inputs: dict[str, Input]
    outputs: dict[str, Output]
    env: dict[str, LocatedText]
    amounts: dict[str, LocatedText]

    @property
    def directed(self) -> bool:
        """Whether it plans child runs, so that no scheduler runs it."""
        run = self.installed
        kind = RunKind.member(run.kind) if isinstance(run, TemplatedRun) else type(run)
        return kind is not None and issubclass(kind, DirectedRun)

    @property
    def container_at(self) -> Path:
        return (*self.at, "run", "container")


def _told_apart(run: RunKind | None) -> tuple[Job | None, InstalledRun | TemplatedRun | None]:
    """A job, or a run of a plugin's kind."""
    return (run if isinstance(run, Job) else None, run if isinstance(run, InstalledRun | TemplatedRun) else None)


def component_digest(body: Body) -> str:
    """The digest of the component as it is written, however it is placed."""
    return digest_of(body.model_dump(by_alias=True, exclude_defaults=True, include=set(BODY)))


def lower(operation: Operation, report: Findings) -> LoweredOperation:
    """The one shape of an operation. Contradictions go to the report."""
    body, at = _body(operation, report)
    job, installed = _told_apart(body.run)
    container = (job.container if job else None) or Container()
    lowered = LoweredOperation(
        body=body,
        component=component_digest(body),
        at=at,
        job=job,
        installed=installed,
        container=container,
        inputs={io.name: io for io in body.inputs},
        outputs={io.name: io for io in body.outputs},
        env={},
        amounts={},
    )
    _check_names(lowered, report)
    _check_inputs(lowered, report)
    _check_command(lowered, report)
    _collect_env(lowered, report)
    _collect_amounts(lowered, report)
    return lowered


def _body(operation: Operation, report: Findings) -> tuple[Body, Path]:
    component = operation.component
    if component is None:
        return operation, ()
    if report.document.data.get("kind") == "component":
        return component, ()
    for name in BODY:
        if name in operation.model_fields_set:
            said = f"`{name}` stands in the operation and a `component` is given too"
            report.add((name,), said, "move it into the `component`", key=True)
    return component, ("component",)


def _check_names(lowered: LoweredOperation, report: Findings) -> None:
    names: set[str] = set()
    sections: tuple[tuple[str, tuple[Input | Output, ...]], ...] = (
        ("inputs", lowered.body.inputs),
        ("outputs", lowered.body.outputs),
    )
    for section, declared in sections:
        for index, io in enumerate(declared):
            if io.name in names:
                path = (*lowered.at, section, index, "name")
                report.add(path, f"the name `{io.name}` is declared twice", "rename one of them")
            names.add(io.name)


def _check_inputs(lowered: LoweredOperation, report: Findings) -> None:
    for index, io in enumerate(lowered.body.inputs):
        path = (*lowered.at, "inputs", index)
        if io.value is not None and io.is_optional is False:
            said = "a default makes an input optional, and this one says that it is not"
            report.add((*path, "is_optional"), said, "remove `isOptional` or `value`")
        if io.is_flag and io.type != "bool":
            report.add((*path, "is_flag"), "a flag is of type `bool`", "write `type: bool`")


def _check_command(lowered: LoweredOperation, report: Findings) -> None:
    if lowered.installed is not None:
        _check_installed(lowered, lowered.installed.kind, report)
        return
    container, at = lowered.container, lowered.container_at
    if lowered.body.cmd:
        for name in ("command", "args"):
            if getattr(container, name):
                report.add((*at, name), f"`{name}` and `cmd` both say what runs", "remove one of them", key=True)
    elif not container.command and container.image is None:
        report.add(lowered.at, "there is nothing to run", "add `cmd`, or `run` with a `container` and its `command`")


def _check_installed(lowered: LoweredOperation, kind: str, report: Findings) -> None:
    """A run of a plugin's kind says in its own fields what runs, if anything does."""
    for name in ("cmd", "env", "resources"):
        if getattr(lowered.body, name):
            said = f"a run of kind `{kind}` runs no program itself"
            fix = "remove it, or write it where its children are described"
            if not lowered.directed:
                said, fix = f"a run of kind `{kind}` has programs of its own", "write it where these are described"
            report.add((*lowered.at, name), said, fix, key=True)


def _collect_env(lowered: LoweredOperation, report: Findings) -> None:
    places = (((*lowered.at, "env"), lowered.body.env), ((*lowered.container_at, "env"), lowered.container.env))
    for path, variables in places:
        for name, text in variables.items():
            if name in lowered.env:
                report.add((*path, name), f"the variable `{name}` is given twice", "remove one of them", key=True)
            lowered.env[name] = LocatedText(text, (*path, name))


def _collect_amounts(lowered: LoweredOperation, report: Findings) -> None:
    short, written = lowered.body.resources, lowered.container.resources
    at = (*lowered.container_at, "resources")
    places: list[tuple[Path, Amounts | None]] = [((*lowered.at, "resources"), short)]
    if written is not None:
        places += [((*at, "requests"), written.requests), ((*at, "limits"), written.limits)]
    for path, amounts in places:
        for name, key, text in _stated(amounts):
            _state(lowered, report, name, LocatedText(text, (*path, key)))


def _stated(amounts: Amounts | None) -> list[tuple[str, str, str]]:
    """Name of the resource, the field it is written in, and the text."""
    if amounts is None:
        return []
    stated = [("cpu", "cpu", amounts.cpu), ("memory", "memory", amounts.memory), ("gpu", "gpu", amounts.gpu)]
    if isinstance(amounts, GpuAmounts):
        stated.append(("gpu", "nvidia.com/gpu", amounts.nvidia_gpu))
    stated += [(name, name, text) for name, text in amounts.others.items()]
    return [(name, key, text) for name, key, text in stated if text is not None]


def _state(lowered: LoweredOperation, report: Findings, name: str, amount: LocatedText) -> None:
    """One size is acted on, so requests and limits that differ would leave one of them ignored."""
    before = lowered.amounts.setdefault(name, amount)
    if before.text != amount.text:
        said = f"`{name}` is given as `{before.text}` and as `{amount.text}`; this version acts on one size"
        report.add(amount.path, said, "give it once")
