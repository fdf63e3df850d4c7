"""Whether the kernel killed something of ours for want of memory: counters of this process's control group.

The counter is the group's, so it is only asked about a command that died of a KILL that nobody here sent.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["kills"]


def kills(process: Path = Path("/proc/self/cgroup"), mount: Path = Path("/sys/fs/cgroup")) -> int:
    """How many processes of the control group were killed so far; 0 when it cannot be read (also: version 1)."""
    try:
        paths = [line[3:] for line in process.read_text().splitlines() if line.startswith("0::")]
        events = (mount / paths[0].strip("/") / "memory.events").read_text() if paths else ""
    except OSError:
        return 0
    counts = dict(line.split() for line in events.splitlines())
    return int(counts.get("oom_kill", 0))
