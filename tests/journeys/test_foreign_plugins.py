"""Plugins of strangers that go wrong, installed under names that sort before and after those of ours, beside a server
that people use: what is wrong stays with the plugin, and is told."""

from __future__ import annotations

import os
import re
import signal
import subprocess

import httpx
from yard import YARD, Yard, ended, eventually, submit

from trainyard_core.testing.distributions import install

IMPORTS = "import sys, threading, time\nfrom pathlib import Path\nfrom trainyard_core.hookspecs import *\n\n"
LEFT_OUT = """
@hookimpl
def register_trackers():
    raise RuntimeError("no disk")

@hookimpl
def authorize(actor):
    return False
"""
UNKNOWN = """
@hookimpl
def register_teapots():
    return []

@hookimpl
def authorize(actor, project):
    while project == "closed":
        time.sleep(60)
"""
WRONG = {
    "a_leaves": ("sys.exit('no licence')", "SystemExit: no licence"),
    "a_left_out": (LEFT_OUT, "register_trackers: RuntimeError: no disk"),
    "a_wrong": (
        "@hookimpl\ndef register_schedulers():\n    return 'slurm'",
        "register_schedulers: it gave str; wanted",
    ),
    "zz_leaves": ("raise SystemExit(0)", "SystemExit: 0"),
    "zz_unknown": (UNKNOWN, "register_teapots: this version of Trainyard has no such hook"),
}


def environ(tmp_path, **sources):
    for name, source in sources.items():
        install(tmp_path / "site", name, IMPORTS + source)
    path = os.pathsep.join([str(tmp_path / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {"PYTHONPATH": path}


def test_what_is_wrong_with_plugins_keeps_nobody_from_work_and_is_told(tmp_path):
    variables = environ(tmp_path, **{name: source for name, (source, _) in WRONG.items()})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "trainyard.toml").write_text(
        "[zz_unknown]\nservers = [{name = 'one', password = 'geheim'}]\nlogins = {admin = {token = ['geheim']}}\n"
    )
    with Yard(tmp_path, environ=variables) as yard, yard.client() as client:
        assert ended(client, submit(client, "exit 0").id).status == "succeeded"
        listed = yard.command("plugins", "ls")
        for name, (_, said) in WRONG.items():
            (line,) = [line for line in listed.splitlines() if line.startswith(f"{name} ")]
            assert said in " ".join(line.split()), line
        settings = yard.command("settings")
        assert ("zz_unknown.servers" in settings, "geheim" in settings) == (True, False)

        closed = subprocess.Popen([*YARD, "ls", "--project", "closed"], env=yard.environ, stdout=-1, stderr=-1)
        eventually(lambda: httpx.get(f"{yard.url}/api/v1/health").status_code == 200, within=2)
        said = closed.communicate(timeout=60)[1].decode()
        assert closed.returncode == 3, said
        told = r"authorize: (no answer within 2 s|\d earlier calls have not come back yet)"
        assert re.search(told, yard.command("plugins", "ls"))


HOST = """
from msgspec.structs import replace
from trainyard_scheduler_process.plugin import register_schedulers as processes
from trainyard_scheduler_process.settings import Settings

STEPS = Path({steps!r})

def _away(step):
    if not (STEPS / step).exists():
        raise RuntimeError("host away: " + step)

def _build(context):
    (provider,) = processes()
    scheduler = provider.build(replace(context, settings=Settings()))
    inner = type(scheduler)

    class Host(inner):
        async def capacity(self):
            _away("capacity")
            return await inner.capacity(self)

        async def adopt(self):
            _away("adopt")
            return await inner.adopt(self)

        def render(self, workload):
            (STEPS / "rendering").touch()
            while not (STEPS / "render").exists():
                time.sleep(0.05)
            return inner.render(self, workload)

    scheduler.__class__ = Host
    return scheduler

@hookimpl
def register_schedulers():
    return [SchedulerProvider(name="host", build=_build)]
"""


def test_a_scheduler_that_is_away_leaves_the_server_up_and_is_asked_again(tmp_path):
    steps = tmp_path / "steps"
    steps.mkdir()
    variables = environ(tmp_path, zz_host=HOST.format(steps=str(steps))) | {"TRAINYARD_SCHEDULER": "host"}

    with Yard(tmp_path, environ=variables) as yard, yard.client() as client:
        run = submit(client, "exit 0")
        for step in ("capacity", "adopt"):
            why = f"RuntimeError: host away: {step}"
            eventually(lambda why=why: why in [agent.not_ready for agent in client.agents.list()], what=why)
            assert client.runs.get(run.id).status == "queued"
            if step == "adopt":
                assert f"not ready: {why}" in yard.command("agents", "ls")
                assert f"not ready: local: {why}" in yard.command("doctor", code=None)
            (steps / step).touch()
        eventually((steps / "rendering").exists, what="the scheduler renders")
        assert "alive" in yard.command("agents", "ls"), "the server answers while a plugin blocks"
        (steps / "render").touch()
        assert ended(client, run.id).status == "succeeded"


BUILT_LATE = """
from msgspec.structs import replace
from trainyard_scheduler_process.plugin import register_schedulers as processes
from trainyard_scheduler_process.settings import Settings

def _build(context):
    if not Path("hangs").exists():
        raise OSError("the cluster is away")
    while not Path("works").exists():
        time.sleep(0.05)
    (provider,) = processes()
    return provider.build(replace(context, settings=Settings()))

@hookimpl
def register_schedulers():
    return [SchedulerProvider(name="sluggish", build=_build)]
"""


def test_a_builder_that_raises_and_then_hangs_leaves_the_server_serving_and_is_called_again(tmp_path):
    variables = environ(tmp_path, zz_late=BUILT_LATE) | {"TRAINYARD_SCHEDULER": "sluggish"}
    with Yard(tmp_path, environ=variables) as yard, yard.client() as client:
        run = submit(client, "exit 0")
        why = "OSError: the cluster is away"
        eventually(lambda: why in [agent.not_ready for agent in client.agents.list()], what=why)
        assert f"not ready: {why}" in yard.command("agents", "ls")
        assert f"not ready: local: {why}" in yard.command("doctor", code=None)
        (tmp_path / "hangs").touch()
        why = "its builder has not come back yet"
        eventually(lambda: why in [agent.not_ready for agent in client.agents.list()], what=why)
        assert f"not ready: local: {why}" in yard.command("doctor", code=None)
        assert client.runs.get(run.id).status == "queued"
        (tmp_path / "works").touch()
        assert ended(client, run.id).status == "succeeded"
        assert "not ready" not in yard.command("agents", "ls")
        assert "the cluster is away" not in yard.command("doctor", code=None)


HANGS = {
    "import": "threading.Event().wait()",
    "tracker": """
@hookimpl
def register_trackers():
    return [TrackerProvider(name="stuck", build=lambda context: threading.Event().wait())]
""",
    "scheduler": """
@hookimpl
def register_schedulers():
    return [SchedulerProvider(name="stuck", build=lambda context: threading.Event().wait())]
""",
}
CHOSEN = {"tracker": "TRAINYARD_TRACKER", "scheduler": "TRAINYARD_SCHEDULER"}


def test_a_plugin_that_does_not_come_back_is_named_and_the_server_can_be_told_to_end(tmp_path):
    started = {}
    for step, source in HANGS.items():
        folder = tmp_path / step
        folder.mkdir()
        chosen = {CHOSEN[step]: "stuck"} if step in CHOSEN else {}
        yard = Yard(folder, environ=environ(folder, zz_stuck=source) | chosen)
        with yard.log.open("wb") as log:
            started[step] = (
                yard,
                subprocess.Popen([*YARD, "up", "--port", "0"], stdout=log, stderr=log, env=yard.environ, cwd=folder),
            )
    try:
        for step, (yard, process) in started.items():
            line = eventually(lambda yard=yard: _named(yard), what=f"the log names the plugin that hangs in {step}")
            assert step in line
            process.send_signal(signal.SIGTERM)
        for step, (_, process) in started.items():
            assert process.wait(20) == (0 if step == "scheduler" else -signal.SIGTERM), step
    finally:
        for _, process in started.values():
            process.kill()
            process.wait()


def _named(yard):
    lines = yard.log.read_text().splitlines()
    return next((line for line in lines if "a plugin has not come back yet" in line and "zz_stuck" in line), "")


BLOCKS = """
from msgspec.structs import replace
from trainyard_scheduler_process.plugin import register_schedulers as processes
from trainyard_scheduler_process.settings import Settings

def _build(context):
    (provider,) = processes()
    scheduler = provider.build(replace(context, settings=Settings()))

    async def adopt():
        if not Path("go").exists():
            raise RuntimeError("not yet")
        Path("blocked").touch()
        threading.Event().wait()

    scheduler.adopt = adopt
    return scheduler

@hookimpl
def register_schedulers():
    return [SchedulerProvider(name="blocking", build=_build)]
"""


def test_a_plugin_that_blocks_the_event_loop_does_not_keep_the_server_from_ending(tmp_path):
    yard = Yard(tmp_path, environ=environ(tmp_path, a_blocking=BLOCKS) | {"TRAINYARD_SCHEDULER": "blocking"})
    yard.up()
    try:
        (tmp_path / "go").touch()
        eventually((tmp_path / "blocked").exists, what="the event loop is blocked")
        yard._process.send_signal(signal.SIGTERM)
        assert yard._process.wait(30) == 1
        assert "the event loop stands still" in yard.log.read_text()
    finally:
        yard.down(signal.SIGKILL)


def test_a_name_that_two_plugins_offer_refuses_the_start_in_one_line(tmp_path):
    source = "@hookimpl\ndef register_schedulers():\n    return [SchedulerProvider(name='process', build=print)]"
    yard = Yard(tmp_path, environ=environ(tmp_path, a_twin=source))
    said = yard.command("up", "--port", "0", code=1)
    assert said.splitlines()[-1] == (
        "yard up: scheduler 'process' is offered by a_twin and scheduler_process; neither is used; name the plugin to"
        " use in the setting `prefer`"
    )
    assert "Traceback" not in said
