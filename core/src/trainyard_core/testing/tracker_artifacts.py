"""The part of the Tracker suite (see `tracker_suite`) about artifacts and `delete_run`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

import pytest

from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    ArtifactMissing,
    BadName,
    DigestMismatch,
    RunRef,
    Tracker,
)
from trainyard_core.testing.tracker_tools import (
    TrackerHarness,
    mixed_frames,
    new_run,
    new_writer,
    opened,
    read_all_lines,
    read_bytes,
    stream,
)

__all__ = ["ArtifactPromises"]

_BAD = [
    "",
    "/etc/passwd",
    "..",
    "../x",
    "a/../b",
    "a/..",
    "a//b",
    "a/",
    "/",
    "a\0b",
    "x" * 100_000,
    "a/\udcff",
    "x" * 256,
    "学" * 86,
]
_GOOD = [
    "model.pt",
    "a/b/c",
    "a",
    "Model.PT",
    "a b&c?d#e%2F",
    "é",
    "e\u0301",
    "漢/🚂",
    "back\\slash",
    "...",
    "-",
    "~",
    ".x",
    "new\nline",
    "学" * 85,
    "/".join(["y" * 255] * 4),
    "/".join("z" * 1024),
]
"""The last three are as long as a name may be: programs record what the rule lets pass, so it must be stored."""


class ArtifactPromises:
    """An artifact is stored whole or not at all, under the given name, and never outside of its run."""

    async def test_what_is_put_is_read_back_with_its_size_and_digest(self, tracker: Tracker, run: RunRef) -> None:
        info = await tracker.put_artifact(run, "model/weights.bin", stream(b"ab", b"", b"c"))
        assert info == ArtifactInfo(name="model/weights.bin", size=3, digest=_digest(b"abc"))
        assert await tracker.stat_artifact(run, info.name) == info
        assert await read_bytes(tracker, run, info.name) == b"abc"

    async def test_another_instance_reads_it(self, harness: TrackerHarness, run: RunRef) -> None:
        async with opened(harness) as one, opened(harness) as other:
            info = await one.put_artifact(run, "a", stream(b"abc"))
            assert await other.stat_artifact(run, "a") == info
            assert await read_bytes(other, run, "a") == b"abc"

    async def test_an_empty_artifact_is_one(self, tracker: Tracker, run: RunRef) -> None:
        info = await tracker.put_artifact(run, "empty", stream())
        assert (info.size, info.digest) == (0, _digest(b""))
        assert await read_bytes(tracker, run, "empty") == b""
        assert await tracker.list_artifacts(run) == [info]

    async def test_ten_megabytes_come_back_whole(self, tracker: Tracker, run: RunRef) -> None:
        pieces = [bytes([n]) * 65_537 for n in range(160)]
        info = await tracker.put_artifact(run, "big", stream(*pieces), digest=_digest(b"".join(pieces)))
        assert info.size == 160 * 65_537
        assert await read_bytes(tracker, run, "big") == b"".join(pieces)

    @pytest.mark.parametrize(
        "start, end", [(0, 0), (0, 4), (3, 7), (3, None), (9, 10), (10, 10), (10, None), (0, 99), (7, 99), (50, 99)]
    )
    async def test_a_range_is_cut_out(self, tracker: Tracker, run: RunRef, start: int, end: int | None) -> None:
        await tracker.put_artifact(run, "digits", stream(b"0123456789"))
        assert await read_bytes(tracker, run, "digits", start=start, end=end) == b"0123456789"[start:end]

    async def test_the_right_digest_is_accepted(self, tracker: Tracker, run: RunRef) -> None:
        info = await tracker.put_artifact(run, "a", stream(b"abc"), digest=_digest(b"abc"))
        assert info.digest == _digest(b"abc")

    @pytest.mark.parametrize("digest", ["sha256:" + "0" * 64, "md5:00", "", "sha256:"])
    async def test_another_digest_stores_nothing(self, tracker: Tracker, run: RunRef, digest: str) -> None:
        with pytest.raises(DigestMismatch):
            await tracker.put_artifact(run, "a", stream(b"abc"), digest=digest)
        assert await tracker.list_artifacts(run) == []
        with pytest.raises(ArtifactMissing):
            await tracker.stat_artifact(run, "a")

    async def test_another_digest_leaves_the_older_artifact(self, tracker: Tracker, run: RunRef) -> None:
        older = await tracker.put_artifact(run, "a", stream(b"old"))
        with pytest.raises(DigestMismatch):
            await tracker.put_artifact(run, "a", stream(b"new"), digest=_digest(b"other"))
        assert await tracker.stat_artifact(run, "a") == older
        assert await read_bytes(tracker, run, "a") == b"old"

    async def test_an_upload_that_breaks_off_stores_nothing(self, tracker: Tracker, run: RunRef) -> None:
        with pytest.raises(ConnectionResetError):
            await tracker.put_artifact(run, "a", _broken())
        assert await tracker.list_artifacts(run) == []

    async def test_an_artifact_on_its_way_in_is_not_seen(self, tracker: Tracker, run: RunRef) -> None:
        arrived, released = asyncio.Event(), asyncio.Event()
        upload = asyncio.create_task(tracker.put_artifact(run, "a", _held(arrived, released)))
        await arrived.wait()
        assert await tracker.list_artifacts(run) == []
        other = await tracker.put_artifact(run, "b", stream(b"b"))
        released.set()
        kept = await upload
        assert await tracker.list_artifacts(run) == [kept, other]

    async def test_a_newer_artifact_replaces_an_older_one(self, tracker: Tracker, run: RunRef) -> None:
        await tracker.put_artifact(run, "a", stream(b"older and longer"))
        info = await tracker.put_artifact(run, "a", stream(b"new"))
        assert await tracker.list_artifacts(run) == [info]
        assert await read_bytes(tracker, run, "a") == b"new"

    async def test_a_reader_gets_one_artifact_whole_while_it_is_replaced(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        old, new = b"o" * 3_000_000, b"n" * 2_000_000
        async with opened(harness) as one, opened(harness) as other:
            await one.put_artifact(run, "a", stream(old))
            reading = one.read_artifact(run, "a")
            first = await anext(reading)
            await other.put_artifact(run, "a", stream(new))
            rest = b"".join([piece async for piece in reading])
            assert first + rest == old
            assert await read_bytes(one, run, "a") == new

    async def test_uploads_of_one_name_at_once_leave_one_of_them_whole(self, tracker: Tracker, run: RunRef) -> None:
        bodies = [bytes([n]) * 10_000 for n in range(6)]
        await asyncio.gather(*(tracker.put_artifact(run, "a", stream(body)) for body in bodies))
        (info,) = await tracker.list_artifacts(run)
        body = await read_bytes(tracker, run, "a")
        assert body in bodies
        assert info.digest == _digest(body)

    @pytest.mark.parametrize("name", _BAD, ids=lambda name: ascii(name)[:20])
    async def test_a_bad_name_is_refused_everywhere(self, tracker: Tracker, run: RunRef, name: str) -> None:
        for call in (
            tracker.put_artifact(run, name, stream(b"x")),
            tracker.stat_artifact(run, name),
            tracker.delete_artifact(run, name),
            read_bytes(tracker, run, name),
        ):
            with pytest.raises(BadName):
                await call
        assert await tracker.list_artifacts(run) == []

    async def test_names_are_kept_as_they_are_and_apart(self, tracker: Tracker, run: RunRef) -> None:
        for name in _GOOD:
            await tracker.put_artifact(run, name, stream(name.encode()))
        assert [info.name for info in await tracker.list_artifacts(run)] == sorted(_GOOD)
        for name in _GOOD:
            assert await read_bytes(tracker, run, name) == name.encode()

    async def test_a_prefix_chooses_names(self, tracker: Tracker, run: RunRef) -> None:
        for name in ("model/a", "model/b", "models", "other"):
            await tracker.put_artifact(run, name, stream(b"x"))
        assert [i.name for i in await tracker.list_artifacts(run, prefix="model/")] == ["model/a", "model/b"]
        assert await tracker.list_artifacts(run, prefix="none") == []

    async def test_what_is_not_there_is_missing(self, tracker: Tracker, run: RunRef) -> None:
        with pytest.raises(ArtifactMissing):
            await tracker.stat_artifact(run, "a")
        with pytest.raises(ArtifactMissing):
            await anext(tracker.read_artifact(run, "a"))
        await tracker.put_artifact(run, "a", stream(b"x"))
        with pytest.raises(ArtifactMissing):
            await tracker.stat_artifact(new_run(), "a")

    async def test_a_removed_artifact_is_gone_and_removing_it_again_is_no_error(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        await tracker.put_artifact(run, "a", stream(b"x"))
        kept = await tracker.put_artifact(run, "a/b", stream(b"y"))
        for _ in range(2):
            await tracker.delete_artifact(run, "a")
        assert await tracker.list_artifacts(run) == [kept]
        await tracker.delete_artifact(new_run(), "a")

    async def test_a_deleted_run_is_gone_for_every_instance_and_no_other_run_is(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        frames, neighbour = mixed_frames(new_writer(), 4), new_run()
        async with opened(harness) as one, opened(harness) as other:
            for ref in (run, neighbour):
                await one.append(ref, frames)
                await one.put_artifact(ref, "a", stream(b"x"))
            await _assert_full(other, run)
            await one.delete_run(run)
            await one.delete_run(run)
            for tracker in (one, other):
                await _assert_empty(tracker, run, frames[0].writer)
            await _assert_full(other, neighbour)

    async def test_a_deleted_run_can_be_written_again(self, harness: TrackerHarness, run: RunRef) -> None:
        older, newer = mixed_frames(new_writer(), 6), mixed_frames(new_writer(), 4)
        async with opened(harness) as one, opened(harness) as other:
            for tracker in (one, other):
                await tracker.append(run, older)
                await _assert_full(tracker, run)
            await one.delete_run(run)
            assert await other.append(run, newer) == 4
            for tracker in (one, other):
                assert await tracker.series_names(run) == [newer[0].writer]
                assert len(await read_all_lines(tracker, run)) == 4

    async def test_a_writer_of_a_deleted_run_starts_again_at_one(self, harness: TrackerHarness, run: RunRef) -> None:
        frames = mixed_frames(new_writer(), 6)
        async with opened(harness) as one, opened(harness) as other:
            await other.append(run, frames)
            await one.delete_run(run)
            assert await other.append(run, frames[:2]) == 2
            for tracker in (one, other):
                assert await tracker.durable(run, frames[0].writer) == 2
                assert [line.text for line in await read_all_lines(tracker, run)] == ["1a", "1b"]


async def _assert_full(tracker: Tracker, run: RunRef) -> None:
    assert len(await read_all_lines(tracker, run)) >= 4
    assert await tracker.series_names(run) != []


async def _assert_empty(tracker: Tracker, run: RunRef, writer: str) -> None:
    assert await tracker.durable(run, writer) == 0
    assert await tracker.series_names(run) == []
    assert await read_all_lines(tracker, run) == []
    assert await tracker.list_artifacts(run) == []


async def _broken() -> AsyncIterator[bytes]:
    yield b"x" * 2_000_000
    raise ConnectionResetError("the sender is gone")


async def _held(arrived: asyncio.Event, released: asyncio.Event) -> AsyncIterator[bytes]:
    yield b"x" * 2_000_000
    arrived.set()
    await released.wait()
    yield b"y"


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
