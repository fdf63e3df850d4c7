"""A file that comes down over several connections, and folders of files, without a server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from trainyard.client.errors import DigestMismatch, NotReachable
from trainyard.client.folders import BadName, has_content, list_files, path_inside
from trainyard.client.models import Artifact
from trainyard.client.partial import KEEP_FROM, Partial
from trainyard.client.requests import get_artifact
from trainyard.client.upload import ignore_progress

BODY = bytes(range(256)) * 8192  # 2 MiB
HALF = len(BODY) // 2 + 11
REQUEST = get_artifact("p", "r", "m")


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def head(data: bytes, **more: str) -> dict[str, str]:
    return {"digest": digest(data), "etag": f'"{digest(data)}"', "content-length": str(len(data)), **more}


def broken_off(target: Path, data: bytes, until: int) -> None:
    """A download of which only a part came."""
    with Partial(target, "m", ignore_progress) as partial:
        assert partial.accepts(200, head(data))
        partial.write(data[:until])


def test_the_next_connection_asks_for_the_rest_of_the_same_bytes(tmp_path: Path):
    target = tmp_path / "m"
    with Partial(target, "m", ignore_progress) as partial:
        assert partial.rest_of(REQUEST) is REQUEST
        assert partial.accepts(200, head(BODY))
        partial.write(BODY[:HALF])
        partial.finish()
        assert not partial.is_done and not target.exists()
        asked = partial.rest_of(REQUEST).headers
        assert (asked["Range"], asked["If-Range"]) == (f"bytes={HALF}-", f'"{digest(BODY)}"')
        assert partial.accepts(206, head(BODY, **{"content-range": f"bytes {HALF}-{len(BODY) - 1}/{len(BODY)}"}))
        partial.write(BODY[HALF:])
        partial.finish()
        assert partial.is_done
    assert target.read_bytes() == BODY
    assert [*tmp_path.iterdir()] == [target]


def test_other_bytes_are_begun_anew(tmp_path: Path):
    target, other = tmp_path / "m", BODY[::-1]
    with Partial(target, "m", ignore_progress) as partial:
        partial.accepts(200, head(BODY))
        partial.write(BODY[:HALF])
        assert partial.accepts(200, head(other))
        partial.write(other)
        partial.finish()
    assert target.read_bytes() == other
    assert [*tmp_path.iterdir()] == [target]


def test_a_later_process_goes_on_with_what_came(tmp_path: Path):
    target = tmp_path / "m"
    broken_off(target, BODY, HALF)
    assert HALF >= KEEP_FROM and len([*tmp_path.iterdir()]) == 1
    with Partial(target, "m", ignore_progress) as partial:
        assert not partial.accepts(200, head(BODY)), "the body is not read: the rest is asked for"
        assert partial.rest_of(REQUEST).headers["Range"] == f"bytes={HALF}-"
        partial.accepts(206, {"content-range": f"bytes {HALF}-"})
        partial.write(BODY[HALF:])
        partial.finish()
    assert target.read_bytes() == BODY


def test_what_is_whole_already_is_only_checked(tmp_path: Path):
    target = tmp_path / "m"
    broken_off(target, BODY, len(BODY))
    with Partial(target, "m", ignore_progress) as partial:
        assert not partial.accepts(200, head(BODY))
        partial.finish()
        assert partial.is_done


def test_a_little_is_not_kept(tmp_path: Path):
    broken_off(tmp_path / "m", BODY, 1000)
    assert [*tmp_path.iterdir()] == []


def test_a_turned_byte_in_what_was_kept_is_found(tmp_path: Path):
    target = tmp_path / "m"
    broken_off(target, BODY, HALF)
    (beside,) = tmp_path.iterdir()
    with beside.open("r+b") as file:
        file.write(b"turned")
    with Partial(target, "m", ignore_progress) as partial:
        partial.accepts(200, head(BODY))
        partial.accepts(206, {"content-range": f"bytes {HALF}-"})
        partial.write(BODY[HALF:])
        with pytest.raises(DigestMismatch):
            partial.finish()
    assert [*tmp_path.iterdir()] == []


def test_what_is_longer_than_the_file_is_begun_anew(tmp_path: Path):
    target = tmp_path / "m"
    broken_off(target, BODY, HALF)
    (beside,) = tmp_path.iterdir()
    beside.write_bytes(BODY + b"more")
    with Partial(target, "m", ignore_progress) as partial:
        assert partial.accepts(200, head(BODY))
        partial.write(BODY)
        partial.finish()
    assert target.read_bytes() == BODY


def test_two_at_once_do_not_mix(tmp_path: Path):
    target = tmp_path / "m"
    with Partial(target, "m", ignore_progress) as one, Partial(target, "m", ignore_progress) as other:
        for partial in (one, other):
            assert partial.accepts(200, head(BODY))
        for start in range(0, len(BODY), 1 << 18):
            for partial in (one, other):
                partial.write(BODY[start : start + (1 << 18)])
        for partial in (one, other):
            partial.finish()
            assert target.read_bytes() == BODY
    assert [*tmp_path.iterdir()] == [target]


def test_a_part_of_another_place_is_refused(tmp_path: Path):
    with Partial(tmp_path / "m", "m", ignore_progress) as partial:
        partial.accepts(200, head(BODY))
        partial.write(BODY[:10])
        with pytest.raises(NotReachable):
            partial.accepts(206, {"content-range": f"bytes 11-{len(BODY) - 1}/{len(BODY)}"})


@pytest.mark.parametrize("headers", [{}, {"digest": digest(BODY)}, {"content-length": str(len(BODY))}])
def test_without_digest_or_length_the_file_comes_in_one_go(tmp_path: Path, headers):
    with Partial(tmp_path / "m", "m", ignore_progress) as partial:
        assert partial.accepts(200, headers)
        partial.write(BODY)
        assert "Range" not in partial.rest_of(REQUEST).headers
        partial.finish()
        assert partial.is_done
    assert (tmp_path / "m").read_bytes() == BODY


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "a\0b"])
def test_a_name_that_leads_out_has_no_place(tmp_path: Path, name: str):
    with pytest.raises(BadName):
        path_inside(tmp_path, name)


def test_a_link_that_leads_out_is_not_followed(tmp_path: Path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "link").symlink_to("/tmp")
    with pytest.raises(BadName, match="link"):
        path_inside(tmp_path / "target", "link/x")
    assert path_inside(tmp_path / "target", "deep/x") == tmp_path / "target" / "deep" / "x"


def test_a_folder_is_its_regular_files_in_order(tmp_path: Path):
    source = tmp_path / "source"
    (source / "b").mkdir(parents=True)
    for name in ("b/2", "b/1", "a"):
        (source / name).write_text(name)
    (source / "inner").symlink_to(source / "a")
    (source / "outer").symlink_to("/etc/passwd")
    (source / "gone").symlink_to("nowhere")
    assert [name for name, _ in list_files(source, "")] == ["a", "b/1", "b/2", "gone", "inner", "outer"]
    found = dict(list_files(source, "up/"))
    assert [name for name, path in found.items() if isinstance(path, Path)] == ["up/a", "up/b/1", "up/b/2", "up/inner"]
    assert "leads nowhere" in str(found["up/gone"])
    assert "leads out of the folder" in str(found["up/outer"])


def test_a_file_is_there_already_only_with_the_same_bytes(tmp_path: Path):
    path = tmp_path / "x"
    wanted = Artifact(name="x", size=3, digest=digest(b"abc"))
    assert not has_content(path, wanted)
    for data, same in ((b"abc", True), (b"abd", False), (b"abcd", False)):
        path.write_bytes(data)
        assert has_content(path, wanted) is same
