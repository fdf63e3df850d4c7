"""Structure: what is refused, where it is said to be, and what the reader is told to do."""

from __future__ import annotations

import pytest

from trainyard.spec.check import parse_operation
from trainyard.spec.document import Document
from trainyard.spec.error import Finding, SpecError
from trainyard.spec.load import load_text
from trainyard.spec.operation import Component, Operation

HEAD = "version: 1.1\nkind: operation\n"


def findings(text: str) -> list[Finding]:
    with pytest.raises(SpecError) as caught:
        parse_operation(load_text(text, file="t.yaml"))
    return list(caught.value.findings)


def said(text: str) -> str:
    return "\n".join(map(str, findings(text)))


CASES = [
    ("kind: operation", "t.yaml:1:1: `version` is missing"),
    ("version: 1.1", "t.yaml:1:1: `kind` is missing"),
    ("version: 1.2\nkind: operation", "t.yaml:1:10: version: this version of the language is not known"),
    ("version: 1.1\nkind: operatoin", "t.yaml:2:7: kind: there is no such kind; write `operation` or `component`"),
    ("version: 1.1\nkind: compiled_operation", "this kind is known but not acted on"),
    (HEAD + "nme: x", "t.yaml:3:1: nme: there is no such field here; did you mean `name`?"),
    (
        HEAD + "command: [a]",
        "command: there is no such field here; write it under `run.container`, or use `cmd`",
    ),
    (HEAD + "args: [a]", "args: there is no such field here; write it under `run.container`, or put it into `cmd`"),
    (HEAD + "workingDir: a", "workingDir: there is no such field here; write it under `run.container`"),
    (HEAD + "name: my run!", "t.yaml:3:7: name: a name is 1 to 128"),
    (HEAD + "tags: 3", "t.yaml:3:7: tags: must be a list, not a whole number"),
    (HEAD + "params: [a]", "t.yaml:3:1: params: must be a mapping, not a list"),
    (HEAD + "params: {a: {value: 1, ref: ops.b}}", "t.yaml:3:24: params.a.ref: `ref` is known but not acted on"),
    (HEAD + "params: {a: {value: 1, toInit: true}}", "params.a.toInit: `toInit` is known"),
    (HEAD + "params: {a: {value: 1, contextOnly: 1}}", "params.a.contextOnly: must be true or false"),
    (HEAD + "termination: {maxRetries: '3'}", "termination.maxRetries: must be a whole number, not text"),
    (HEAD + "termination: {maxRetries: -1}", "termination.maxRetries: must not be negative"),
    (HEAD + "termination: {maxRetries: true}", "termination.maxRetries: must be a whole number, not true/false"),
    (HEAD + "termination: {timeout: 0}", "termination.timeout: must be more than 0"),
    (HEAD + "termination: {ttl: 5}", "termination.ttl: `ttl` is known but not acted on"),
    (HEAD + "termination: {maxRetries: 1, max_retries: 1}", "this field is given twice, as `maxRetries` and as"),
    (HEAD + "component: {run: {kind: dag, operations: []}}", "component.run.kind: the run kind `dag` is known"),
    (HEAD + "component: {run: {kind: jop}}", "component.run.kind: there is no run of kind `jop`; did you mean `job`?"),
    (HEAD + "component: {run: {container: {}}}", "component.run: `kind` is missing"),
    (HEAD + "component: {matrix: 3}", "component.matrix: there is no such field here"),
    (HEAD + "run: {kind: job, environment: {nodeName: a}}", "run.environment.nodeName: `nodeName` is known"),
    (HEAD + "run: {kind: job, container: {comand: [a]}}", "did you mean `command`?"),
    (HEAD + "run: {kind: job, container: {volumeMounts: []}}", "`volumeMounts` is known but not acted on"),
    (HEAD + "run: {kind: job, container: {volume_mounts: []}}", "`volumeMounts` is known but not acted on"),
    (HEAD + "run: {kind: job, container: {command: {a: b}}}", "run.container.command: must be a list, not a mapping"),
    (HEAD + "run: {kind: job, container: {command: python train.py}}", "no shell splits it; write a list such as"),
    (HEAD + "run: {kind: job, container: {args: [a, 0.1]}}", "t.yaml:3:40: run.container.args[1]: must be text"),
    (HEAD + "run: {kind: job, init: [{artifacts: {}}]}", "run.init[0].artifacts: `artifacts` is known"),
    (HEAD + "run: {kind: job, init: [{git: {url: a, flags: [b]}}]}", "`flags` are acted on with a `connection` only"),
    (HEAD + "run: {kind: job, init: [{git: {revision: a}}]}", "`git` without a `url` needs a `connection`"),
    (HEAD + "run: {kind: job, init: [{git: {url: a}, path: b}]}", "`path` is acted on with a `connection` only"),
    (HEAD + "run: {kind: job, init: [{path: b}]}", "an init step is one thing"),
    (HEAD + "run: {kind: job, init: [{connection: a, container: {command: [b]}}]}", "an init step is one thing"),
    (HEAD + "env: {A: 1}", "t.yaml:3:10: env.A: must be text, not a whole number; put the value in quotes"),
    (HEAD + "env: {A: yes, B: true}", "env.B: must be text, not true/false"),
    (HEAD + "env: [{name: A, valueFrom: {}}]", "`valueFrom` of item 0 is known but not acted on"),
    (HEAD + "env: [{name: A, value: a}, {name: A, value: b}]", "the variable `A` is given twice"),
    (HEAD + "env: {'A=B': c}", "this is not the name of an environment variable"),
    (HEAD + "resources: {nvidia.com/gpu: 1}", "resources.nvidia.com/gpu: `nvidia.com/gpu` is known"),
    (HEAD + "resources: {cpu: true}", "resources.cpu: must be an amount"),
    (HEAD + "resources: {cpus: 2}", "did you mean `cpu`?"),
    (HEAD + "resources: {Memory: 2}", "resources.Memory: there is no such field here"),
    (HEAD + "resources: {licence: true}", "`licence` must be an amount"),
    (HEAD + "resources: {others: {a: 1}}", "`others` must be an amount"),
    (HEAD + "resources: {'a b': 1}", "resources.a b: there is no such field here"),
    (HEAD + "run: {kind: job, environment: {priority: high}}", "must be a whole number, not text"),
    (HEAD + "inputs: [{type: int}]", "t.yaml:3:10: inputs[0]: `name` is missing"),
    (HEAD + "inputs: [{name: globals}]", "the name `globals` is kept for templates"),
    (HEAD + "inputs: [{name: a, type: flot}]", "inputs[0].type: there is no type `flot`; choose from any, str"),
    (HEAD + "inputs: [{name: a, type: s3}]", "the type `s3` is known but not acted on"),
    (HEAD + "inputs: [{name: a, type: 'List[int]'}]", "the type `List[int]` is known but not acted on"),
    (HEAD + "inputs: [{name: a, isList: yes}]", "inputs[0].isList: must be true or false, not text"),
    (HEAD + "inputs: [{name: a, delayValidation: true}]", "`delayValidation` is known"),
    (HEAD + "inputs: [{name: a, validation: {gt: 1, gtt: 2}}]", "did you mean `gt`?"),
    (HEAD + "inputs: [{name: a, validation: {multipleOf: 0}}]", "validation.multipleOf: must be more than 0"),
    (HEAD + "inputs: [{name: a, validation: {multipleOf: -2}}]", "validation.multipleOf: must be more than 0"),
    (HEAD + "inputs: [{name: a, validation: {regex: '('}}]", "this is not a regular expression"),
    (HEAD + "inputs: [{name: a, validation: {regex: '(?=a)'}}]", "do without look-around"),
    (HEAD + "plugins: {collectLogs: true}", "plugins.collectLogs: `collectLogs` is known but not acted on"),
    (
        HEAD + "plugins:\n  notifications:\n  - connections: [a]\n    trigger: fails",
        "t.yaml:6:14: plugins.notifications[0].trigger: there is no such trigger; "
        "choose from running, retrying, succeeded, failed, stopped, skipped, done",
    ),
    (HEAD + "plugins: {notifications: [{trigger: failed}]}", "[0]: `connections` is missing; add it"),
    (
        HEAD + "plugins: {notifications: [{trigger: done, connections: []}]}",
        "notifications[0].connections: no connection is named",
    ),
    (
        HEAD + f"plugins: {{notifications: [{{trigger: done, connections: {['a'] * 21}}}]}}",
        "plugins.notifications[0].connections: there are 21 of them; the limit is 20; keep fewer",
    ),
    (
        HEAD + "plugins: {notifications: [{trigger: done, connections: [a], to: b}]}",
        "plugins.notifications[0].to: there is no such field",
    ),
    (HEAD + "outputs: [{name: a, validation: {gt: 1}}]", "`validation` is known but not acted on"),
]


@pytest.mark.parametrize("text, expected", CASES, ids=[text.removeprefix(HEAD)[:50] for text, _ in CASES])
def test_structure_is_checked_with_place_and_fix(text: str, expected: str) -> None:
    assert expected in said(text)


LATER = [
    *("namespace", "cache", "build", "hooks", "cost", "mount", "template", "ports"),
    *("dagRef", "urlRef", "dependencies", "trigger", "joins"),
    *("events", "conditions", "schedule", "skipOnUpstreamSkip", "strictParams"),
]


@pytest.mark.parametrize("field", LATER)
def test_fields_of_the_language_that_are_not_acted_on_are_refused_by_name(field: str) -> None:
    assert f"t.yaml:3:1: {field}: `{field}` is known but not acted on by this version; " in said(f"{HEAD}{field}: x")


def test_all_findings_come_at_once_in_the_order_of_the_document() -> None:
    found = findings(HEAD + "matrix: {}\nname: a b\ncomponent:\n  run:\n    kind: job\n    volumes: []\nfoo: 1\n")
    assert [(one.line, one.field) for one in found] == [
        (3, "matrix"),
        (4, "name"),
        (8, "component.run.volumes"),
        (9, "foo"),
    ]


def test_every_finding_has_a_fix() -> None:
    for text, _ in CASES:
        assert all(one.fix for one in findings(text)), text


def test_a_refused_run_kind_is_not_followed_by_faults_about_its_fields() -> None:
    assert len(findings(HEAD + "run: {kind: dag, operations: [], concurrency: 3}")) == 1


def test_null_is_a_field_that_is_not_set() -> None:
    text = HEAD + "hooks: null\nname:\ninputs:\nqueue: gpu\nrun: {kind: job, container: {args: null, image: x}}"
    operation = parse_operation(load_text(text, file="t.yaml"))
    assert (operation.name, operation.inputs, operation.queue) == (None, (), "gpu")


def test_null_in_a_list_is_not_left_out() -> None:
    assert "t.yaml:3:44: run.container.args[1]: must be text, not nothing (null)" in said(
        HEAD + "run: {kind: job, container: {args: ['abc', null]}}"
    )


def test_null_is_not_a_missing_name() -> None:
    assert "inputs[0]: `name` is missing" in said(HEAD + "inputs: [{name: null}]")


@pytest.mark.parametrize("field", ["maxRetries", "max_retries"])
def test_both_spellings_are_accepted(field: str) -> None:
    operation = parse_operation(load_text(f"{HEAD}termination: {{{field}: 3}}", file="t"))
    assert operation.termination is not None
    assert operation.termination.max_retries == 3


def test_params_in_short_and_in_long_form() -> None:
    text = HEAD + "params: {a: 1, b: {value: 2}, c: {x: 1}, d: [1], e: null, value: 3, ref: {value: 4}}"
    params = parse_operation(load_text(text, file="t")).params
    expected = {"a": 1, "b": 2, "c": {"x": 1}, "d": [1], "e": None, "value": 3, "ref": 4}
    assert {name: param.value for name, param in params.items()} == expected


def test_a_bare_component_becomes_an_operation() -> None:
    operation = parse_operation(load_text("version: 1.1\nkind: component\ncmd: echo hi", file="t"))
    assert isinstance(operation, Operation)
    assert isinstance(operation.component, Component)
    assert operation.component.cmd == ("echo hi",)


def test_tags_may_be_one_text_with_commas() -> None:
    assert parse_operation(load_text(HEAD + "tags: a, b ,c", file="t")).tags == ("a", "b", "c")


def test_a_document_without_text_gives_the_path_alone() -> None:
    document = Document.from_mapping({"version": 1.1, "kind": "operation", "run": {"kind": "job", "x": 1}})
    with pytest.raises(SpecError) as caught:
        parse_operation(document)
    (found,) = caught.value.findings
    assert (found.file, found.line, found.column, found.field) == (None, None, None, "run.x")


def test_a_fault_never_shows_the_value_of_a_variable() -> None:
    assert "hunter2" not in said(HEAD + "env: {PASSWORD: [hunter2], TOKEN: {a: hunter2}}")
