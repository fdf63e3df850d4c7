"""System metrics: two readings become rates, samples are frames of a writer of their own, GPUs tell by `nvidia-smi`."""

import math
import os
import subprocess
import sys
import threading
import time

import pytest

from trainyard.track import frames, gpu, machine, system
from trainyard.track.machine import Reading, Tree
from trainyard.track.target import new_run_id

BEFORE = Reading(100.0, 10.0, 40.0, 50, 200, 1000, 2000, 3000, 4000, Tree(5.0, 70, 2))
NOW = Reading(110.0, 20.0, 60.0, 60, 200, 2000, 2500, 3100, 4000, Tree(25.0, 80, 3))


def test_two_readings_are_percent_and_bytes_a_second():
    assert system.metrics_of(BEFORE, NOW) == {
        "cpu": 50.0,
        "memory": 30.0,
        "memory_used": 60.0,
        "disk_read": 100.0,
        "disk_written": 50.0,
        "network_sent": 10.0,
        "network_received": 0.0,
        "process/cpu": 200.0,
        "process/memory": 80.0,
        "process/count": 3.0,
    }


def test_counters_that_go_back_are_no_negative_rate():
    found = system.metrics_of(NOW._replace(at=100.0), BEFORE._replace(at=110.0, cpu_all=61.0))
    assert min(found.values()) >= 0 or found["cpu"] <= 0
    assert found["disk_read"] == found["process/cpu"] == 0.0


def test_the_step_is_the_seconds_since_the_run_was_made():
    run, now = new_run_id(), time.time()
    assert system.step_of(run, now) == 0
    assert system.step_of(run, now + 100.5) == pytest.approx(100, abs=1)
    assert system.step_of("3f1e2c9a-1111-4222-8333-444455556666", 1234.5) == 1234
    assert system.step_of("run", 1234.5) == 1234


@pytest.mark.parametrize(("text", "period"), [("", 10.0), ("3", 3.0), ("0", 0.0), ("-1", 0.0), ("often", 10.0)])
def test_the_period_is_a_number_of_seconds(text, period):
    assert system.period_of({"TRAINYARD_SYSTEM_PERIOD": text}) == period


class Writer:
    """Keeps what is written, and tells that something was."""

    def __init__(self):
        self.blocks, self.written = [], threading.Event()

    def append(self, kind, payload):
        assert kind is frames.Kind.METRICS
        self.blocks += frames.unpack_metrics(payload)
        self.written.set()


def test_samples_of_a_process_and_its_children_are_written(tmp_path):
    writer = Writer()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        sampler = system.Sampler("run", os.getpid(), str(tmp_path), writer, {"TRAINYARD_SYSTEM_PERIOD": "0.1"})
        assert writer.written.wait(30)
        sampler.stop()
        child.communicate(b"\n")
    block = writer.blocks[0]
    values = dict(zip(block.names, (column[0] for column in block.values), strict=True))
    assert all(name.startswith("system/") for name in values)
    assert all(math.isfinite(value) and value >= 0 for value in values.values())
    assert values["system/process/count"] >= 2
    assert values["system/process/memory"] > 1e6
    assert 0 < values["system/memory"] < 100
    assert 0 < values["system/disk"] <= 100


def test_the_first_sample_does_not_wait_for_the_period(tmp_path):
    writer = Writer()
    sampler = system.Sampler("run", os.getpid(), str(tmp_path), writer, {"TRAINYARD_SYSTEM_PERIOD": "3600"})
    assert writer.written.wait(30)
    sampler.stop()


def test_nothing_is_sampled_where_it_is_turned_off(tmp_path):
    before = threading.active_count()
    system.Sampler("run", os.getpid(), str(tmp_path), Writer(), {"TRAINYARD_SYSTEM_PERIOD": "0"}).stop()
    assert threading.active_count() == before


def test_psutil_and_the_proc_file_system_tell_the_same():
    psutil = pytest.importorskip("psutil")
    ours, theirs = machine._read_proc(os.getpid()), machine._read_psutil(psutil, os.getpid())
    assert theirs.cpu_all == pytest.approx(ours.cpu_all, rel=0.01)
    assert theirs.memory_all == ours.memory_all
    assert theirs.network_received >= ours.network_received
    assert theirs.tree.processes == ours.tree.processes
    assert theirs.tree.memory == pytest.approx(ours.tree.memory, rel=0.5)


def test_a_process_that_is_gone_uses_nothing():
    psutil = pytest.importorskip("psutil")
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert machine._tree(gone.pid) == machine._tree_psutil(psutil, gone.pid) == Tree(0.0, 0, 0)


SMI = """#!/bin/sh
echo "$@" > {log}
echo '0, 87, 1024, 4096, 61, 250.5'
echo '1, 0, 0, 4096, [N/A], [N/A]'
"""


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """A program of that name, and the arguments that it was called with."""
    program = tmp_path / "nvidia-smi"
    program.write_text(SMI.format(log=tmp_path / "called"))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path / "called"


def test_each_gpu_has_metrics_of_its_own(nvidia_smi):
    assert gpu.Gpus().read() == {
        "gpu/0/utilization": 87.0,
        "gpu/0/memory_used": 1024 * 1024 * 1024,
        "gpu/0/memory": 25.0,
        "gpu/0/temperature": 61.0,
        "gpu/0/power": 250.5,
        "gpu/1/utilization": 0.0,
        "gpu/1/memory_used": 0.0,
        "gpu/1/memory": 0.0,
    }
    assert "--id" not in nvidia_smi.read_text()


def test_only_the_gpus_that_the_program_may_use_are_asked_for(nvidia_smi):
    gpu.Gpus("0,1").read()
    assert "--id=0,1" in nvidia_smi.read_text()
    nvidia_smi.unlink()
    assert gpu.Gpus("").read() == gpu.Gpus("-1").read() == {}
    assert not nvidia_smi.exists()


def test_without_nvidia_or_when_it_fails_there_is_nothing(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu.Gpus().read() == {}
    program.write_text("#!/bin/sh\necho called >> $0.calls\nexit 9\n")
    program.chmod(0o755)
    found = gpu.Gpus()
    assert found.read() == found.read() == {}
    assert program.with_suffix(".calls").read_text() == "called\n"
