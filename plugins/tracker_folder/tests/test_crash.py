"""What a killed process leaves, a full disk refuses and a torn end hides."""

import asyncio
import fcntl
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import textwrap

import pytest

from trainyard.track import frames as frame_bytes
from trainyard_core.contracts.tracker import DigestMismatch, RunRef, Upload
from trainyard_core.testing.tracker_tools import (
    log_frame,
    mixed_frames,
    new_writer,
    opened,
    read_all_lines,
    read_bytes,
    stream,
)
from trainyard_tracker_folder.layout import Layout, file_name
from trainyard_tracker_folder.tracker import FolderTracker

RUN = RunRef("default", "run-1")

# Appends frames of two writers until it is killed; says each acknowledged number on stdout after the answer.
APPENDER = textwrap.dedent("""
    import asyncio, os, sys
    from pathlib import Path
    from trainyard_core.contracts.tracker import RunRef
    from trainyard_core.testing.tracker_tools import log_frame
    from trainyard_tracker_folder.tracker import FolderTracker

    async def fill(tracker, writer):
        run = RunRef("default", "run-1")
        seq = await tracker.durable(run, writer)
        while True:
            frames = [log_frame(writer, n, [(n, f"{n}:" + "x" * (n * 7919 % 9000))]) for n in range(seq + 1, seq + 4)]
            seq = await tracker.append(run, frames)
            os.write(1, f"{writer} {seq}\\n".encode())

    async def main(root, writers):
        tracker = FolderTracker(Path(root))
        await asyncio.gather(*(fill(tracker, writer) for writer in writers))

    asyncio.run(main(sys.argv[1], sys.argv[2:]))
""")


# Appends the same sixty frames as its rivals, a few at a time from what it believes to be next.
RACER = textwrap.dedent("""
    import asyncio, sys
    from pathlib import Path
    from trainyard_core.contracts.tracker import RunRef
    from trainyard_core.testing.tracker_tools import mixed_frames
    from trainyard_tracker_folder.tracker import FolderTracker

    async def main(root, writer):
        tracker, run, frames, seq = FolderTracker(Path(root)), RunRef("default", "run-1"), mixed_frames(writer, 60), 0
        print("ready", flush=True)
        sys.stdin.readline()
        while seq < 60:
            seq = await tracker.append(run, frames[max(0, seq - 2) : seq + 3])
        print(seq)
        await tracker.aclose()

    asyncio.run(main(*sys.argv[1:]))
""")


# Uploads a real file in pieces from wherever the upload is; says each acknowledged offset, then the digest.
UPLOADER = textwrap.dedent("""
    import asyncio, os, sys
    from pathlib import Path
    from trainyard_core.contracts.tracker import RunRef, Upload
    from trainyard_core.testing.tracker_tools import stream
    from trainyard_tracker_folder.tracker import FolderTracker

    async def main(root, source, digest):
        tracker, run, source = FolderTracker(Path(root)), RunRef("default", "run-1"), Path(source)
        upload = Upload(id="u", name="model.bin", size=source.stat().st_size, digest=digest)
        at = await tracker.upload_offset(run, upload)
        os.write(1, f"{at}\\n".encode())
        with source.open("rb") as file:
            while at < upload.size:
                file.seek(at)
                at = await tracker.append_upload(run, upload, at, stream(file.read(300_000), file.read(300_000)))
                os.write(1, f"{at}\\n".encode())
        os.write(1, (await tracker.finish_upload(run, upload)).digest.encode() + b"\\n")

    asyncio.run(main(*sys.argv[1:]))
""")


class Harness:
    def __init__(self, root):
        self.root = root

    def make_tracker(self):
        return FolderTracker(self.root)

    def segment(self, writer):
        return Layout(self.root).segment(RUN, writer)

    def upload(self, ident):
        return self.root.joinpath(*Layout(self.root).parts(RUN, "uploads"), file_name(ident))


@pytest.fixture
def harness(tmp_path):
    return Harness(tmp_path / "tracker")


def _run_until_killed(root, writers, acks):
    """Start an appender, kill it after `acks` answers; every answer it gave, by writer."""
    command = [sys.executable, "-c", APPENDER, str(root), *writers]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        lines = [process.stdout.readline() for _ in range(acks)]
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    said = [line.decode().split() for line in lines if line.endswith(b"\n")]
    return {writer: max((int(seq) for who, seq in said if who == writer), default=0) for writer in writers}


async def test_what_was_acknowledged_before_a_kill_is_there_once_and_nothing_torn(harness):
    writers = [new_writer(), new_writer()]
    chance = random.Random(20)
    for _ in range(4):
        acknowledged = _run_until_killed(harness.root, writers, chance.randint(1, 60))
        async with opened(harness) as reads, opened(harness) as fresh:
            before = await read_all_lines(reads, RUN, limit=500)
            for writer in writers:
                durable = await fresh.durable(RUN, writer)
                assert durable >= acknowledged[writer] > 0
                assert frame_bytes.split(harness.segment(writer).read_bytes())[-1].seq == durable
                texts = [line.text for line in before if line.writer == writer]
                assert texts == [f"{n}:" + "x" * (n * 7919 % 9000) for n in range(1, durable + 1)]


async def test_processes_that_append_for_one_writer_at_once_double_and_reorder_nothing(harness):
    writer = new_writer()
    command = [sys.executable, "-c", RACER, str(harness.root), writer]
    racers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(3)]
    for racer in racers:
        assert racer.stdout.readline() == b"ready\n"
    for racer in racers:
        racer.stdin.write(b"go\n")
        racer.stdin.flush()
    answers = [racer.communicate()[0] for racer in racers]
    assert answers == [b"60\n"] * 3
    kept = frame_bytes.split(harness.segment(writer).read_bytes())
    assert [frame.seq for frame in kept] == list(range(1, 61))


async def test_an_append_waits_for_the_process_that_holds_the_segment(harness):
    writer = new_writer()
    frames = mixed_frames(writer, 4)
    async with opened(harness) as tracker:
        await tracker.append(RUN, frames[:1])
        with harness.segment(writer).open("ab", buffering=0) as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            other.write(frames[1].raw[:20])
            append = asyncio.create_task(tracker.append(RUN, frames))
            assert not (await asyncio.wait({append}, timeout=0.3))[0]
            other.write(frames[1].raw[20:])
        assert await append == 4
    assert harness.segment(writer).read_bytes() == b"".join(frame.raw for frame in frames)


@pytest.mark.parametrize("torn", ["header", "payload", "zeros", "garbage"])
async def test_a_torn_end_is_unseen_and_cut_off_by_the_next_append(harness, torn):
    writer = new_writer()
    frames = mixed_frames(writer, 6)
    tail = {
        "header": frames[4].raw[:17],
        "payload": frames[4].raw[:-1],
        "zeros": bytes(5000),
        "garbage": os.urandom(300),
    }[torn]
    async with opened(harness) as tracker:
        await tracker.append(RUN, frames[:4])
    with harness.segment(writer).open("ab") as file:
        file.write(tail)
    async with opened(harness) as tracker:
        assert len(await read_all_lines(tracker, RUN)) == 4
        assert await tracker.durable(RUN, writer) == 4
        assert await tracker.append(RUN, frames) == 6
        assert len(await read_all_lines(tracker, RUN)) == 6
    assert harness.segment(writer).read_bytes() == b"".join(frame.raw for frame in frames)


async def test_an_instance_notices_what_another_process_appended(harness):
    writer = new_writer()
    frames = mixed_frames(writer, 6)
    async with opened(harness) as tracker:
        await tracker.append(RUN, frames[:2])
        with harness.segment(writer).open("ab") as file:
            file.write(frames[2].raw + frames[3].raw[:50])
        assert await tracker.append(RUN, frames[2:5]) == 5
        assert len(await read_all_lines(tracker, RUN)) == 6
    assert harness.segment(writer).read_bytes() == b"".join(frame.raw for frame in frames[:5])


async def test_a_full_disk_refuses_the_append_and_keeps_what_was_there(harness):
    writer = new_writer()
    frames = [log_frame(writer, n, [(n, "x" * 60_000)]) for n in range(1, 6)]
    async with opened(harness) as tracker:
        await tracker.append(RUN, frames[:1])
        with _file_size_limit(150_000), pytest.raises(OSError):
            await tracker.append(RUN, frames)
        assert harness.segment(writer).read_bytes() == frames[0].raw
        assert await tracker.append(RUN, frames) == 5
        assert len(await read_all_lines(tracker, RUN)) == 5


async def test_a_failed_sync_acknowledges_nothing_and_may_be_tried_again(harness, monkeypatch):
    writer = new_writer()
    frames = mixed_frames(writer, 4)
    async with opened(harness) as tracker:
        await tracker.append(RUN, frames[:2])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fdatasync", _fail)
            with pytest.raises(OSError, match="the disk is gone"):
                await tracker.append(RUN, frames)
        assert await tracker.durable(RUN, writer) == 2
        assert await tracker.append(RUN, frames) == 4


async def test_a_caller_that_gives_up_harms_no_other(harness):
    writer = new_writer()
    frames = mixed_frames(writer, 3)
    async with opened(harness) as tracker:
        calls = [asyncio.create_task(tracker.append(RUN, frames[: n + 1])) for n in range(3)]
        await asyncio.sleep(0)
        calls[0].cancel()
        assert await calls[1] == 2
        assert await calls[2] == 3
        with pytest.raises(asyncio.CancelledError):
            await calls[0]


async def test_what_a_killed_upload_left_is_swept_away_and_a_living_one_is_not(harness):
    incoming = harness.root.joinpath(*Layout(harness.root).parts(RUN, "incoming"))
    arrived, released = asyncio.Event(), asyncio.Event()

    async def slowly():
        yield b"a" * 2_000_000
        arrived.set()
        await released.wait()

    async with opened(harness) as one, opened(harness) as other:
        upload = asyncio.create_task(one.put_artifact(RUN, "slow", slowly()))
        await arrived.wait()
        (incoming / "0123").write_bytes(b"left by a killed process")
        await other.put_artifact(RUN, "quick", stream(b"b"))
        assert len(list(incoming.iterdir())) == 1
        released.set()
        await upload
        assert await read_bytes(other, RUN, "slow") == b"a" * 2_000_000
    assert list(incoming.iterdir()) == []


def _source(tmp_path, size=6_000_000):
    source = tmp_path / "source.bin"
    source.write_bytes(random.Random(7).randbytes(size))
    return source, f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"


def _upload_until(root, source, digest, *, acks=None, problem=""):
    """Upload in a process of its own, which is killed after so many answers or at a fault point. What it said."""
    command = [sys.executable, "-c", UPLOADER, str(root), str(source), digest]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TRAINYARD_FAULT": problem}) as process:
        said = [process.stdout.readline() for _ in range(acks or 0)]
        if acks is not None:
            process.send_signal(signal.SIGKILL)
        said += process.stdout.readlines()
    assert process.returncode in ((0, -signal.SIGKILL) if acks else (-signal.SIGKILL if problem else 0,))
    return [line.decode().strip() for line in said if line.endswith(b"\n")]


async def test_no_byte_that_was_acknowledged_before_a_kill_is_sent_again(harness, tmp_path):
    source, digest = _source(tmp_path)
    chance, acknowledged = random.Random(11), 0
    for _ in range(4):
        first, *rest = _upload_until(harness.root, source, digest, acks=chance.randint(1, 4))
        assert int(first) >= acknowledged
        acknowledged = max(int(each) for each in (first, *rest) if each.isdigit())
    assert _upload_until(harness.root, source, digest)[-1] == digest
    async with opened(harness) as tracker:
        assert await read_bytes(tracker, RUN, "model.bin") == source.read_bytes()


@pytest.mark.parametrize("problem", ["upload:before_rename", "upload:after_rename"])
async def test_a_kill_around_the_rename_loses_nothing(harness, tmp_path, problem):
    source, digest = _source(tmp_path, 1_000_000)
    assert _upload_until(harness.root, source, digest, problem=problem)[-1] == "1000000"
    assert _upload_until(harness.root, source, digest) == ["1000000", digest]
    async with opened(harness) as tracker:
        assert await read_bytes(tracker, RUN, "model.bin") == source.read_bytes()


@pytest.mark.parametrize("left", [b"{", b'{"name":"model.bin"}', b"x" * 5000])
async def test_a_footer_that_a_crash_left_is_cut_off(harness, tmp_path, left):
    source, digest = _source(tmp_path, 100_000)
    upload = Upload(id="u", name="model.bin", size=100_000, digest=digest)
    async with opened(harness) as tracker:
        await tracker.append_upload(RUN, upload, 0, stream(source.read_bytes()))
        with harness.upload("u").open("ab") as file:
            file.write(left)
        assert await tracker.upload_offset(RUN, upload) == 100_000
        assert (await tracker.finish_upload(RUN, upload)).digest == digest
        assert await read_bytes(tracker, RUN, "model.bin") == source.read_bytes()


async def test_a_byte_that_the_disk_turned_is_refused_by_its_digest(harness, tmp_path):
    source, digest = _source(tmp_path, 100_000)
    upload = Upload(id="u", name="model.bin", size=100_000, digest=digest)
    async with opened(harness) as one, opened(harness) as other:
        await one.append_upload(RUN, upload, 0, stream(source.read_bytes()))
        with harness.upload("u").open("r+b") as file:
            file.write(b"turned")
        with pytest.raises(DigestMismatch):
            await other.finish_upload(RUN, upload)
        assert await other.upload_offset(RUN, upload) == 0


async def test_a_full_disk_keeps_what_an_upload_had(harness, tmp_path):
    source, digest = _source(tmp_path, 3_000_000)
    upload, body = Upload(id="u", name="model.bin", size=3_000_000, digest=digest), source.read_bytes()
    async with opened(harness) as tracker:
        with _file_size_limit(1_500_000), pytest.raises(OSError):
            await tracker.append_upload(RUN, upload, 0, stream(body[:1_200_000], body[1_200_000:]))
        kept = await tracker.upload_offset(RUN, upload)
        assert 1_200_000 <= kept <= 1_500_000
        assert await tracker.append_upload(RUN, upload, kept, stream(body[kept:])) == len(body)
        assert (await tracker.finish_upload(RUN, upload)).digest == digest


async def test_an_upload_to_a_full_disk_leaves_nothing(harness):
    async with opened(harness) as tracker:
        with _file_size_limit(1_500_000), pytest.raises(OSError):
            await tracker.put_artifact(RUN, "a", stream(b"x" * 1_000_000, b"y" * 1_000_000))
        assert await tracker.list_artifacts(RUN) == []
    assert list(harness.root.joinpath(*Layout(harness.root).parts(RUN, "incoming")).iterdir()) == []


class _file_size_limit:  # noqa: N801 - reads as a statement
    """No file may grow beyond a size in this process: the nearest thing to a full disk that needs no rights."""

    def __init__(self, size):
        self._size = size

    def __enter__(self):
        self._old = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._old[1]))

    def __exit__(self, *exc):
        resource.setrlimit(resource.RLIMIT_FSIZE, self._old)


def _fail(fd):
    raise OSError("the disk is gone")
