"""Compiling: an operation as written, and its params, to a `ResolvedOperation`.

Pure and offline: no file, clock, network or environment is read, so the same input gives the same bytes anywhere. The
steps are parse, lower, bind, render; each adds its findings to one report, and anything found is raised at the end as
one `SpecError`. An operation with a matrix becomes a sweep, of which one example of a trial is compiled on the way; a
real trial is compiled by `TrialCompiler`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec
from pydantic import JsonValue

from trainyard.compile import job
from trainyard.compile.bind import Binder, bind_defaults
from trainyard.compile.compose import Composition, compose, is_composite
from trainyard.compile.context import example_globals, run_globals
from trainyard.compile.evaluate import Budget
from trainyard.compile.lower import component_digest, lower
from trainyard.compile.matrix import plan, swept
from trainyard.compile.reference import Library, ReferenceUse
from trainyard.compile.render import Renderer
from trainyard.compile.report import Findings
from trainyard.compile.resolve import CompileOptions, outputs_of, rendered, resolve, scoped
from trainyard.compile.resolved import Code, ResolvedOperation
from trainyard.compile.warnings import cautions
from trainyard.spec.check import parse_component, parse_operation
from trainyard.spec.document import Document, Part
from trainyard.spec.error import Path
from trainyard.spec.model import is_template
from trainyard.spec.operation import Component, Operation

__all__ = ["CompiledOperation", "TrialCompiler", "check_component", "compile_operation", "compile_whole"]


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """What a document comes to. `document` is the operation that refers to nothing: compiling it again needs no
    library. `approved` is False for one that waits for somebody's approval. `trial` is an example of a trial of a
    sweep, without what a value decides that only a trial has."""

    resolved: ResolvedOperation
    document: Document
    approved: bool = True
    uses: tuple[ReferenceUse, ...] = ()
    warnings: tuple[str, ...] = ()
    trial: ResolvedOperation | None = None


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
) -> CompiledOperation:
    """Compose an operation of what it refers to, by what `library` holds, and resolve it. Raises SpecError.

    `presets` are names of more presets, `patches` are documents to patch onto it last; the rest is as in
    `compile_operation`.
    """
    operation, document, composed = _composed(source, library, presets, patches)
    options = CompileOptions(globals, params or {}, name=name, queue=queue, tags=tags, code=code)
    compiled = _compiled(operation, document, options)
    if composed is None:
        return compiled
    resolved = compiled.resolved
    if composed.component is not None:
        resolved = msgspec.structs.replace(resolved, component=component_digest(composed.component))
    warnings = (*composed.warnings, *compiled.warnings)
    return replace(compiled, resolved=resolved, uses=composed.uses, warnings=warnings)


class TrialCompiler:
    """Compiles the trials of a sweep: the operation without its matrix, read once for all of them. Raises SpecError.

    `source` is `CompiledOperation.document` of the sweep, or anything else that refers to nothing.
    """

    def __init__(self, source: Document | Mapping[str, object]) -> None:
        whole = source if isinstance(source, Document) else Document.from_mapping(source)
        self.document = Part(whole, (), {key: value for key, value in whole.data.items() if key != "matrix"})
        self._operation, report = parse_operation(self.document), Findings(self.document)
        self._lowered = lower(self._operation, report)
        report.stop()
        self._varies = _varies(self.document.data) or any(io.to_env for io in self._lowered.inputs.values())
        self._like: tuple[object, ResolvedOperation] | None = None
        """A trial that was compiled and what it was given beside its values, if all others have but other inputs and
        another command."""

    def compile(
        self,
        trial: Mapping[str, JsonValue],
        *,
        globals: Mapping[str, str | int],
        params: Mapping[str, JsonValue] | None = None,
        name: str | None = None,
        queue: str | None = None,
        tags: tuple[str, ...] = (),
        code: Code | None = None,
    ) -> CompiledOperation:
        """One trial, with the params that were suggested. Raises SpecError.

        `trial` holds values by input: data, never evaluated and, unlike `params`, never read as text. `globals` has
        `iteration` too, the number of the trial; the rest is as in `compile_operation`. `document` of what comes back
        has no matrix and no such values.
        """
        options = CompileOptions(globals, params or {}, trial, name=name, queue=queue, tags=tags, code=code)
        report = Findings(self.document)
        job.check_given(report, name=options.name, queue=options.queue, code=options.code)
        beside = (queue, tags, code)
        like = self._like[1] if self._like is not None and self._like[0] == beside else None
        resolved, _, _ = rendered(self._operation, self._lowered, options, report, like=like)
        if like is None and not self._varies and not self._operation.params:
            written = self._operation.name if self._operation.name is not None else self._lowered.body.name
            self._like = beside, msgspec.structs.replace(resolved, name=written)
        return CompiledOperation(resolved, self.document)


def _varies(value: object, at: Path = ()) -> bool:
    """Whether there is a template in what is written, other than in the inputs and the command."""
    if at in _BOUND or (at[:1] == ("component",) and at[1:] in _BOUND):
        return False
    if isinstance(value, Mapping):
        return any(_varies(item, (*at, name)) for name, item in value.items())
    return any(map(_varies, value)) if isinstance(value, list | tuple) else is_template(value)


_BOUND = {("inputs",), ("cmd",), ("run", "container", "command"), ("run", "container", "args")}
"""What is evaluated for each trial."""


def check_component(document: Document) -> Component:
    """The component that the document holds, checked as far as that goes without params: templates are looked at and
    defaults are converted. Raises SpecError with every finding."""
    component = parse_component(document)
    operation = Operation(version=component.version, component=component)
    report, budget = Findings(document), Budget()
    lowered = lower(operation, report)
    scope: dict[str, object] = {"globals": run_globals(example_globals())}
    binder = Binder(report, Renderer(report, scope, budget, check_only=False), {}, {})
    bound = bind_defaults(binder, lowered.inputs, lowered.at)
    renderer = scoped(scope, lowered, bound, report, budget, check_only=True)
    resolve(operation, lowered, bound, outputs_of(scope, lowered, renderer), renderer, None, ())
    job.approved(operation, lowered, renderer)
    report.stop()
    return component


def _compiled(operation: Operation, document: Document, options: CompileOptions) -> CompiledOperation:
    """An operation that refers to nothing."""
    report = Findings(document)
    lowered = lower(operation, report)
    job.check_given(report, name=options.name, queue=options.queue, code=options.code)
    if operation.matrix is None:
        resolved, approved, _ = rendered(operation, lowered, options, report)
        return CompiledOperation(resolved, document, approved)
    if lowered.directed and lowered.installed is not None:
        said = f"a run of kind `{lowered.installed.kind}` cannot be swept: its children are planned already"
        report.add(("matrix",), said, "remove `matrix`, or sweep a run of kind `job`", key=True)
        report.stop()
    planned = plan(operation, lowered.inputs, options.params, report)
    known = {"iteration": 0, **options.globals}
    example = replace(options, globals=known, trial=planned.trial, unknown=planned.unknown)
    trial, approved, renderer = rendered(operation, lowered, example, report)
    if tuner := planned.sweep.options.get("tuner"):
        _check_tuner(Part(document, ("matrix", "tuner"), tuner), options)  # type: ignore[arg-type] # a document's data
    resolved = swept(trial, operation, lowered, planned, renderer, options)
    warnings = tuple(cautions(operation.matrix, planned.sweep, lowered.outputs, document))
    return CompiledOperation(resolved, document, approved, warnings=warnings, trial=trial)


def _check_tuner(document: Document, options: CompileOptions) -> None:
    """Compile the tuner as it will be, with what it is given the first time."""
    params: dict[str, JsonValue] = {"iteration": 1, "trials": []}
    globals = {**options.globals, "name": options.globals.get("name") or "tuner"}
    _compiled(parse_operation(document), document, CompileOptions(globals, {}, params))


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
