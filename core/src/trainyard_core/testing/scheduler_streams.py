"""The part of the Scheduler suite (see `scheduler_suite`) about streams to live attempts: programs beside them, ports,
logs. What a scheduler does not offer is skipped with that reason."""

from __future__ import annotations

import sys

import pytest

from trainyard_core.contracts.scheduler import (
    AttemptStream,
    Scheduler,
    SchedulerRefused,
    SupportsExec,
    SupportsLogs,
    SupportsProxy,
)
from trainyard_core.contracts.workload import AttemptRef, Phase
from trainyard_core.testing.scheduler_tools import (
    SchedulerHarness,
    clear,
    is_free,
    lines_of,
    observed,
    opened,
    shell,
    until,
)

__all__ = ["StreamPromises"]

_WAITS = "while :; do sleep 0.1; done"
_SERVES = """
import pathlib, socket, sys
server = socket.create_server(("127.0.0.1", 0))
path = pathlib.Path(sys.argv[1])
path.with_suffix(".part").write_text(f"{server.getsockname()[1]}\\n")
path.with_suffix(".part").rename(path)
while True:
    connection, _ = server.accept()
    while data := connection.recv(65536):
        connection.sendall(data.upper())
    connection.close()
"""


async def all_of(stream: AttemptStream) -> dict[str, bytes]:
    """All output by channel."""
    found = {"stdout": b"", "stderr": b""}
    async for piece in stream.output():
        found[piece.channel] += piece.data
    return found


class StreamPromises:
    """What a scheduler that opens streams to attempts must do."""

    async def test_a_program_beside_it_has_its_environment_without_the_values_of_secrets(
        self, harness: SchedulerHarness
    ) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsExec):
                pytest.skip(f"{scheduler.name} does not offer SupportsExec")
            workload = shell(_WAITS, env={"MINE": "a b"})
            await scheduler.submit(workload)
            await observed(scheduler, workload.ref, Phase.RUNNING)
            script = 'cat; echo "$MINE $TRAINYARD_RUN" >&2; exit 3'
            stream = await scheduler.exec(workload.ref, ["sh", "-c", script])
            try:
                await stream.write(b"one ")
                await stream.write(b"two")
                await stream.close_input()
                await stream.close_input()
                found = await all_of(stream)
                assert found == {"stdout": b"one two", "stderr": f"a b {workload.run}\n".encode()}
                assert stream.exit_code == 3
            finally:
                await stream.aclose()
            await stream.aclose()
            await clear(scheduler, [workload.ref])

    async def test_nothing_is_left_of_a_program_that_nobody_wants_any_more(self, harness: SchedulerHarness) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsExec):
                pytest.skip(f"{scheduler.name} does not offer SupportsExec")
            workload = shell(_WAITS)
            await scheduler.submit(workload)
            await observed(scheduler, workload.ref, Phase.RUNNING)
            child = f"trap '' TERM; echo x > {harness.scratch}/up; {_WAITS}"
            script = f"exec 9> {harness.scratch}/held; flock 9; ({child}) & wait"
            stream = await scheduler.exec(workload.ref, ["sh", "-c", script])
            await until(lambda: bool(lines_of(harness.scratch / "up")), "the program to run")
            await stream.aclose()
            await until(lambda: is_free(harness.scratch / "held"), "all that it has started to end")
            await clear(scheduler, [workload.ref])

    async def test_a_program_that_is_not_there_and_an_attempt_that_does_not_run_are_refused(
        self, harness: SchedulerHarness
    ) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsExec):
                pytest.skip(f"{scheduler.name} does not offer SupportsExec")
            with pytest.raises(SchedulerRefused):
                await scheduler.exec(AttemptRef("nobody-knows-this", 1), ["true"])
            workload = shell(_WAITS)
            await scheduler.submit(workload)
            await observed(scheduler, workload.ref, Phase.RUNNING)
            with pytest.raises(SchedulerRefused, match="no-such-program"):
                await scheduler.exec(workload.ref, ["no-such-program-anywhere"])
            await clear(scheduler, [workload.ref])
            with pytest.raises(SchedulerRefused):
                await scheduler.exec(workload.ref, ["true"])

    async def test_a_port_of_it_is_reached_and_a_port_of_nobody_is_refused(self, harness: SchedulerHarness) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsProxy):
                pytest.skip(f"{scheduler.name} does not offer SupportsProxy")
            workload = shell("", command=(sys.executable, "-c", _SERVES, str(harness.scratch / "port")))
            await scheduler.submit(workload)
            await until(lambda: bool(lines_of(harness.scratch / "port")), "the program to serve")
            port = int(lines_of(harness.scratch / "port")[0])
            stream = await scheduler.proxy(workload.ref, port)
            try:
                await stream.write(b"hello " * 50_000)
                await stream.close_input()
                assert (await all_of(stream))["stdout"] == b"HELLO " * 50_000
                assert stream.exit_code is None
            finally:
                await stream.aclose()
            await clear(scheduler, [workload.ref])
            with pytest.raises(SchedulerRefused):
                await scheduler.proxy(workload.ref, port)

    async def test_the_log_that_it_keeps_ends_with_the_attempt(self, harness: SchedulerHarness) -> None:
        async with opened(harness) as scheduler:
            if not isinstance(scheduler, SupportsLogs):
                pytest.skip(f"{scheduler.name} does not offer SupportsLogs")
            with pytest.raises(SchedulerRefused):
                await _read(scheduler, AttemptRef("nobody-knows-this", 1))
            workload = shell("exit 0")
            await scheduler.submit(workload)
            await observed(scheduler, workload.ref, Phase.EXITED)
            try:
                assert isinstance(await _read(scheduler, workload.ref), bytes)
            except SchedulerRefused as refused:
                assert str(refused), "it says why there is none"
            await clear(scheduler, [workload.ref])


async def _read(scheduler: Scheduler, ref: AttemptRef) -> bytes:
    assert isinstance(scheduler, SupportsLogs)
    return b"".join([data async for data in scheduler.logs(ref, tail=100, follow=True)])
