"""Composing: a component by reference, presets, and patches become one operation that refers to nothing.

Layers are patched onto each other in this order, each by its own `patchStrategy`: the component, the operation, the
presets of the component, of the operation and of the caller, and last the caller's patches. `runPatch` of a layer is
patched onto the `run` of the component by the strategy of that layer. What a layer holds and how it is found is
elsewhere: `hub.py` reads references, `patch.py` merges.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from trainyard.compile.fragment import ComposedDocument, Fragment, grow
from trainyard.compile.lower import BODY
from trainyard.compile.patch import patched
from trainyard.compile.reference import Kind, Library, ReferenceUse, ResolvedReference, reference
from trainyard.spec.check import parse_component, parse_part, parse_preset
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, Path, SpecError
from trainyard.spec.operation import STRATEGIES, Component, Operation, Strategy
from trainyard.spec.run import Job

__all__ = ["Composition", "compose", "inlined", "is_composite"]

_HEAD = ("version", "kind")
_OWN = ("hubRef", "pathRef", "component", "runPatch", "patchStrategy", "isPreset", "presets")
"""Fields that say how to compose, and are gone once that is done."""

_LABEL = (*_HEAD, "name", "description")
"""Fields that a preset has for itself."""

_PATH = "a `pathRef` is read by `yard run`, beside the file; a server has no files"


@dataclass(frozen=True, slots=True)
class Composition:
    """The operation that refers to nothing, what went into it, and what is to be said about that.

    `component` is the component as it was written, before anything was patched onto it; None if the operation has
    none."""

    document: Document
    uses: tuple[ReferenceUse, ...]
    warnings: tuple[str, ...]
    component: Component | None


@dataclass(slots=True)
class _Work:
    """One composition: what it may use, what it used, and what is wrong."""

    library: Library
    uses: dict[ReferenceUse, None] = field(default_factory=dict)
    warnings: dict[str, None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: Kind, text: str, document: Document | None, path: Path) -> ResolvedReference | None:
        """What a reference at a place leads to; a problem there if it leads nowhere."""
        try:
            target = reference(kind, text)
        except ValueError as error:
            self._problem(document, path, str(error), f"write the name of a {kind}, such as `train:1.0`")
            return None
        found = self.library.found.get(target)
        if found is None:
            self._problem(document, path, *self.library.why_not(target))
            return None
        self.uses[found.use] = None
        if found.warning:
            self.warnings[found.warning] = None
        return found

    def _problem(self, document: Document | None, path: Path, message: str, fix: str) -> None:
        finding = Finding(message, fix, field="presets")
        self.findings.append(document.finding(path, message, fix) if document is not None else finding)

    def stop(self) -> None:
        if self.findings:
            raise SpecError(self.findings)


def is_composite(operation: Operation) -> bool:
    """Whether the operation refers to anything or patches anything."""
    own = (operation.hub_ref, operation.path_ref, operation.run_patch, operation.patch_strategy, operation.is_preset)
    inner, matrix = operation.component, operation.matrix
    referring = (matrix is not None and matrix.refers()) or (inner is not None and inner.presets)
    return any(own) or bool(operation.presets) or bool(referring)


def compose(
    document: Document, library: Library, *, presets: Sequence[str] = (), patches: Sequence[Document] = ()
) -> Composition:
    """The operation of a document that has been parsed. Raises SpecError with every finding, each at its place."""
    work = _Work(library)
    operation = _as_operation(document)
    if operation.get("isPreset") is not None and operation.table()["isPreset"].value is True:
        said = "this is a preset, which is patched onto an operation and not run by itself"
        work.findings.append(document.finding(("isPreset",), said, "give it as a second `-f`, or under `presets`"))
    component = _component(operation, work)
    found = [*_presets(component, work), *_presets(operation, work)]
    found += [one for text in presets if (one := work.find("preset", text, None, ()))]
    layers = [operation, *_checked([*(one.document for one in found), *patches], work)]
    work.stop()
    written = None if component is None else parse_part(Component, ComposedDocument(component))
    whole = _with_tuner(_stacked(component, layers), work)
    work.stop()
    return Composition(ComposedDocument(whole), tuple(work.uses), tuple(work.warnings), written)


def _with_tuner(whole: Fragment, work: _Work) -> Fragment:
    """The operation with the tuner of its matrix composed as an operation of its own."""
    matrix = whole.get("matrix")
    tuner = matrix.get("tuner") if matrix is not None else None
    if matrix is None or tuner is None:
        return whole
    head = {name: whole.table()[name] for name in _HEAD if name in whole.table()}
    try:
        composed = compose(ComposedDocument(tuner.holding({**tuner.table(), **head})), work.library)
    except SpecError as error:
        work.findings += error.findings
        return whole
    work.uses |= dict.fromkeys(composed.uses)
    work.warnings |= dict.fromkeys(composed.warnings)
    assert isinstance(composed.document, ComposedDocument)
    entries = {key: value for key, value in composed.document.root.table().items() if key not in _HEAD}
    return whole.holding(
        {**whole.table(), "matrix": matrix.holding({**matrix.table(), "tuner": tuner.holding(entries)})}
    )


def inlined(document: Document, component: Document) -> Document:
    """The operation with a component in place of its `pathRef`. Raises SpecError when that is no component."""
    parse_component(component)
    root = grow(document, Operation)
    entries = {key: value for key, value in root.table().items() if key != "pathRef"}
    return ComposedDocument(root.holding({**entries, "component": grow(component, Component)}))


def _as_operation(document: Document) -> Fragment:
    """A bare component becomes an operation of it."""
    if document.data.get("kind") != "component":
        return grow(document, Operation)
    component = grow(document, Component)
    head = {"version": component.table()["version"], "kind": Fragment("operation", document, ("kind",))}
    return component.holding({**head, "component": component})


def _component(operation: Fragment, work: _Work) -> Fragment | None:
    """The component that is written in the operation, or that its `hubRef` leads to."""
    written, hub, path = (operation.get(name) for name in ("component", "hubRef", "pathRef"))
    if written is not None:
        return written
    if path is not None:
        said = "an operation has one reference" if hub is not None else _PATH
        fix = "remove one of them" if hub is not None else "use `yard run -f`, or write the `component` out"
        work.findings.append(operation.document.finding(("pathRef",), said, fix))
    if hub is None or (found := work.find("component", str(hub.value), hub.document, hub.path)) is None:
        return None
    try:
        parse_component(found.document)
    except SpecError as error:
        work.findings += error.findings
    return grow(found.document, Component)


def _presets(layer: Fragment | None, work: _Work) -> Iterator[ResolvedReference]:
    named = layer.get("presets") if layer is not None else None
    for text in named.value if named is not None and isinstance(named.value, list) else []:
        found = work.find("preset", str(text.value), text.document, text.path)
        if found is not None:
            yield found


def _checked(documents: Sequence[Document], work: _Work) -> Iterator[Fragment]:
    for document in documents:
        try:
            parse_preset(document)
            root = grow(document, Operation)
            yield root.holding({key: value for key, value in root.table().items() if key not in _LABEL})
        except SpecError as error:
            work.findings += error.findings


def _stacked(component: Fragment | None, layers: Sequence[Fragment]) -> Fragment:
    """All layers on one another; the first is the operation itself."""
    operation = layers[0]
    shared = {key: v for key, v in component.table().items() if key not in (*BODY, *_HEAD, *_OWN)} if component else {}
    whole = operation.holding(shared)
    body = component.holding({key: v for key, v in component.table().items() if key in BODY}) if component else None
    for layer in layers:
        strategy = _strategy(layer)
        inner = BODY if body is not None and layer is not operation else ()
        fields = {key: value for key, value in layer.table().items() if key not in (*_OWN, *inner)}
        whole = patched(whole, layer.holding(fields), strategy, Operation)
        if body is None:
            whole = _run_patched(whole, layer, strategy)
        else:
            more = layer.holding({key: value for key, value in layer.table().items() if key in inner})
            body = _run_patched(patched(body, more, strategy, Component), layer, strategy)
    return whole if body is None else whole.holding({**whole.table(), "component": body})


def _run_patched(body: Fragment, layer: Fragment, strategy: Strategy) -> Fragment:
    """The body with the layer's `runPatch` on its `run`."""
    if layer.get("runPatch") is None:
        return body
    patch = grow(layer.document, Job, at="runPatch")
    run = body.get("run") or patch.holding({"kind": Fragment("job", patch.document, patch.path)})
    return body.holding({**body.table(), "run": patched(run, patch, strategy, Job)})


def _strategy(layer: Fragment) -> Strategy:
    found = layer.get("patchStrategy")
    return next((name for name in STRATEGIES if found is not None and found.value == name), "post_merge")
