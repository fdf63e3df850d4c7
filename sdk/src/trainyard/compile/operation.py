"""Compiling: an operation as written, and its params, to a `ResolvedOperation`.

Pure and offline: no file, clock, network or environment is read, so the same input gives the same bytes anywhere. The
steps are parse, lower, bind, render; each adds its findings to one report, and anything found is raised at the end as
one `SpecError`. An operation with a matrix becomes a sweep, of which one example of a trial is compiled on the way; a
real trial is compiled by `compile_trial`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec
from pydantic import JsonValue

from trainyard.compile import job
from trainyard.compile.bind import Binder, Bound, bind, bind_defaults
from trainyard.compile.caution import cautions
from trainyard.compile.compose import Composition, compose, is_composite
from trainyard.compile.context import example_globals, param_view, run_globals
from trainyard.compile.evaluate import Budget
from trainyard.compile.hub import Library, Use
from trainyard.compile.lower import BODY, Lowered, lower
from trainyard.compile.matrix import Planned, plan, varies
from trainyard.compile.render import Renderer
from trainyard.compile.report import Report
from trainyard.compile.resolved import Code, OutputType, ResolvedOperation, digest_of
from trainyard.spec.check import parse_component, parse_operation
from trainyard.spec.document import Document, Part
from trainyard.spec.model import is_template
from trainyard.spec.operation import Body, Component, Operation

__all__ = ["Compiled", "check_component", "compile_operation", "compile_trial", "compile_whole"]

_BODY = set(BODY)
_KEPT = ("name", "description", "queue", "priority", "code", "resources", "max_retries", "timeout", "component")
"""What a sweep has of its trials."""


@dataclass(frozen=True, slots=True)
class _Given:
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
    globals: Mapping[str, str | int],
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
    globals: Mapping[str, str | int],
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
    given = _Given(globals, params or {}, name=name, queue=queue, tags=tags, code=code)
    resolved, approved, warnings = _compiled(operation, document, given)
    if composed is None:
        return Compiled(resolved, document, approved, warnings=warnings)
    if composed.component is not None:
        resolved = msgspec.structs.replace(resolved, component=_component_digest(composed.component))
    return Compiled(resolved, document, approved, composed.uses, (*composed.warnings, *warnings))


def compile_trial(
    source: Document | Mapping[str, object],
    trial: Mapping[str, JsonValue],
    *,
    globals: Mapping[str, str | int],
    params: Mapping[str, JsonValue] | None = None,
    name: str | None = None,
    queue: str | None = None,
    tags: tuple[str, ...] = (),
    code: Code | None = None,
) -> Compiled:
    """One trial of a sweep: the operation without its matrix, with the params that were suggested. Raises SpecError.

    `source` is `Compiled.document` of the sweep, or anything else that refers to nothing. `trial` holds values by
    input: data, never evaluated and, unlike `params`, never read as text. `globals` has `iteration` too, the number of
    the trial; the rest is as in `compile_operation`. `document` of what comes back has no matrix and no such values.
    """
    whole = source if isinstance(source, Document) else Document.from_mapping(source)
    document = Part(whole, (), {key: value for key, value in whole.data.items() if key != "matrix"})
    given = _Given(globals, params or {}, trial, name=name, queue=queue, tags=tags, code=code)
    resolved, _, _ = _compiled(parse_operation(document), document, given)
    return Compiled(resolved, document)


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


def _compiled(
    operation: Operation, document: Document, given: _Given
) -> tuple[ResolvedOperation, bool, tuple[str, ...]]:
    """An operation that refers to nothing, whether it is approved, and warnings."""
    report = Report(document)
    lowered = lower(operation, report)
    job.check_given(report, name=given.name, queue=given.queue, code=given.code)
    if operation.matrix is None:
        resolved, approved, _ = _rendered(operation, lowered, given, report)
        return resolved, approved, ()
    planned = plan(operation, lowered.inputs, given.params, report)
    known = {"iteration": 0, **given.globals}
    example = replace(given, globals=known, trial=planned.trial, unknown=planned.unknown)
    resolved, approved, renderer = _rendered(operation, lowered, example, report)
    if tuner := planned.sweep.options.get("tuner"):
        _check_tuner(Part(document, ("matrix", "tuner"), tuner), given)  # type: ignore[arg-type] # a document's data
    resolved = _swept(resolved, operation, lowered, planned, renderer, given)
    return resolved, approved, tuple(cautions(operation.matrix, planned.sweep, lowered.outputs, document))


def _rendered(
    operation: Operation, lowered: Lowered, given: _Given, report: Report
) -> tuple[ResolvedOperation, bool, Renderer]:
    """What runs, whether it is approved, and what rendered it. Raises SpecError for all that the report holds."""
    budget = Budget()
    scope: dict[str, object] = {"globals": run_globals(_named(given.globals, given.name, operation, lowered))}
    inner = Renderer(report, scope, budget, check_only=False)
    bound = bind(
        Binder(report, inner, operation.params, given.params, given.trial, given.unknown), lowered.inputs, lowered.at
    )
    renderer = _scoped(scope, lowered, bound, report, budget, check_only=bool(given.unknown))
    outputs = _outputs(scope, lowered, renderer)
    resolved = _resolve(operation, lowered, bound, outputs, renderer, given.queue, given.tags)
    approved = job.approved(operation, lowered, renderer)
    report.stop()
    return _overridden(resolved, name=given.name, code=given.code), approved, renderer


def _check_tuner(document: Document, given: _Given) -> None:
    """Compile the tuner as it will be, with what it is given the first time."""
    params: dict[str, JsonValue] = {"iteration": 1, "trials": []}
    globals = {**given.globals, "name": given.globals.get("name") or "tuner"}
    _compiled(parse_operation(document), document, _Given(globals, {}, params))


def _swept(
    resolved: ResolvedOperation,
    operation: Operation,
    lowered: Lowered,
    planned: Planned,
    renderer: Renderer,
    given: _Given,
) -> ResolvedOperation:
    """The sweep of which this is an example of a trial: without what is a trial's alone."""
    own = {field: getattr(operation, field) or getattr(lowered.body, field) for field in ("name", "description")}
    varied = {
        field: None for field, text in own.items() if varies(text, planned) and not (field == "name" and given.name)
    }
    tags = (*lowered.body.tags, *(operation.tags if lowered.body is not operation else ()))
    fixed = renderer.texts(("tags",), tuple(tag for tag in tags if not varies(tag, planned)))
    kept = {name: getattr(resolved, name) for name in _KEPT}
    return ResolvedOperation(
        kind="sweep",
        **{**kept, **varied},
        tags=tuple(dict.fromkeys((*fixed, *given.tags))),
        inputs={name: value for name, value in resolved.inputs.items() if name not in planned.names | planned.unknown},
        sweep=planned.sweep,
    )


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


def _named(
    known: Mapping[str, str | int], name: str | None, operation: Operation, lowered: Lowered
) -> Mapping[str, str | int]:
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
