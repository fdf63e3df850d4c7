"""Files go before the events that name them; one that is refused is left out, and all else goes."""

import pytest
from content import fill, texts

from trainyard.track import files, frames
from trainyard.track.frames import Kind, Line
from trainyard.track.spool import SpoolWriter


def test_bytes_of_a_file_go_before_its_event(root, platform, ship, tmp_path):
    (tmp_path / "m").write_bytes(b"m" * 300000)
    writer = SpoolWriter(root)
    event = files.stage(root, tmp_path / "m", "models/ünï 1.bin", "model")
    writer.append(Kind.EVENTS, frames.pack_events([event]))
    platform.plan = ["store", "503"]
    ship().ship()
    assert ship().ship().error == ""
    assert platform.artifacts == {"models/ünï 1.bin": b"m" * 300000}
    methods = [method for method, path, _ in platform.requests]
    assert methods[0] == "PUT"
    assert "kind=model" in platform.requests[0][1]
    writer.close()


REFUSED = (422, {"code": "invalid", "status": 422, "detail": "the name is too long"})

STRANGER = (403, {})

TROUBLE = (503, {"code": "unavailable", "status": 503})


def announced(root, writer, tmp_path, *names):
    """Files of one writer, each with a line after it."""
    for name in names:
        (tmp_path / "m").write_text(name)
        writer.append(Kind.EVENTS, frames.pack_events([files.stage(root, tmp_path / "m", name)]))
        writer.append(Kind.LOGS, frames.pack_lines([Line(0, 1, name)]))


def told(platform):
    """Events as the platform has them: artifacts, and what is left out with why."""
    return [(e["type"], e["name"], e.get("why", "")) for e in platform.events()]


@pytest.mark.parametrize(
    "answer", [REFUSED, (413, {}), (409, {"code": "superseded", "status": 409}), (404, {"code": "not_found"})]
)
def test_a_file_that_is_refused_is_left_out_with_a_word_and_all_else_goes(root, platform, ship, tmp_path, answer):
    writer, other = SpoolWriter(root), fill(root, 10)
    announced(root, writer, tmp_path, "a", "bad", "z")
    platform.refusals["bad"] = [answer] * 9
    progress = ship().ship()
    assert (progress.pending, progress.error) == (0, "")
    assert platform.artifacts.keys() == {"a", "z"}
    assert [event[:2] for event in told(platform)] == [("artifact", "a"), ("omission", "bad"), ("artifact", "z")]
    assert str(answer[0]) in told(platform)[1][2]
    assert len(platform.frames[writer.writer]) == 6
    assert texts(platform, other.writer) == list(range(10))
    writer.close()
    other.close()


def test_a_server_that_lives_for_a_few_requests_gets_ever_more_of_many_files(root, platform, ship, tmp_path):
    writer = SpoolWriter(root)
    announced(root, writer, tmp_path, *(f"f{n}" for n in range(40)))
    platform.life, shipper = 8, ship()
    sent = [shipper.ship().sent for _ in range(40)]
    assert sum(sent) == 80 == len(platform.frames[writer.writer])
    assert len(platform.artifacts) == 40
    writer.close()


def test_a_name_of_an_older_version_is_refused_without_asking(root, platform, ship):
    writer = SpoolWriter(root)
    old = {"type": "artifact", "name": "x" * 300, "kind": "file", "size": 1, "digest": f"sha256:{'0' * 64}"}
    writer.append(Kind.EVENTS, frames.pack_events([old, {**old, "name": "ok", "kind": ""}]))
    assert ship().ship().error == ""
    assert [event[0] for event in told(platform)] == ["omission", "omission"]
    assert [method for method, _, _ in platform.requests] == ["POST"]
    writer.close()


def test_somebody_in_between_must_refuse_a_file_more_than_once(root, platform, ship, tmp_path):
    writer = SpoolWriter(root)
    announced(root, writer, tmp_path, "a", "b")
    platform.refusals = {"a": [STRANGER] * 2, "b": [STRANGER] * 9}
    shipper = ship()
    progress = [shipper.ship() for _ in range(5)]
    assert [each.fatal for each in progress[:4]] == [False] * 4
    assert [bool(each.error) for each in progress] == [True, True, True, True, False]
    assert [event[:2] for event in told(platform)] == [("artifact", "a"), ("omission", "b")]
    writer.close()


def test_a_file_is_not_given_up_while_its_frame_is_not_taken(root, platform, ship, tmp_path):
    writer = SpoolWriter(root)
    announced(root, writer, tmp_path, "a")
    platform.refusals["a"], platform.plan = [REFUSED], ["403"]
    shipper = ship()
    assert shipper.ship().fatal
    assert shipper.ship().error == ""
    assert platform.artifacts == {"a": b"a"}
    assert [event[:2] for event in told(platform)] == [("artifact", "a")]
    writer.close()


def test_trouble_with_a_file_is_no_refusal(root, platform, ship, tmp_path):
    writer = SpoolWriter(root)
    announced(root, writer, tmp_path, "a")
    platform.refusals["a"] = [TROUBLE] * 5
    shipper = ship()
    assert [shipper.ship().fatal for _ in range(5)] == [False] * 5
    assert shipper.ship().error == ""
    assert platform.artifacts == {"a": b"a"}
    writer.close()


def test_bytes_go_again_after_a_pass_that_failed(root, platform, ship, tmp_path):
    """Who answered may have been a portal that says yes to everything."""
    writer = SpoolWriter(root)
    announced(root, writer, tmp_path, "a")
    platform.refusals["a"], platform.plan = [(200, {})], ["503"]
    shipper = ship()
    assert shipper.ship().error
    assert platform.artifacts == {}
    assert shipper.ship().error == ""
    assert platform.artifacts == {"a": b"a"}
    writer.close()
