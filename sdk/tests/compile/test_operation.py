"""Compiling: the whole way from a document to what runs."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic import JsonValue

from trainyard.compile.context import example_globals
from trainyard.compile.operation import compile_operation
from trainyard.compile.resolved import (
    Checkout,
    Code,
    ResolvedOperation,
    Resources,
    all_checkouts,
    used_connections,
)
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text

HEAD = "version: 1.1\nkind: operation\n"
FULL = """\
version: 1.1
kind: operation
name: digits
tags: [demo]
queue: local/gpu
params:
  lr: 1e-3
  note: {value: "run {{ globals.uuid }}", contextOnly: true}
termination: {maxRetries: 2}
component:
  tags: [mnist]
  termination: {maxRetries: 5, timeout: 3600}
  inputs:
    - {name: lr, type: float, validation: {gt: 0, lt: 1}}
    - {name: epochs, type: int, value: 10, toEnv: EPOCHS}
    - {name: verbose, type: bool, isFlag: true, value: false}
    - {name: layers, type: int, isList: true, value: [32, 64]}
    - {name: opt, type: str, isOptional: true, toEnv: OPT}
    - {name: seed, type: int, value: 7, argFormat: "-s {{ seed }}"}
  outputs:
    - {name: accuracy, type: metric}
    - {name: model, type: path, value: "{{ globals.run_outputs_path }}/model"}
  run:
    kind: job
    init: [{git: {url: "https://example.org/a.git", revision: main}}]
    container:
      image: "python:{{ '3.11' }}"
      workingDir: src
      command: [python, train.py]
      args: ["{{ params.as_args }}", "--x={{ epochs * 2 }}", "{{ params.opt.as_arg }}", "{{ note }}", "{{ model }}"]
      env: {LR: "{{ lr }}", EMPTY: "{{ opt }}"}
      resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 500m, nvidia.com/gpu: 1}}
"""


def compiled(text: str, params: Mapping[str, JsonValue] | None = None) -> ResolvedOperation:
    return compile_operation(load_text(text, file="t.yaml"), globals=example_globals(), params=params)


def said(text: str, params: Mapping[str, JsonValue] | None = None) -> str:
    with pytest.raises(SpecError) as caught:
        compiled(text, params)
    return str(caught.value)


def test_a_whole_operation() -> None:
    resolved = compiled(FULL, {"verbose": "true", "epochs": "3"})
    assert resolved.inputs == {"lr": 1e-3, "epochs": 3, "verbose": True, "layers": [32, 64], "opt": None, "seed": 7}
    assert (resolved.name, resolved.tags, resolved.queue) == ("digits", ("mnist", "demo"), "local/gpu")
    assert resolved.command == ("python", "train.py")
    assert resolved.args == (
        *("--lr=0.001", "--epochs=3", "--verbose", "--layers=[32,64]", "-s 7", "--x=6"),
        *(f"run {example_globals()['uuid']}", "${TRAINYARD_OUTPUTS}/model"),
    )
    assert resolved.env == {"LR": "0.001", "EPOCHS": "3"}
    assert (resolved.image, resolved.working_dir) == ("python:3.11", "src")
    assert resolved.resources == Resources(cpu=0.5, memory=1 << 30, gpu=1)
    assert (resolved.max_retries, resolved.timeout) == (2, 3600.0)
    assert resolved.code == Code(kind="git", url="https://example.org/a.git", commit="main")
    assert resolved.outputs["model"].value == "${TRAINYARD_OUTPUTS}/model"
    assert resolved.outputs["accuracy"].type == "metric"


def test_the_short_form_runs_a_script_that_stops_at_the_first_failure() -> None:
    resolved = compiled(HEAD + "cmd: [echo a, 'echo {{ globals.name }}']\nenv: {A: b}\nresources: {cpu: 2, gpu: 1}")
    assert resolved.command == ("/bin/sh", "-c")
    assert resolved.args == ("set -e\necho a\necho example",)
    assert (resolved.env, resolved.resources) == ({"A": "b"}, Resources(cpu=2.0, gpu=1))
    assert resolved.queue == "default"


def test_resources_of_any_name_and_a_priority() -> None:
    short = compiled(HEAD + "cmd: ls\nresources: {cpu: 2, licence: 2, 'amd.com/xcv': 500m}")
    assert short.resources == Resources(cpu=2.0, other={"licence": 2.0, "amd.com/xcv": 0.5})
    container = "{command: ls, resources: {limits: {licence: '{{ 1 + 1 }}'}}}"
    long = compiled(HEAD + f"run: {{kind: job, environment: {{priority: -3}}, container: {container}}}")
    assert (long.resources, long.priority) == (Resources(other={"licence": 2.0}), -3)


def test_a_component_alone_compiles() -> None:
    resolved = compiled(
        "version: 1.1\nkind: component\nname: c\nqueue: q\ntags: [a]\ncmd: ls\ntermination: {timeout: 5}"
    )
    assert (resolved.name, resolved.queue, resolved.tags, resolved.timeout) == ("c", "q", ("a",), 5.0)


PARAMS = "inputs: [{name: lr, type: float}]\ncmd: 'train {{ lr }}'\n"

FAULTS = [
    (PARAMS, {}, "t.yaml:3:10: inputs[0]: the input `lr` has no value; set it with `-P lr=...`"),
    (
        PARAMS,
        {"lr": "fast"},
        't.yaml:3:10: inputs[0]: the given value of input `lr`: expected a number such as `0.1` or `1e-4`, not "fast"',
    ),
    (PARAMS, {"lr": "1", "lrr": "2"}, "-P lrr: the component has no input `lrr`; did you mean `lr`?"),
    (PARAMS + "params: {lr: 1, lrr: 2}", {}, "t.yaml:5:17: params.lrr: the component has no input `lrr`"),
    (PARAMS + "params: {lr: abc}", {}, "t.yaml:5:14: params.lr: input `lr`: expected a number"),
    (PARAMS + "params: {lr: null}", {}, "the input `lr` has no value"),
    (PARAMS + "params: {lr: {value: 1, contextOnly: true}}", {}, "`lr` is a declared input"),
    (PARAMS + "params: {lr: '{{ globals.uid }}'}", {}, "there is no field `uid`; did you mean `uuid`?"),
    ("inputs: [{name: a, type: int, value: x}]\ncmd: ls", {}, "inputs[0].value: input `a`: expected a whole number"),
    ("inputs: [{name: a, value: 1, isOptional: false}]\ncmd: ls", {}, "a default makes an input optional"),
    ("inputs: [{name: a, value: 1, isFlag: true}]\ncmd: ls", {}, "a flag is of type `bool`"),
    ("inputs: [{name: a, value: 3, validation: {lt: 2}}]\ncmd: ls", {}, "input `a`: must be less than 2"),
    (
        "inputs: [{name: a, value: 1}, {name: a, value: 2}]\ncmd: ls",
        {},
        "inputs[1].name: the name `a` is declared twice",
    ),
    (
        "inputs: [{name: a, value: 1}]\noutputs: [{name: a}]\ncmd: ls",
        {},
        "outputs[0].name: the name `a` is declared twice",
    ),
    ("outputs: [{name: a, type: int, value: x}]\ncmd: ls", {}, "output `a`: expected a whole number"),
    ("cmd: 'a {{ b }}'", {}, "t.yaml:3:12: cmd: there is no `b` here"),
    ("cmd: |\n  one\n  two {{ tow }}", {}, "t.yaml:5:10: cmd: there is no `tow` here"),
    ("cmd: >\n  one\n  {{ globals.nam }}", {}, "t.yaml:5:14: cmd: there is no field `nam`; did you mean `name`?"),
    ("cmd: ['a', 'b {{ c( }}']", {}, "t.yaml:3:15: cmd[1]: not a template"),
    ("name: x", {}, "there is nothing to run; add `cmd`"),
    ("run: {kind: job}", {}, "there is nothing to run"),
    ("run: {kind: job, container: {args: [a]}}", {}, "there is nothing to run"),
    ("cmd: ls\nrun: {kind: job, container: {command: ls}}", {}, "`command` and `cmd` both say what runs"),
    ("cmd: ls\ncomponent: {cmd: ls}", {}, "t.yaml:3:1: cmd: `cmd` stands in the operation and a `component`"),
    ("cmd: ls\nenv: {A: b}\nrun: {kind: job, container: {env: {A: c}}}", {}, "the variable `A` is given twice"),
    ("cmd: ls\nenv: {A: b}\ninputs: [{name: a, value: 1, toEnv: A}]", {}, "the variable `A` is set by `env` too"),
    (
        "run: {kind: job, container: {command: ls, workingDir: '{{ globals.run_outputs_path }}'}}",
        {},
        "run.container.workingDir: the folders of the run cannot be the working directory",
    ),
    ("cmd: ls\nqueue: a/b/c", {}, "t.yaml:4:8: queue: this is not the name of a queue"),
    ("cmd: ls\nresources: {cpu: 5x}", {}, "t.yaml:4:18: resources.cpu: '5x' is not an amount"),
    ("cmd: ls\nresources: {gpu: 0.5}", {}, "not a whole number of devices"),
    ("cmd: ls\nresources: {licence: many}", {}, "resources.licence: 'many' is not an amount"),
    (
        "run: {kind: job, environment: {priority: 2000000}, container: {command: ls}}",
        {},
        "run.environment.priority: must be a whole number from -1000000",
    ),
    (
        "run: {kind: job, container: {image: x, resources: {requests: {cpu: 1}, limits: {cpu: 2}}}}",
        {},
        "`cpu` is given as `1` and as `2`; this version acts on one size",
    ),
    ("cmd: ls\ntermination: {maxRetries: '{{ 1.5 }}'}", {}, "termination.maxRetries: must be a whole number from 0"),
    ("cmd: ls\ntermination: {timeout: '{{ -1 }}'}", {}, "termination.timeout: must be a number of seconds"),
    ("cmd: ls\nrun: {kind: job, init: [{git: {url: 'ext::sh -c x'}}]}", {}, "this is not a URL that git may be given"),
    ("cmd: ls\nrun: {kind: job, init: [{git: {url: 'https://a:b@c/d'}}]}", {}, "the URL holds a password"),
    ("cmd: ls\nrun: {kind: job, init: [{git: {url: a, revision: --upload-pack=x}}]}", {}, "does not begin with `-`"),
    ("cmd: ls\nrun: {kind: job, init: [{git: {url: a}}, {git: {url: b}}]}", {}, "brings code from one place"),
    ("cmd: ls\nrun: {kind: job, init: [{connection: a}, {git: {url: b}}]}", {}, "brings code from one place"),
    ("cmd: ls\nrun: {kind: job, init: [{connection: a, path: ../x}]}", {}, "below the folder of the code"),
    ("cmd: ls\nrun: {kind: job, init: [{connection: a, path: /x}]}", {}, "below the folder of the code"),
    ("cmd: ls\nrun: {kind: job, init: [{connection: a, path: x}, {connection: a, path: x/}]}", {}, "into `x`"),
    ("cmd: ls\nrun: {kind: job, init: [{connection: a, git: {flags: [-x]}}]}", {}, "a flag begins with `--`"),
    ('cmd: "a\\0b"', {}, "NUL"),
]


@pytest.mark.parametrize("text, params, expected", FAULTS, ids=[text[:60] for text, _, _ in FAULTS])
def test_faults_name_their_place(text: str, params: dict[str, JsonValue], expected: str) -> None:
    assert expected in said(HEAD + text, params)


def test_a_missing_value_is_said_once_and_other_faults_beside_it() -> None:
    text = HEAD + "inputs: [{name: a}, {name: b, type: int}]\ncmd: ['-{{ a }}', '{{ b + 1 }}', '{{ c }}']\nqueue: '!'"
    lines = said(text, {"b": "x"}).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "t.yaml:3:10: inputs[0]: the input `a` has no value",
        't.yaml:3:21: inputs[1]: the given value of input `b`: expected a whole number such as `3`, not "x"',
        "t.yaml:4:38: cmd[2]: there is no `c` here",
        "t.yaml:5:8: queue: this is not the name of a queue",
    ]


def test_a_param_for_templates_alone_is_overridden_by_the_command_line() -> None:
    text = HEAD + "params: {note: {value: file, contextOnly: true, toEnv: NOTE}}\ncmd: 'echo {{ note }}'"
    assert compiled(text).env == {"NOTE": "file"}
    resolved = compiled(text, {"note": "line"})
    assert (resolved.env, resolved.args, resolved.inputs) == ({"NOTE": "line"}, ("set -e\necho line",), {})


def test_values_are_data_and_never_rendered_again() -> None:
    text = HEAD + "inputs: [{name: a, toEnv: A}]\ncmd: 'echo {{ a }} {{ params.a.as_arg }}'"
    resolved = compiled(text, {"a": "{{ globals.uuid }}"})
    assert resolved.inputs == {"a": "{{ globals.uuid }}"}
    assert resolved.args == ("set -e\necho {{ globals.uuid }} --a={{ globals.uuid }}",)
    assert resolved.env == {"A": "{{ globals.uuid }}"}


def test_text_that_looks_like_another_type_keeps_its_own() -> None:
    resolved = compiled(HEAD + "inputs: [{name: a, type: str}]\ncmd: ls", {"a": "[1, 2]"})
    assert resolved.inputs == {"a": "[1, 2]"}


def test_both_spellings_give_the_same_digest() -> None:
    camel = compiled(HEAD + "run: {kind: job, container: {image: x, workingDir: a}}")
    assert camel == compiled(HEAD + "run: {kind: job, container: {image: x, working_dir: a}}")


def test_a_caller_overrides_name_queue_and_code_and_adds_tags() -> None:
    code = Code(kind="folder", path="/code")
    resolved = compile_operation(
        load_text(FULL, file="t"), globals=example_globals(), name="n", queue="q", tags=("demo", "x"), code=code
    )
    assert (resolved.name, resolved.queue, resolved.tags, resolved.code) == ("n", "q", ("mnist", "demo", "x"), code)


def test_what_a_caller_gives_is_held_to_the_same_rules() -> None:
    code = Code(kind="git", url="https://ada:hunter2@example.org/a.git")
    with pytest.raises(SpecError) as caught:
        compile_operation(load_text(FULL, file="t"), globals=example_globals(), name="a b", queue="!", code=code)
    assert [found.field for found in caught.value.findings] == ["name", "queue", "code.url"]
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "known, given, expected", [("", None, "file"), ("", "given", "given"), ("known", None, "known")]
)
def test_the_name_that_templates_read(known: str, given: str | None, expected: str) -> None:
    document = load_text(HEAD + "name: file\ncmd: 'echo {{ globals.name }}'", file="t")
    resolved = compile_operation(document, globals={"name": known}, name=given)
    assert resolved.args == (f"set -e\necho {expected}",)


def test_a_mapping_compiles_to_the_same_as_its_text() -> None:
    document = load_text(FULL, file="t.yaml")
    assert compile_operation(document.data, globals=example_globals()) == compiled(FULL)


def test_a_flag_that_is_off_and_a_value_that_is_null_leave_no_argument() -> None:
    text = HEAD + "inputs: [{name: f, type: bool, isFlag: true, value: false}, {name: n, isOptional: true}]\n"
    args = "['{{ params.f.as_arg }}', '{{ n }}', '{{ params.as_args }}', z]"
    text += f"run: {{kind: job, container: {{command: x, args: {args}}}}}"
    assert compiled(text).args == ("z",)


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


LARGE = "x" * 200_000
BAD_BODIES = [
    ({"inputs": [{"name": "a", "value": nested(200)}]}, "nested deeper than 64 levels"),
    ({"inputs": [{"name": "a", "value": nested(300)}]}, "inputs[0].value: the document is nested deeper than 64"),
    ({"inputs": [{"name": "a", "value": nested(5000)}]}, "inputs[0].value: the document is nested deeper than 64"),
    ({"inputs": [{"name": "a", "type": "list", "value": "[" * 900 + "]" * 900}]}, "nested deeper than 64 levels"),
    ({"inputs": [{"name": "a", "type": "list", "value": "[" * 9000 + "]" * 9000}]}, "nested deeper than 64 levels"),
    ({"inputs": [{"name": "a", "value": LARGE}]}, "`a`: the text would be longer than 131072 characters"),
    ({"inputs": [{"name": "a", "isList": True, "value": [LARGE] * 9}]}, "`a`: the text would be longer than 131072"),
    ({"params": {"a": {"value": LARGE, "contextOnly": True}}}, "`a`: the text would be longer than 131072"),
    ({"inputs": [{"name": "a", "value": 1e300, "validation": {"multipleOf": 1e-300}}]}, "must be a multiple of 1e-300"),
    ({"inputs": [{"name": "a", "value": "x", "validation": {"regex": "(a{1000}){1000}"}}]}, "exceeds size limit"),
    ({"inputs": [{"name": "a", "value": float("inf")}]}, "finite number"),
    ({"inputs": [{"name": "a", "value": 2**70}]}, "a whole number must fit in 64 bits"),
    ({"inputs": [{"name": "a", "toEnv": "A=B"}]}, "this is not the name of an environment variable"),
    ({"kind": ["operation"]}, "kind: there is no such kind"),
    ({"version": None}, "`version` is missing"),
    ({"version": ["1.1"]}, "this version of the language is not known"),
    ({"name": "{{ 'a b' }}"}, "the name is not 1 to 128"),
    ({"cmd": ["{{ 1 }}"] * 30_000}, "take too many steps"),
]


@pytest.mark.parametrize(
    "fields, expected", BAD_BODIES, ids=[f"{at}-{text}" for at, (_, text) in enumerate(BAD_BODIES)]
)
def test_a_bad_body_is_refused_and_never_breaks_the_compiler(fields: dict[str, object], expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        compile_operation({"version": 1.1, "kind": "operation", "cmd": "ls", **fields}, globals=example_globals())
    assert expected in str(caught.value)


def test_thousands_of_findings_are_cut_to_a_readable_number() -> None:
    lines = said(HEAD + "cmd: [" + "'{{ x }}', " * 5000 + "]").splitlines()
    assert len(lines) == 101
    assert lines[-1] == "t.yaml: and 4900 more like these"


def test_the_digest_of_a_component_does_not_change() -> None:
    """It is stored with runs, as that of the resolved operation is."""
    assert compiled(FULL).component == "sha256:fe565ad599f18c09b5059a516932605143d62615f5ac6731b9e16256eb52b4e8"


def test_connections_bring_code_and_more_of_it() -> None:
    init = "[{connection: a, git: {revision: '{{ rev }}'}}, {connection: b, path: ./lib/, git: {flags: [--depth=2]}}]"
    body = f"inputs: [{{name: rev, type: str, value: v1}}]\nrun: {{kind: job, connections: [c, b], init: {init}}}"
    resolved = compiled(HEAD + body + "\ncmd: ls")
    assert resolved.code == Code(kind="git", commit="v1", connection="a")
    assert resolved.checkouts == (Checkout(connection="b", path="lib", flags=("--depth=2",)),)
    assert all_checkouts(resolved)[0] == Checkout(connection="a", revision="v1")
    assert used_connections(resolved) == ("c", "b", "a")
