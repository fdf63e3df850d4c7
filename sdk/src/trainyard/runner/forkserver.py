"""A warm process that forks runners, so that the life of a small attempt costs milliseconds.

A scheduler starts it (`forkclient`) and holds one end of a socket pair; a request is the path of an attempt's folder
and, beside it, the descriptor that the runner tells its lock on. The server ends when that socket does, or when its
parent is gone, for a child of the scheduler that never became another program holds the scheduler's end open. It asks
for the parent once a second; PDEATHSIG would kill it with the thread that started it. Runners are in sessions of their
own and do not notice. What it loses by dying is nothing: the client then starts a fresh interpreter for each runner.
"""

from __future__ import annotations

import contextlib
import gc
import http.client
import os
import select
import signal
import socket
import sys
from pathlib import Path

from trainyard.runner import proc
from trainyard.runner.__main__ import run
from trainyard.runner.layout import Folder
from trainyard.track import shipper

__all__ = ["serve"]

_WARM = (http.client, shipper)
"""Imported for the runners, that need them a moment after the fork."""
_LONGEST = 16 * 1024
_PARENT_SECONDS = 1.0


def serve(requests: socket.socket, parent: int) -> None:
    """Fork a runner for each request until the other end is closed or `parent`, a process id, is our parent no
    more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended runners leave no zombie
    proc.boot()  # kept for every runner
    gc.collect()
    gc.freeze()
    while os.getppid() == parent:
        if not select.select([requests], [], [], _PARENT_SECONDS)[0]:
            continue
        path, handles, _, _ = socket.recv_fds(requests, _LONGEST, 1)
        if not path:
            return
        if os.fork() == 0:
            _child(requests, Path(os.fsdecode(path)), handles[0])
        for handle in handles:
            os.close(handle)


def _child(requests: socket.socket, path: Path, ready: int) -> None:
    """Be the runner. Never returns."""
    code = 1
    try:
        requests.close()
        run(Folder(path), ready, detach=True)
        code = 0
    except BaseException:  # recorded in runner.log; nothing may unwind into the server's loop
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    with contextlib.suppress(ConnectionError), socket.socket(fileno=int(sys.argv[1])) as inherited:
        serve(inherited, int(sys.argv[2]))
