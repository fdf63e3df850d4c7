"""What the scheduler says of an operation before it runs: to `yard lint`, and to the server that creates it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from trainyard.compile.resolved import ContainerSpec, ResolvedOperation
from trainyard.compile.scheduler_check import Facts, remarks
from trainyard_core.contracts.scheduler import SchedulerRefused
from trainyard_core.testing.scheduler_tools import shell
from trainyard_scheduler_process.check import FACTS, check
from trainyard_scheduler_process.manifest import manifest_of

RUNS = ResolvedOperation(kind="job", command=("true",))
FILE = """
version: 1.1
kind: operation
component: {run: {kind: job, container: {image: busybox, command: ["true"]}}}
"""


def changed(**fields):
    return msgspec.structs.replace(RUNS, **fields)


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (changed(command=(), image="busybox"), "a process needs a command"),
        (changed(kind="pod"), "a run of kind 'pod' is no process; it runs job"),
        (changed(init=(ContainerSpec(name="fetch", image="git"),)), "the container 'fetch' has no command"),
        (changed(sidecars=(ContainerSpec(name="proxy", image="envoy"),)), "the container 'proxy' has no command"),
    ],
)
def test_what_no_process_can_be_is_refused_with_what_to_do(operation, said):
    (refusal,) = check(operation, FACTS).refuses
    assert said in refusal


def test_images_are_passed_over_and_that_is_said():
    operation = changed(image="busybox", sidecars=(ContainerSpec(name="s", command=("s",), image="envoy"),))
    verdict = check(operation, Facts())
    assert verdict.refuses == ()
    assert verdict.ignores == ("images are not used, programs run on the machine itself: busybox, envoy",)
    assert check(RUNS, Facts(version=7)).ignores == ()


def test_the_agent_refuses_the_same():
    with pytest.raises(SchedulerRefused, match="a process needs a command"):
        manifest_of(msgspec.structs.replace(shell("true"), command=(), args=()), ())
    with pytest.raises(SchedulerRefused, match="a run of kind 'pod' is no process"):
        manifest_of(msgspec.structs.replace(shell("true"), kind="pod"), ())


def test_it_is_installed_for_lint():
    assert [*remarks(changed(image="busybox"))] == [
        "the scheduler 'process' ignores a part of it: images are not used, programs run on the machine itself: busybox"
    ]
    assert [*remarks(changed(kind="sweep"))] == [], "no scheduler runs it"


def test_lint_says_it(tmp_path: Path):
    file = tmp_path / "operation.yaml"
    file.write_text(FILE)
    linted = subprocess.run(
        [sys.executable, "-m", "trainyard.cli", "lint", str(file)], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0
    assert "warning: the scheduler 'process' ignores a part of it: images are not used" in linted.stderr


def test_the_check_loads_the_sdk_alone():
    code = "import sys, trainyard_scheduler_process.check; print([m for m in sys.modules if 'trainyard_core' in m])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
