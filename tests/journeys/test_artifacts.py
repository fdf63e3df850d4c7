"""The files of runs as a person handles them, and a server that is killed while they come."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import tarfile
from urllib.parse import urlsplit

import pytest
from yard import Yard, eventually

from trainyard.client import requests
from trainyard.client.models import CreateRun, NewUpload


@pytest.fixture
def own(tmp_path):
    """A server of one's own, which may be killed."""
    with Yard(tmp_path) as served:
        yield served


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_goes_up_is_listed_comes_down_and_is_removed(yard, client, tmp_path):
    run = client.runs.create(CreateRun(managed=False)).id
    source = tmp_path / "model"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "deep" / "er" / "é x.txt").write_bytes(b"text")
    (source / "weights.bin").write_bytes(random.Random(1).randbytes(20 << 20))
    (source / "outside").symlink_to("/etc/passwd")
    told = yard.command("artifacts", "put", run, str(source), "best", "--kind", "model", code=1)
    assert "'best/outside' is left out" in told
    shown = json.loads(yard.command("artifacts", "ls", run, "best", "--json"))
    assert [each["name"] for each in shown["items"]] == ["best/weights.bin"]
    assert [(each["name"], each["files"]) for each in shown["folders"]] == [("best/deep/", 1)]
    assert "best/deep/er/é x.txt" in yard.command("artifacts", "ls", run, "-r")
    for _ in range(2):
        yard.command("artifacts", "get", run, "best", "-o", str(tmp_path / "back"))
    (source / "outside").unlink()
    assert tree(tmp_path / "back") == tree(source)
    yard.command("artifacts", "get", run, "best", "--tar", "-o", str(tmp_path / "all.tar"))
    with tarfile.open(tmp_path / "all.tar") as tar:
        assert tar.getnames() == ["best/deep/er/é x.txt", "best/weights.bin"]
    yard.command("artifacts", "rm", run, "best", code=3)
    yard.command("artifacts", "rm", run, "best/deep", "-r")
    yard.command("artifacts", "get", run, "nothing", code=3)
    assert [each.name for each in client.runs.artifacts(run)] == ["best/weights.bin"]


def test_a_server_that_is_killed_in_the_middle_of_a_part_goes_on_from_what_it_has(own, tmp_path):
    body = random.Random(3).randbytes(6 << 20)
    with own.client() as client:
        run = client.runs.create(CreateRun(managed=False)).id
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        request = NewUpload(name="model.bin", size=len(body), digest=digest)
        upload = client.send(requests.open_upload("default", run, request))
        acknowledged = 0
        for end in (2 << 20, 4 << 20):
            part = client.send(requests.append_upload("default", run, upload.id, acknowledged, body[acknowledged:end]))
            assert part.offset == end
            half_sent = _begin_part(own, run, upload.id, end, body[end : end + (1 << 20) + 5], len(body) - end)
            eventually(lambda end=end: _kept(own) > end, what="some bytes of the part are written")
            own.down(signal.SIGKILL)
            half_sent.close()
            own.up()
            acknowledged = client.send(requests.get_upload("default", run, upload.id)).offset
            assert end < acknowledged <= end + (1 << 20) + 5
        rest = body[acknowledged:]
        assert client.send(requests.append_upload("default", run, upload.id, acknowledged, rest)).done
        assert client.artifacts.read(run, "model.bin") == body


def test_a_client_gets_a_file_through_while_its_server_is_killed_and_started(own, tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(random.Random(4).randbytes(40 << 20))
    told: list[int] = []

    def strike(done: int, size: int) -> None:
        assert done >= max(told, default=0), "what was acknowledged is lost"
        told.append(done)
        if len(told) in (2, 3):
            own.down(signal.SIGKILL)
            own.up()

    with own.client() as client:
        run = client.runs.create(CreateRun(managed=False)).id
        client.artifacts.put(run, "model.bin", source, progress=strike)
        told.clear()
        client.artifacts.get(run, "model.bin", tmp_path / "target.bin", progress=strike)
        (artifact,) = client.runs.artifacts(run)
    assert (tmp_path / "target.bin").read_bytes() == source.read_bytes()
    assert artifact.digest == f"sha256:{hashlib.sha256(source.read_bytes()).hexdigest()}"


def _begin_part(own, run, ident, offset, data, length):
    """Send the beginning of a part and leave the connection open."""
    url = urlsplit(own.url)
    token = (own.data / "token").read_text().strip()
    connection = socket.create_connection((url.hostname, url.port))
    head = (
        f"PATCH /api/v1/projects/default/runs/{run}/uploads/{ident} HTTP/1.1\r\nHost: {url.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nUpload-Offset: {offset}\r\nContent-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + data)
    return connection


def _kept(own) -> int:
    """The bytes that lie in unfinished uploads."""
    return sum(path.stat().st_size for path in own.data.rglob("uploads/*"))
