"""What is done for a run that begins beside what its program records: where it comes from, its output, system metrics,
and a word to the person at the terminal. Loaded by `init`, not by the import."""

from __future__ import annotations

import os

import trainyard
from trainyard.track import console, origin, worker
from trainyard.track.folder import code_dir
from trainyard.track.monitor import is_captured
from trainyard.track.run import Run

__all__ = ["describe_managed", "observe_program"]


def observe_program(run: Run, url: str, *, offline: bool, capture: bool | None, quiet: bool | None) -> None:
    """Begin with a run of a program that was started by hand; `url` is its server, empty when none is known.
    None for `capture` or `quiet` leaves that to the environment."""
    if not (console.is_quiet() if quiet is None else quiet):
        run.summarize()
        console.show(console.text_of_start(run, url, offline=offline))
    if origin.is_wanted(os.environ):
        folder = code_dir()
        run.describe(lambda: origin.of_program(folder))
    run.monitor(trainyard.started_in, capture=is_captured(os.environ) if capture is None else capture)


def describe_managed(run: Run) -> None:
    """Record what the runner cannot know of a managed program; its workers say nothing of it again."""
    if origin.is_wanted(os.environ) and not worker.is_worker():
        run.describe(origin.of_managed_program)
