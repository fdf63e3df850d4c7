"""What `init` and `finish` say to the person at the terminal. On stderr, since stdout is the program's; nothing where
TRAINYARD_QUIET is `1`, and never an error."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from trainyard import duration
from trainyard.track.ending import Ending

if TYPE_CHECKING:
    from trainyard.track.run import Run

__all__ = ["is_quiet", "show", "text_of_end", "text_of_start", "text_of_unsent"]


def is_quiet() -> bool:
    """Whether the environment asks for silence."""
    return os.environ.get("TRAINYARD_QUIET", "").lower() in ("1", "true")


def text_of_start(run: Run, url: str, *, offline: bool) -> str:
    """Which run it is, where its data go and how to look at it."""
    begun = f"trainyard: run {_called(run)} in project '{run.project}'"
    if offline:
        return f"{begun}, offline; send it later: yard sync {run.root}"
    if not url:
        return f"{begun}; no server was found yet; kept in {run.root} until there is one"
    return f"{begun} on {url}; look at it: {_look(run)}"


def text_of_end(run: Run, ending: Ending, seconds: float, metrics: Sequence[str]) -> str:
    """How it ended, after how long, and its metrics."""
    why = f" ({ending.message})" if ending.message else ""
    head = f"trainyard: run {_called(run)} {ending.status} after {duration.to_text(seconds)}{why}"
    return "\n".join([head, *(f"  {line}" for line in metrics)])


def text_of_unsent(run: Run, why: str) -> str:
    """Where the data of a run are that its server does not have, and how to send them."""
    return f"trainyard: run {_called(run)} is not sent yet ({why}); kept in {run.root}. Send it: yard sync {run.root}"


def _called(run: Run) -> str:
    return f"{run.id} '{run.name}'" if run.name else run.id


def _look(run: Run) -> str:
    return f"yard get {run.id[-8:]}" + (f" -p {run.project}" if run.project != "default" else "")


def show(text: str) -> None:
    """Print to stderr, with what its encoding has."""
    stream = sys.stderr
    encoding = getattr(stream, "encoding", None) or "utf-8"
    with contextlib.suppress(Exception):
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
