"""Compiling: an operation as written, and its params, to a `ResolvedOperation`.

Pure and offline: no file, clock, network or environment is read, so the same input gives the same bytes anywhere. The
steps are parse, lower, bind, render; each adds its findings to one report, and anything found is raised at the end as
one `SpecError`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from pydantic import JsonValue

from trainyard.compile import job
from trainyard.compile.bind import Binder, Bound, bind, bind_defaults
from trainyard.compile.compose import Composition, compose, is_composite
from trainyard.compile.context import example_globals, param_view, run_globals
from trainyard.compile.evaluate import Budget
from trainyard.compile.hub import Library, Use
from trainyard.compile.lower import BODY, Lowered, lower
from trainyard.compile.render import Renderer
from trainyard.compile.report import Report
from trainyard.compile.resolved import Code, OutputType, ResolvedOperation, digest_of
from trainyard.spec.check import parse_component, parse_operation
from trainyard.spec.document import Document
from trainyard.spec.model import is_template
from trainyard.spec.operation import Body, Component, Operation

__all__ = ["Compiled", "check_component", "compile_operation", "compile_whole"]

_BODY = set(BODY)


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a document comes to. `document` is the operation that refers to nothing: compiling it again needs no
    library. `approved` is False for one that waits for somebody's approval."""

    resolved: ResolvedOperation
    document: Document
    approved: bool = True
    uses: tuple[Use, ...] = ()
    warnings: tuple[str, ...] = ()


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
    """Resolve an operation that refers to nothing outside it. Raises SpecError with every finding.

    `globals` is what templates may read of the run (`example_globals()` when there is none yet). `params` are those of
    the command line: text is read by the type of its input, anything else is taken as it is; none is evaluated.
    `name`, `queue` and `code` win over the file, `tags` are added to those of the file.
    """
    return compile_whole(
        source, Library(), globals=globals, params=params, name=name, queue=queue, tags=tags, code=code
    ).resolved


def compile_whole(
    source: Document | Mapping[str, object],
    library: Library,
    *,
    globals: Mapping[str, str],
    presets: Sequence[str] = (),
    patches: Sequence[Document] = (),
    params: Mapping[str, JsonValue] | None = None,
    name: str | None = None,
    queue: str | None = None,
    tags: tuple[str, ...] = (),
    code: Code | None = None,
) -> Compiled:
    """Compose an operation of what it refers to, by what `library` holds, and resolve it. Raises SpecError.

    `presets` are names of more presets, `patches` are documents to patch onto it last; the rest is as in
    `compile_operation`.
    """
    operation, document, composed = _composed(source, library, presets, patches)
    report, budget = Report(document), Budget()
    lowered = lower(operation, report)
    job.check_given(report, name=name, queue=queue, code=code)
    scope: dict[str, object] = {"globals": run_globals(_named(globals, name, operation, lowered))}
    binder = Binder(report, Renderer(report, scope, budget, check_only=False), operation.params, params or {})
    bound = bind(binder, lowered.inputs, lowered.at)
    renderer = _scoped(scope, lowered, bound, report, budget)
    resolved = _resolve(operation, lowered, bound, _outputs(scope, lowered, renderer), renderer, queue, tags)
    approved = job.approved(operation, lowered, renderer)
    report.stop()
    resolved = _overridden(resolved, name=name, code=code)
    if composed is None:
        return Compiled(resolved, document, approved)
    if composed.component is not None:
        resolved = msgspec.structs.replace(resolved, component=_component_digest(composed.component))
    return Compiled(resolved, document, approved, composed.uses, composed.warnings)


def check_component(document: Document) -> Component:
    """The component that the document holds, checked as far as that goes without params: templates are looked at and
    defaults are converted. Raises SpecError with every finding."""
    component = parse_component(document)
    operation = Operation(version=component.version, component=component)
    report, budget = Report(document), Budget()
    lowered = lower(operation, report)
    scope: dict[str, object] = {"globals": run_globals(example_globals())}
    binder = Binder(report, Renderer(report, scope, budget, check_only=False), {}, {})
    bound = bind_defaults(binder, lowered.inputs, lowered.at)
    renderer = _scoped(scope, lowered, bound, report, budget, check_only=True)
    _resolve(operation, lowered, bound, _outputs(scope, lowered, renderer), renderer, None, ())
    job.approved(operation, lowered, renderer)
    report.stop()
    return component


def _composed(
    source: Document | Mapping[str, object], library: Library, presets: Sequence[str], patches: Sequence[Document]
) -> tuple[Operation, Document, Composition | None]:
    """The operation, without references, and the document that it stands in."""
    document = source if isinstance(source, Document) else Document.from_mapping(source)
    operation = parse_operation(document)
    if not (is_composite(operation) or presets or patches):
        return operation, document, None
    composed = compose(document, library, presets=presets, patches=patches)
    return parse_operation(composed.document), composed.document, composed


def _scoped(
    scope: dict[str, object],
    lowered: Lowered,
    bound: Bound,
    report: Report,
    budget: Budget,
    *,
    check_only: bool = False,
) -> Renderer:
    """A renderer of everything but the inputs, which are in its scope; after a fault it only checks."""
    renderer = Renderer(report, scope, budget, check_only=check_only or bool(report.findings))
    scope |= bound.inputs
    scope |= _inputs_scope(lowered, bound, renderer)
    return renderer


def _outputs(scope: dict[str, object], lowered: Lowered, renderer: Renderer) -> dict[str, OutputType]:
    """The outputs; those with a value are in the scope from here on."""
    outputs = job.output_types(lowered, renderer)
    scope |= {name: outputs[name].value for name, io in lowered.outputs.items() if io.value is not None}
    return outputs


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
        priority=job.priority(lowered, renderer),
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
        component=_component_digest(lowered.body),
    )


def _component_digest(body: Body) -> str:
    return digest_of(body.model_dump(by_alias=True, exclude_defaults=True, include=_BODY))


def _overridden(resolved: ResolvedOperation, *, name: str | None, code: Code | None) -> ResolvedOperation:
    if name is None and code is None:
        return resolved
    return msgspec.structs.replace(resolved, name=name or resolved.name, code=code or resolved.code)
