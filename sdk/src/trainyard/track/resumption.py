"""Which run `init(resume=...)` continues, and from which step.

The run that continues is a new one: an ended run stays as it ended. The server shows the series of both as one, in
which the new run counts from the first step that it logs itself, so steps that are repeated after a checkpoint are not
there twice. What a program that was killed has left in its spool is delivered first.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from trainyard.names import SYSTEM_METRICS
from trainyard.track import segments, spool, sync
from trainyard.track.frames import Kind, split, summarize
from trainyard.track.log_once import say
from trainyard.track.run_metadata import read_about
from trainyard.track.segments import Place
from trainyard.track.shipper import Shipper
from trainyard.track.target import Target

__all__ = ["Source", "find_source"]

_SECONDS = 10.0
_PAGES = 100


class Source(NamedTuple):
    """The run that is continued, and the last step that it has logged (None: none)."""

    run: str
    last_step: int | None


def find_source(resume: object, spools: Path, target: Target | None, project: str, name: str) -> Source | None:
    """The run that is meant: the one of an id (or, where a server is known, another reference), or for True the last
    one of this project and `name` (empty: whatever its name) that did not end here; None when there is none. Raises
    ValueError for an id that nobody knows."""
    if resume is True:
        root = _last_interrupted(spools, project, name)
        return None if root is None else _source(root.name, root, target)
    ref = str(resume)
    root = spools / ref
    return _source(ref, root if (root / "run.json").exists() else None, target)


def _last_interrupted(spools: Path, project: str, name: str) -> Path | None:
    """The newest spool of a program that was killed."""
    for root in sorted(spools.glob("*/run.json"), reverse=True):
        about = read_about(root.parent)
        is_ours = about.get("project") == project and name in ("", about.get("create", {}).get("name", ""))
        if is_ours and about.get("managed") is False and not about.get("ended") and not _is_live(root.parent):
            return root.parent
    return None


def _is_live(root: Path) -> bool:
    return bool(spool.settle(root).live)


def _source(ref: str, root: Path | None, target: Target | None) -> Source:
    """Deliver what is left in its spool, and ask the server what it has."""
    here = _last_step_in(root) if root is not None else None
    if root is not None and target is not None:
        report = sync.sync(root, url=target.url, patience=0)
        if report.error:
            say("resume", f"run {ref} could not be delivered before it is resumed: {report.error}; run yard sync")
    if target is None:
        if root is None:
            raise ValueError(f"resume: there is no run {ref!r} on this machine, and no server is known to ask")
        return Source(ref, here)
    return _asked(ref, target, here, is_here=root is not None)


def _last_step_in(root: Path) -> int | None:
    """The last step in the frames that wait in a spool."""
    spool.settle(root)
    steps: list[int] = []
    for writer in segments.writers(root):
        place = Place(segments.durable(root / writer) + 1)
        raw, _ = segments.read(root / writer, writer, place, 1 << 40)
        found = (frame for frame in split(b"".join(raw)) if frame.kind is Kind.METRICS)
        steps += [each.last_step for frame in found for each in summarize(frame.payload) if _counts(each.name)]
    return max(steps, default=None)


def _asked(ref: str, target: Target, here: int | None, *, is_here: bool) -> Source:
    shipper = Shipper(Path(), target._replace(run=ref), timeout=_SECONDS)
    try:
        answer = shipper.read("")
        if answer is None and is_here:
            return Source(ref, here)
        if answer is None:
            raise ValueError(f"resume: there is no run {ref!r} in project {target.project!r} on {target.url}")
        steps = [] if here is None else [here]
        cursor = ""
        for _ in range(_PAGES):
            page = shipper.read(f"/metrics{cursor}") or {}
            steps += [each["step"] for each in page.get("items", ()) if _counts(each["name"])]
            if not page.get("next"):
                break
            cursor = f"?cursor={quote(page['next'])}"
        return Source(str(answer["id"]), max(steps, default=None))
    finally:
        shipper.close()


def _counts(name: str) -> bool:
    """Whether a metric is the program's, so that its steps are."""
    return not name.startswith(SYSTEM_METRICS)
