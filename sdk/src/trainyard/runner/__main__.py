"""`python -m trainyard.runner FOLDER`: supervise the attempt in that folder.

With `--detach` it goes into the background first, as the runner of a scheduler must; with `--ready FD` it writes one
byte there as soon as the lock is its own.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from trainyard.runner import failpoints, journal
from trainyard.runner.layout import Folder
from trainyard.runner.supervise import supervise

__all__ = ["main", "run"]


def main(arguments: list[str] | None = None) -> int:
    """The command. Ends with 0 also when the attempt failed: `exit.json` tells."""
    parser = argparse.ArgumentParser(prog="trainyard.runner", description="Supervise one attempt from its folder.")
    parser.add_argument("folder", type=Path, help="the attempt's folder, <root>/<run>/<number>")
    parser.add_argument("--detach", action="store_true", help="go on in the background, in a session of its own")
    parser.add_argument("--ready", type=int, default=-1, metavar="FD", help="write a byte here once the lock is taken")
    options = parser.parse_args(arguments)
    folder = Folder(options.folder.resolve())
    if not folder.path.is_dir() or not folder.path.name.isdigit():
        parser.error(f"{options.folder} is no attempt's folder (<root>/<run>/<number>)")
    if options.detach and os.fork() != 0:
        return 0
    run(folder, options.ready, detach=options.detach)
    return 0


def run(folder: Folder, ready: int, *, detach: bool) -> None:
    """Supervise in this process. `ready` is a descriptor, or -1."""
    if ready >= 0:
        os.set_inheritable(ready, False)
    if detach:
        _leave(folder)
    journal.begin(folder)
    failpoints.arm(os.environ)
    supervise(folder, lambda: _tell(ready))


def _leave(folder: Folder) -> None:
    """Out of the session of whoever started us; what is printed goes to `runner.log`."""
    os.setsid()
    os.chdir("/")
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(folder.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)


def _tell(ready: int) -> None:
    if ready >= 0:
        os.write(ready, b"1")
        os.close(ready)


if __name__ == "__main__":
    sys.exit(main())
