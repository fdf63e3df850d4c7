"""Files that come in parts: cut anywhere, sent twice, given up, refused."""

from __future__ import annotations

import asyncio
import errno
import hashlib

import httpx
import pytest
from web import BASE

from trainyard.client import AsyncClient, upload
from trainyard.client.errors import Conflict, Invalid, NotFound
from trainyard.client.models import NewUpload
from trainyard.client.requests import append_upload, delete_upload, get_upload, open_upload
from trainyard.client.retry import Backoff
from trainyard_core.contracts.tracker import RunRef, Upload
from trainyard_core.db import uploads
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.errors import DigestRefused
from trainyard_core.work import uploads as keeping
from trainyard_core.work.uploads import Uploads

BODY = bytes(range(256)) * 40


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def upload_request(body: bytes = BODY, name: str = "model.bin") -> NewUpload:
    return NewUpload(name=name, size=len(body), digest=digest(body), kind="model")


async def begun(web, body: bytes = BODY, name: str = "model.bin"):
    """A run and an upload of it without a byte."""
    run = (await web.tracked()).id
    return run, await web.admin.send(open_upload("default", run, upload_request(body, name)))


async def send(web, run, upload, offset, part):
    return await web.admin.send(append_upload("default", run, upload.id, offset, part))


async def folder(web):
    """The tracker that keeps the runs."""
    return await web.runtime.trackers.get("folder")


def keeper(web) -> Uploads:
    return Uploads(web.runtime.database, web.runtime.tracker, web.runtime.clock)


async def state_of(web, ident) -> str | None:
    row = await web.runtime.database.read(lambda tx: tx.one("SELECT state FROM upload WHERE id = ?", ident))
    return row["state"] if row else None


async def test_parts_become_the_artifact_with_the_last_byte(web):
    run, upload = await begun(web)
    assert (upload.offset, upload.done, upload.size) == (0, False, len(BODY))
    half = await send(web, run, upload, 0, BODY[:5000])
    assert (half.offset, half.done) == (5000, False)
    assert await web.admin.runs.artifacts(run) == []
    done = await send(web, run, upload, 5000, BODY[5000:])
    assert (done.offset, done.done) == (len(BODY), True)
    (artifact,) = await web.admin.runs.artifacts(run)
    assert (artifact.name, artifact.kind, artifact.digest) == ("model.bin", "model", digest(BODY))
    assert await web.admin.artifacts.read(run, "model.bin") == BODY


async def test_the_same_bytes_under_the_same_name_go_on_with_the_same_upload(web):
    run, upload = await begun(web)
    await send(web, run, upload, 0, BODY[:100])
    again = await web.admin.send(open_upload("default", run, upload_request()))
    assert (again.id, again.offset) == (upload.id, 100)
    other = await web.admin.send(open_upload("default", run, upload_request(BODY + b"x")))
    assert other.id != upload.id
    await send(web, run, upload, 100, BODY[100:])
    done = await web.admin.send(open_upload("default", run, upload_request()))
    assert (done.done, done.offset) == (True, len(BODY))
    await web.admin.artifacts.delete(run, "model.bin")
    anew = await web.admin.send(open_upload("default", run, upload_request()))
    assert (anew.done, anew.offset) == (False, 0)
    assert (await send(web, run, anew, 0, BODY)).done


async def test_bytes_that_came_in_one_piece_need_no_parts(web):
    run = (await web.tracked()).id
    await web.admin.artifacts.put(run, "model.bin", BODY)
    assert (await web.admin.send(open_upload("default", run, upload_request()))).done


async def test_the_wrong_place_is_refused_and_told_the_right_one(web):
    run, upload = await begun(web)
    await send(web, run, upload, 0, BODY[:100])
    for offset in (0, 99, 101):
        answer = await web.ask(
            "PATCH", f"{BASE}/{run}/uploads/{upload.id}", content=BODY[:50], headers={"Upload-Offset": str(offset)}
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "upload_offset")
        assert answer.json()["expected"] == 100
    answer = await web.ask("HEAD", f"{BASE}/{run}/uploads/{upload.id}")
    assert (answer.headers["upload-offset"], answer.headers["upload-length"]) == ("100", str(len(BODY)))


async def test_the_last_part_again_is_told_that_all_is_there(web):
    run, upload = await begun(web)
    await send(web, run, upload, 0, BODY)
    with pytest.raises(Conflict) as refused:
        await send(web, run, upload, 0, BODY)
    assert refused.value.code == "upload_offset"
    assert (await web.admin.send(get_upload("default", run, upload.id))).done


async def test_bytes_with_another_digest_are_removed(web):
    run, upload = await begun(web)
    with pytest.raises(Invalid) as refused:
        await send(web, run, upload, 0, BODY[::-1])
    assert refused.value.code == "digest_mismatch"
    with pytest.raises(NotFound):
        await web.admin.send(get_upload("default", run, upload.id))
    assert await web.admin.runs.artifacts(run) == []
    again = await web.admin.send(open_upload("default", run, upload_request()))
    assert again.offset == 0


async def test_more_bytes_than_promised_are_refused(web):
    run, upload = await begun(web)
    answer = await web.ask(
        "PATCH", f"{BASE}/{run}/uploads/{upload.id}", content=BODY + b"x", headers={"Upload-Offset": "0"}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    async def unannounced():
        yield BODY
        yield b"x"

    answer = await web.ask(
        "PATCH", f"{BASE}/{run}/uploads/{upload.id}", content=unannounced(), headers={"Upload-Offset": "0"}
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["", "../x", "/x", "a//b", "a\0b", "x" * 2000])
async def test_a_name_that_leads_away_is_refused(web, name):
    run = (await web.tracked()).id
    with pytest.raises(Invalid):
        await web.admin.send(open_upload("default", run, upload_request(name=name)))


@pytest.mark.parametrize(
    "field", [{"size": -1}, {"size": 1 << 41}, {"digest": "sha256:x"}, {"digest": "md5:0"}, {"kind": "a\0"}, {"x": 1}]
)
async def test_a_senseless_wish_is_refused(web, field):
    run = (await web.tracked()).id
    body = {"name": "x", "size": 3, "digest": digest(b"abc"), **field}
    assert (await web.ask("POST", f"{BASE}/{run}/uploads", json=body)).status_code in (400, 422)


async def test_an_upload_of_another_run_is_not_found(web):
    run, upload = await begun(web)
    other = (await web.tracked()).id
    for ident in (upload.id, "nonsense", "a\u0000b".encode().hex()):
        for method in ("GET", "HEAD", "DELETE", "PATCH"):
            answer = await web.ask(method, f"{BASE}/{other}/uploads/{ident}", headers={"Upload-Offset": "0"})
            assert answer.status_code == 404
    assert (await web.admin.send(get_upload("default", run, upload.id))).offset == 0


async def test_an_upload_that_is_given_up_leaves_nothing(web):
    run, upload = await begun(web)
    await send(web, run, upload, 0, BODY[:100])
    await web.admin.send(delete_upload("default", run, upload.id))
    with pytest.raises(NotFound):
        await send(web, run, upload, 100, BODY[100:])
    known = Upload(id=upload.id, name="model.bin", size=len(BODY), digest=digest(BODY))
    assert await (await folder(web)).upload_offset(RunRef("default", run), known) == 0


async def test_a_run_has_at_most_so_many_uploads_open(web, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_OPEN", 2)
    run, upload = await begun(web)
    await web.admin.send(open_upload("default", run, upload_request(b"2")))
    with pytest.raises(Conflict, match="2 uploads open"):
        await web.admin.send(open_upload("default", run, upload_request(b"3")))
    await send(web, run, upload, 0, BODY)
    assert not (await web.admin.send(open_upload("default", run, upload_request(b"3")))).done


async def test_an_abandoned_upload_is_dropped_after_a_day_and_a_living_one_is_not(web):
    run, upload = await begun(web)
    await send(web, run, upload, 0, BODY[:100])
    web.arrange.clock.turn(23 * 3600)
    await keeper(web).tidy()
    assert (await send(web, run, upload, 100, BODY[100:200])).offset == 200
    web.arrange.clock.turn(2 * 3600)
    await keeper(web).tidy()
    assert await state_of(web, upload.id) == "open"
    web.arrange.clock.turn(25 * 3600)
    await keeper(web).tidy()
    assert await state_of(web, upload.id) is None
    assert (await web.admin.send(open_upload("default", run, upload_request()))).offset == 0


async def test_the_patrol_finishes_what_was_cut_off_while_it_was_finished(web):
    run, upload = await begun(web)
    ref, known = RunRef("default", run), Upload(id=upload.id, name="model.bin", size=len(BODY), digest=digest(BODY))

    async def all_of_it():
        yield BODY

    await (await folder(web)).append_upload(ref, known, 0, all_of_it())
    at = web.arrange.clock.now()
    await web.runtime.database.write(lambda tx: uploads.set_state(tx, upload.id, "finishing", at=at))
    await keeper(web).tidy()
    assert await web.admin.runs.artifacts(run) == []
    web.arrange.clock.turn(3600)
    await keeper(web).tidy()
    assert await state_of(web, upload.id) == "done"
    assert [each.digest for each in await web.admin.runs.artifacts(run)] == [digest(BODY)]


@pytest.mark.parametrize("fails", ["before", "after"])
async def test_a_failure_around_the_making_of_the_artifact_is_made_good_by_the_same_request(web, monkeypatch, fails):
    run, upload = await begun(web)
    tracker = await folder(web)
    finish = tracker.finish_upload

    async def failing(*args):
        if fails == "after":
            await finish(*args)
        raise OSError("the disk went away")

    monkeypatch.setattr(tracker, "finish_upload", failing)
    answer = await web.ask("PATCH", f"{BASE}/{run}/uploads/{upload.id}", content=BODY, headers={"Upload-Offset": "0"})
    assert answer.status_code == 500
    monkeypatch.setattr(tracker, "finish_upload", finish)
    known = await web.admin.send(get_upload("default", run, upload.id))
    assert known.offset == len(BODY)
    assert (await send(web, run, upload, known.offset, b"")).done
    assert await web.admin.artifacts.read(run, "model.bin") == BODY


@pytest.mark.parametrize("call", ["put_artifact", "append_upload", "finish_upload"])
async def test_a_full_disk_is_told_as_one(web, monkeypatch, call):
    async def full(*args, **more):
        raise OSError(errno.ENOSPC, "no space left")

    run, upload = await begun(web)
    with monkeypatch.context() as patch:
        patch.setattr(await folder(web), call, full)
        method, path = ("PUT", "artifacts/x") if call == "put_artifact" else ("PATCH", f"uploads/{upload.id}")
        answer = await web.ask(method, f"{BASE}/{run}/{path}", content=BODY, headers={"Upload-Offset": "0"})
    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    known = await web.admin.send(get_upload("default", run, upload.id))
    assert (await send(web, run, upload, known.offset, BODY[known.offset :])).done


async def test_a_part_for_an_upload_that_is_given_up_meanwhile_leaves_nothing(web, monkeypatch):
    run, upload = await begun(web)
    told = ArtifactActor(project="default", run=run, actor="test", at=web.arrange.clock.now())
    row = await web.runtime.database.read(lambda tx: uploads.get(tx, run, upload.id))

    async def given_up():
        await web.runtime.database.write(lambda tx: uploads.remove(tx, upload.id))
        yield BODY[:100]

    with pytest.raises(Exception, match="cancelled"):
        await keeper(web).append(told, row, 0, given_up())
    assert await (await folder(web)).upload_offset(RunRef("default", run), uploads.of_row(row)) == 0


async def test_the_wrong_digest_is_refused_also_when_the_patrol_finds_it(web):
    run, upload = await begun(web)
    told = ArtifactActor(project="default", run=run, actor="test", at=web.arrange.clock.now())
    row = await web.runtime.database.read(lambda tx: uploads.get(tx, run, upload.id))

    async def other():
        yield BODY[::-1]

    with pytest.raises(DigestRefused):
        await keeper(web).append(told, row, 0, other())
    assert await state_of(web, upload.id) is None


class Cutting(httpx.AsyncBaseTransport):
    """Cuts every so many-th request: before it is sent, in the middle of its body, or before its answer is read."""

    def __init__(self, inner: httpx.AsyncBaseTransport, every: int) -> None:
        self._inner, self._every, self.count = inner, every, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.count += 1
        where = self.count // self._every % 3 if self.count % self._every == 0 else None
        if where == 0:
            raise httpx.ConnectError("refused")
        if where == 1:
            whole = await request.aread()
            request.stream = _Broken(whole[: len(whole) // 2])
        answer = await self._inner.handle_async_request(request)
        if where is not None:
            await answer.aread()
            raise httpx.ReadError("cut")
        return answer


class _Broken(httpx.AsyncByteStream):
    def __init__(self, data: bytes) -> None:
        self._data = data

    async def __aiter__(self):
        yield self._data
        raise httpx.WriteError("cut")


@pytest.mark.parametrize("every", [2, 3])
async def test_a_client_that_is_cut_again_and_again_gets_everything_through(web, monkeypatch, tmp_path, every):
    monkeypatch.setattr(upload, "SMALL", 1000)
    monkeypatch.setattr(upload, "PART", 2000)
    source = tmp_path / "source"
    source.write_bytes(BODY)
    run = (await web.tracked()).id
    transport = Cutting(httpx.ASGITransport(web.app, raise_app_exceptions=False), every)
    backoff = Backoff(tries=8, base=0.0001)
    seen: list[tuple[int, int]] = []
    async with AsyncClient(token=web.token, project="default", transport=transport, backoff=backoff) as client:
        artifact = await client.artifacts.put(run, "m", source, progress=lambda *both: seen.append(both))
        assert artifact.digest == digest(BODY)
        await client.artifacts.get(run, "m", tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == BODY
    assert transport.count > 8
    assert seen == sorted(seen) and seen[-1] == (len(BODY), len(BODY))


async def test_two_clients_with_the_same_file_make_one_artifact(web, monkeypatch):
    monkeypatch.setattr(upload, "SMALL", 1000)
    monkeypatch.setattr(upload, "PART", 700)
    run = (await web.tracked()).id
    await asyncio.gather(*(web.admin.artifacts.put(run, "m", BODY) for _ in range(3)))
    assert await web.admin.artifacts.read(run, "m") == BODY
    assert len(await web.admin.runs.artifacts(run)) == 1


async def test_a_tracker_that_takes_no_parts_gets_the_file_whole(web, monkeypatch):
    monkeypatch.setattr(upload, "SMALL", 1000)
    run = (await web.tracked()).id
    monkeypatch.setattr(keeping, "SupportsUploads", _NoTracker)
    with pytest.raises(Conflict) as refused:
        await web.admin.send(open_upload("default", run, upload_request()))
    assert refused.value.code == "uploads_unsupported"
    assert (await web.admin.artifacts.put(run, "m", BODY)).size == len(BODY)


class _NoTracker:
    """What no tracker is an instance of."""
