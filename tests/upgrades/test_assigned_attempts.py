"""An attempt that an earlier version had assigned, and that its agent had not started, is started when the agent comes
back."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from earlier import restored
from remote_agent import Far
from yard import Yard, ended

PYTHON_ON_PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
WITH_ONE = "m0019"
"""The fixture that holds such an attempt."""


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_attempt_that_was_assigned_before_is_started_by_its_agent(dialect, tmp_path, request):
    with (
        restored(WITH_ONE, dialect, tmp_path, request) as environ,
        Yard(tmp_path, environ={"PATH": PYTHON_ON_PATH, **environ}) as yard,
        yard.client() as client,
    ):
        (run,) = client.runs.list(q="name:assigned")
        assert (run.status, run.attempt) == ("scheduled", 1)
        with Far(yard, tmp_path, client.agents.renew_token("far").token):
            done = ended(client, run.id)
            assert (done.status, done.attempt) == ("succeeded", 1)
            assert [line.text for line in client.runs.lines(run.id)] == ["hi"]
