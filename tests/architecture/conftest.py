"""The distributions of the workspace, one by one, and an interpreter of its own for what must be seen from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from .workspace import BUILT_ALONE, ROOT, Distribution, distributions


@pytest.fixture(params=distributions(), ids=lambda each: each.folder.name)
def distribution(request) -> Distribution:
    return request.param


@pytest.fixture
def python() -> Callable[..., str]:
    """Runs a program in an interpreter of its own; its output. A failing program fails the test with what it said."""

    def run(program: str, *options: str) -> str:
        path = os.pathsep.join([str(ROOT / folder / "src") for folder in BUILT_ALONE])
        done = subprocess.run(
            [sys.executable, *options, "-c", program],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": path},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
