"""A tar that comes in: its files become artifacts, and nothing in it leads anywhere else."""

from __future__ import annotations

import io
import tarfile

import pytest
from web import BASE

FORMATS = {"pax": tarfile.PAX_FORMAT, "gnu": tarfile.GNU_FORMAT, "ustar": tarfile.USTAR_FORMAT}


def tar_of(*members: tuple[str, bytes] | tarfile.TarInfo, kind: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=kind) as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
                continue
            info = tarfile.TarInfo(member[0])
            info.size = len(member[1])
            tar.addfile(info, io.BytesIO(member[1]))
    return buffer.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


async def sent(web, body, query: str = ""):
    """What came of sending a tar to a new run: the answer, and what is stored."""
    run = (await web.tracked()).id
    answer = await web.ask("POST", f"{BASE}/{run}/artifacts.tar{query}", content=body)
    return answer, {each.name: await web.admin.artifacts.read(run, each.name) for each in await listed(web, run)}


async def listed(web, run):
    return await web.admin.runs.artifacts(run)


@pytest.mark.parametrize("kind", FORMATS.values(), ids=FORMATS)
async def test_files_of_a_tar_become_artifacts_under_their_names(web, kind):
    files = {"a": b"", "deep/er/b": b"x" * 1000, "./c": b"y" * 512, "long/" * 18 + "n" * 90: b"z"}
    body = tar_of(special("deep", tarfile.DIRTYPE), *files.items(), kind=kind)
    answer, stored = await sent(web, body)
    assert answer.status_code == 200, answer.text
    assert stored == {name.removeprefix("./"): data for name, data in files.items()}
    assert [each["name"] for each in answer.json()["items"]] == [name.removeprefix("./") for name in files]


@pytest.mark.parametrize("kind", ["pax", "gnu"])
async def test_names_of_any_length_and_letters_come_through(web, kind):
    names = ["ü" * 100, "漢/" * 60 + "🚂", "a b&c?d#e%2F"]
    answer, stored = await sent(
        web, tar_of(*((name, b"x") for name in names), kind=FORMATS[kind]), "?prefix=in/&kind=m"
    )
    assert answer.status_code == 200, answer.text
    assert sorted(stored) == sorted(f"in/{name}" for name in names)


BAD = {
    "parent": ("../evil", b"x"),
    "inner parent": ("a/../../evil", b"x"),
    "absolute": ("/etc/evil", b"x"),
    "doubled": ("a//b", b"x"),
    "dot": ("a/./b", b"x"),
    "link": special("link", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link": special("link", tarfile.LNKTYPE, "first"),
    "device": special("device", tarfile.CHRTYPE),
    "pipe": special("pipe", tarfile.FIFOTYPE),
    "unknown": special("what", b"Z"),
    "sparse": special("sparse", tarfile.GNUTYPE_SPARSE),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
@pytest.mark.parametrize("prefix", ["", "?prefix=below"])
async def test_a_member_that_is_no_file_of_the_run_ends_it(web, bad, prefix, tmp_path):
    answer, stored = await sent(web, tar_of(("first", b"1"), bad, ("last", b"2")), prefix)
    assert answer.status_code == 422, answer.text
    assert list(stored.values()) == [b"1"]
    assert not list(tmp_path.rglob("*evil*"))


async def test_a_name_with_nul_in_a_pax_header_is_refused(web):
    body = tar_of(("x" * 150 + "0" + "y" * 50, b"1")).replace(b"x0y", b"x\0y")
    answer, stored = await sent(web, body)
    assert (answer.status_code, stored) == (422, {})


async def test_a_tar_that_is_cut_keeps_only_whole_files(web):
    body = tar_of(("a", b"1" * 700), ("b", b"2" * 700))
    for cut in (0, 100, 511, 512, 900, 1536, 1600, 2048, 2500, 3072, 3500):
        answer, stored = await sent(web, body[:cut])
        assert answer.status_code == 422, cut
        assert set(stored.values()) <= {b"1" * 700, b"2" * 700}


@pytest.mark.parametrize("body", [b"x" * 512, bytes(range(256)) * 4, b"\x1f\x8b" + b"\0" * 2000, b"\xff" * 2048])
async def test_what_is_no_tar_is_refused(web, body):
    answer, stored = await sent(web, body)
    assert (answer.status_code, stored) == (422, {})


@pytest.mark.parametrize("size", [-1, 1 << 20, 1 << 60])
async def test_a_header_that_promises_much_holds_nobody_up(web, size):
    info = tarfile.TarInfo("x")
    info.size, info.type = size, tarfile.XHDTYPE
    answer, stored = await sent(web, info.tobuf(tarfile.GNU_FORMAT) + b"x" * 512)
    assert (answer.status_code, stored) == (422, {})


@pytest.mark.parametrize("record", [b"", b"5", b"0 a=b\n", b"-3 a=b\n", b"999 path=x\n", b"6 path\n", b"x path=y\n"])
async def test_a_pax_header_that_does_not_add_up_is_refused(web, record):
    info = tarfile.TarInfo("x")
    info.size, info.type = len(record), tarfile.XHDTYPE
    body = info.tobuf(tarfile.USTAR_FORMAT) + record + bytes(-len(record) % 512)
    answer, _ = await sent(web, body + (b"" if record else b"x" * 512))
    assert answer.status_code == 422


async def test_the_client_sends_a_tar(web, tmp_path):
    path = tmp_path / "files.tar"
    path.write_bytes(tar_of(("a", b"1"), ("b/c", b"2")))
    run = (await web.tracked()).id
    for _ in range(2):
        found = await web.admin.artifacts.put_tar(run, path, prefix="in")
        assert [each.name for each in found] == ["in/a", "in/b/c"]
    assert await web.admin.artifacts.read(run, "in/b/c") == b"2"
