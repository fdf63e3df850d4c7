"""Waiting for signals without an event loop, and children that begin as if there were none."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = """
import os, signal, sys, time
from trainyard_core.signals import Signals
LONG = 60
with Signals() as signals:
"""
NOTED = """
    os.kill(os.getpid(), signal.SIGCHLD)
    assert signals.wait(LONG) == [] and not signals.told
    os.kill(os.getpid(), signal.SIGTERM)
    assert signals.wait(LONG) == [] and signals.told
"""
READABLE = """
    here, there = os.pipe()
    assert signals.wait(0, [here]) == []
    os.write(there, b".")
    assert signals.wait(LONG, [here]) == [here]
"""
CHILD = """
    with signals.blocked():
        child = os.fork()
        if not child:
            os.kill(os.getpid(), signal.SIGTERM)  # it waits until the child is itself
            signals.restore()
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGTERM
    assert not signals.told
"""
AFTERWARDS = """
    pass
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
assert signal.set_wakeup_fd(-1) == -1
os.kill(os.getpid(), signal.SIGTERM)
"""


@pytest.mark.parametrize(
    ("body", "code"),
    [(NOTED, 0), (READABLE, 0), (CHILD, 0), (AFTERWARDS, -15)],
    ids=["noted", "readable", "child", "after"],
)
def test_signals(body, code):
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + body], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == code, done.stderr
