"""The rules, over the whole product of what a view may hold: they never raise, never propose a transition that the
table lacks, come to rest, and leave what has ended alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from trainyard_core.clock import SECOND
from trainyard_core.contracts.workload import Exit
from trainyard_core.lifecycle import FINAL, Hold, Intent, Reason, Status, may_follow
from trainyard_core.policy import Policy
from trainyard_core.uptime import NEVER_UP, Uptime
from trainyard_core.work.model import Attempt, View
from trainyard_core.work.reconcile import MOST_ROUNDS
from trainyard_core.work.rules import Decision, backoff, decide

NOW = 1_000_000 * SECOND
ALWAYS = Uptime(0, NOW)
"""Somebody has listened all the time."""
EXITS = (
    Exit(code=0),
    Exit(code=1),
    Exit(signal=9, reason=Reason.OOM_KILLED),
    Exit(reason=Reason.LOST, retryable=True),
    Exit(code=0, reason=Reason.INCOMPLETE),
    Exit(),
    Exit(code=0, reason=Reason.USER),
)
HEARD = (NOW, NOW - 20 * SECOND, NOW - 200 * SECOND, 0)
HEARD_TRACKED = (NOW, NOW - 60 * SECOND, NOW - 100 * SECOND)
STARTED = (None, NOW - 5 * SECOND, NOW - 500 * SECOND)
POLICIES = (Policy(), Policy(lost_after=100.0, platform_retries=0), Policy(tracked_silence=100.0))
BUDGETS = ({"user_failures": 0, "max_retries": 0}, {"user_failures": 1, "max_retries": 2, "platform_failures": 3})


def attempts() -> Iterator[Attempt | None]:
    yield None
    states, lost = ("assigned", "submitted", "running"), ("", "user:somebody")
    for state, heard, started, by in itertools.product(states, HEARD, STARTED, lost):
        yield Attempt(number=1, agent="a", state=state, agent_seen_at=heard, started_at=started, lost_by=by)
    for end, drained, until, heard in itertools.product(
        EXITS, (True, False), (None, NOW - 1, NOW + 1), (HEARD[0], HEARD[2])
    ):
        yield Attempt(
            number=1,
            agent="a",
            state="exited",
            agent_seen_at=heard,
            started_at=STARTED[2],
            exit=end,
            drained=drained,
            drain_until=until,
        )


def managed_views() -> Iterator[View]:
    tries = list(attempts())
    for status, intent, attempt, timeout, budget in itertools.product(
        Status, Intent, tries, (None, 100 * SECOND), BUDGETS
    ):
        body = {"intent_reason": Reason.USER} if intent is Intent.STOP else {}
        yield View(
            run="r",
            status=status,
            intent=intent,
            attempt=attempt,
            timeout_us=timeout,
            uptime=ALWAYS,
            **body,
            **budget,
        )


def waiting_views() -> Iterator[View]:
    """What only matters while nothing runs: holds, wakes, and whether the run was resolved."""
    for status, intent, hold, resolved, wake in itertools.product(
        Status, Intent, Hold, (True, False), (None, NOW - 1, NOW + 1)
    ):
        yield View(run="r", status=status, intent=intent, hold=hold, resolved=resolved, wake_at=wake)


def tracked_views() -> Iterator[View]:
    """Runs that are only tracked know no queue."""
    statuses = {Status.CREATED, Status.RUNNING, Status.STOPPING, *FINAL}
    ends = ("", "succeeded", "failed", "stopped")
    reasons, wakes = ("", Reason.DRAINING, Reason.UNREACHABLE), (None, NOW - 1, NOW + 1)
    for status, intent, end, (left, dropped), reason, wake, heard in itertools.product(
        statuses, Intent, ends, ((0, 0), (2, 0), (0, 7)), reasons, wakes, HEARD_TRACKED
    ):
        yield View(
            run="r",
            uptime=ALWAYS,
            status=status,
            reason=reason,
            intent=intent,
            managed=False,
            reported_status=end,
            unfinished_writers=left,
            dropped=dropped,
            wake_at=wake,
            heard_at=heard,
        )


def applied(view: View, decision: Decision) -> View:
    """The view after the decision was written down."""
    if decision.stop is not None:
        return replace(view, intent=Intent.STOP, intent_reason=decision.stop.reason)
    if decision.explain is not None:
        view = replace(view, reason=decision.explain.reason)
    if decision.steps:
        last = decision.steps[-1]
        view = replace(view, status=last.to, reason=last.reason)
    return replace(view, wake_at=decision.wake_at)


def check(view: View, policy: Policy) -> None:
    for _ in range(MOST_ROUNDS):
        decision = decide(view, policy, NOW)
        status = view.status
        for step in decision.steps:
            assert may_follow(status, step.to), f"{status} -> {step.to}: {view}"
            status = step.to
        assert decision.explain is None or decision.explain.to is view.status
        assert decision.stop is None or view.intent is Intent.RUN
        assert not (view.status in FINAL and decision != Decision()), "what has ended stays"
        if not decision.steps and decision.stop is None:
            rested = applied(view, decision)
            again = decide(rested, policy, NOW)
            assert not again.steps and again.stop is None, f"it would move again: {view}"
            assert again.explain is None or again.explain.reason == rested.reason, f"it would flap: {view}"
            return
        view = applied(view, decision)
    raise AssertionError(f"no rest: {view}")


@pytest.mark.parametrize("policy", POLICIES, ids=["patient", "strict", "listening"])
@pytest.mark.parametrize("views", [managed_views, waiting_views, tracked_views])
def test_the_whole_product_comes_to_rest_by_possible_transitions(views, policy):
    count = 0
    for view in views():
        check(view, policy)
        count += 1
    assert count > 100


LIVE = [Status.SCHEDULED, Status.STARTING, Status.RUNNING, Status.STOPPING]


def ended(end: Exit, **more: object) -> View:
    return View(run="r", status=Status.RUNNING, attempt=Attempt(number=1, agent="a", state="exited", exit=end), **more)


OUTCOMES = [
    (ended(Exit(code=0)), Status.SUCCEEDED, ""),
    (ended(Exit(code=7)), Status.FAILED, Reason.EXIT_CODE),
    (ended(Exit(signal=9)), Status.FAILED, Reason.SIGNAL),
    (ended(Exit(signal=9, reason=Reason.OOM_KILLED)), Status.FAILED, Reason.OOM_KILLED),
    (ended(Exit()), Status.FAILED, Reason.LOST),
    (ended(Exit(code=7), max_retries=1), Status.RETRYING, Reason.EXIT_CODE),
    (ended(Exit(code=7), max_retries=1, user_failures=1), Status.FAILED, Reason.EXIT_CODE),
    (ended(Exit(reason=Reason.LOST, retryable=True)), Status.RETRYING, Reason.LOST),
    (ended(Exit(reason=Reason.LOST, retryable=True), platform_failures=3), Status.FAILED, Reason.LOST),
    (ended(Exit(reason=Reason.LOST, retryable=True), user_failures=9), Status.RETRYING, Reason.LOST),
    (ended(Exit(code=7), max_retries=1, platform_failures=9), Status.RETRYING, Reason.EXIT_CODE),
    (ended(Exit(signal=15), intent=Intent.STOP, intent_reason=Reason.TIMEOUT), Status.STOPPED, Reason.TIMEOUT),
]


@pytest.mark.parametrize(("view", "status", "reason"), OUTCOMES, ids=[str(i) for i in range(len(OUTCOMES))])
def test_an_end_means_what_its_class_says(view, status, reason):
    last = decide(view, Policy(), NOW).steps[-1]
    assert (last.to, last.reason) == (status, reason)


CLOCKS = [0.0, NOW / SECOND - 3600, NOW / SECOND + 3600]


@pytest.mark.parametrize("finished_at", CLOCKS)
@pytest.mark.parametrize(
    ("end", "status"),
    [
        (Exit(code=0), Status.SUCCEEDED),
        (Exit(code=1), Status.FAILED),
        (Exit(signal=11), Status.FAILED),
        (Exit(signal=9, reason=Reason.OOM_KILLED), Status.FAILED),
        (Exit(signal=15), Status.STOPPED),
        (Exit(code=137), Status.STOPPED),
        (Exit(code=0, reason=Reason.USER), Status.STOPPED),
        (Exit(signal=15, reason=Reason.USER), Status.STOPPED),
        (Exit(signal=15, reason=Reason.PREEMPTED, retryable=True), Status.STOPPED),
        (Exit(reason=Reason.START_FAILED), Status.STOPPED),
    ],
)
def test_whether_a_stop_ended_a_program_is_said_by_its_scheduler_and_by_no_clock(end, status, finished_at):
    view = ended(replace(end, started_at=finished_at - 1, finished_at=finished_at), intent=Intent.STOP)
    assert decide(view, Policy(), NOW).steps[-1].to is status


def test_a_timeout_is_a_stop_with_that_reason_and_is_looked_for_in_time():
    attempt = Attempt(number=1, agent="a", state="running", started_at=NOW, agent_seen_at=NOW)
    view = View(run="r", status=Status.RUNNING, attempt=attempt, timeout_us=10 * SECOND)
    assert decide(view, Policy(), NOW) == Decision(wake_at=NOW + 10 * SECOND)
    late = decide(view, Policy(), NOW + 10 * SECOND)
    assert late.stop is not None
    assert late.stop.reason == Reason.TIMEOUT


def test_backoff_doubles_to_its_most_and_is_spread_by_run():
    policy = Policy(backoff_first=1.0, backoff_most=60.0)
    waits = [backoff("r", failures, policy) / SECOND for failures in range(12)]
    assert all(later >= earlier for earlier, later in itertools.pairwise(waits))
    assert 1.0 <= waits[0] < 1.25
    assert waits[-1] <= 75.0
    assert len({backoff(str(run), 0, policy) for run in range(50)}) > 40


SILENT = [
    (0, "", None, None),
    (49, "", None, None),
    (50, "", Reason.UNREACHABLE, None),
    (99, Reason.UNREACHABLE, None, None),
    (10, Reason.UNREACHABLE, "", None),
    (100, Reason.UNREACHABLE, None, Reason.LOST),
    (100, "", None, Reason.LOST),
]


@pytest.mark.parametrize(("quiet", "reason", "explained", "ended_by"), SILENT)
def test_a_tracked_run_that_falls_silent_is_unreachable_and_then_lost(quiet, reason, explained, ended_by):
    view = View(
        run="r", status=Status.RUNNING, reason=reason, managed=False, uptime=ALWAYS, heard_at=NOW - quiet * SECOND
    )
    decision = decide(view, Policy(tracked_silence=100.0), NOW)
    assert (decision.explain.reason if decision.explain else None) == explained
    assert (decision.steps[-1].reason if decision.steps else None) == ended_by
    assert decide(view, Policy(), NOW) == Decision(), "nobody gives it up unless the policy says so"


def test_an_attempt_that_a_person_declared_lost_spends_the_platforms_retries():
    attempt = Attempt(number=1, agent="a", state="running", agent_seen_at=NOW, lost_by="user:x", message="gone")
    view = View(run="r", status=Status.RUNNING, attempt=attempt)
    decision = decide(view, Policy(), NOW)
    assert (decision.steps[-1].to, decision.steps[-1].reason, decision.count) == (
        Status.RETRYING,
        Reason.LOST,
        "platform",
    )
    assert "gone" in decision.steps[-1].message
    spent = decide(replace(view, platform_failures=3), Policy(), NOW)
    assert spent.steps[-1].to is Status.FAILED


DEAFNESS = [
    (ALWAYS, True),
    (Uptime(NOW - 99 * SECOND, NOW), False),
    (Uptime(NOW - 100 * SECOND, NOW - SECOND), True),
    (Uptime(0, NOW - 60 * SECOND), False),
    (Uptime(0, NOW + 3600 * SECOND), False),
    (NEVER_UP, False),
]


@pytest.mark.parametrize(
    ("uptime", "given_up"),
    DEAFNESS,
    ids=["always", "since its start", "long enough", "deaf since", "the clock was set back", "never"],
)
def test_silence_counts_from_when_somebody_listened(uptime, given_up):
    policy, long_ago = Policy(lost_after=100.0, tracked_silence=100.0), NOW - 9999 * SECOND
    attempt = Attempt(number=1, agent="a", state="running", agent_seen_at=long_ago)
    scheduled = View(run="r", status=Status.RUNNING, uptime=uptime, attempt=attempt)
    tracked = View(run="r", status=Status.RUNNING, uptime=uptime, managed=False, heard_at=long_ago)
    for view in (scheduled, tracked):
        steps = decide(view, policy, NOW).steps
        assert [step.reason for step in steps] == ([Reason.LOST] if given_up else [])


@pytest.mark.parametrize(
    ("uptime", "given_up"),
    DEAFNESS,
    ids=["always", "since its start", "long enough", "deaf since", "the clock was set back", "never"],
)
def test_last_frames_are_waited_for_while_somebody_listens(uptime, given_up):
    policy, until = Policy(drain=100.0), NOW - 9 * SECOND
    attempt = Attempt(number=1, agent="a", state="exited", exit=Exit(code=0), drained=False, drain_until=until)
    common = {"run": "r", "status": Status.RUNNING, "reason": Reason.DRAINING, "uptime": uptime, "wake_at": until}
    scheduled = View(**common, attempt=attempt)
    tracked = View(**common, managed=False, reported_status="succeeded", unfinished_writers=1)
    for view in (scheduled, tracked):
        decision = decide(view, policy, NOW)
        assert [step.reason for step in decision.steps] == ([Reason.INCOMPLETE] if given_up else [])
        assert given_up or decision.wake_at == uptime.counts_from(NOW) + 100 * SECOND


@pytest.mark.parametrize("managed", [True, False])
def test_what_is_unreachable_stays_so_until_it_is_heard_and_not_until_somebody_listens(managed):
    policy = Policy(lost_after=100.0, tracked_silence=100.0)
    attempt = Attempt(number=1, agent="a", state="running", agent_seen_at=NOW - 80 * SECOND)
    view = View(
        run="r",
        status=Status.RUNNING,
        reason=Reason.UNREACHABLE,
        uptime=Uptime(NOW - SECOND, NOW),
        managed=managed,
        heard_at=0 if managed else NOW - 80 * SECOND,
        attempt=attempt if managed else None,
    )
    assert decide(view, policy, NOW).explain is None
