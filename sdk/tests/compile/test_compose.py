"""Composing: references, presets and patches become one operation, and every problem keeps its file and line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from trainyard.compile import (
    CompiledOperation,
    Library,
    Reference,
    ReferenceUse,
    ResolvedReference,
    compile_whole,
    example_globals,
    wanted,
)
from trainyard.compile.compose import inlined
from trainyard.compile.content import content_digest
from trainyard.compile.reference import reference
from trainyard.spec.document import Document
from trainyard.spec.error import SpecError
from trainyard.spec.load import load_text

COMPONENT = """\
version: 1.1
kind: component
name: trainer
queue: slow
tags: [base]
termination: {maxRetries: 3, timeout: 60}
inputs:
  - {name: lr, type: float, value: 0.1}
run:
  kind: job
  container:
    image: python
    command: [python, train.py]
    args: ["--lr={{ lr }}"]
    env: {MODE: safe}
"""
OPERATION = """\
version: 1.1
kind: operation
hubRef: trainer:1.0
params: {lr: 0.5}
"""
GPU = """\
isPreset: true
name: gpu
queue: gpu
tags: fast
runPatch:
  container:
    resources: {limits: {gpu: 1}}
    env: {MODE: quick}
"""


def library(**texts: str) -> Library:
    """`component_NAME` and `preset_NAME` as version 1.0, which is also the newest."""
    found: dict[Reference, ResolvedReference] = {}
    for key, text in texts.items():
        kind, _, name = key.partition("_")
        assert kind in ("component", "preset")
        document = load_text(text, file=f"{name}:1.0")
        one = ResolvedReference(
            ReferenceUse(kind, name, "1.0", f"sha256:{name}"), document, f"{name} is old" if name == "old" else ""
        )
        found |= {Reference(kind, name, version): one for version in ("", "1.0")}
    return Library(found)


def compiled(
    text: str, known: Library, presets: Sequence[str] = (), patches: Sequence[str] = (), **params: object
) -> CompiledOperation:
    documents = [load_text(patch, file=f"patch{n}.yaml") for n, patch in enumerate(patches)]
    return compile_whole(
        load_text(text, file="t.yaml"),
        known,
        globals=example_globals(),
        presets=presets,
        patches=documents,
        params=params,  # type: ignore[arg-type]
    )


def said(text: str, known: Library | None = None, presets: Sequence[str] = (), patches: Sequence[str] = ()) -> str:
    with pytest.raises(SpecError) as caught:
        compiled(text, known or Library(), presets, patches)
    return str(caught.value)


def test_a_component_by_reference_is_as_if_it_were_written_there() -> None:
    done = compiled(OPERATION, library(component_trainer=COMPONENT))
    inner = "\n".join(f"  {line}" for line in COMPONENT.splitlines()[1:])
    written = f"version: 1.1\nkind: operation\nparams: {{lr: 0.5}}\ncomponent:\n{inner}\n"
    assert done.resolved == compiled(written, Library()).resolved
    assert done.uses == (ReferenceUse("component", "trainer", "1.0", "sha256:trainer"),)


def test_what_was_composed_compiles_again_without_the_library() -> None:
    known = library(component_trainer=COMPONENT, preset_gpu=GPU)
    done = compiled(OPERATION + "presets: [gpu]\nrunPatch: {container: {image: mine}}\n", known)
    again = compile_whole(Document.from_mapping(done.document.data), Library(), globals=example_globals())
    assert msgspec.structs.replace(again.resolved, component=done.resolved.component) == done.resolved
    assert (again.resolved.queue, again.resolved.env, again.resolved.image) == ("gpu", {"MODE": "quick"}, "mine")
    assert again.uses == ()


def test_presets_are_patched_onto_the_operation_in_order() -> None:
    second = "isPreset: true\nqueue: later\nrunPatch: {container: {env: {MORE: x}}}\n"
    known = library(component_trainer=COMPONENT, preset_gpu=GPU, preset_second=second)
    done = compiled(OPERATION + "presets: gpu, second:1.0\ntags: [own]\n", known)
    resolved = done.resolved
    assert (resolved.queue, resolved.tags, resolved.name) == ("later", ("base", "own", "fast"), "trainer")
    assert resolved.env == {"MODE": "quick", "MORE": "x"}
    assert resolved.resources.gpu == 1
    assert [use.name for use in done.uses] == ["trainer", "gpu", "second"]


STRATEGIES = {
    "post_merge": ("fast", "loud", "new", 9.0),
    "pre_merge": ("own", "safe", "python", 60.0),
    "replace": ("fast", "loud", "new", 9.0),
    "isnull": ("own", "safe", "python", 60.0),
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_preset_is_patched_by_its_own_strategy(strategy: str) -> None:
    preset = f"isPreset: true\npatchStrategy: {strategy}\nqueue: fast\ntermination: {{timeout: 9}}\n"
    preset += "runPatch: {container: {image: new, env: {MODE: loud}, workingDir: src}}\n"
    known = library(component_trainer=COMPONENT, preset_p=preset)
    resolved = compiled(OPERATION + "queue: own\npresets: [p]\n", known).resolved
    found = (resolved.queue, resolved.env["MODE"], resolved.image, resolved.timeout)
    assert found == STRATEGIES[strategy]
    assert resolved.working_dir == "src"


def test_an_isnull_preset_does_not_hide_what_the_component_says() -> None:
    preset = "isPreset: true\npatchStrategy: isnull\nqueue: mine\ntermination: {timeout: 1, maxRetries: 9}\n"
    resolved = compiled(OPERATION, library(component_trainer=COMPONENT, preset_p=preset), ["p"]).resolved
    assert (resolved.queue, resolved.timeout, resolved.max_retries) == ("slow", 60.0, 3)


@pytest.mark.parametrize(("strategy", "queue", "image"), [
    ("post_merge", "mine", "new"), ("pre_merge", "slow", "python"), ("replace", "mine", "new"),
    ("isnull", "slow", "python"),
])  # fmt: skip
def test_the_operation_is_patched_onto_its_component_by_its_strategy(strategy: str, queue: str, image: str) -> None:
    text = f"{OPERATION}queue: mine\npatchStrategy: {strategy}\nrunPatch: {{container: {{image: new}}}}\n"
    resolved = compiled(text, library(component_trainer=COMPONENT)).resolved
    assert (resolved.queue, resolved.image) == (queue, image)


def test_an_explicit_null_of_a_preset_unsets_a_field() -> None:
    preset = "isPreset: true\nqueue: null\ntermination: null\nrunPatch: {container: {env: null}}\n"
    resolved = compiled(OPERATION, library(component_trainer=COMPONENT, preset_p=preset), ["p"]).resolved
    assert (resolved.queue, resolved.timeout, resolved.env) == ("default", None, {})


def test_patches_come_last_and_need_no_mark() -> None:
    patch = "queue: last\nparams: {lr: 2.0}\nrunPatch: {container: {args: [--more]}}\n"
    known = library(component_trainer=COMPONENT, preset_gpu=GPU)
    resolved = compiled(OPERATION, known, ["gpu"], [patch]).resolved
    assert (resolved.queue, resolved.args) == ("last", ("--lr=2.0", "--more"))


def test_presets_of_the_component_come_first() -> None:
    known = library(
        component_trainer=COMPONENT + "presets: [first]\n",
        preset_first="isPreset: true\nqueue: first\nenv: {A: '1'}\n",
        preset_gpu=GPU,
    )
    assert compiled(OPERATION, known).resolved.queue == "first"
    done = compiled(OPERATION + "presets: [gpu]\n", known)
    assert (done.resolved.queue, done.resolved.env["A"]) == ("gpu", "1")
    assert wanted(load_text(OPERATION, file="t"), Library()) == [Reference("component", "trainer", "1.0")]
    only = Library({Reference("component", "trainer", "1.0"): known.found[Reference("component", "trainer", "1.0")]})
    assert wanted(load_text(OPERATION, file="t"), only, ["x:2"]) == [
        Reference("preset", "first"),
        Reference("preset", "x", "2"),
    ]


def test_a_short_operation_takes_run_patches_and_presets_too() -> None:
    text = "version: 1.1\nkind: operation\ncmd: echo hi\npresets: [gpu]\n"
    resolved = compiled(text, library(preset_gpu=GPU)).resolved
    assert (resolved.queue, resolved.resources.gpu, resolved.env) == ("gpu", 1, {"MODE": "quick"})
    assert resolved.command == ("/bin/sh", "-c")


def test_a_bare_component_takes_presets() -> None:
    resolved = compiled(COMPONENT, library(preset_gpu=GPU), ["gpu"]).resolved
    assert (resolved.queue, resolved.tags, resolved.env) == ("gpu", ("base", "fast"), {"MODE": "quick"})


def test_a_component_written_beside_its_reference_is_what_it_was_resolved_to() -> None:
    text = OPERATION.replace("params: {lr: 0.5}", "component: {cmd: echo hi}")
    done = compiled(text, Library())
    assert done.resolved.command == ("/bin/sh", "-c")
    assert done.uses == ()
    assert wanted(load_text(text, file="t"), Library()) == []


def test_the_digest_of_the_component_is_that_of_what_was_registered() -> None:
    known = library(component_trainer=COMPONENT, preset_gpu=GPU)
    assert compiled(OPERATION, known).resolved.component == compiled(COMPONENT, known, ["gpu"]).resolved.component


def test_warnings_are_handed_on_once() -> None:
    text = OPERATION.replace("trainer:1.0", "old")
    assert compiled(text, library(component_old=COMPONENT)).warnings == ("old is old",)


def test_approval() -> None:
    text = "version: 1.1\nkind: operation\ncmd: echo\n"
    assert compiled(text, Library()).approved
    assert not compiled(text + "isApproved: false\n", Library()).approved
    assert compiled(text + "isApproved: null\n", Library()).approved
    known = library(component_trainer=COMPONENT + "isApproved: false\n")
    assert not compiled(OPERATION, known).approved
    assert compiled(OPERATION + "isApproved: true\n", known).approved
    asked = text + "inputs: [{name: sure, type: bool, value: false}]\nisApproved: '{{ sure }}'\n"
    assert not compiled(asked, Library()).approved
    assert compiled(asked, Library(), sure="true").approved
    assert "is true or false" in said(text + "isApproved: '{{ globals.uuid }}'\n")


FAULTS = {
    "unknown component": (OPERATION, [], "t.yaml:3:9: hubRef: the component `trainer:1.0` is known to a server only"),
    "unknown preset": (OPERATION + "presets: [nope]\n", [], "t.yaml:5:11: presets[0]: the preset `nope` is known"),
    "another project's": (OPERATION.replace("trainer:", "a/b:"), [], "t.yaml:3:9: hubRef: a component is one of"),
    "no name": (OPERATION.replace("trainer:", "a b:"), [], "`a b:1.0` is not `name` or `name:version`"),
    "two references": (OPERATION + "pathRef: x.yaml\n", [], "t.yaml:5:10: pathRef: an operation has one reference"),
    "a file on a server": (OPERATION.replace("hubRef: trainer:1.0", "pathRef: x.yaml"), [], "a server has no files"),
    "a preset by itself": (OPERATION + "isPreset: true\n", [], "t.yaml:5:11: isPreset: this is a preset"),
    "a strategy that is none": (OPERATION + "patchStrategy: x\n", [], "patchStrategy: there is no such patch strategy"),
    "a component in a patch": (OPERATION, ["component: {cmd: x}\n"], "patch0.yaml:1:1: component: a preset has no"),
    "a run in a patch": (OPERATION, ["run: {kind: job}\n"], "patch0.yaml:1:1: run: a preset has no `run`; change the"),
    "a patch that is a component": (OPERATION, [COMPONENT], "patch0.yaml:2:7: kind: a preset is a part of an operat"),
    "a field of a patch": (OPERATION, ["runPatch:\n  container: {imag: x}\n"], "patch0.yaml:2:15: runPatch.container"),
}


@pytest.mark.parametrize(("text", "patches", "expected"), FAULTS.values(), ids=FAULTS)
def test_faults_are_told_at_their_place(text: str, patches: list[str], expected: str) -> None:
    assert expected in said(text, patches=patches)


def test_faults_of_all_layers_come_together() -> None:
    known = library(component_trainer=COMPONENT.replace("kind: job", "kind: jobb"), preset_p="isPreset: true\nfoo: 1\n")
    found = said(OPERATION + "presets: [p, q]\n", known)
    assert "trainer:1.0:10:9: run.kind: there is no run of kind" in found
    assert "p:1.0:2:1: foo: there is no such field here" in found
    assert "t.yaml:5:14: presets[1]: the preset `q` is known" in found


def test_a_template_fault_is_told_in_the_file_that_holds_it() -> None:
    preset = "isPreset: true\nrunPatch:\n  container:\n    image: '{{ nope }}'\n"
    known = library(component_trainer=COMPONENT, preset_p=preset)
    assert "p:1.0:4:16: runPatch.container.image: there is no `nope` here" in said(OPERATION, known, ["p"])


def test_refusals_of_the_library_are_told_in_its_words() -> None:
    target = Reference("component", "trainer", "1.0")
    known = Library(refused={target: ("no component 'trainer'; existing: other", "register it")})
    assert said(OPERATION, known).endswith("hubRef: no component 'trainer'; existing: other; register it")


def test_a_path_is_inlined_with_its_places() -> None:
    text = OPERATION.replace("hubRef: trainer:1.0", "pathRef: c.yaml")
    document = inlined(load_text(text, file="t.yaml"), load_text(COMPONENT, file="c.yaml"))
    done = compile_whole(document, Library(), globals=example_globals())
    assert done.resolved.args == ("--lr=0.5",)
    assert "pathRef" not in document.data
    bad = load_text(COMPONENT.replace("{{ lr }}", "{{ nope }}"), file="c.yaml")
    with pytest.raises(SpecError, match=r"c\.yaml:14:21: run\.container\.args\[0\]: there is no `nope` here"):
        compile_whole(inlined(load_text(text, file="t.yaml"), bad), Library(), globals=example_globals())


@pytest.mark.parametrize(("text", "found"), [
    ("a", Reference("component", "a")), ("a:latest", Reference("component", "a")),
    ("a:1.0+cu_2", Reference("component", "a", "1.0+cu_2")),
])  # fmt: skip
def test_references_are_read(text: str, found: Reference) -> None:
    assert reference("component", text) == found


@pytest.mark.parametrize("text", ["", "a:", ":1", "a:b:c", "a/b", "a:1 0", "ä"])
def test_what_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not `name`|no `/`"):
        reference("component", text)


def test_the_digest_of_content_is_that_of_its_meaning() -> None:
    def of(kind: str, text: str) -> str:
        return content_digest(kind, load_text(text, file="t.yaml"))  # type: ignore[arg-type]

    other = COMPONENT.replace("maxRetries", "max_retries").replace("queue: slow\n", "") + "queue: slow # same\n"
    assert of("component", other) == of("component", COMPONENT)
    assert of("component", COMPONENT.replace("slow", "fast")) != of("component", COMPONENT)
    assert of("preset", GPU) == of(
        "preset", "version: 1.1\nkind: operation\n" + GPU.replace("tags: fast", "tags: [fast]")
    )
    assert of("preset", GPU) != of("preset", GPU + "termination: null\n")


CONTENT_FAULTS = {
    "an operation": ("component", OPERATION, "t.yaml:2:7: kind: this is an operation"),
    "a name that is not known": (
        "component",
        COMPONENT.replace("{{ lr", "{{ rl"),
        "14:21: run.container.args[0]: ther",
    ),
    "a default of another type": (
        "component",
        COMPONENT.replace("value: 0.1", "value: x"),
        "8:36: inputs[0].value: inp",
    ),
    "a template that is none": ("preset", GPU.replace("queue: gpu", "queue: '{{ a.b( }}'"), "t.yaml:3:9: queue: not a"),
    "a preset without its mark": ("preset", GPU.replace("isPreset: true\n", ""), "a preset says that it is one"),
    "a run patch": (
        "preset",
        GPU.replace("container:", "containr:"),
        "t.yaml:6:3: runPatch.containr: there is no such",
    ),
    "a run kind": ("preset", GPU + "  kind: tfjob\n", "runPatch.kind: the run kind `tfjob` is known"),
}


@pytest.mark.parametrize(("kind", "text", "expected"), CONTENT_FAULTS.values(), ids=CONTENT_FAULTS)
def test_content_is_checked(kind: str, text: str, expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        content_digest(kind, load_text(text, file="t.yaml"))  # type: ignore[arg-type]
    assert expected in str(caught.value)


def test_a_component_needs_no_values_to_be_registered() -> None:
    text = COMPONENT.replace(", value: 0.1", "")
    assert content_digest("component", load_text(text, file="t.yaml")).startswith("sha256:")
