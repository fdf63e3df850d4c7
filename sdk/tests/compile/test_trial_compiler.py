"""One compiler for all trials of a sweep gives each what a compiler of its own would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from trainyard.compile.context import example_globals
from trainyard.compile.operation import TrialCompiler
from trainyard.compile.resolved import Code, ResolvedOperation
from trainyard.spec.error import SpecError

INPUTS = [{"name": "x", "type": "int"}, {"name": "y", "type": "float", "value": 0.5}]
WRITTEN: dict[str, dict[str, Any]] = {
    "a command": {"cmd": "train {{ x }} {{ y }}"},
    "a container": {
        "run": {"kind": "job", "container": {"command": ["t", "{{ x }}"], "args": ["{{ params.y.as_arg }}"]}}
    },
    "a constant": {"cmd": "train", "env": {"A": "b"}, "resources": {"cpu": 2}},
    "a template in the environment": {"cmd": "train", "env": {"args": "{{ x }}", "inputs": "{{ y }}"}},
    "one in an output": {"cmd": "train", "outputs": [{"name": "o", "type": "int", "value": "{{ x }}"}]},
    "one in a size": {"cmd": "train", "resources": {"cpu": "{{ x }}"}},
    "one in a name": {"cmd": "train", "name": "at-{{ x }}"},
    "one in the retries": {"cmd": "train", "termination": {"maxRetries": "{{ x }}"}},
    "one in a tag": {"cmd": "train", "tags": ["t{{ x }}"]},
    "one in the folder": {"run": {"kind": "job", "container": {"command": ["t"], "workingDir": "w{{ x }}"}}},
    "one in the code": {
        "run": {"kind": "job", "container": {"command": ["t"]}, "init": [{"git": {"url": "u", "revision": "r{{ x }}"}}]}
    },
    "an input that is a variable": {
        "cmd": "train",
        "inputs": [{"name": "x", "type": "int", "toEnv": "X"}, {"name": "y", "type": "float", "value": 1}],
    },
    "a format": {
        "cmd": "train {{ params.x.as_arg }}",
        "inputs": [
            {"name": "x", "type": "int", "argFormat": "--x={{ x }}"},
            {"name": "y", "type": "float", "value": 1},
        ],
    },
}
OTHER: dict[str, dict[str, Any]] = {
    "in a component": {},
    "with a param": {"params": {"z": {"value": "{{ globals.iteration }}", "contextOnly": True, "toEnv": "Z"}}},
    "with a name": {"name": "mine", "tags": ["a"]},
}


def document(component: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"inputs": INPUTS, **component}
    return {"version": 1.1, "kind": "operation", **other, "component": whole}


def compiled(compiler: TrialCompiler, number: int, **given: Any) -> ResolvedOperation:
    known = {**example_globals(), "iteration": number}
    return compiler.compile({"x": number, "y": number / 2}, globals=known, **given).resolved


@pytest.mark.parametrize("component", WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_each_trial_is_compiled_as_if_it_were_the_only_one(component: dict[str, Any], other: dict[str, Any]) -> None:
    written = document(component, other)
    ours = TrialCompiler(written)
    for number in (1, 2, 3):
        assert compiled(ours, number) == compiled(TrialCompiler(written), number)


def test_what_is_given_beside_the_values_counts_for_each() -> None:
    written = document({"cmd": "train {{ x }}", "name": "file"}, {"queue": "slow"})
    ours = TrialCompiler(written)
    given: list[dict[str, Any]] = [
        {},
        {"name": "a"},
        {"name": "b"},
        {},
        {"queue": "fast"},
        {"tags": ("t",)},
        {"code": Code(kind="git", url="https://example.com/c")},
        {"tags": ("t",), "name": "c"},
        {},
    ]
    for number, each in enumerate(given):
        assert compiled(ours, number, **each) == compiled(TrialCompiler(written), number, **each), each


def test_a_trial_that_is_refused_is_told_and_the_next_is_compiled() -> None:
    ours = TrialCompiler(document({"cmd": "train {{ 6 / x }}"}, {}))
    assert compiled(ours, 3).args == compiled(TrialCompiler(document({"cmd": "train {{ 6 / x }}"}, {})), 3).args
    with pytest.raises(SpecError, match="divides by 0"):
        compiled(ours, 0)
    with pytest.raises(SpecError, match="`x`"):
        ours.compile({"x": "text"}, globals=example_globals())
    assert "train 3" in compiled(ours, 2).args[0]
