"""The conformance suite of the `Scheduler` contract: subclass `SchedulerSuite` and provide the fixture `harness`.

Every test runs twice: on one instance, and with a new instance for each call. Tests are worded in the terms of the
contract. Optional protocols are found by `isinstance`; the tests of one that a scheduler does not implement are skipped
with that reason.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import NoReturn

import pytest
import pytest_asyncio

pytest.register_assert_rewrite("trainyard_core.testing.scheduler_delivery", "trainyard_core.testing.scheduler_streams")

from trainyard_core.contracts.capacity import capacity_problems  # noqa: E402 - the tests are rewritten before they load
from trainyard_core.contracts.scheduler import (  # noqa: E402 - the tests are rewritten before they load
    AttemptDiagnosis,
    Scheduler,
    SchedulerRefused,
    SupportsCapacity,
    SupportsDiagnosis,
    SupportsWatch,
)
from trainyard_core.contracts.workload import (  # noqa: E402
    AttemptRef,
    Exit,
    Observation,
    Phase,
    Workload,
)
from trainyard_core.testing.scheduler_delivery import DeliveryPromises  # noqa: E402
from trainyard_core.testing.scheduler_streams import StreamPromises  # noqa: E402
from trainyard_core.testing.scheduler_tools import (  # noqa: E402
    PATIENCE,
    CrowdedHarness,
    Replaced,
    SchedulerHarness,
    Submit,
    clear,
    ended,
    is_free,
    lines_of,
    observed,
    opened,
    shell,
    until,
)

__all__ = ["CrowdedHarness", "SchedulerHarness", "SchedulerSuite"]

_FOREVER = "while :; do sleep 0.1; done"


@pytest.mark.asyncio
class SchedulerSuite(DeliveryPromises, StreamPromises):
    """What every scheduler must do."""

    @pytest.fixture
    def harness(self) -> SchedulerHarness:
        """A harness whose instances share a storage that no other test uses."""
        raise NotImplementedError("a subclass of SchedulerSuite gives the fixture `harness`")

    @pytest_asyncio.fixture(params=["one instance", "instance replaced"])
    async def scheduler(self, harness: SchedulerHarness, request: pytest.FixtureRequest) -> AsyncIterator[Scheduler]:
        scheduler = harness.make_scheduler() if request.param == "one instance" else Replaced(harness)
        yield scheduler
        await scheduler.aclose()

    @pytest_asyncio.fixture
    async def submit(self, scheduler: Scheduler) -> AsyncIterator[Submit]:
        """A function that submits a workload; the attempt is ended and released after the test."""
        refs: set[AttemptRef] = set()

        async def submit(workload: Workload) -> AttemptRef:
            refs.add(workload.ref)
            await scheduler.submit(workload)
            return workload.ref

        yield submit
        await clear(scheduler, sorted(refs))

    # What is run

    async def test_render_is_pure_plain_and_without_the_token(self, scheduler: Scheduler) -> None:
        workload = shell("true", env={"A": "b"})
        manifest = scheduler.render(workload)
        assert manifest == scheduler.render(workload)
        assert json.loads(json.dumps(manifest)) == manifest
        assert workload.token not in json.dumps(manifest)

    @pytest.mark.parametrize("code", [0, 1, 3, 255])
    async def test_the_exit_code_is_exact(self, scheduler: Scheduler, submit: Submit, code: int) -> None:
        told = await ended(scheduler, await submit(shell(f"exit {code}")))
        assert (told.code, told.signal) == (code, None)

    async def test_how_long_it_ran_is_told(self, scheduler: Scheduler, submit: Submit) -> None:
        told = await ended(scheduler, await submit(shell("sleep 0.2")))
        assert told.started_at is not None
        assert told.finished_at is not None
        assert 0.2 <= told.finished_at - told.started_at < PATIENCE

    async def test_death_by_a_signal_is_told(self, scheduler: Scheduler, submit: Submit) -> None:
        told = await ended(scheduler, await submit(shell("kill -KILL $$")))
        assert told.signal == 9 or told.code == 128 + 9

    async def test_a_program_that_is_not_there_gets_neither_code_nor_signal(
        self, scheduler: Scheduler, submit: Submit
    ) -> None:
        told = await ended(scheduler, await submit(shell("", command=("no-such-program-anywhere",))))
        assert (told.code, told.signal, told.reason) == (None, None, "start_failed")
        assert "no-such-program-anywhere" in told.message

    async def test_the_last_lines_are_kept(self, scheduler: Scheduler, submit: Submit) -> None:
        told = await ended(scheduler, await submit(shell("echo first; echo last >&2; exit 1")))
        assert set(told.last_lines) >= {"first", "last"}

    async def test_a_program_gets_its_environment_and_its_token_in_a_file(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        script = f'env > {harness.scratch}/env; cp "$TRAINYARD_TOKEN_FILE" {harness.scratch}/token'
        workload = shell(script, env={"MINE": "a b"})
        assert (await ended(scheduler, await submit(workload))).code == 0
        seen = lines_of(harness.scratch / "env")
        assert {"MINE=a b", f"TRAINYARD_RUN={workload.run}", "TRAINYARD_ATTEMPT=1"} <= set(seen)
        assert not any(workload.token in line for line in seen)
        assert lines_of(harness.scratch / "token") == [workload.token]

    @pytest.mark.parametrize("size", [3, 200_000], ids=["short", "long"])
    async def test_a_program_gets_the_inputs_as_its_params(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness, size: int
    ) -> None:
        params = {"lr": 0.5, "layers": [1, 2], "on": True, "none": None, "text": "\u00e9" * size}
        script = 'if [ "$TRAINYARD_PARAMS_FILE" ]; then cat "$TRAINYARD_PARAMS_FILE"; else echo "$TRAINYARD_PARAMS"; fi'
        workload = shell(f"({script}) > {harness.scratch}/params", params=params)
        assert (await ended(scheduler, await submit(workload))).code == 0
        assert json.loads((harness.scratch / "params").read_text()) == params

    # At most once

    async def test_submit_again_starts_nothing(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        workload = shell(f"echo x >> {harness.scratch}/starts; {_FOREVER}")
        await submit(workload)
        await observed(scheduler, workload.ref, Phase.RUNNING)
        await submit(workload)
        await scheduler.stop(workload.ref, grace=0)
        await ended(scheduler, workload.ref)
        await submit(workload)
        await ended(scheduler, workload.ref)
        assert len(lines_of(harness.scratch / "starts")) <= 1

    async def test_submit_at_once_from_several_instances_starts_once(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        workload = shell(f"echo x >> {harness.scratch}/starts")
        async with opened(harness) as one, opened(harness) as other:
            both = [one.submit(workload), other.submit(workload), one.submit(workload), submit(workload)]
            await asyncio.gather(*both)
        assert (await ended(scheduler, workload.ref)).code == 0
        assert lines_of(harness.scratch / "starts") == ["x"]

    async def test_each_attempt_of_a_run_is_its_own(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        first = shell("exit 1")
        second = shell("exit 2", run=first.run, attempt=2)
        await submit(first)
        await submit(second)
        assert (await ended(scheduler, first.ref)).code == 1
        assert (await ended(scheduler, second.ref)).code == 2

    async def test_the_end_is_told_again_and_never_changes(self, scheduler: Scheduler, submit: Submit) -> None:
        ref = await submit(shell("echo done; exit 4"))
        first = await ended(scheduler, ref)
        assert first.reason != "user", "it ended by itself"
        await scheduler.stop(ref, grace=0)
        assert await ended(scheduler, ref) == first

    async def test_a_name_that_could_leave_its_place_is_refused(self, scheduler: Scheduler) -> None:
        with pytest.raises(SchedulerRefused):
            await scheduler.submit(shell("true", run="../elsewhere"))

    # Stopping

    async def test_stop_before_submit_never_starts(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        workload = shell(f"echo x >> {harness.scratch}/starts")
        await scheduler.stop(workload.ref, grace=1)
        await submit(workload)
        observation = await observed(scheduler, workload.ref, Phase.EXITED, Phase.GONE)
        if (told := observation.exit) is not None:
            assert (told.code, told.signal, told.reason) == (None, None, "user")
        assert lines_of(harness.scratch / "starts") == []

    async def test_stop_sends_term_and_the_program_may_end_in_its_own_way(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        ref = await submit(shell(f"trap 'exit 7' TERM; echo x > {harness.scratch}/up; {_FOREVER}"))
        await self._file(harness, "up")
        await scheduler.stop(ref, grace=PATIENCE)
        told = await ended(scheduler, ref)
        assert (told.code, told.reason) == (7, "user")

    async def test_stop_kills_after_the_grace(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        ref = await submit(shell(f"trap '' TERM; echo x > {harness.scratch}/up; {_FOREVER}"))
        await self._file(harness, "up")
        await scheduler.stop(ref, grace=0.2)
        told = await ended(scheduler, ref)
        assert told.signal == 9 or told.code == 128 + 9
        assert told.reason == "user"

    async def test_stop_ends_the_children_too(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        child = f"trap '' TERM; echo x > {harness.scratch}/up; {_FOREVER}"
        ref = await submit(shell(f"exec 9> {harness.scratch}/held; flock 9; ({child}) & wait"))
        await self._file(harness, "up")
        assert not is_free(harness.scratch / "held")
        await scheduler.stop(ref, grace=0.2)
        await ended(scheduler, ref)
        assert is_free(harness.scratch / "held"), "a child lives on after the end of its attempt"

    async def test_stop_again_is_harmless_and_may_shorten_the_grace(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        ref = await submit(shell(f"trap '' TERM; echo x > {harness.scratch}/up; {_FOREVER}"))
        await self._file(harness, "up")
        await scheduler.stop(ref, grace=10 * PATIENCE)
        await scheduler.stop(ref, grace=0.1)
        await ended(scheduler, ref)
        await scheduler.stop(ref, grace=0.1)

    # Whoever asks

    async def test_an_attempt_without_a_trace_is_gone(self, scheduler: Scheduler, submit: Submit) -> None:
        """An attempt whose traces were deleted cannot be distinguished from one that never existed."""
        ref = await submit(shell("exit 3"))
        gone = await observed(scheduler, AttemptRef("nobody-knows-this", 1), *Phase)
        assert (gone.phase, gone.exit) == (Phase.GONE, None)
        assert (await ended(scheduler, ref)).code == 3

    async def test_an_attempt_goes_on_without_its_instance_and_is_adopted(
        self, scheduler: Scheduler, submit: Submit, harness: SchedulerHarness
    ) -> None:
        workload = shell(f"until [ -e {harness.scratch}/go ]; do sleep 0.05; done; exit 5")
        async with opened(harness) as earlier:
            await earlier.submit(workload)
        await self._adopted(scheduler, workload.ref)
        (harness.scratch / "go").touch()
        assert (await ended(scheduler, workload.ref)).code == 5
        await self._adopted(scheduler, workload.ref)
        await clear(scheduler, [workload.ref])

    async def test_release_forgets_and_nothing_starts_again(
        self, scheduler: Scheduler, harness: SchedulerHarness
    ) -> None:
        workload = shell(f"echo x >> {harness.scratch}/starts")
        await scheduler.submit(workload)
        await ended(scheduler, workload.ref)
        await scheduler.release(workload.ref)
        await scheduler.release(workload.ref)
        assert workload.ref not in await scheduler.adopt()
        await scheduler.submit(workload)
        assert [one.phase for one in await scheduler.observe([workload.ref])] in ([], [Phase.GONE])
        assert lines_of(harness.scratch / "starts") == ["x"]

    async def test_release_of_the_unknown_is_harmless(self, scheduler: Scheduler) -> None:
        await scheduler.release(AttemptRef("nobody-knows-this", 1))

    # What it may do besides

    async def test_watch_tells_of_the_end(self, harness: SchedulerHarness) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsWatch):
                _absent(scheduler, "SupportsWatch")
            workload = shell("exit 6")
            end = asyncio.create_task(_end_in(scheduler.watch(), workload.ref))
            await scheduler.submit(workload)
            told = await asyncio.wait_for(end, PATIENCE)
            assert told is not None
            assert told.code == 6
            await clear(scheduler, [workload.ref])

    async def test_the_capacity_means_something(self, harness: SchedulerHarness) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsCapacity):
                _absent(scheduler, "SupportsCapacity")
            stated = await scheduler.capacity()
            assert list(capacity_problems(stated)) == []
            whole = [amount for amount in (stated.memory, stated.gpu) if amount is not None]
            assert all(isinstance(amount, int) for amount in whole), "whole bytes and devices"

    async def test_a_diagnosis_names_causes_and_of_an_unknown_attempt_there_is_none(
        self, harness: SchedulerHarness
    ) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsDiagnosis):
                _absent(scheduler, "SupportsDiagnosis")
            assert list(await scheduler.diagnose(AttemptRef("0" * 32, 1))) == [], "nothing is known of it"
            workload = shell(_FOREVER)
            await scheduler.submit(workload)
            found = await scheduler.diagnose(workload.ref)
            assert all(isinstance(each, AttemptDiagnosis) and each.cause.strip() for each in found), "each has a cause"
            await scheduler.stop(workload.ref, grace=0.1)
            await clear(scheduler, [workload.ref])

    async def test_an_attempt_that_waits_says_why(self, harness: SchedulerHarness) -> None:
        if not isinstance(harness, CrowdedHarness):
            pytest.skip("the harness has no `crowded`: its scheduler starts whatever it accepts at once")
        async with opened(harness) as scheduler:
            workload = shell("exit 4")
            with harness.crowded():
                await scheduler.submit(workload)
                waiting = await observed(scheduler, workload.ref, Phase.SUBMITTED, Phase.STARTING)
                assert waiting.message or waiting.reason, "it waits, and nobody is told for what"
                if isinstance(scheduler, SupportsDiagnosis):
                    found = await scheduler.diagnose(workload.ref)
                    assert any(each.cause.strip() for each in found), "a diagnosis says what it waits for"
            assert (await ended(scheduler, workload.ref)).code == 4
            await clear(scheduler, [workload.ref])

    async def _file(self, harness: SchedulerHarness, name: str) -> None:
        """Wait until the program has written that file."""

        async def written() -> bool:
            return bool(lines_of(harness.scratch / name))

        await until(written, f"the program to write {name}")

    async def _adopted(self, scheduler: Scheduler, ref: AttemptRef) -> None:
        """Wait until `adopt` lists the attempt. One list may be incomplete."""

        async def listed() -> bool:
            return ref in await scheduler.adopt()

        await until(listed, f"{ref} to be adopted")


async def _end_in(stream: AsyncIterator[Observation], ref: AttemptRef) -> Exit | None:
    """Return the exit of `ref` that a watch reports."""
    try:
        async for observation in stream:
            if observation.ref == ref and observation.phase is Phase.EXITED:
                return observation.exit
    finally:
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()
    return None


def _absent(scheduler: Scheduler, power: str) -> NoReturn:
    pytest.skip(f"{scheduler.name} does not offer {power}")
