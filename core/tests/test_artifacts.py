"""Artifacts over the API: what may be asked of them, by which names, and that their rows follow the bytes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import tarfile

import pytest
from web import BASE

from trainyard.client.errors import Conflict
from trainyard.client.models import CreateRun
from trainyard_core.contracts.tracker import RunRef
from trainyard_core.db import artifacts, tracking
from trainyard_core.db.artifacts import ArtifactActor
from trainyard_core.work import artifacts as keeping


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


async def stored(web, *names: str, body: bytes = b"abc") -> str:
    """A run with artifacts of these names."""
    run = await web.tracked()
    for name in names:
        await web.admin.artifacts.put(run.id, name, body)
    return run.id


def told(web, run: str) -> ArtifactActor:
    return ArtifactActor(project="default", run=run, actor="test", at=web.arrange.clock.now())


async def rows_of(web, run: str) -> dict[str, str]:
    rows = await web.runtime.database.read(lambda tx: tracking.artifacts(tx, run))
    return {row["name"]: row["digest"] for row in rows}


async def bytes_of(web, run: str) -> dict[str, str]:
    found = await web.runtime.tracker.list_artifacts(RunRef("default", run))
    return {info.name: info.digest for info in found}


async def test_pages_go_by_name_and_prefix(web):
    names = ["B", "a", "a/b", "model/1", "model/2", "model/é", "models", "~"]
    run = await stored(web, *names)
    page, found = await web.admin.artifacts.page(run, limit=3), []
    while True:
        found += [each.name for each in page.items]
        if page.next is None:
            break
        page = await web.admin.artifacts.page(run, limit=3, cursor=page.next)
    assert found == names
    wanted = [each.name async for each in web.admin.artifacts.list(run, prefix="model/")]
    assert wanted == ["model/1", "model/2", "model/é"]


async def test_a_folder_shows_files_and_folders_with_their_sums(web):
    run = await stored(web, "a", "a/x", "a/y/z", "b/1", "b/2", "c")
    page = await web.admin.artifacts.page(run, folder=True)
    assert [each.name for each in page.items] == ["a", "c"]
    assert [(each.name, each.files, each.size) for each in page.folders] == [("a/", 2, 6), ("b/", 2, 6)]
    inner = await web.admin.artifacts.page(run, folder=True, prefix="a/")
    assert ([each.name for each in inner.items], [each.name for each in inner.folders]) == (["a/x"], ["a/y/"])
    first = await web.admin.artifacts.page(run, folder=True, limit=2)
    rest = await web.admin.artifacts.page(run, folder=True, limit=9, cursor=first.next)
    assert [each.name for each in (*first.items, *first.folders, *rest.items, *rest.folders)] == ["a", "a/", "c", "b/"]


@pytest.mark.parametrize("query", ["prefix=a%00b", "prefix=%0a", "cursor=zzz", "limit=0", "limit=501", "folder=maybe"])
async def test_a_senseless_list_is_refused(web, query):
    run = await stored(web)
    assert (await web.ask("GET", f"{BASE}/{run}/artifacts?{query}")).status_code in (400, 422)


async def test_a_look_tells_size_and_digest_without_the_bytes(web):
    run = await stored(web, "x")
    answer = await web.ask("HEAD", f"{BASE}/{run}/artifacts/x")
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "3")
    assert answer.headers["digest"] == digest(b"abc")
    assert answer.headers["etag"] == f'"{digest(b"abc")}"'
    assert (await web.ask("HEAD", f"{BASE}/{run}/artifacts/y")).status_code == 404


async def test_known_bytes_are_not_sent_again(web):
    run = await stored(web, "x")
    etag = (await web.ask("GET", f"{BASE}/{run}/artifacts/x")).headers["etag"]
    for named, status in ((etag, 304), (f'"other", W/{etag}', 304), ("*", 304), ('"other"', 200)):
        answer = await web.ask("GET", f"{BASE}/{run}/artifacts/x", headers={"If-None-Match": named})
        assert (answer.status_code, answer.content) == (status, b"" if status == 304 else b"abc")


@pytest.mark.parametrize("same", [True, False])
async def test_a_part_is_of_the_bytes_that_it_was_asked_of(web, same):
    run = await stored(web, "x")
    etag = (await web.ask("HEAD", f"{BASE}/{run}/artifacts/x")).headers["etag"]
    if not same:
        await web.admin.artifacts.put(run, "x", b"longer and new")
    headers = {"Range": "bytes=1-", "If-Range": etag}
    answer = await web.ask("GET", f"{BASE}/{run}/artifacts/x", headers=headers)
    assert (answer.status_code, answer.content) == ((206, b"bc") if same else (200, b"longer and new"))


async def test_a_range_outside_is_told_the_size(web):
    run = await stored(web, "x", "empty/x")
    await web.admin.artifacts.put(run, "empty/x", b"")
    for name, size in (("x", 3), ("empty/x", 0)):
        answer = await web.ask("GET", f"{BASE}/{run}/artifacts/{name}", headers={"Range": "bytes=3-"})
        assert (answer.status_code, answer.headers["content-range"]) == (416, f"bytes */{size}")
        assert answer.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("name", ['a"b.txt', "a\nb", "x/ä\u202e.exe", "a;b=c", "%0d%0aSet-Cookie: x"])
async def test_a_browser_saves_an_artifact_and_runs_nothing_of_it(web, name):
    run = await stored(web, name)
    answer = await web.bare.get(
        f"{BASE}/{run}/artifacts/" + "".join(f"%{byte:02x}" if chr(byte) != "/" else "/" for byte in name.encode()),
        headers={"Authorization": f"Bearer {web.token}"},
    )
    disposition = answer.headers["content-disposition"]
    assert answer.content == b"abc"
    assert disposition.startswith('attachment; filename="')
    assert disposition.isascii() and disposition.isprintable() and disposition.count('"') == 2
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"


BAD = ["/etc/passwd", "a//b", "x/", "a/%2e/b", "%2e%2e/x", "..%2fx", "%2fx", "a%2f%2fb", "%ff", "%00", "a/" + "x" * 300]


@pytest.mark.parametrize("name", BAD)
async def test_a_name_that_is_none_is_refused_and_not_bent(web, name):
    run = await stored(web)
    for method in ("PUT", "DELETE"):
        answer = await web.ask(method, f"{BASE}/{run}/artifacts/{name}", content=b"evil" if method == "PUT" else None)
        assert answer.status_code in (400, 404, 405, 422), (method, answer.text)
    assert (await web.ask("GET", f"{BASE}/{run}/artifacts/{name}")).status_code in (400, 404, 422)
    assert (await bytes_of(web, run), await rows_of(web, run)) == ({}, {})


@pytest.mark.parametrize("name", ["artifacts/model", "projects/artifacts/runs/x/artifacts/model"])
async def test_a_project_and_a_folder_may_be_called_artifacts(web, name):
    await web.admin.projects.create("artifacts")
    run = (await web.admin.runs.create(CreateRun(managed=False), project="artifacts")).id
    await web.admin.artifacts.put(run, name, b"abc", project="artifacts")
    assert await rows_of(web, run) == {name: digest(b"abc")}
    assert await web.admin.artifacts.read(run, name, project="artifacts") == b"abc"


async def test_a_removed_artifact_is_gone_with_its_row_and_told_of(web):
    run = await stored(web, "x", "y")
    for _ in range(2):
        await web.admin.artifacts.delete(run, "x")
    assert (await rows_of(web, run)).keys() == (await bytes_of(web, run)).keys() == {"y"}
    kinds = [each.kind async for each in web.admin.runs.activities(run)]
    assert kinds.count("artifact_stored") == 2
    assert kinds.count("artifact_removed") == 1


async def test_the_same_bytes_again_tell_nothing_and_keep_what_was_known(web):
    run = await stored(web, "x")
    await web.runtime.database.write(
        lambda tx: tracking.put_artifact(
            tx, run, name="x", kind="model", size=3, digest=digest(b"abc"), data={"step": 4}, at=1
        )
    )
    await web.admin.artifacts.put(run, "x", b"abc", kind="model")
    row = await web.runtime.database.read(lambda tx: artifacts.get(tx, run, "x"))
    assert row["data"] == '{"step":4}'
    await web.admin.artifacts.put(run, "x", b"other", kind="model")
    row = await web.runtime.database.read(lambda tx: artifacts.get(tx, run, "x"))
    assert (row["data"], row["digest"]) == ("{}", digest(b"other"))


async def test_bytes_taken_by_reference_are_read_there_and_not_removed(web):
    run, heir = await stored(web, "x"), await stored(web)
    await web.runtime.database.write(
        lambda tx: tx.run(
            "INSERT INTO artifact (run, name, kind, size, digest, at, source) VALUES (?, 'x', 'file', 3, ?, 1, ?)",
            heir, digest(b"abc"), run,
        )
    )  # fmt: skip
    assert await web.admin.artifacts.read(heir, "x") == b"abc"
    with pytest.raises(Conflict, match=heir):
        await web.admin.artifacts.delete(run, "x")
    await web.admin.artifacts.put(heir, "x", b"own")
    assert (await web.admin.artifacts.read(heir, "x"), await web.admin.artifacts.read(run, "x")) == (b"own", b"abc")
    await web.admin.artifacts.delete(run, "x")


async def test_rows_follow_the_bytes_whatever_happens_at_once(web):
    run = await stored(web)
    calls = [web.admin.artifacts.put(run, "x", bytes([n]) * 1000) for n in range(6)]
    calls += [web.admin.artifacts.delete(run, "x") for _ in range(5)]
    await asyncio.gather(*calls)
    assert await rows_of(web, run) == await bytes_of(web, run)


async def test_a_row_that_a_crash_left_behind_is_right_after_the_request_comes_again(web):
    run = await stored(web, "x", "y")
    tracker, ref = web.runtime.tracker, RunRef("default", run)
    await tracker.delete_artifact(ref, "x")

    async def new():
        yield b"new"

    await tracker.put_artifact(ref, "y", new())
    await web.admin.artifacts.delete(run, "x")
    await web.admin.artifacts.put(run, "y", b"new")
    assert await rows_of(web, run) == await bytes_of(web, run) == {"y": digest(b"new")}


async def test_a_change_in_the_middle_is_seen_and_written_down(web, monkeypatch):
    run = await stored(web, "x")
    tracker, ref = web.runtime.tracker, RunRef("default", run)
    look, looks = keeping.stat, []

    async def changing(*args):
        seen = await look(*args)
        looks.append(seen)
        if len(looks) == 1:
            await tracker.delete_artifact(ref, "x")
        return seen

    monkeypatch.setattr(keeping, "stat", changing)
    await keeping.settle(web.runtime.database, tracker, told(web, run), "x", kind="file")
    assert await rows_of(web, run) == {}
    assert len(looks) == 3


async def test_a_tar_holds_the_files_by_name_and_is_the_same_again(web):
    names = ["a", "model/" + "x" * 120 + "/é", "model/1", "other"]
    run = await stored(web, *names, body=b"abc" * 1000)
    first, again = [await web.ask("GET", f"{BASE}/{run}/artifacts.tar") for _ in range(2)]
    assert first.content == again.content
    assert first.headers["content-type"] == "application/x-tar"
    with tarfile.open(fileobj=io.BytesIO(first.content)) as tar:
        members = tar.getmembers()
        assert [each.name for each in members] == sorted(names)
        assert all(each.isreg() and (each.uid, each.gid, each.mode) == (0, 0, 0o644) for each in members)
        assert tar.extractfile("model/1").read() == b"abc" * 1000
    part = await web.ask("GET", f"{BASE}/{run}/artifacts.tar?prefix=model/")
    with tarfile.open(fileobj=io.BytesIO(part.content)) as tar:
        assert [each.name for each in tar.getmembers()] == sorted(names)[1:3]


async def test_a_tar_leaves_out_what_a_program_only_announced(web):
    run = await stored(web, "x")
    for name in ("../evil", "/etc/passwd", "never-came"):
        await web.runtime.database.write(
            lambda tx, name=name: tracking.put_artifact(
                tx, run, name=name, kind="file", size=3, digest=digest(b"abc"), data={}, at=1
            )
        )
    answer = await web.ask("GET", f"{BASE}/{run}/artifacts.tar")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert tar.getnames() == ["x"]
