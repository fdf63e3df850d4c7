"""A fork server lives as long as its scheduler's process, whoever else holds its socket."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

PARENT = """
import os, signal, sys
from pathlib import Path
from trainyard.runner.forkclient import ForkServer

server = ForkServer({})
read, write = os.pipe()
server.launch(Path(sys.argv[1], "none", "1"), write)
if os.fork() == 0:
    signal.pause()
print(server.pid, flush=True)
signal.pause()
"""


def test_it_ends_with_its_parent_also_while_a_child_of_that_one_holds_its_socket(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        try:
            server = os.pidfd_open(int(parent.stdout.readline()))
            parent.kill()
            assert select.select([server], [], [], 30)[0], "the fork server lives on"
            os.close(server)
        finally:
            os.killpg(parent.pid, signal.SIGKILL)
