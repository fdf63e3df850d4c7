"""Streams to live attempts: opened by whoever asks, offered to the attempt's agent among its orders, and carried by the
relay. Either side notices within a minute that the other one is gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from trainyard.client.models import MOST_FRAME, AttemptStream, NewAttemptStream, StreamFrame
from trainyard_core.clock import SECOND, Clock
from trainyard_core.contracts.workload import AttemptRef
from trainyard_core.db import activities, attempt_streams, attempts
from trainyard_core.db.engine import Database, Row, Tx
from trainyard_core.errors import Conflict, Invalid, NotFound, Unavailable
from trainyard_core.ids import new_id
from trainyard_core.work.assignment import GOING
from trainyard_core.work.notifier import Notifier

if TYPE_CHECKING:
    from trainyard_core.work.stream_relay import Direction, StreamRelay

__all__ = ["MOST_WAIT", "AttemptStreams"]

MOST_WAIT = 20.0
"""Seconds for which a request waits for frames at most."""
ROOM = 10.0
"""Seconds for which frames wait for room."""
MOST_FRAMES = 32
MOST_WORDS, LONGEST_WORD = 1000, 128 * 1024
_encode = msgspec.json.Encoder().encode


class AttemptStreams:
    """The server's side of streams. Any process may serve any call."""

    def __init__(self, database: Database, notifier: Notifier, clock: Clock, relay: StreamRelay, *, silence: float):
        self._database, self._notifier, self._clock = database, notifier, clock
        self._relay, self._silence = relay, silence

    async def open(self, run: Row, asked: NewAttemptStream, *, actor: str) -> AttemptStream:
        """Ask the agent of a run's current attempt for a stream. Raises Invalid for what cannot be asked, Conflict when
        the attempt is not with an agent that is heard of."""
        check(asked)
        stream, at = new_id(), self._clock.now()

        async def work(tx: Tx) -> Row:
            attempt = await attempts.current(tx, run["id"])
            if run["status"] not in GOING or attempt is None or attempt["state"] == "exited":
                raise Conflict(f"the run is {run['status']}: there is no live attempt to reach", fix=_fix(asked))
            if at - (attempt["agent_seen_at"] or 0) > self._silence * SECOND:
                raise Conflict(
                    f"agent '{attempt['agent']}', which has the attempt, has not been heard of lately",
                    fix="start it again: yard up, or yard agent",
                )
            ref, text = AttemptRef(run["id"], attempt["number"]), _encode(asked).decode()
            await attempt_streams.insert(tx, stream, ref, agent=attempt["agent"], request=text, actor=actor, at=at)
            if asked.kind != "logs":
                await activities.append(tx, _activity(run, attempt, asked, actor, at))
            return attempt

        attempt = await self._database.write(work, name="stream")
        self._notifier.notify_agents(orders=True)
        return AttemptStream(
            id=stream, run=run["id"], attempt=attempt["number"], agent=attempt["agent"], kind=asked.kind
        )

    async def find(self, stream: str, **whose: str) -> Row:
        """A stream whose row says this of its `run`, `agent` or `created_by`. Raises NotFound for one of somebody else,
        and for one that has ended."""
        row = await self._database.read(lambda tx: attempt_streams.get(tx, stream))
        if row is None or any(row[name] != value for name, value in whose.items()):
            raise NotFound("there is no such stream, or it has ended", fix="open another one")
        return row

    async def put(self, stream: Row, direction: Direction, frames: Sequence[StreamFrame]) -> None:
        """Carry frames on. Raises Invalid for some that no side sends, Unavailable when the reader is slow: they are to
        be put again."""
        if len(frames) > MOST_FRAMES or any(len(frame.data) > MOST_FRAME for frame in frames):
            raise Invalid(
                f"a request carries at most {MOST_FRAMES} frames of {MOST_FRAME} bytes", fix="send less at once"
            )
        numbers = [frame.seq for frame in frames]
        if any(number < 1 for number in numbers) or numbers != sorted(set(numbers)):
            raise Invalid("the numbers of frames are 1 or more and ascend", fix="count them from 1 on")
        if direction == "input":  # whoever sends is there, also while nothing is read
            await self._relay.touch(stream["id"], "output")
        if frames and not await self._relay.put(stream["id"], direction, frames, wait=ROOM):
            raise Unavailable("the other side of the stream is slow", fix="send the frames again")

    async def get(self, stream: Row, direction: Direction, *, after: int, wait: float) -> list[StreamFrame]:
        """The frames after a number, waited for at most `wait` seconds. What is sent last when the other side is gone
        says so."""
        if not 0 <= wait <= MOST_WAIT or after < 0:
            raise Invalid(f"`wait` is from 0 to {MOST_WAIT:g} seconds and `after` 0 or more", fix="stay within them")
        if direction == "input" and stream["opened_at"] is None:
            at = self._clock.now()
            await self._database.write(lambda tx: attempt_streams.mark_opened(tx, stream["id"], at=at))
        found = await self._relay.get(stream["id"], direction, after=after, wait=min(wait, self._until_late(stream)))
        if not found and (error := await self._is_cut(stream, direction)):
            if direction == "input":
                await self.end(stream)
            return [StreamFrame(seq=after + 1, channel="end", error=error)]
        return found

    async def end(self, stream: Row) -> None:
        """Whoever asked for it has enough, or has seen its end: the agent is told."""
        await self._database.write(lambda tx: attempt_streams.delete(tx, stream["id"]), name="stream_end")
        await self._relay.forget(stream["id"])

    def _until_late(self, stream: Row) -> float:
        """Seconds that are waited for one that is not opened yet."""
        if stream["opened_at"] is not None:
            return MOST_WAIT
        left: int = stream["created_at"] + attempt_streams.OPENING - self._clock.now()
        return max(0.1, left / SECOND)

    async def _is_cut(self, stream: Row, direction: Direction) -> str:
        """Why nothing comes any more; empty: something may."""
        if direction == "input":
            is_there = await self._relay.is_present(stream["id"], "output")
            return "" if is_there else "whoever asked for the stream is gone"
        row = await self._database.read(lambda tx: attempt_streams.get(tx, stream["id"]))
        if row is None:
            return "the stream has ended"
        who = f"agent '{row['agent']}'"
        if row["opened_at"] is None:
            late = self._clock.now() - row["created_at"] > attempt_streams.OPENING
            return f"{who} did not open the stream: see `yard agents get {row['agent']}`" if late else ""
        is_there = await self._relay.is_present(stream["id"], "input")
        return "" if is_there else f"{who} is gone: the stream was cut"


def check(asked: NewAttemptStream) -> None:
    """Raises Invalid for what no agent can be asked."""
    if asked.kind == "exec":
        if not asked.command or not asked.command[0]:
            raise Invalid("`command` is empty", fix="say which program to run")
        if len(asked.command) > MOST_WORDS or any(len(word) > LONGEST_WORD or "\0" in word for word in asked.command):
            raise Invalid(
                f"`command` has at most {MOST_WORDS} words of {LONGEST_WORD} characters, without NUL", fix="shorten it"
            )
    if asked.kind == "proxy" and not 1 <= asked.port <= 65535:
        raise Invalid(f"`port` is {asked.port}", fix="give a port from 1 to 65535")
    if asked.kind == "logs" and not 0 <= asked.tail <= 100_000:
        raise Invalid(f"`tail` is {asked.tail}", fix="ask for 0 to 100000 lines")


def _activity(run: Row, attempt: Row, asked: NewAttemptStream, actor: str, at: int) -> activities.NewActivity:
    """Of a program only its name is told: its arguments may be secrets."""
    what = {"command": asked.command[0][:200]} if asked.kind == "exec" else {"port": asked.port}
    data = {"attempt": attempt["number"], **what}
    return activities.NewActivity(
        project=run["project"], run=run["id"], kind=f"run_{asked.kind}", actor=actor, at=at, data=data
    )


def _fix(asked: NewAttemptStream) -> str:
    return "see `yard logs` for what it wrote" if asked.kind == "logs" else "start it again, or wait until it runs"
