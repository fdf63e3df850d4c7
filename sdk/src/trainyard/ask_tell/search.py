"""A sweep as a program runs it: trials are asked for one by one or several at once, and told back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Literal, get_args

from trainyard.ask_tell.asker import Asker, bury, dead, ship_left
from trainyard.ask_tell.trial import Trial
from trainyard.client import Client, models, requests
from trainyard.client.errors import Busy, ClientError
from trainyard.client.models import AskTrials, TellTrial, TrialBatch
from trainyard.client.retry import Backoff
from trainyard.track.sync import sync

__all__ = ["SweepClient"]

_FIRST_WAIT, _MOST_WAIT, _SAID_AFTER = 0.2, 5.0, 30.0
_SHIPPING = 5.0
"""Seconds in which what was left of trials is shipped, each time that there is an occasion."""
Status = Literal["succeeded", "failed", "stopped"]
_log = logging.getLogger("trainyard")


class SweepClient:
    """A sweep whose trials this program runs. Iterating gives trials until there are no more; as a context manager it
    tells the trials that were asked for and not run that they are stopped, and lets the connection go. Several threads
    and processes may search one sweep. Made by `trainyard.sweep`; `catch` are exceptions that end a trial and not the
    program."""

    def __init__(self, sweep: str, project: str, *, catch: tuple[type[BaseException], ...] = ()) -> None:
        self.id, self.project, self.catch = sweep, project, catch
        self._asker = Asker(sweep)
        self._client: Client | None = _client_for(project)
        self._gone: list[str] = dead(sweep)
        self._held: dict[str, Trial] = {}
        self._left: dict[Path, None] = {}

    def __repr__(self) -> str:
        return f"Search(id={self.id!r}, project={self.project!r})"

    @property
    def asker(self) -> str:
        """What this program is called where it asks."""
        return self._asker.name

    @property
    def best(self) -> models.TrialRecord | None:
        """The best trial so far: the feasible one that is best in the first objective; None while there is none. All
        that this program has told counts. Raises ClientError."""
        with self._told() as client:
            return client.sweeps.best(self.id)

    def trials(self) -> list[models.TrialRecord]:
        """All trials of the sweep as they are now, by number. Raises ClientError."""
        with self._told() as client:
            return list(client.sweeps.trials(self.id))

    def __iter__(self) -> Iterator[Trial]:
        """Trials, each asked for when the one before is done with. When all that there may be go on elsewhere, it waits
        for them. Ends when there will be no more. Raises ClientError when the server is not reached for minutes."""
        waited = 0.0
        while True:
            batch = self._ask(1)
            yield from self._taken(batch)
            if batch.over:
                return
            waited = 0.0 if batch.items else self._waited(batch, waited)

    def ask(self, count: int = 1) -> list[Trial]:
        """At most `count` trials more. None come when there are no more, and when the algorithm waits for what the
        trials that go on will bring; `is_over` tells which. Raises ClientError."""
        return list(self._taken(self._ask(count)))

    @property
    def is_over(self) -> bool:
        """Whether no more trials will come."""
        return self._ask(0).over

    def tell(
        self,
        trial: Trial | str,
        values: Mapping[str, float] | None = None,
        *,
        status: Status = "succeeded",
        message: str = "",
    ) -> None:
        """End a trial, which may be any of the sweep by its key, with what it came to. `status` is `succeeded`,
        `failed` or `stopped`. Values that are not finite make it fail. Raises Conflict for a trial that has ended: it
        counts once."""
        key = trial if isinstance(trial, str) else trial.key
        request = _tell(dict(values or {}), status, message)
        with self._connected() as client:
            client.send(requests.tell_trial(self.project, self.id, key, request))
        held = self._held.pop(key, None)
        if held is not None:
            held.ended = True

    def is_stopped(self, run: str) -> bool:
        """Whether the platform wants a trial, by its run, to stop. Raises ClientError."""
        with self._connected() as client:
            found = client.runs.get(run)
        return found.intent == "stop" or found.status in ("stopping", "stopped", "failed")

    def stop(self) -> None:
        """Stop the whole sweep, for everybody. Raises ClientError."""
        with self._connected() as client:
            client.runs.stop(self.id)

    def forget(self, trial: Trial, spool: Path) -> None:
        """A trial has ended by its own tracking. What could not be shipped from its spool is shipped once the server
        answers again."""
        self._held.pop(trial.key, None)
        if spool.exists():
            self._left[spool] = None

    def close(self) -> None:
        """Give back what was asked for and not run, and let go. `best` and `trials` still work. Idempotent."""
        self._ship_left()
        try:
            for trial in [each for each in self._held.values() if each.run is None]:
                self.tell(trial, status="stopped", message="its program did not run it")
        except ClientError as error:
            _log.warning("trainyard: trials of sweep %s were not given back: %s", self.id, error)
        finally:
            self._asker.leave()
            client, self._client = self._client, None
            if client is not None:
                client.close()

    def __enter__(self) -> SweepClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, count: int) -> TrialBatch:
        gone = self._gone
        if gone:
            ship_left(gone)
        request = AskTrials(count=count, asker=self.asker, gone=gone)
        with self._connected() as client:
            batch = client.send(requests.ask_trials(self.project, self.id, request))
        if gone:
            bury(self.id, gone)
            self._gone = []
        self._ship_left()
        return batch

    def _ship_left(self) -> None:
        """Ship what the server missed of trials that have ended here while it was away, the first first. Never raises;
        what is not shipped now is tried again, and `yard sync` finds it in any case."""
        deadline = time.monotonic() + _SHIPPING
        for spool in list(self._left):
            if time.monotonic() > deadline:
                return
            try:
                report = sync(spool, patience=deadline - time.monotonic()) if spool.exists() else None
            except (OSError, ValueError) as error:
                _log.debug("trainyard: %s is not shipped: %s", spool, error)
                continue
            if report is None or not report.error:
                self._left.pop(spool, None)
            if report is not None and not report.error:
                _log.warning("trainyard: run %s is wholly on the server now", report.run)

    def _taken(self, batch: TrialBatch) -> Iterator[Trial]:
        trials = [Trial(self, each) for each in batch.items]
        self._held |= {trial.key: trial for trial in trials}
        yield from trials

    def _waited(self, batch: TrialBatch, waited: float) -> float:
        """Wait for trials that go on elsewhere; for how long so far."""
        if waited < _SAID_AFTER <= waited + _MOST_WAIT:
            _log.warning(
                "trainyard: sweep %s has nothing to try until trials that go on have ended: %s. If nobody runs one any"
                " more, give it up: search.tell(key, status='failed')",
                self.id,
                ", ".join(batch.open[:20]) or "none",
            )
        wait = min(_MOST_WAIT, max(_FIRST_WAIT, waited))
        threading.Event().wait(wait)
        return waited + wait

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        """The client, which is kept until the search is closed; then one for the call."""
        if self._client is not None:
            yield self._client
            return
        with _client_for(self.project) as client:
            yield client

    @contextmanager
    def _told(self) -> Iterator[Client]:
        """A client of a server that has judged all that has been told so far: whoever asks, if only for nothing, has
        the sweep looked at. One that cannot look now is read as it is."""
        self._ship_left()
        with _client_for(self.project, tries=2) as client:
            try:
                client.send(requests.ask_trials(self.project, self.id, AskTrials(count=0, asker=self.asker)))
            except Busy as error:
                _log.warning("trainyard: the newest trials of sweep %s are not judged yet: %s", self.id, error)
            yield client


def _client_for(project: str, *, tries: int = 40) -> Client:
    """By default a server that starts again, or an algorithm in trouble, is waited for some minutes."""
    return Client(project=project, backoff=Backoff(tries=tries))


def _tell(values: dict[str, float], status: Status, message: str) -> TellTrial:
    """What is told; a value that is no finite number cannot be judged, so the trial has failed."""
    if status not in get_args(Status):
        raise ValueError(f"status {status!r}; choose from {', '.join(get_args(Status))}")
    odd = {name: value for name, value in values.items() if value - value != 0}
    finite = {name: float(value) for name, value in values.items() if name not in odd}
    if odd and status == "succeeded":
        said = ", ".join(f"'{name}' is {value}" for name, value in odd.items())
        return TellTrial(values={**finite}, status="failed", message=message or said)
    return TellTrial(values={**finite}, status=status, message=message)
