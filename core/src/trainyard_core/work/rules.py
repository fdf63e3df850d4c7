"""What should happen next to a run: an ordered tuple of pure rules; the first that has an answer wins.

A rule sees a `View` and the time, and answers with a `Decision` or None. Nothing here reads or writes anything.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from zlib import crc32

import msgspec

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import Exit
from trainyard_core.lifecycle import FINAL, Hold, Intent, Reason, Status, Step
from trainyard_core.policy import Policy
from trainyard_core.work.model import View

__all__ = ["RULES", "Decision", "backoff", "decide"]


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What to do: steps to take in order, when the last of them happened (None: now), a new reason for the same status,
    the next time to look, failures to count."""

    steps: tuple[Step, ...] = ()
    happened_at: int | None = None
    explain: Step | None = None
    wake_at: int | None = None
    count: str = ""
    stop: Step | None = None


_STOPS = frozenset({signal.SIGTERM, signal.SIGKILL})
"""The signals by which a scheduler stops a program."""
Rule = Callable[[View, Policy, int], Decision | None]


def decide(view: View, policy: Policy, now: int) -> Decision:
    """The first answer; the empty decision when there is nothing to do until something happens."""
    for rule in RULES:
        if (decision := rule(view, policy, now)) is not None:
            return decision
    return Decision()


def _ended(view: View, policy: Policy, now: int) -> Decision | None:
    return Decision() if view.status in FINAL else None


def _stop_before_start(view: View, policy: Policy, now: int) -> Decision | None:
    """Nothing runs yet: a stop takes effect at once."""
    if view.intent is not Intent.STOP:
        return None
    if view.status not in (Status.CREATED, Status.COMPILED, Status.QUEUED, Status.RETRYING):
        return None
    return Decision(steps=(Step(Status.STOPPED, view.intent_reason, view.intent_message),))


def _tracked(view: View, policy: Policy, now: int) -> Decision | None:
    """A run that is only tracked runs from the start, and ends when its program said so and its frames are in."""
    if view.managed:
        return None
    if view.status is Status.CREATED:
        return Decision(steps=(Step(Status.COMPILED), Step(Status.RUNNING)))
    if view.intent is Intent.STOP:
        return Decision(steps=(*_through(view), Step(Status.STOPPED, view.intent_reason, view.intent_message)))
    if view.reported_status:
        return _tracked_end(view, policy, now)
    return _tracked_silence(view, policy, now)


def _tracked_silence(view: View, policy: Policy, now: int) -> Decision:
    """Nobody but its program can tell whether it still runs: the policy says for how long it may be silent."""
    quiet, most = _silence(view, view.heard_at, now), policy.tracked_silence
    if not most or not view.heard_at or view.status is not Status.RUNNING:
        return Decision()
    if quiet >= most:
        return Decision(steps=(Step(Status.FAILED, Reason.LOST, f"nothing came from its program for {most:g} s"),))
    if quiet >= most / 2 and view.reason != Reason.UNREACHABLE:
        message = f"nothing came from its program lately; after {most:g} s it counts as lost"
        return Decision(explain=Step(view.status, Reason.UNREACHABLE, message))
    if now - view.heard_at < most / 2 * SECOND and view.reason == Reason.UNREACHABLE:
        return Decision(explain=Step(view.status))
    return Decision()


def _silence(view: View, heard_at: int, now: int) -> float:
    """Seconds without a word from somebody who was heard at a time; those do not count in which nobody listened."""
    return (now - max(heard_at, view.uptime.counts_from(now))) / SECOND


def _tracked_end(view: View, policy: Policy, now: int) -> Decision:
    """Its other writers may have died: they are waited for as long as an attempt's frames are."""
    known = view.wake_at if view.reason == Reason.DRAINING else None
    until = _frames_until(view, policy, now, known or now + int(policy.drain * SECOND))
    if view.unfinished_writers and now < until:
        why = Step(view.status, Reason.DRAINING, "waiting for the last frames")
        return Decision(explain=why, wake_at=until)
    to = Status(view.reported_status)
    between = _through(view) if to is Status.STOPPED else ()
    if to is not Status.SUCCEEDED:
        last = Step(to, view.reported_reason or Reason.USER, view.reported_message)
    else:
        success = _success(view, missing=bool(view.unfinished_writers))
        last = msgspec.structs.replace(success, message=view.reported_message or success.message)
    return Decision(steps=(*between, last), happened_at=_ended_at(view, now))


def _ended_at(view: View, now: int) -> int:
    """When a program that tracked itself says that it ended; not before its start, nor later than now."""
    return now if view.reported_end_at is None else max(view.started_at or 0, min(now, view.reported_end_at))


def _through(view: View) -> tuple[Step, ...]:
    """The status on the way from a live one to stopped."""
    return () if view.status is Status.STOPPING else (Step(Status.STOPPING),)


def _compile(view: View, policy: Policy, now: int) -> Decision | None:
    """A run that was resolved when it was created is compiled; without a hold it goes on in the same breath: a director
    runs at once, others wait in their queue."""
    following = Step(Status.RUNNING if view.directs else Status.QUEUED)
    if view.status is Status.CREATED and view.resolved:
        steps = (Step(Status.COMPILED),) if view.hold else (Step(Status.COMPILED), following)
        return Decision(steps=steps)
    if view.status is Status.COMPILED and view.hold is Hold.NONE:
        return Decision(steps=(following,))
    return Decision() if view.status in (Status.CREATED, Status.COMPILED) else None


def _directs(view: View, policy: Policy, now: int) -> Decision | None:
    """Its director does the rest, also the end; it is woken by whatever happens to the children."""
    if not view.directs:
        return None
    if view.intent is Intent.STOP and view.status is Status.RUNNING:
        return Decision(steps=(Step(Status.STOPPING, view.intent_reason, view.intent_message),))
    return Decision(wake_at=view.wake_at)


def _retry(view: View, policy: Policy, now: int) -> Decision | None:
    if view.status is not Status.RETRYING:
        return None
    if view.wake_at is not None and view.wake_at > now:
        return Decision(wake_at=view.wake_at)
    return Decision(steps=(Step(Status.QUEUED),))


def _over(view: View, policy: Policy, now: int) -> Decision | None:
    """The attempt has ended: wait for its frames, then say how it went."""
    attempt = view.attempt
    if attempt is None or attempt.exit is None or not _is_live(view):
        return None
    until = None
    if attempt.drain_until is not None:
        going_on = attempt.sent_at + int(policy.drain * SECOND)  # a large file takes its time
        until = _frames_until(view, policy, now, max(attempt.drain_until, going_on))
    if not attempt.drained and (until is None or now < until):
        return _draining(view, until)
    return _outcome(view, attempt.exit, policy, now, incomplete=not attempt.drained)


def _frames_until(view: View, policy: Policy, now: int, until: int) -> int:
    """Until when the last frames are waited for: those that nobody could take have their whole time from when somebody
    listens again."""
    return max(until, view.uptime.counts_from(now) + int(policy.drain * SECOND))


def _draining(view: View, until: int | None) -> Decision:
    why = Step(Status.RUNNING, Reason.DRAINING, "the program has ended; its last frames are on their way")
    if view.status in (Status.SCHEDULED, Status.STARTING):
        return Decision(steps=(why,), wake_at=until)
    if view.reason == Reason.DRAINING:
        return Decision(wake_at=until)
    return Decision(explain=msgspec.structs.replace(why, to=view.status), wake_at=until)


def _outcome(view: View, end: Exit, policy: Policy, now: int, *, incomplete: bool) -> Decision:
    if view.intent is Intent.STOP and not _ended_by_itself(end):
        return Decision(
            steps=(*_through(view), Step(Status.STOPPED, view.intent_reason, view.intent_message or end.message))
        )
    if end.code == 0 and not end.reason:
        return Decision(steps=(_success(view, missing=incomplete),))
    return _failure(view, end, policy, now)


def _success(view: View, *, missing: bool) -> Step:
    """It has succeeded; if not all that it recorded is here, that is said."""
    lacks = ["some of its last frames never came"] if missing else []
    if view.dropped:
        lacks.append(f"{view.dropped} records were dropped, as there was no room for them where it ran")
    return Step(Status.SUCCEEDED, Reason.INCOMPLETE if lacks else Reason.NONE, "; ".join(lacks))


def _ended_by_itself(end: Exit) -> bool:
    """Whether the program ran and ended before a stop reached it, as its scheduler says. When it ended is told by
    another machine's clock than when the stop was wanted, so times say nothing."""
    if (end.code is None and end.signal is None) or end.retryable or end.reason == Reason.USER:
        return False
    return bool(end.reason) or (end.signal not in _STOPS and end.code not in {128 + number for number in _STOPS})


def _failure(view: View, end: Exit, policy: Policy, now: int) -> Decision:
    """By class: the platform's failures have a budget of their own, the program's failures go by what its file
    allows."""
    kind, spent, budget = (
        ("platform", view.platform_failures, policy.platform_retries)
        if end.retryable
        else ("user", view.user_failures, view.max_retries)
    )
    reason, message = _told(end)
    if spent >= budget or view.status is Status.STOPPING or view.intent is Intent.STOP:
        return Decision(steps=(Step(Status.FAILED, reason, message),), count=kind)
    wait = backoff(view.run, spent, policy)
    note = f"{message}; retry {spent + 1} of {budget} in {wait / SECOND:.1f} s"
    return Decision(steps=(Step(Status.RETRYING, reason, note),), wake_at=now + wait, count=kind)


def _told(end: Exit) -> tuple[str, str]:
    if end.signal is not None:
        return end.reason or Reason.SIGNAL, end.message or f"ended by signal {end.signal}"
    if end.code is not None:
        return end.reason or Reason.EXIT_CODE, end.message or f"exit code {end.code}"
    return end.reason or Reason.LOST, end.message or "the attempt was lost"


def backoff(run: str, failures: int, policy: Policy) -> int:
    """Microseconds until the next try: doubling from the first to the most, spread by up to a quarter by the run's
    id."""
    seconds = min(policy.backoff_most, policy.backoff_first * 2**failures)
    return int(seconds * (1 + crc32(run.encode()) % 1000 / 4000) * SECOND)


def _stop_live(view: View, policy: Policy, now: int) -> Decision | None:
    """Something may run: its agent is asked to stop it, and the run is stopping until the end is seen."""
    if view.intent is not Intent.STOP or not _is_live(view) or view.status is Status.STOPPING:
        return None
    return Decision(steps=(Step(Status.STOPPING, view.intent_reason, view.intent_message),))


def _lost(view: View, policy: Policy, now: int) -> Decision | None:
    """A person has given the attempt up, or its agent has been silent for so long that the policy does."""
    attempt = view.attempt
    if attempt is None or not _is_live(view):
        return None
    if attempt.lost_by:
        given_up = Exit(reason=Reason.LOST, message=attempt.message, retryable=True)
        return _outcome(view, given_up, policy, now, incomplete=True)
    if not policy.lost_after:
        return None
    if _silence(view, attempt.agent_seen_at, now) < policy.lost_after:
        return None
    message = f"agent '{attempt.agent}' has been silent for more than {policy.lost_after:g} s"
    return _outcome(view, Exit(reason=Reason.LOST, message=message, retryable=True), policy, now, incomplete=True)


def _timeout(view: View, policy: Policy, now: int) -> Decision | None:
    """The time that its file allows for one attempt."""
    attempt = view.attempt
    if view.timeout_us is None or attempt is None or attempt.started_at is None or not _is_live(view):
        return None
    if view.intent is Intent.STOP:
        return None
    deadline = attempt.started_at + view.timeout_us
    if now < deadline:
        return _unreachable(view, policy, now) or Decision(wake_at=deadline)
    message = f"it ran for longer than its timeout of {view.timeout_us / SECOND:g} s"
    return Decision(stop=Step(Status.STOPPING, Reason.TIMEOUT, message))


def _unreachable(view: View, policy: Policy, now: int) -> Decision | None:
    """Unknown is not dead: the run stays where it is and says that nobody can ask."""
    attempt = view.attempt
    if attempt is None or not _is_live(view):
        return None
    silent = _silence(view, attempt.agent_seen_at, now) > policy.silence
    if silent and view.reason != Reason.UNREACHABLE:
        message = f"agent '{attempt.agent}' has not been heard of; the run may well go on"
        return Decision(explain=Step(view.status, Reason.UNREACHABLE, message), wake_at=_look_again(view, policy, now))
    heard = now - attempt.agent_seen_at <= policy.silence * SECOND
    if heard and view.reason == Reason.UNREACHABLE:
        return Decision(explain=Step(view.status), wake_at=_look_again(view, policy, now))
    return None


def _look_again(view: View, policy: Policy, now: int) -> int | None:
    """When time alone may change something for a live run."""
    attempt = view.attempt
    assert attempt is not None
    times = []
    if view.timeout_us is not None and attempt.started_at is not None and view.intent is Intent.RUN:
        times.append(attempt.started_at + view.timeout_us)
    if policy.lost_after:
        heard_at = max(attempt.agent_seen_at, view.uptime.counts_from(now))
        times.append(heard_at + int(policy.lost_after * SECOND))
    return min(times, default=None)


def _is_live(view: View) -> bool:
    return view.status in (Status.SCHEDULED, Status.STARTING, Status.RUNNING, Status.STOPPING)


RULES: tuple[Rule, ...] = (
    _ended,
    _stop_before_start,
    _tracked,
    _compile,
    _directs,
    _retry,
    _over,
    _stop_live,
    _lost,
    _timeout,
    _unreachable,
)
