"""Which run `init(resume=...)` continues, and from which step.

The run that continues is a new one: an ended run stays as it ended. The server shows the series of both as one, in
which the new run counts from the first step that it logs itself, so steps that are repeated after a checkpoint are not
there twice. What a program that was killed has left in its spool is delivered first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from trainyard.names import SYSTEM_METRICS
from trainyard.track import segments, spool, sync
from trainyard.track.frames import Frame, Kind, split, summarize, unpack_events
from trainyard.track.log_once import say
from trainyard.track.run_metadata import read_about
from trainyard.track.segments import Place
from trainyard.track.shipper import Shipper
from trainyard.track.target import Target

__all__ = ["Source", "find_source"]

_SECONDS = 10.0
_PAGES = 100


class Source(NamedTuple):
    """The run that is continued, the last step that it has logged (None: none), its name and its params."""

    run: str
    last_step: int | None
    name: str = ""
    params: Mapping[str, Any] = {}


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
    here = _source_in(root, ref) if root is not None else None
    if root is not None and target is not None:
        report = sync.sync(root, url=target.url, patience=0)
        if report.error:
            say("resume", f"run {ref} could not be delivered before it is resumed: {report.error}; run yard sync")
    if target is None:
        if here is None:
            raise ValueError(f"resume: there is no run {ref!r} on this machine, and no server is known to ask")
        return here
    return _asked(ref, target, here)


def _source_in(root: Path, run: str) -> Source:
    """What the frames that wait in a spool tell of its run."""
    spool.settle(root)
    steps: list[int] = []
    params: dict[str, Any] = {}
    for frame in _waiting_frames(root):
        if frame.kind is Kind.METRICS:
            steps += [each.last_step for each in summarize(frame.payload) if _counts(each.name)]
        elif frame.kind is Kind.EVENTS:
            for event in unpack_events(frame.payload):
                params.update(event["values"] if event["type"] == "params" else {})
    name = str(read_about(root).get("create", {}).get("name", ""))
    return Source(run, max(steps, default=None), name, params)


def _waiting_frames(root: Path) -> Iterator[Frame]:
    """The frames in a spool that the server does not have."""
    for writer in segments.writers(root):
        place = Place(segments.durable(root / writer) + 1)
        raw, _ = segments.read(root / writer, writer, place, 1 << 40)
        yield from split(b"".join(raw))


def _asked(ref: str, target: Target, here: Source | None) -> Source:
    shipper = Shipper(Path(), target._replace(run=ref), timeout=_SECONDS)
    try:
        answer = shipper.read("")
        if answer is None and here is not None:
            return here
        if answer is None:
            raise ValueError(f"resume: there is no run {ref!r} in project {target.project!r} on {target.url}")
        steps = [] if here is None or here.last_step is None else [here.last_step]
        cursor = ""
        for _ in range(_PAGES):
            page = shipper.read(f"/metrics{cursor}") or {}
            steps += [each["step"] for each in page.get("items", ()) if _counts(each["name"])]
            if not page.get("next"):
                break
            cursor = f"?cursor={quote(page['next'])}"
        params = {**answer.get("params", {}), **(here.params if here is not None else {})}
        return Source(str(answer["id"]), max(steps, default=None), str(answer.get("name", "")), params)
    finally:
        shipper.close()


def _counts(name: str) -> bool:
    """Whether a metric is the program's, so that its steps are."""
    return not name.startswith(SYSTEM_METRICS)
