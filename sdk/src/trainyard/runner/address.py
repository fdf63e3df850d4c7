"""Where runs report now: the file `.server` beside the attempts, and what sends a spool there.

A platform may come back at another address while attempts live. Its scheduler then writes the new one by rename, and
whoever ships a spool looks before each pass; the URL of `workload.json` holds while there is no such file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from trainyard.runner.layout import Folder, write_whole

if TYPE_CHECKING:
    from trainyard.track.shipper import Progress, Shipper

__all__ = ["Carrier", "publish", "server_of"]

_FILE = ".server"


def publish(root: Path, url: str) -> None:
    """From now on the runs below `root` report to `url`. Raises OSError."""
    if _published(root) != url:
        write_whole(root / _FILE, url.encode())


def server_of(folder: Folder, workload: dict[str, Any]) -> str:
    """Where this attempt reports now; empty when its workload names no place, for then nothing is shipped."""
    url = str(workload.get("url") or "")
    return (_published(folder.root) or url) if url else ""


def _published(root: Path) -> str:
    """What the file says; empty when it is missing or says no URL."""
    try:
        url = (root / _FILE).read_text().strip()
        parts = urlsplit(url)
    except (OSError, ValueError):
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname else ""


class Carrier:
    """Ships the spool of one attempt to wherever runs report at each pass. Not for several threads at once. Raises
    ValueError when the workload's URL is none."""

    def __init__(self, folder: Folder, workload: dict[str, Any]) -> None:
        self._folder = folder
        self._workload = workload
        self._url = server_of(folder, workload)
        self._shipper = self._made()

    @property
    def moved(self) -> bool:
        """Whether runs report elsewhere since the last pass, so that its failure says nothing of the next one."""
        return server_of(self._folder, self._workload) != self._url

    def ship(self) -> Progress:
        """One pass, to where runs report now."""
        self._follow()
        return self._shipper.ship()

    def _follow(self) -> None:
        if self.moved:
            self.close()
            self._url = server_of(self._folder, self._workload)
            self._shipper = self._made()

    def report_exit(self, end: bytes) -> Progress:
        """Tell how the attempt ended, to where runs report now."""
        self._follow()
        return self._shipper.report("/exit", end)

    def delay(self) -> float:
        """Seconds to wait before the next pass; a move ends the wait."""
        return self._shipper.delay()

    def close(self) -> None:
        """Close the connection."""
        self._shipper.close()

    def _made(self) -> Shipper:
        from trainyard.track.shipper import Shipper, Target

        project, run = str(self._workload["project"]), str(self._workload["run"])
        return Shipper(self._folder.spool, Target(self._url, project, run, str(self._folder.token)))
