"""Patching one layer over another: the whole table of strategies and kinds of value."""

from __future__ import annotations

import pytest

from trainyard.compile.fragment import ComposedDocument, grow, plain
from trainyard.compile.patch import patched
from trainyard.spec.document import Document
from trainyard.spec.load import load_text
from trainyard.spec.model import Model
from trainyard.spec.operation import STRATEGIES, Operation
from trainyard.spec.run import Job

KEEP = object()


def patch(old: dict[str, object], new: dict[str, object], strategy: str, model: type[Model] = Operation) -> object:
    before, after = (grow(Document.from_mapping(data), model) for data in (old, new))
    return plain(patched(before, after, strategy, model))  # type: ignore[arg-type]


# old, new, and the result under post_merge, pre_merge, replace, isnull
TABLE = {
    "a scalar": ("queue", "a", "b", ("b", "a", "b", "a")),
    "a scalar that is not there": ("queue", KEEP, "b", ("b", "b", "b", "b")),
    "a scalar that is null": ("queue", None, "b", ("b", "b", "b", "b")),
    "an explicit null": ("queue", "a", None, (None, "a", None, "a")),
    "a null of nothing": ("queue", KEEP, None, (None, None, None, None)),
    "a list": ("tags", ["x", "y"], ["y", "z"], (["x", "y", "z"], ["y", "z", "x"], ["y", "z"], ["x", "y"])),
    "a text for a list": ("tags", "x, y", ["z"], (["x", "y", "z"], ["z", "x", "y"], ["z"], ["x", "y"])),
    "a level with a model": (
        "termination",
        {"maxRetries": 1, "timeout": 5},
        {"timeout": 9},
        ({"maxRetries": 1, "timeout": 9}, {"maxRetries": 1, "timeout": 5}, {"maxRetries": 1, "timeout": 9},
         {"maxRetries": 1, "timeout": 5}),
    ),
    "a level with a model that is filled": (
        "termination", {"maxRetries": 1}, {"timeout": 9}, ({"maxRetries": 1, "timeout": 9},) * 4,
    ),
    "the other spelling": (
        "termination",
        {"max_retries": 1},
        {"maxRetries": 2},
        ({"maxRetries": 2}, {"maxRetries": 1}, {"maxRetries": 2}, {"maxRetries": 1}),
    ),
    "a mapping": (
        "env",
        {"A": "1", "B": "1"},
        {"B": "2", "C": "2"},
        ({"A": "1", "B": "2", "C": "2"}, {"B": "1", "C": "2", "A": "1"}, {"B": "2", "C": "2"}, {"A": "1", "B": "1"}),
    ),
    "variables in two shapes": (
        "env",
        [{"name": "A", "value": "1"}],
        {"A": "2"},
        ({"A": "2"}, {"A": "1"}, {"A": "2"}, {"A": "1"}),
    ),
    "params, each a whole": (
        "params",
        {"lr": {"value": 1, "toEnv": "LR"}, "n": {"a": {"b": 1}}},
        {"lr": 2, "n": {"a": {"c": 2}}},
        (
            {"lr": 2, "n": {"a": {"c": 2}}},
            {"lr": {"value": 1, "toEnv": "LR"}, "n": {"a": {"b": 1}}},
            {"lr": 2, "n": {"a": {"c": 2}}},
            {"lr": {"value": 1, "toEnv": "LR"}, "n": {"a": {"b": 1}}},
        ),
    ),
    "names of params keep their spelling": (
        "params", {"learning_rate": 1}, {"learningRate": 2},
        ({"learning_rate": 1, "learningRate": 2}, {"learning_rate": 1, "learningRate": 2}, {"learningRate": 2},
         {"learning_rate": 1}),
    ),
    "deep mappings with a null": (
        "schedule",
        {"kind": "cron", "x": {"a": 1, "b": 1}},
        {"kind": "cron", "x": {"b": None, "c": 2}},
        (
            {"kind": "cron", "x": {"a": 1, "b": None, "c": 2}},
            {"kind": "cron", "x": {"a": 1, "b": 1, "c": 2}},
            {"kind": "cron", "x": {"b": None, "c": 2}},
            {"kind": "cron", "x": {"a": 1, "b": 1}},
        ),
    ),
    "one of another kind": (
        "matrix",
        {"kind": "grid", "params": 1},
        {"kind": "random", "numRuns": 2},
        (
            {"kind": "random", "numRuns": 2},
            {"kind": "grid", "params": 1},
            {"kind": "random", "numRuns": 2},
            {"kind": "grid", "params": 1},
        ),
    ),
    "texts where a list may stand": (
        "mount", "a", {"from": "b"}, ({"from": "b"}, "a", {"from": "b"}, "a"),
    ),
}  # fmt: skip
ORDER = ("post_merge", "pre_merge", "replace", "isnull")


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("field", "old", "new", "results"), TABLE.values(), ids=TABLE)
def test_a_field_is_patched(field: str, old: object, new: object, results: tuple[object, ...], strategy: str) -> None:
    before = {} if old is KEEP else {field: old}
    assert patch(before, {field: new}, strategy) == {field: results[ORDER.index(strategy)]}


def test_every_strategy_is_in_the_table() -> None:
    assert set(ORDER) == set(STRATEGIES)


def test_a_container_is_patched_field_by_field() -> None:
    old = {"container": {"image": "a", "command": ["x"], "resources": {"limits": {"gpu": 1, "cpu": 2}}}}
    new = {"container": {"image": "b", "command": ["y"], "resources": {"limits": {"gpu": 4}}}}
    post = {"container": {"image": "b", "command": ["x", "y"], "resources": {"limits": {"gpu": 4, "cpu": 2}}}}
    assert patch(old, new, "post_merge", Job) == post
    assert patch(old, new, "isnull", Job) == old
    replaced = {"container": {"image": "b", "command": ["y"], "resources": {"limits": {"gpu": 4, "cpu": 2}}}}
    assert patch(old, new, "replace", Job) == replaced


def test_a_fault_is_told_where_the_value_was_written() -> None:
    old = load_text("queue: a\ntermination:\n  maxRetries: 1\ntags: [x]\n", file="old.yaml")
    new = load_text("tags: [y]\n\ntermination: {timeout: 2}\n", file="new.yaml")
    whole = ComposedDocument(patched(grow(old, Operation), grow(new, Operation), "post_merge", Operation))

    def place(*path: str | int) -> str:
        return str(whole.finding(path, "here"))

    assert place("queue") == "old.yaml:1:8: queue: here"
    assert place("termination", "max_retries") == "old.yaml:3:15: termination.maxRetries: here"
    assert place("termination", "timeout") == "new.yaml:3:24: termination.timeout: here"
    assert place("tags", 0) == "old.yaml:4:8: tags[0]: here"
    assert place("tags", 1) == "new.yaml:1:8: tags[0]: here"
    assert place("termination", "nope", "x") == "old.yaml:2:1: termination.nope: here"
