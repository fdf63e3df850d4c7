"""`yard run` and `yard lint`: from a file to a run."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest


def git(folder: Path, *arguments: str) -> str:
    names = ["-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *names, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout


def sent(platform) -> dict[str, object]:
    (seen,) = platform.asked("POST", "/runs")
    return json.loads(seen.body)


def test_run_sends_the_file_its_params_and_its_folder_and_prints_the_id(yard, platform, operation):
    done = yard(
        "run", "-f", str(operation), "-P", "lr=1e-3", "--name", "first", "--tag", "a", "--tag", "b", "--queue", "q"
    )
    assert done.code == 0
    assert done.out.strip() in platform.runs
    assert "yard logs -f" in done.err
    assert sent(platform) == {
        "content": operation.read_text(), "file": "train.yaml", "params": {"lr": "1e-3"}, "name": "first",
        "tags": ["a", "b"], "queue": "q", "code": {"kind": "folder", "path": str(operation.parent)},
    }  # fmt: skip


def test_run_json_is_the_run(yard, platform, operation):
    assert json.loads(yard("run", "-f", str(operation), "--json", "--code", "none").out)["status"] == "created"
    assert sent(platform)["code"] == {"kind": "none"}


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1), ("stopped", 1)])
def test_watch_prints_the_log_and_ends_as_the_run_does(yard, platform, operation, status, code):
    def finish(seen) -> None:
        for run_id, run in platform.runs.items():
            run.update(status=status, message="why", exit_code=code)
            platform.lines[run_id] = ["one", "two"]

    platform.on_request = finish
    done = yard("run", "-f", str(operation), "--watch")
    assert (done.code, done.out) == (code, "one\ntwo\n")
    assert status in done.err.splitlines()[-1]


def test_watch_json_is_lines_and_then_the_run(yard, platform, operation):
    def finish(seen) -> None:
        for run_id, run in platform.runs.items():
            run["status"] = "succeeded"
            platform.lines[run_id] = ["one"]

    platform.on_request = finish
    line, run = map(json.loads, yard("run", "-f", str(operation), "-w", "--json").out.splitlines())
    assert (line["text"], run["status"]) == ("one", "succeeded")


def test_a_broken_file_is_told_with_its_line_and_nothing_is_sent(yard, platform, operation):
    operation.write_text(operation.read_text().replace("container:", "contianer:"))
    done = yard("run", "-f", str(operation))
    assert done.code == 1
    assert f"{operation}:9:" in done.err
    assert "container" in done.err
    assert platform.seen == []


def test_a_param_that_is_none_is_told_before_anything_is_sent(yard, platform, operation):
    for wrong in (["-P", "lr"], ["-P", "=1"], ["-P", "lr=1", "-P", "lr=2"]):
        assert yard("run", "-f", str(operation), *wrong).code == 2
    assert yard("run", "-f", str(operation), "-P", "rl=1").code == 1
    assert yard("run", "-f", str(operation), "-P", "lr=fast").code == 1
    assert platform.seen == []


def test_a_file_that_is_not_there_is_named(yard, platform, tmp_path):
    done = yard("run", "-f", str(tmp_path / "none.yaml"))
    assert done.code in (1, 2)
    assert "none.yaml" in done.err
    assert "Traceback" not in done.err


def test_what_the_server_finds_is_told_like_what_is_found_here(yard, platform, operation):
    operation.write_text(operation.read_text() + "# broken\n")
    done = yard("run", "-f", str(operation))
    assert done.code == 1
    assert "train.yaml:3:5: unknown field `contianer`; fix it" in done.err


def test_a_queue_that_is_not_there_is_not_found(yard, platform, operation):
    assert yard("run", "-f", str(operation), "--queue", "nowhere").code == 3


def test_code_git_is_commit_and_patch_and_leaves_the_repository_alone(yard, platform, operation, tmp_path):
    root = operation.parent
    git(root, "init")
    (root / "kept.txt").write_text("old\n")
    (root / ".gitignore").write_text("ignored\n")
    git(root, "add", ".")
    git(root, "commit", "-m", "first")
    (root / "kept.txt").write_text("new ü\n")
    (root / "untracked.bin").write_bytes(bytes(range(256)))
    (root / "ignored").write_text("no")
    before = (git(root, "status", "--porcelain"), git(root, "count-objects"))
    assert yard("run", "-f", str(operation), "--code", "git").code == 0
    assert (git(root, "status", "--porcelain"), git(root, "count-objects")) == before
    code = sent(platform)["code"]
    assert code["commit"] == git(root, "rev-parse", "HEAD").strip()
    git(tmp_path, "clone", code["url"], "copy")
    (tmp_path / "p").write_text(code["patch"])
    git(tmp_path / "copy", "apply", "--index", "../p")
    assert (tmp_path / "copy" / "kept.txt").read_text() == "new ü\n"
    assert (tmp_path / "copy" / "untracked.bin").read_bytes() == bytes(range(256))
    assert not (tmp_path / "copy" / "ignored").exists()


def test_code_git_of_a_clean_tree_has_no_patch(yard, platform, operation):
    git(operation.parent, "init")
    git(operation.parent, "add", ".")
    git(operation.parent, "commit", "-m", "first")
    yard("run", "-f", str(operation), "--code", "git")
    assert set(sent(platform)["code"]) == {"kind", "url", "commit"}


def test_code_git_without_a_commit_says_what_to_do(yard, platform, operation):
    done = yard("run", "-f", str(operation), "--code", "git")
    assert done.code == 2
    assert "commit once in a repository, or use --code here" in done.err
    git(operation.parent, "init")
    assert yard("run", "-f", str(operation), "--code", "git").code == 2


def test_a_patch_that_is_too_large_says_what_to_do(yard, platform, operation):
    git(operation.parent, "init")
    git(operation.parent, "add", ".")
    git(operation.parent, "commit", "-m", "first")
    (operation.parent / "large.txt").write_text("a line of text\n" * 400_000)
    done = yard("run", "-f", str(operation), "--code", "git")
    assert done.code == 2
    assert ".gitignore" in done.err


def test_lint_needs_no_server(yard, operation, monkeypatch):
    monkeypatch.delenv("TRAINYARD_URL", raising=False)
    done = yard("lint", str(operation))
    assert (done.code, done.out, done.err) == (0, "", "1 checked, 0 findings\n")


def test_lint_says_what_a_sweep_comes_to(yard, tmp_path):
    file = tmp_path / "sweep.yaml"
    params = "lr: {kind: loguniform, value: '0.01:0.1'}, layers: {kind: choice, value: [1, 2, 4]}"
    file.write_text(
        "version: 1.1\nkind: operation\ncmd: ls\ninputs: [{name: lr, type: float}, {name: layers, type: int}]\n"
        f"matrix: {{kind: random, numRuns: 8, concurrency: 2, params: {{{params}}}}}\n"
    )
    done = yard("lint", str(file))
    assert (done.code, done.out) == (0, "")
    warning, *told = done.err.splitlines()
    assert warning.startswith(
        f"warning: {file}:5:91: matrix.params.lr.value: the bounds of `loguniform` are logarithms"
    )
    assert told == [
        f"{file}: random: at most 8 trials, 2 at once",
        f"{file}: lr from 1.01005 to 1.10517, log; layers of 1, 2, 4",
        "1 checked, 0 findings",
    ]


def test_lint_prints_every_finding_of_every_file(yard, operation):
    broken = operation.with_name("broken.yaml")
    broken.write_text(operation.read_text().replace("container:", "contianer:").replace("kind: operation", "kind: op"))
    done = yard("lint", str(operation), str(broken))
    assert done.code == 1
    assert all(line.startswith(f"{broken}:") for line in done.out.splitlines())
    items = json.loads(yard("lint", str(broken), "--json").out)["items"]
    assert set(items[0]) == {"message", "fix", "field", "file", "line", "column"}
    assert len(items) == len(done.out.splitlines())
