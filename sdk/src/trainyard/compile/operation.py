"""Compiling: an operation as written, and its params, to a `ResolvedOperation`.

Pure and offline: no file, clock, network or environment is read, so the same input gives the same bytes anywhere. The
steps are parse, lower, bind, render; each adds its findings to one report, and anything found is raised at the end as
one `SpecError`.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from pydantic import JsonValue

from trainyard.compile import job
from trainyard.compile.bind import Binder, Bound, bind
from trainyard.compile.context import param_view, run_globals
from trainyard.compile.evaluate import Budget
from trainyard.compile.lower import BODY, Lowered, lower
from trainyard.compile.render import Renderer
from trainyard.compile.report import Report
from trainyard.compile.resolved import Code, OutputType, ResolvedOperation, digest_of
from trainyard.spec.check import parse_operation
from trainyard.spec.document import Document
from trainyard.spec.model import is_template
from trainyard.spec.operation import Operation

__all__ = ["compile_operation"]

_BODY = set(BODY)


def compile_operation(
    source: Document | Mapping[str, object],
    *,
    globals: Mapping[str, str],
    params: Mapping[str, JsonValue] | None = None,
    name: str | None = None,
    queue: str | None = None,
    tags: tuple[str, ...] = (),
    code: Code | None = None,
) -> ResolvedOperation:
    """Resolve an operation. Raises SpecError with every finding.

    `globals` is what templates may read of the run (`example_globals()` when there is none yet). `params` are those of
    the command line: text is read by the type of its input, anything else is taken as it is; none is evaluated.
    `name`, `queue` and `code` win over the file, `tags` are added to those of the file.
    """
    document = source if isinstance(source, Document) else Document.from_mapping(source)
    operation = parse_operation(document)
    report, budget = Report(document), Budget()
    lowered = lower(operation, report)
    job.check_given(report, name=name, queue=queue, code=code)
    scope: dict[str, object] = {"globals": run_globals(_named(globals, name, operation, lowered))}
    binder = Binder(report, Renderer(report, scope, budget, check_only=False), operation.params, params or {})
    bound = bind(binder, lowered.inputs, lowered.at)
    faulty = bool(report.findings)
    scope |= bound.inputs
    scope |= _inputs_scope(lowered, bound, Renderer(report, scope, budget, check_only=faulty))
    outputs = job.output_types(lowered, Renderer(report, scope, budget, check_only=faulty))
    scope |= {name: outputs[name].value for name, io in lowered.outputs.items() if io.value is not None}
    resolved = _resolve(
        operation, lowered, bound, outputs, Renderer(report, scope, budget, check_only=faulty), queue, tags
    )
    report.stop()
    return _overridden(resolved, name=name, code=code)


def _named(known: Mapping[str, str], name: str | None, operation: Operation, lowered: Lowered) -> Mapping[str, str]:
    """`globals.name` is the caller's, else the name that the file writes out."""
    found = name or known.get("name") or operation.name or lowered.body.name
    return {**known, "name": found} if found and not is_template(found) else known


def _inputs_scope(lowered: Lowered, bound: Bound, formats: Renderer) -> dict[str, object]:
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


def _resolve(
    operation: Operation,
    lowered: Lowered,
    bound: Bound,
    outputs: dict[str, OutputType],
    renderer: Renderer,
    queue: str | None,
    tags: tuple[str, ...],
) -> ResolvedOperation:
    command, args = job.command(lowered, renderer)
    retries, timeout = job.limits(operation, lowered, renderer)
    at = lowered.container_at
    return ResolvedOperation(
        kind="job",
        name=job.name(operation, lowered, renderer),
        description=job.described("description", operation, lowered, renderer),
        tags=job.tags(operation, lowered, renderer, tags),
        queue=queue or job.queue(operation, lowered, renderer),
        inputs=dict(bound.inputs),
        outputs=outputs,
        command=command,
        args=args,
        env=job.environment(lowered, bound, renderer),
        image=renderer.text((*at, "image"), lowered.container.image),
        working_dir=job.working_dir(lowered, renderer),
        code=job.code(lowered, renderer),
        resources=job.resources(lowered, renderer),
        max_retries=retries,
        timeout=timeout,
        component=_component_digest(lowered),
    )


def _component_digest(lowered: Lowered) -> str:
    return digest_of(lowered.body.model_dump(by_alias=True, exclude_defaults=True, include=_BODY))


def _overridden(resolved: ResolvedOperation, *, name: str | None, code: Code | None) -> ResolvedOperation:
    if name is None and code is None:
        return resolved
    return msgspec.structs.replace(resolved, name=name or resolved.name, code=code or resolved.code)
