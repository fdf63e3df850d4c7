"""One trial as the program holds it: its params, the run that it is tracked as, and its end.

Inside `with trial:` it is tracked like a run of `trainyard.init`: what is logged is safe on this machine's disk and
shipped in the background, and what `tell` records goes the same way. Leaving the block ends the trial and waits for the
server, so that whatever is asked for next knows of it. A trial that is never entered is told to the server at once.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, SupportsFloat

from trainyard.client.errors import ClientError
from trainyard.client.models import SuggestedTrial
from trainyard.track import code
from trainyard.track.conversion import detached
from trainyard.track.ending import Ending, of_error
from trainyard.track.folder import code_dir, data_dir
from trainyard.track.log_once import say
from trainyard.track.run import Run
from trainyard.track.run_metadata import describe, write_about
from trainyard.track.target import find_target

if TYPE_CHECKING:
    from trainyard.ask_tell.search import SweepClient

__all__ = ["Trial"]

_LOOK = 1.0
_log = logging.getLogger("trainyard")


class Trial:
    """A trial to run. `params` are its values, `key` names it in its sweep and `number` counts from 1; `continues` is
    the key of the trial that it goes on from (empty: none), `note` a word of the algorithm's. `run` is the run that it
    is tracked as, inside of `with`. Made by a search."""

    def __init__(self, search: SweepClient, given: SuggestedTrial) -> None:
        self._search, self._given = search, given
        self.key, self.number = given.key, given.number
        self.params: dict[str, Any] = dict(given.params)
        self.name, self.note, self.continues = given.name, given.note, given.continues
        self.id = given.run
        self.run: Run | None = None
        self.ended = False
        self._stopping = False
        self._looked = 0.0

    def __repr__(self) -> str:
        return f"Trial(key={self.key!r}, params={self.params!r})"

    def log(self, values: Mapping[str, SupportsFloat], step: int | None = None) -> None:
        """Record a row of metrics; see `Run.log`. A metric of the objective's name is what the trial comes to, unless
        `tell` says otherwise. Outside of `with` nothing is recorded, which is said once."""
        if self.run is None:
            say(f"trial {self.id}", f"log of trial {self.key} outside of `with trial:`; nothing is recorded there")
        else:
            self.run.log(values, step)

    def tell(self, values: Mapping[str, SupportsFloat] | None = None, /, **more: SupportsFloat) -> None:
        """What the trial came to, by the names of objectives and limits. Inside of `with` it is recorded and counts
        when the block is left; without `with` it ends the trial. A value that is not finite makes the trial fail.
        Raises ClientError outside of `with`."""
        results = {name: float(detached(value)) for name, value in {**(values or {}), **more}.items()}
        if self.run is None:
            self._search.tell(self, results)
            return
        finite = {name: value for name, value in results.items() if math.isfinite(value)}
        if len(finite) < len(results):
            self.run.log({name: value for name, value in results.items() if name not in finite})
        if finite:
            self.run.log_outputs(finite)

    def should_stop(self) -> bool:
        """Whether the platform wants it stopped: a rule or a person has ended it, or the whole sweep. Asks the server
        once a second at most, and answers as before when there is no answer."""
        now = time.monotonic()
        if not self._stopping and now - self._looked >= _LOOK:
            self._looked = now
            try:
                self._stopping = self._search.is_stopped(self.id)
            except ClientError as error:
                _log.debug("trainyard: whether trial %s should stop is not known: %s", self.key, error)
        return self._stopping

    def __enter__(self) -> Trial:
        if self.run is not None or self.ended:
            raise RuntimeError(f"trial {self.key} has been entered before; ask for another one")
        self.run = _begun(self._given, self._search.project, self._search.asker)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self.run is not None, "it was entered"
        run, self.run, self.ended = self.run, None, True
        end = of_error(error)
        if self._stopping and end.status == "succeeded":
            end = Ending("stopped", "user")
        run.end(end)
        self._search.forget(self, run.root)
        if kind is None or not issubclass(kind, self._search.catch):
            return False
        if end.status != "succeeded":
            _log.warning("trainyard: trial %s %s: %s; the sweep goes on", self.key, end.status, end.message)
        return True


def _begun(given: SuggestedTrial, project: str, asker: str) -> Run:
    """Tracks the run of a trial, which the server has made. Raises OSError when the spool cannot be written."""
    root = data_dir() / "spool" / given.run
    run = Run(given.run, project, root, is_managed=False, name=given.name)
    run.params = dict(given.params)
    target = find_target(project, given.run)
    write_about(root, describe(project, given.run, target, create={"name": given.name}, asker=asker))
    if found := _code():
        run.log_meta(code=found)
    run.start_shipping()
    return run


@cache
def _code() -> dict[str, Any]:
    """The state of the code, read once: it is the same for all trials of a program."""
    folder = code_dir()
    return code.state(folder) if folder is not None else {}
