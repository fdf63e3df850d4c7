"""The part of the Tracker suite (see `tracker_suite`) about `SupportsUploads`. A tracker without it skips these
tests."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainyard_core.contracts.tracker import (
    ArtifactInfo,
    ArtifactMissing,
    BadName,
    DigestMismatch,
    RunRef,
    SupportsUploads,
    Tracker,
    Upload,
    UploadTooLong,
    WrongOffset,
)
from trainyard_core.testing.tracker_tools import SHARED, TrackerHarness, new_run, opened, read_bytes, stream

__all__ = ["UploadPromises"]


class UploadPromises:
    """Acknowledged bytes are kept, in order and once; an artifact is stored whole or not at all."""

    async def test_pieces_become_the_artifact(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 3)
        upload, step = _upload(body), uploads.upload_step
        assert await uploads.upload_offset(run, upload) == 0
        for at in range(0, len(body), step):
            assert await uploads.append_upload(run, upload, at, stream(body[at : at + step])) == min(
                at + step, len(body)
            )
            assert await tracker.list_artifacts(run) == [], "an artifact on its way in is not seen"
        info = await uploads.finish_upload(run, upload)
        assert info == ArtifactInfo(name=upload.name, size=upload.size, digest=upload.digest)
        assert await tracker.list_artifacts(run) == [info]
        assert await read_bytes(tracker, run, upload.name) == body

    async def test_another_instance_goes_on_after_every_call(self, harness: TrackerHarness, run: RunRef) -> None:
        async with opened(harness) as tracker:
            body = _body(tracker, 2)
        upload, at = _upload(body), 0
        while at < len(body):
            async with opened(harness) as tracker:
                uploads = _power(tracker)
                assert await uploads.upload_offset(run, upload) == at
                at = await uploads.append_upload(run, upload, at, stream(body[at : at + uploads.upload_step]))
        async with opened(harness) as tracker:
            await _power(tracker).finish_upload(run, upload)
            assert await read_bytes(tracker, run, upload.name) == body

    async def test_an_upload_that_breaks_off_goes_on_from_what_is_kept(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 3)
        upload = _upload(body)
        with pytest.raises(ConnectionResetError):
            await uploads.append_upload(run, upload, 0, _broken(body[: len(body) // 2]))
        kept = await uploads.upload_offset(run, upload)
        assert kept <= len(body) // 2
        assert await uploads.append_upload(run, upload, kept, stream(body[kept:])) == len(body)
        await uploads.finish_upload(run, upload)
        assert await read_bytes(tracker, run, upload.name) == body

    async def test_a_whole_step_and_the_last_bytes_are_kept(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 2)
        upload, step = _upload(body), uploads.upload_step
        kept = await uploads.append_upload(run, upload, 0, stream(body[: step + step // 2]))
        assert step <= kept <= step + step // 2
        assert await uploads.append_upload(run, upload, kept, stream(body[kept:])) == len(body)

    async def test_bytes_for_another_place_are_refused_and_told_the_right_one(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        uploads, body = _power(tracker), _body(tracker, 3)
        upload, step = _upload(body), uploads.upload_step
        with pytest.raises(WrongOffset) as refused:
            await uploads.append_upload(run, upload, step, stream(body[step:]))
        assert refused.value.offset == 0
        await uploads.append_upload(run, upload, 0, stream(body[:step]))
        for wrong in (0, 2 * step):
            with pytest.raises(WrongOffset) as refused:
                await uploads.append_upload(run, upload, wrong, stream(body[wrong : wrong + step]))
            assert refused.value.offset == step
        with pytest.raises(WrongOffset):
            await uploads.append_upload(run, upload, 2 * step, stream())
        assert await uploads.append_upload(run, upload, step, stream()) == step
        assert await uploads.upload_offset(run, upload) == step

    async def test_too_many_bytes_are_refused(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 1)
        upload = _upload(body)
        with pytest.raises(UploadTooLong):
            await uploads.append_upload(run, upload, 0, stream(body, b"more"))
        kept = await uploads.upload_offset(run, upload)
        assert await uploads.append_upload(run, upload, kept, stream(body[kept:])) == len(body)
        assert (await uploads.finish_upload(run, upload)).digest == upload.digest

    async def test_it_is_not_finished_while_bytes_are_missing(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 2)
        upload, step = _upload(body), uploads.upload_step
        with pytest.raises(WrongOffset):
            await uploads.finish_upload(run, upload)
        await uploads.append_upload(run, upload, 0, stream(body[:step]))
        with pytest.raises(WrongOffset) as refused:
            await uploads.finish_upload(run, upload)
        assert refused.value.offset == step
        assert await tracker.list_artifacts(run) == []

    async def test_another_digest_leaves_the_older_artifact_and_none_of_the_bytes(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        uploads, body = _power(tracker), _body(tracker, 1)
        older = await tracker.put_artifact(run, "a", stream(b"old"))
        upload = Upload(id=uuid.uuid4().hex, name="a", size=len(body), digest=_digest(b"other"))
        await uploads.append_upload(run, upload, 0, stream(body))
        with pytest.raises(DigestMismatch):
            await uploads.finish_upload(run, upload)
        assert await tracker.list_artifacts(run) == [older]
        assert await uploads.upload_offset(run, upload) == 0

    async def test_finishing_is_idempotent_and_the_offset_stays_the_size(
        self, harness: TrackerHarness, run: RunRef
    ) -> None:
        async with opened(harness) as one, opened(harness) as other:
            body = _body(one, 2)
            upload = _upload(body)
            await _power(one).append_upload(run, upload, 0, stream(body))
            info = await _power(one).finish_upload(run, upload)
            assert await _power(other).upload_offset(run, upload) == len(body)
            assert await _power(other).finish_upload(run, upload) == info
            with pytest.raises(WrongOffset) as refused:
                await _power(other).append_upload(run, upload, 0, stream(body))
            assert refused.value.offset == len(body)
            assert await _power(other).append_upload(run, upload, len(body), stream(b"")) == len(body)

    async def test_an_empty_upload_is_an_empty_artifact(self, tracker: Tracker, run: RunRef) -> None:
        uploads, upload = _power(tracker), _upload(b"")
        assert await uploads.append_upload(run, upload, 0, stream()) == 0
        assert (await uploads.finish_upload(run, upload)).size == 0
        assert await read_bytes(tracker, run, upload.name) == b""

    async def test_a_dropped_upload_is_gone_and_dropping_it_again_is_no_error(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        uploads, body = _power(tracker), _body(tracker, 1)
        upload = _upload(body)
        await uploads.append_upload(run, upload, 0, stream(body))
        for _ in range(2):
            await uploads.drop_upload(run, upload)
        assert await uploads.upload_offset(run, upload) == 0
        await uploads.drop_upload(new_run(), upload)

    async def test_dropping_a_finished_upload_leaves_the_artifact(self, tracker: Tracker, run: RunRef) -> None:
        uploads, upload = _power(tracker), _upload(b"abc")
        await uploads.append_upload(run, upload, 0, stream(b"abc"))
        await uploads.finish_upload(run, upload)
        await uploads.drop_upload(run, upload)
        assert await read_bytes(tracker, run, upload.name) == b"abc"

    async def test_uploads_of_one_name_are_apart_and_the_last_that_is_finished_stays(
        self, tracker: Tracker, run: RunRef
    ) -> None:
        uploads = _power(tracker)
        bodies = [b"1" * 1000, b"2" * 2000]
        both = [_upload(body, name="same") for body in bodies]
        for upload, body in zip(both, bodies, strict=True):
            await uploads.append_upload(run, upload, 0, stream(body))
        for upload, body in zip(both, bodies, strict=True):
            await uploads.finish_upload(run, upload)
            assert await read_bytes(tracker, run, "same") == body

    async def test_a_deleted_run_has_no_uploads(self, tracker: Tracker, run: RunRef) -> None:
        uploads, body = _power(tracker), _body(tracker, 1)
        upload = _upload(body)
        await uploads.append_upload(run, upload, 0, stream(body))
        await tracker.delete_run(run)
        assert await uploads.upload_offset(run, upload) == 0

    @pytest.mark.parametrize("name", ["", "/x", "../x", "a/../b", "a\0b", "a//b"], ids=ascii)
    async def test_a_bad_name_is_refused(self, tracker: Tracker, run: RunRef, name: str) -> None:
        uploads, upload = _power(tracker), _upload(b"abc", name=name)
        for call in (
            uploads.upload_offset(run, upload),
            uploads.append_upload(run, upload, 0, stream(b"abc")),
            uploads.finish_upload(run, upload),
        ):
            with pytest.raises(BadName):
                await call
        with pytest.raises(ArtifactMissing):
            await tracker.stat_artifact(run, "x")

    @pytest.mark.parametrize("ident", ["..", "../../x", "/etc/passwd", "a/b", "x" * 300], ids=lambda i: i[:12])
    async def test_an_upload_is_never_an_artifact_whatever_its_id(
        self, tracker: Tracker, run: RunRef, ident: str
    ) -> None:
        uploads = _power(tracker)
        upload = Upload(id=ident, name="a", size=3, digest=_digest(b"abc"))
        await uploads.append_upload(run, upload, 0, stream(b"abc"))
        assert await tracker.list_artifacts(run) == []
        await uploads.finish_upload(run, upload)
        assert await read_bytes(tracker, run, "a") == b"abc"

    async def test_two_senders_of_one_upload_make_one_artifact(self, harness: TrackerHarness, run: RunRef) -> None:
        async with opened(harness) as one, opened(harness) as other:
            body = _body(one, 6)
            upload = _upload(body)
            await asyncio.gather(*(_send(tracker, run, upload, body) for tracker in (one, other, one)))
            assert await read_bytes(one, run, upload.name) == body

    @settings(max_examples=15, deadline=None, suppress_health_check=SHARED)
    @given(cuts=st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 1)), max_size=6))
    async def test_cut_anywhere_it_arrives_whole(
        self, harness: TrackerHarness, cuts: list[tuple[bool, bool, float]]
    ) -> None:
        run = new_run()
        async with opened(harness) as one, opened(harness) as other:
            body = _body(one, 3)
            upload, at = _upload(body), 0
            for first, breaks, share in [*cuts, (True, False, 1.0)]:
                uploads, cut = _power(one if first else other), at + int((len(body) - at) * share)
                if breaks:
                    with pytest.raises(ConnectionResetError):
                        await uploads.append_upload(run, upload, at, _broken(body[at:cut]))
                    before, at = at, await uploads.upload_offset(run, upload)
                    assert before <= at <= cut
                else:
                    at = await uploads.append_upload(run, upload, at, stream(body[at:cut]))
                    assert at <= cut
            assert (await _power(other).finish_upload(run, upload)).digest == upload.digest
            assert await read_bytes(one, run, upload.name) == body


def _power(tracker: Tracker) -> SupportsUploads:
    if not isinstance(tracker, SupportsUploads):
        pytest.skip("this tracker has no SupportsUploads")
    return tracker


def _body(tracker: Tracker, steps: int) -> bytes:
    """Return bytes for so many steps and a few more, of which no two parts are alike."""
    size = steps * max(_power(tracker).upload_step, 1000) + 7
    return (b"%08d" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]


def _upload(body: bytes, *, name: str = "model/weights.bin") -> Upload:
    return Upload(id=uuid.uuid4().hex, name=name, size=len(body), digest=_digest(body))


async def _send(tracker: Tracker, run: RunRef, upload: Upload, body: bytes) -> None:
    """Send an upload as a client does while other clients may send the same one."""
    uploads = _power(tracker)
    part = max(uploads.upload_step, 1000)
    at = await uploads.upload_offset(run, upload)
    while at < len(body):
        try:
            at = await uploads.append_upload(run, upload, at, stream(body[at : at + part]))
        except WrongOffset as wrong:
            at = wrong.offset
    await uploads.finish_upload(run, upload)


async def _broken(data: bytes) -> AsyncIterator[bytes]:
    yield data
    raise ConnectionResetError("the sender is gone")


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
