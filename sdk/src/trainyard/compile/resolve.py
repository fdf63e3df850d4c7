"""Rendering: a lowered operation and what a caller says to what runs.

Binding comes first, for everything else may read the inputs; the scope that templates see is put together here.
Problems go to the report, and are raised once all of them are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from pydantic import JsonValue

from trainyard.compile import job
from trainyard.compile.bind import Binder, Bindings, bind
from trainyard.compile.context import param_view, run_globals
from trainyard.compile.evaluate import Budget
from trainyard.compile.lower import LoweredOperation
from trainyard.compile.render import Renderer
from trainyard.compile.report import Findings
from trainyard.compile.resolved import Code, OutputType, ResolvedOperation
from trainyard.compile.workload import scheduled
from trainyard.spec.check import parse_part
from trainyard.spec.document import Part
from trainyard.spec.error import SpecError
from trainyard.spec.model import is_template
from trainyard.spec.operation import Operation
from trainyard.spec.run import InstalledRun, RunKind, ScheduledRun

__all__ = ["CompileOptions", "outputs_of", "rendered", "resolve", "scoped"]


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """What a caller says besides the document. `trial` holds values that are data; `unknown` are inputs that need no
    value yet."""

    globals: Mapping[str, str | int]
    params: Mapping[str, JsonValue]
    trial: Mapping[str, JsonValue] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    name: str | None = None
    queue: str | None = None
    tags: tuple[str, ...] = ()
    code: Code | None = None


def rendered(
    operation: Operation,
    lowered: LoweredOperation,
    given: CompileOptions,
    report: Findings,
    *,
    like: ResolvedOperation | None = None,
) -> tuple[ResolvedOperation, bool, Renderer]:
    """What runs, whether it is approved, and what rendered it. Raises SpecError for all that the report holds. With
    `like`, all but the inputs and the command is as there, and it is approved."""
    budget = Budget()
    scope: dict[str, object] = {"globals": run_globals(_named(given.globals, given.name, operation, lowered))}
    inner = Renderer(report, scope, budget, check_only=False)
    bound = bind(
        Binder(report, inner, operation.params, given.params, given.trial, given.unknown), lowered.inputs, lowered.at
    )
    renderer = scoped(scope, lowered, bound, report, budget, check_only=bool(given.unknown))
    if like is not None:
        command, args = job.command(lowered, renderer)
        report.stop()
        varied = msgspec.structs.replace(like, inputs=dict(bound.inputs), command=command, args=args)
        return _overridden(varied, name=given.name, code=given.code), True, renderer
    outputs = outputs_of(scope, lowered, renderer)
    resolved = resolve(operation, lowered, bound, outputs, renderer, given.queue, given.tags)
    approved = job.approved(operation, lowered, renderer)
    report.stop()
    return _overridden(resolved, name=given.name, code=given.code), approved, renderer


def scoped(
    scope: dict[str, object],
    lowered: LoweredOperation,
    bound: Bindings,
    report: Findings,
    budget: Budget,
    *,
    check_only: bool = False,
) -> Renderer:
    """A renderer of everything but the inputs, which are in its scope; after a problem it only checks."""
    renderer = Renderer(report, scope, budget, check_only=check_only or bool(report.findings))
    scope |= bound.inputs
    scope |= _inputs_scope(lowered, bound, renderer)
    return renderer


def outputs_of(scope: dict[str, object], lowered: LoweredOperation, renderer: Renderer) -> dict[str, OutputType]:
    """The outputs; those with a value are in the scope from here on."""
    outputs = job.output_types(lowered, renderer)
    scope |= {name: outputs[name].value for name, io in lowered.outputs.items() if io.value is not None}
    return outputs


def _named(
    known: Mapping[str, str | int], name: str | None, operation: Operation, lowered: LoweredOperation
) -> Mapping[str, str | int]:
    """`globals.name` is the caller's, else the name that the file writes out."""
    found = name or known.get("name") or operation.name or lowered.body.name
    return {**known, "name": found} if found and not is_template(found) else known


def _inputs_scope(lowered: LoweredOperation, bound: Bindings, formats: Renderer) -> dict[str, object]:
    """Inputs and context-only params by bare name, and `params` with more of each."""
    values = {**bound.inputs, **bound.context_only}
    params: dict[str, object] = {}
    for name, value in values.items():
        params[name] = param_view(name, value, lowered.inputs.get(name))
    arguments: list[str] = []
    for index, io in enumerate(lowered.body.inputs):
        view = params[io.name]
        assert isinstance(view, dict)
        if io.arg_format is not None and bound.inputs[io.name] is not None:
            view["as_arg"] = formats.text((*lowered.at, "inputs", index, "arg_format"), io.arg_format)
        if view["as_arg"]:
            arguments.append(view["as_arg"])
    return {**values, "params": {**params, "as_args": arguments}}


def resolve(
    operation: Operation,
    lowered: LoweredOperation,
    bound: Bindings,
    outputs: dict[str, OutputType],
    renderer: Renderer,
    queue: str | None,
    tags: tuple[str, ...],
) -> ResolvedOperation:
    command, args = job.command(lowered, renderer)
    retries, timeout = job.limits(operation, lowered, renderer)
    at = lowered.container_at
    init = job.init(lowered, renderer)
    installed = _installed(lowered, renderer)
    resolved = ResolvedOperation(
        kind="job" if lowered.installed is None else lowered.installed.kind,
        name=job.name(operation, lowered, renderer),
        description=job.described("description", operation, lowered, renderer),
        tags=job.tags(operation, lowered, renderer, tags),
        queue=queue or job.queue(operation, lowered, renderer),
        priority=job.priority(lowered, renderer),
        inputs=dict(bound.inputs),
        outputs=outputs,
        command=command,
        args=args,
        env=job.environment(lowered, bound, renderer),
        image=renderer.text((*at, "image"), lowered.container.image),
        working_dir=job.working_dir(lowered, renderer),
        code=job.code(lowered, renderer),
        checkouts=job.checkouts(lowered, renderer),
        init=init,
        sidecars=job.sidecars(lowered, renderer, init),
        connections=job.connections(lowered, renderer),
        notifications=job.notifications(operation, lowered, renderer),
        resources=job.resources(lowered, renderer),
        max_retries=retries,
        timeout=timeout,
        component=lowered.component,
        spec=installed.spec() if installed is not None else {},
    )
    if not isinstance(installed, ScheduledRun):
        return resolved
    try:
        return msgspec.structs.replace(resolved, **scheduled(installed.workload()))
    except ValueError as error:
        renderer.report.add((*lowered.at, "run"), str(error), "correct it")
        return resolved


def _installed(lowered: LoweredOperation, renderer: Renderer) -> InstalledRun | None:
    """A run of a plugin's kind with its fields evaluated; None for a job. Problems go to the report, at the places of
    the fields."""
    run, report = lowered.installed, renderer.report
    if run is None or isinstance(run, InstalledRun):
        return run
    at, before = (*lowered.at, "run"), len(report.findings)
    fields = {name: renderer.tree((*at, name), value) for name, value in run.fields.items()}
    if len(report.findings) > before or not renderer.evaluates:
        return None
    model = RunKind.member(run.kind)
    assert model is not None
    try:
        found = parse_part(model, Part(report.document, at, {"kind": run.kind, **fields}))
    except SpecError as error:
        report.findings += error.findings
        return None
    assert isinstance(found, InstalledRun)
    return found


def _overridden(resolved: ResolvedOperation, *, name: str | None, code: Code | None) -> ResolvedOperation:
    if name is None and code is None:
        return resolved
    return msgspec.structs.replace(resolved, name=name or resolved.name, code=code or resolved.code)
