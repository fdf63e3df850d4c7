"""What is recorded of a command that says nothing itself: where it comes from, and system metrics of its processes.

A thread looks at the code and the machine once the command runs, so nothing waits for that. Programs that track
themselves add what only they know, such as the packages of their Python.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from trainyard.track import code, origin
from trainyard.track.frames import Kind, pack_events
from trainyard.track.output import Writer
from trainyard.track.system import Sampler

__all__ = ["Command", "Monitor"]

_SECONDS = 2.0
"""How long the end of a command waits for its origin."""
_log = logging.getLogger(__name__)


class Command:
    """A command that was started: its run, words, the folder of its code, working directory and environment."""

    def __init__(
        self, workload: Mapping[str, Any], argv: Sequence[str], top: Path, cwd: Path, env: Mapping[str, str]
    ) -> None:
        self.run = str(workload["run"])
        self.argv, self.cwd, self.env = argv, cwd, env
        self._code, self._checkouts, self._top = workload.get("code") or {}, workload.get("checkouts") or (), top

    def origin(self) -> dict[str, Any]:
        """What the run's meta is to say."""
        found: dict[str, Any] = {"origin": origin.origin_of(self.argv, str(self.cwd))}
        is_wanted = self.env.get("TRAINYARD_CODE", "1").lower() not in ("0", "false")
        if is_wanted and code.in_repository(self.cwd) and (state := code.state(self.cwd)):
            remote = state["remote"] or code.without_password(str(self._code.get("url") or ""))
            found["code"] = {**state, "remote": remote}
        heads = {folder: state for folder in self._checkouts if (state := code.head(self._top / folder))}
        if is_wanted and heads:
            found["checkouts"] = heads
        return found


class Monitor:
    """Records a command, whose process is `pid`, until `stop`."""

    def __init__(self, command: Command, pid: int, writer: Writer) -> None:
        self._command, self._writer = command, writer
        self._thread = threading.Thread(target=self._describe, name="origin", daemon=True)
        if origin.is_wanted(command.env):
            self._thread.start()
        self._sampler = Sampler(command.run, pid, str(command.cwd), writer, command.env)

    def stop(self) -> None:
        """Record no more."""
        self._sampler.stop()
        if self._thread.ident is not None:
            self._thread.join(_SECONDS)

    def _describe(self) -> None:
        try:
            found = self._command.origin()
            event = {"type": "meta", "time": time.time_ns() // 1000, "values": found}
            self._writer.append(Kind.EVENTS, pack_events([event]))
        except Exception as error:
            _log.warning("where the command comes from could not be recorded: %s", error)
