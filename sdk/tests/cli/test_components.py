"""`yard components`, `yard presets`, and `yard run` and `yard lint` with what refers to them."""

from __future__ import annotations

import json

import pytest

COMPONENT = "version: 1.1\nkind: component\ncmd: echo hi\n"
PRESET = "isPreset: true\nqueue: gpu\n"
HUB = "version: 1.1\nkind: operation\nhubRef: train:1.0\n"


@pytest.fixture
def files(tmp_path):
    """Writes files into a folder of their own; gives the path of each."""

    def write(**texts: str) -> list[str]:
        paths = []
        for name, text in texts.items():
            path = tmp_path / f"{name}.yaml"
            path.write_text(text)
            paths.append(str(path))
        return paths

    return write


def sent(platform, ending: str = "/runs") -> dict[str, object]:
    *_, seen = platform.asked("POST", ending)
    return json.loads(seen.body)


@pytest.mark.parametrize(("noun", "text"), [("components", COMPONENT), ("presets", PRESET)])
def test_a_version_through_its_life(yard, platform, files, noun, text):
    (file,) = files(it=text)
    made = yard(noun, "register", "it:1.0", "-f", file, "--description", "mine", "--tag", "a")
    assert (made.code, made.out) == (0, f"{noun[:-1]} it:1.0 is registered (sha256:{'0' * 12})\n")
    assert sent(platform, f"/{noun}") == {
        "name": "it", "version": "1.0", "content": text, "file": "it.yaml", "description": "mine", "tags": ["a"],
    }  # fmt: skip
    assert "it    1.0" in yard(noun, "ls").out
    assert json.loads(yard(noun, "versions", "it", "--json").out)["items"][0]["version"] == "1.0"
    assert yard(noun, "get", "it", "--content").out == text
    assert "production" in yard(noun, "stage", "it:1.0", "production").out
    assert "deprecated" in yard(noun, "deprecate", "it:1.0", "-m", "use that").out
    assert json.loads(yard(noun, "get", "it:1.0", "--json").out)["description"] == "use that"
    assert "archived" in yard(noun, "archive", "it:1.0").out
    assert "archived" not in yard(noun, "restore", "it:1.0").out
    assert yard(noun, "rm", "it:1.0", "--yes").code == 0
    assert platform.registered == {}


def test_a_version_that_changes_something_is_named_whole(yard, platform, files):
    (file,) = files(it=COMPONENT)
    for ref in ("it", "it:", "it:latest", ":1"):
        done = yard("components", "register", ref, "-f", file)
        assert (done.code, "write name:version" in done.err) == (2, True)
    assert platform.seen == []


def test_content_is_checked_before_it_is_sent(yard, platform, files):
    bad, preset = files(bad=COMPONENT + "foo: 1\n", preset=PRESET)
    assert ":4:1: foo: there is no such field" in yard("components", "register", "a:1", "-f", bad).err
    assert "`version` is missing" in yard("components", "register", "a:1", "-f", preset).err
    assert "a preset says that it is one" in yard("presets", "register", "a:1", "-f", files(x="queue: a\n")[0]).err
    assert platform.seen == []


def test_run_of_a_registered_component(yard, platform, files):
    done = yard("run", "--hub", "train:1.0", "-P", "lr=1", "--presets", "a, b:2", "--presets", "c", "--code", "none")
    assert done.code == 0
    assert "warning: component 'old:1' is deprecated: use new" in done.err
    assert sent(platform) == {
        "operation": {"version": 1.1, "kind": "operation", "hubRef": "train:1.0"}, "params": {"lr": "1"},
        "presets": ["a", "b:2", "c"], "code": {"kind": "none"},
    }  # fmt: skip


def test_run_of_files_sends_the_others_as_patches(yard, platform, operation, files):
    (patch,) = files(more="queue: fast\n")
    assert yard("run", "-f", str(operation), "-f", patch, "--code", "none").code == 0
    body = sent(platform)
    assert body["content"] == operation.read_text()
    assert body["patches"] == [{"content": "queue: fast\n", "file": "more.yaml"}]
    assert platform.asked("POST", "/preview") == []


def test_a_fault_of_a_patch_is_told_with_its_file(yard, platform, operation, files):
    (patch,) = files(more="queue: fast\nrunPatch:\n  container: {imag: x}\n")
    done = yard("run", "-f", str(operation), "-f", patch)
    assert (done.code, "more.yaml:3:15: runPatch.container.imag" in done.err) == (1, True)
    assert platform.seen == []


def test_a_path_is_read_beside_its_file_and_sent_whole(yard, platform, files):
    file, _ = files(op="version: 1.1\nkind: operation\npathRef: inner.yaml\n", inner=COMPONENT)
    assert yard("run", "-f", file, "--code", "none").code == 0
    body = sent(platform)
    assert body["operation"]["component"]["cmd"] == "echo hi"
    assert "content" not in body


def test_a_path_that_is_not_there_is_told(yard, platform, files):
    (file,) = files(op="version: 1.1\nkind: operation\npathRef: inner.yaml\n")
    done = yard("run", "-f", file)
    assert (done.code, "inner.yaml: there is no such file" in done.err) == (1, True)


@pytest.mark.parametrize(("code", "given"), [({"kind": "git", "url": "u"}, None), ({}, "folder")])
def test_the_folder_is_the_code_unless_the_component_brings_its_own(yard, platform, files, code, given):
    platform.code = code
    (file,) = files(op=HUB)
    assert yard("run", "-f", file).code == 0
    assert sent(platform).get("code", {}).get("kind") == given


def test_preview_creates_nothing(yard, platform, operation):
    free = yard("run", "-f", str(operation), "--preview")
    assert (free.code, "it would start now" in free.out, "component train:1.0" in free.out) == (0, True, True)
    platform.blockers = [{"code": "paused", "message": "queue 'gpu' is paused", "fix": "yard queues resume gpu"}]
    blocked = yard("run", "-f", str(operation), "--preview")
    assert "queue 'gpu' is paused: yard queues resume gpu" in blocked.out
    assert json.loads(yard("run", "-f", str(operation), "--preview", "--json").out)["digest"] == "sha256:d"
    assert platform.asked("POST", "/runs") == []


def test_run_wants_something_to_run(yard, platform):
    done = yard("run")
    assert (done.code, "yard run -- python train.py), or --hub NAME" in done.err) == (2, True)


def test_lint_checks_what_it_can_of_a_file_that_refers(yard, files):
    good, bad, preset, broken = files(
        good=HUB, bad=HUB + "foo: 1\n", preset=PRESET, broken=PRESET + "runPatch: {containr: {}}\n"
    )
    done = yard("lint", good)
    assert (done.code, "yard run --preview" in done.err) == (0, True)
    assert "foo: there is no such field" in yard("lint", bad).out
    assert yard("lint", preset).code == 0
    assert "runPatch.containr" in yard("lint", broken).out
