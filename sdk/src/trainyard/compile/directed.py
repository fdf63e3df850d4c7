"""A run that plans child runs: its own fields, once their templates have been evaluated."""

from __future__ import annotations

from trainyard.compile.lower import LoweredOperation
from trainyard.compile.render import Renderer
from trainyard.spec.check import parse_part
from trainyard.spec.document import Part
from trainyard.spec.error import SpecError
from trainyard.spec.run import DirectedRun, RunKind

__all__ = ["spec_of"]


def spec_of(lowered: LoweredOperation, renderer: Renderer) -> dict[str, object]:
    """What its director is told; nothing for a job. Problems go to the report, at the places of the fields."""
    run, report = lowered.directed, renderer.report
    if run is None:
        return {}
    if isinstance(run, DirectedRun):
        return run.spec()
    at, before = (*lowered.at, "run"), len(report.findings)
    fields = {name: renderer.tree((*at, name), value) for name, value in run.fields.items()}
    if len(report.findings) > before or not renderer.evaluates:
        return {}
    model = RunKind.member(run.kind)
    assert model is not None
    try:
        found = parse_part(model, Part(report.document, at, {"kind": run.kind, **fields}))
    except SpecError as error:
        report.findings += error.findings
        return {}
    assert isinstance(found, DirectedRun)
    return found.spec()
