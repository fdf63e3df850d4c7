"""What the tests of compiling a matrix share: an operation with one, compiled."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from trainyard.compile.context import example_globals
from trainyard.compile.operation import CompiledOperation, TrialCompiler, compile_whole
from trainyard.compile.reference import Library
from trainyard.matrix.sweep import SweepSpec
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text

HEAD = """\
version: 1.1
kind: operation
name: digits
queue: gpu
tags: [demo, "depth-{{ depth }}"]
termination: {maxRetries: 2, timeout: 60}
inputs:
  - {name: lr, type: float, validation: {gt: 0, le: 5}}
  - {name: depth, type: int, value: 3}
  - {name: opt, type: str, value: adam, toEnv: OPT}
  - {name: note, isOptional: true}
  - {name: day, type: date, isOptional: true}
  - {name: when, type: datetime, isOptional: true}
  - {name: layers, type: int, isList: true, isOptional: true}
outputs: [{name: accuracy, type: metric}]
resources: {cpu: 2}
cmd: "train {{ params.as_args | join(' ') }} --iteration={{ globals.iteration }} {{ lr * 2 }}"
"""


GRID = HEAD + (
    "matrix:\n  kind: grid\n  concurrency: 2\n  params:\n    lr: {kind: linspace, value: '0.1:0.3:3'}\n"
    "    depth: {kind: choice, value: [2, '4']}\n"
)


def whole(text: str, library: Library | None = None, **more: JsonValue) -> CompiledOperation:
    document = load_text(text, file="t.yaml")
    return compile_whole(document, library or Library(), globals=example_globals(), params=more)


def said(text: str, **more: JsonValue) -> str:
    with pytest.raises(SpecError) as caught:
        whole(text, **more)
    return str(caught.value)


def sweep(text: str) -> SweepSpec:
    found = whole(text).resolved.sweep
    assert found is not None
    return found


def trial(text: str, **params: JsonValue) -> CompiledOperation:
    known = {**example_globals(), "iteration": 7}
    return TrialCompiler(whole(text).document).compile(params, globals=known)
