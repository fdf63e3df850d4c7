"""Streams to live attempts: who may have one, what reaches whom, and what both sides are told when one of them is gone,
slow or cannot."""

from __future__ import annotations

import asyncio

import pytest
from manual_scheduler import ManualScheduler, Remote, running
from web import serving, token_of

from trainyard.client._async import attempt_stream as asking_side
from trainyard.client.errors import Busy, Conflict, Invalid, NotAllowed, NotFound
from trainyard.client.models import MOST_FRAME, AttemptStream, NewAttemptStream, StreamFrame
from trainyard_core.agent import streams as agent_side
from trainyard_core.contracts.scheduler import SchedulerRefused, StreamOutput
from trainyard_core.testing.background import until
from trainyard_core.work import attempt_streams, stream_relay
from trainyard_core.work.arq_notifier import redis_settings
from trainyard_core.work.arq_stream_relay import ArqStreamRelay
from trainyard_core.work.stream_relay import MOST_KEPT, LocalStreamRelay

EXEC = NewAttemptStream(kind="exec", command=["sh"])


class Echo:
    """Gives back what is written to it; ends with 5 at the end of input. `hold` keeps it from ending."""

    def __init__(self):
        self.exit_code, self.closed, self.pieces = None, asyncio.Event(), asyncio.Queue()

    async def output(self):
        while (piece := await self.pieces.get()) is not None:
            yield StreamOutput(piece)
            yield StreamOutput(b"!", "stderr")
        self.exit_code = 5

    async def write(self, data):
        await self.pieces.put(data)

    async def close_input(self):
        await self.pieces.put(None)

    async def aclose(self):
        self.closed.set()


class Opening(ManualScheduler):
    """Opens echoes."""

    def __init__(self):
        super().__init__()
        self.opened, self.asked, self.refuses = [], [], None

    async def exec(self, ref, command):
        self.asked.append((ref.run, tuple(command)))
        if self.refuses is not None:
            raise self.refuses
        self.opened.append(Echo())
        return self.opened[-1]

    async def proxy(self, ref, port):
        return await self.exec(ref, [str(port)])

    async def logs(self, ref, *, tail, follow):
        yield f"{tail} lines, follow {follow}\n".encode()


@pytest.fixture
async def remote(web, tmp_path):
    """An agent elsewhere, not started."""
    await web.admin.agents.drain("arranged")
    token = (await web.admin.agents.add("far")).token
    return Remote(web, token, tmp_path / "far", scheduler=Opening())


async def live(web, remote):
    """The id of a run that runs there."""
    run = (await web.run()).id
    await remote.scheduler.until(lambda: any(each.run == run for each in remote.scheduler.workloads))

    async def runs():
        return (await web.admin.runs.get(run)).status == "running"

    await until(runs)
    return run


async def read(web, stream, client=None):
    """All frames of output."""
    return [frame async for frame in (client or web.admin).attempt_streams.output(stream)]


async def test_input_reaches_the_scheduler_and_output_comes_back_to_its_end(web, remote):
    async with running(remote):
        run = await live(web, remote)
        stream = await web.admin.attempt_streams.open(run, EXEC)
        assert (stream.run, stream.attempt, stream.agent, stream.kind) == (run, 1, "far", "exec")
        send = web.admin.attempt_streams.send
        first = StreamFrame(seq=1, channel="stdin", data=b"\0one\xff")
        await send(stream, [first])
        await send(stream, [first, StreamFrame(seq=2, channel="stdin", data=b"two")])  # as after a lost answer
        await send(stream, [StreamFrame(seq=3, channel="end")])
        frames = await read(web, stream)
        assert [(each.channel, each.data) for each in frames] == [
            ("stdout", b"\0one\xff"), ("stderr", b"!"), ("stdout", b"two"), ("stderr", b"!"), ("end", b""),
        ]  # fmt: skip
        assert (frames[-1].exit_code, frames[-1].error) == (5, "")
        await web.admin.attempt_streams.end(stream)
        with pytest.raises(NotFound):
            await web.admin.attempt_streams.end(stream)
        assert remote.scheduler.asked == [(run, ("sh",))], "it was opened once"
        await remote.scheduler.opened[0].closed.wait()
    told = [(each.kind, each.data) async for each in web.admin.activities.list() if each.kind == "run_exec"]
    assert told == [("run_exec", {"attempt": 1, "command": "sh"})]


async def test_a_log_has_no_activity_and_a_port_is_told(web, remote):
    async with running(remote):
        run = await live(web, remote)
        stream = await web.admin.attempt_streams.open(run, NewAttemptStream(kind="logs", tail=7, follow=True))
        frames = await read(web, stream)
        assert [each.data for each in frames] == [b"7 lines, follow True\n", b""]
        stream = await web.admin.attempt_streams.open(run, NewAttemptStream(kind="proxy", port=80))
        await web.admin.attempt_streams.send(stream, [StreamFrame(seq=1, channel="end")])
        await read(web, stream)
    kinds = [(each.kind, each.data) async for each in web.admin.activities.list() if each.run == run]
    assert [each for each in kinds if each[0] in ("run_logs", "run_proxy")] == [
        ("run_proxy", {"attempt": 1, "port": 80})
    ]


@pytest.mark.parametrize(
    ("refuses", "said"),
    [
        (SchedulerRefused("no shell there: use another image"), "no shell there: use another image"),
        (OSError("no route; token: bearer abcdefghijk"), "OSError: no route; token: bearer [hidden]"),
    ],
)
async def test_what_the_scheduler_says_instead_is_the_end(web, remote, refuses, said):
    remote.scheduler.refuses = refuses
    async with running(remote):
        stream = await web.admin.attempt_streams.open(await live(web, remote), EXEC)
        (end,) = await read(web, stream)
    assert (end.channel, end.error, end.exit_code) == ("end", said, None)


@pytest.mark.parametrize("asked", [EXEC, NewAttemptStream(kind="proxy", port=1), NewAttemptStream(kind="logs")])
async def test_a_scheduler_that_cannot_is_named(web, tmp_path, asked):
    await web.admin.agents.drain("arranged")
    remote = Remote(web, (await web.admin.agents.add("far")).token, tmp_path / "far")
    async with running(remote):
        stream = await web.admin.attempt_streams.open(await live(web, remote), asked)
        (end,) = await read(web, stream)
    assert end.error.startswith("the scheduler 'manual' ")
    assert ": " in end.error


async def test_an_agent_that_does_not_open_it_in_time_is_named(web):
    run = await web.arrange.run("running")
    stream = await web.admin.attempt_streams.open(run, EXEC)
    (order,) = [each for each in await web.arrange.orders() if each.todo == "stream"]
    assert (order.stream.id, order.stream.asked) == (stream.id, EXEC)
    web.arrange.clock.turn(16)
    (end,) = await read(web, stream)
    assert end.error == "agent 'arranged' did not open the stream: see `yard agents get arranged`"
    assert [each.todo for each in await web.arrange.orders()] == ["observe"], "it is asked of no one any more"


async def test_a_stream_that_is_cut_in_the_middle_says_so_and_who_asks_no_more_ends_it(web, remote, monkeypatch):
    monkeypatch.setattr(stream_relay, "ABSENT", 0.2)
    for module in (asking_side, agent_side):
        monkeypatch.setattr(module, "WAIT", 0.1)
    async with running(remote):
        run = await live(web, remote)
        left = await web.admin.attempt_streams.open(run, EXEC)
        await remote.scheduler.until(lambda: remote.scheduler.opened)
        await web.ask("GET", f"projects/default/runs/{run}/attempt-streams/{left.id}/output?wait=0")
        async with asyncio.timeout(20):
            await remote.scheduler.opened[0].closed.wait()
        stream = await web.admin.attempt_streams.open(run, EXEC)
        await web.admin.attempt_streams.send(stream, [StreamFrame(seq=1, channel="stdin", data=b"half")])
        frames = web.admin.attempt_streams.output(stream)
        assert (await anext(frames)).data == b"half"
    rest = [frame async for frame in frames]
    assert rest[-1].error == "agent 'far' is gone: the stream was cut"


async def test_who_reads_nothing_for_a_while_and_says_that_it_is_there_is_not_cut(web, remote, monkeypatch):
    monkeypatch.setattr(stream_relay, "ABSENT", 0.3)
    monkeypatch.setattr(agent_side, "WAIT", 0.05)
    async with running(remote):
        run = await live(web, remote)
        stream = await web.admin.attempt_streams.open(run, EXEC)
        await remote.scheduler.until(lambda: remote.scheduler.opened)
        await web.ask("GET", f"projects/default/runs/{run}/attempt-streams/{stream.id}/output?wait=0")
        for _ in range(20):
            await web.admin.attempt_streams.send(stream, [])
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await remote.scheduler.opened[0].closed.wait()
        await web.admin.attempt_streams.send(stream, [StreamFrame(seq=1, channel="end")])
        assert (await read(web, stream))[-1].exit_code == 5


async def test_who_may_have_one(web, remote):
    viewer, member = [web.client(await web.role(role)) for role in ("viewer", "member")]
    async with running(remote):
        run = await live(web, remote)
        for asked in (EXEC, NewAttemptStream(kind="proxy", port=80)):
            with pytest.raises(NotAllowed):
                await viewer.attempt_streams.open(run, asked)
        logs = await viewer.attempt_streams.open(run, NewAttemptStream(kind="logs"))
        assert (await read(web, logs, viewer))[0].data.startswith(b"1000 lines")
        stream = await member.attempt_streams.open(run, EXEC)
        for other in (viewer, web.admin):
            with pytest.raises(NotFound):
                await anext(other.attempt_streams.output(stream))
        with pytest.raises(NotFound):
            await member.attempt_streams.end(AttemptStream(**{**_fields(stream), "run": (await web.run()).id}))
        other_agent = (await web.admin.agents.add("other")).token
        answer = await web.ask("GET", f"agents/other/attempt-streams/{stream.id}/input", token=other_agent)
        assert answer.status_code == 404


def _fields(stream):
    return {name: getattr(stream, name) for name in stream.__struct_fields__}


async def test_a_run_without_a_live_attempt_and_a_silent_agent_are_told(web):
    ended = await web.arrange.run("failed")
    with pytest.raises(Conflict, match="the run is failed: there is no live attempt to reach"):
        await web.admin.attempt_streams.open(ended, EXEC)
    run = await web.arrange.run("running")
    web.arrange.clock.turn(3600)
    with pytest.raises(Conflict, match="agent 'arranged', which has the attempt, has not been heard of lately"):
        await web.admin.attempt_streams.open(run, EXEC)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"kind": "exec"}, "`command` is empty"),
        ({"kind": "exec", "command": ["a\0b"]}, "without NUL"),
        ({"kind": "exec", "command": ["a"] * 1001}, "at most 1000 words"),
        ({"kind": "proxy"}, "`port` is 0"),
        ({"kind": "proxy", "port": 70000}, "`port` is 70000"),
        ({"kind": "logs", "tail": -1}, "`tail` is -1"),
        ({"kind": "attach"}, "attach"),
        ({"kind": "exec", "command": ["a"], "tty": True}, "tty"),
    ],
)
async def test_what_cannot_be_asked_is_refused(web, asked, said):
    run = await web.arrange.run("running")
    answer = await web.ask("POST", f"projects/default/runs/{run}/attempt-streams", json=asked)
    assert (answer.status_code, said in answer.text) == (422, True)


async def test_frames_that_no_side_sends_are_refused_and_a_slow_reader_is_told_of(web, monkeypatch):
    monkeypatch.setattr(attempt_streams, "ROOM", 0.05)
    run = await web.arrange.run("running")
    stream = await web.admin.attempt_streams.open(run, EXEC)
    send = web.admin.attempt_streams.send
    for frames in (
        [StreamFrame(seq=0, channel="stdin")],
        [StreamFrame(seq=2, channel="stdin"), StreamFrame(seq=1, channel="stdin")],
        [StreamFrame(seq=1, channel="stdin", data=bytes(MOST_FRAME + 1))],
        [StreamFrame(seq=1 + number, channel="stdin") for number in range(33)],
    ):
        with pytest.raises(Invalid):
            await send(stream, frames)
    for number in range(MOST_KEPT):
        await send(stream, [StreamFrame(seq=number + 1, channel="stdin", data=b"x")])
    with pytest.raises(Busy, match="slow"):
        await send(stream, [StreamFrame(seq=MOST_KEPT + 1, channel="stdin")])


@pytest.fixture(params=["local", "valkey"])
def queue(request):
    """The URL of a Valkey; empty: there is one process."""
    return "" if request.param == "local" else request.getfixturevalue("valkey_url")


@pytest.fixture
async def relays(queue):
    """Two that carry the same streams, as two processes have them."""
    if not queue:
        relay = LocalStreamRelay()
        yield relay, relay
        return
    settings = redis_settings(queue)
    pair = ArqStreamRelay(settings), ArqStreamRelay(settings)
    yield pair
    for each in pair:
        await each.aclose()


def frames(*numbers):
    return [StreamFrame(seq=number, channel="stdout", data=bytes([number])) for number in numbers]


async def test_a_relay_keeps_frames_until_the_reader_has_them_and_takes_each_once(relays):
    one, other = relays
    assert await one.put("s", "output", frames(1, 2), wait=0)
    assert await other.put("s", "output", frames(2, 3), wait=0)
    assert await other.get("s", "output", after=0, wait=1) == frames(1, 2, 3)
    assert await one.get("s", "output", after=0, wait=1) == frames(1, 2, 3), "the answer was lost"
    assert await one.get("s", "output", after=2, wait=1) == frames(3)
    assert await other.put("s", "output", frames(3), wait=0)
    assert await other.get("s", "output", after=3, wait=0.05) == []
    assert await one.get("s", "input", after=0, wait=0.05) == [], "the other direction has its own"


async def test_a_reader_of_a_relay_is_woken_and_a_full_one_waits_for_its_reader(relays):
    one, other = relays
    waiting = asyncio.create_task(one.get("s", "input", after=0, wait=20))
    await asyncio.sleep(0)
    await other.put("s", "input", frames(1), wait=0)
    assert await waiting == frames(1)
    for number in range(2, MOST_KEPT + 1):
        assert await other.put("s", "input", frames(number), wait=0)
    assert not await other.put("s", "input", frames(MOST_KEPT + 1), wait=0.05)
    putting = asyncio.create_task(other.put("s", "input", frames(MOST_KEPT + 1), wait=20))
    assert len(await one.get("s", "input", after=10, wait=1)) == MOST_KEPT - 10
    assert await putting


async def test_a_relay_knows_which_side_is_there_and_forgets_streams(relays, monkeypatch):
    one, other = relays
    assert await one.is_present("s", "output"), "it has yet to begin"
    await other.put("s", "output", frames(1), wait=0)
    await other.get("s", "output", after=0, wait=0.01)
    assert await one.is_present("s", "output")
    await one.forget("s")
    assert await other.get("s", "output", after=0, wait=0.01) == []


async def test_streams_that_both_sides_have_left_are_forgotten(monkeypatch):
    relay = LocalStreamRelay()
    await relay.put("left", "output", frames(1), wait=0)
    monkeypatch.setattr(stream_relay, "KEEP", -1.0)
    await relay.put("new", "output", frames(1), wait=0)
    assert await relay.get("left", "output", after=0, wait=0) == []


async def test_streams_of_two_server_processes_meet(postgres_url, tmp_path, valkey_url):
    async with (
        serving(postgres_url, tmp_path / "a", valkey=valkey_url) as one,
        serving(postgres_url, tmp_path / "a", valkey=valkey_url) as other,
    ):
        await one.admin.agents.drain("arranged")
        remote = Remote(one, (await one.admin.agents.add("far")).token, tmp_path / "far", scheduler=Opening())
        async with running(remote):
            run = await live(one, remote)
            token = await token_of(other.runtime, "ada", role="admin", at=other.arrange.clock.now())
            asking = other.client(token)
            stream = await asking.attempt_streams.open(run, EXEC)
            ends = [StreamFrame(seq=1, channel="stdin", data=b"far"), StreamFrame(seq=2, channel="end")]
            await asking.attempt_streams.send(stream, ends)
            found = await read(other, stream, asking)
            assert [each.data for each in found] == [b"far", b"!", b""]
