"""The shipper against a real HTTP server that fails in every way: the union is exactly once."""

import json
import random

import pytest

from trainyard.track import failpoints, files, frames, run_metadata, segments
from trainyard.track.frames import Kind, Line
from trainyard.track.ring import Ring
from trainyard.track.shipper import SLOWEST, Shipper, Target
from trainyard.track.spool import SpoolWriter, pending

RUN = "0190d5a4-c0de-7000-8000-00000000abcd"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "spool"


@pytest.fixture
def ship(root, platform, token_file):
    """Makes shippers for the fixture's spool and platform."""
    made = []

    def shipper(**changes):
        target = Target(changes.pop("url", platform.url), "my project", RUN, changes.pop("token_file", str(token_file)))
        made.append(Shipper(root, target, **changes))
        return made[-1]

    yield shipper
    for one in made:
        one.close()


def fill(root, count, *, size=20):
    writer = SpoolWriter(root, segment_size=4096)
    for n in range(count):
        writer.append(Kind.LOGS, frames.pack_lines([Line(n, 1, f"{n:0{size}d}")]))
    return writer


def texts(platform, writer):
    return [int(line.text) for f in platform.frames[writer] for line in frames.unpack_lines(f.payload)]


def test_everything_goes_and_what_the_server_has_is_deleted(root, platform, ship):
    writer = fill(root, 200)
    assert ship().ship() == (200, 0, "", False)
    assert texts(platform, writer.writer) == list(range(200))
    assert len(segments.listed(writer.folder)) == 1
    writer.append(Kind.LOGS, frames.pack_lines([Line(0, 1, "200")]))
    writer.close()
    assert ship().ship() == (1, 0, "", False)
    assert segments.listed(writer.folder) == []
    assert segments.durable(writer.folder) == 201
    assert platform.requests[-1][1] == f"/api/v1/projects/my%20project/runs/{RUN}/frames"


@pytest.mark.parametrize("attempt", [3, None], ids=["of an attempt", "of no attempt"])
def test_whoever_ships_names_the_attempt_that_recorded(root, platform, ship, tmp_path, attempt):
    writer = fill(root, 1)
    (tmp_path / "model.pt").write_bytes(b"x")
    writer.append(Kind.EVENTS, frames.pack_events([files.stage(root, tmp_path / "model.pt", "model.pt")]))
    writer.close()
    run_metadata.write_about(
        root, {"project": "my project", "run": RUN, "managed": True, **({"attempt": attempt} if attempt else {})}
    )
    assert ship().ship().error == ""
    assert [method for method, *_ in platform.requests] == ["PUT", "POST"]
    assert platform.attempts == {str(attempt) if attempt else None}


def test_the_rows_of_a_dead_process_go_too(root, platform, ship):
    writer = SpoolWriter(root)
    ring = Ring(writer.folder, 8192)
    for n in range(10):
        ring.put({"a": float(n)}, n)
    ring.close()
    writer.forget()
    assert ship().ship().sent == 1
    assert [step for _, step, _ in platform.rows()[writer.writer]] == list(range(10))


@pytest.mark.parametrize("trouble", ["503", "500", "429", "lose", "store"])
def test_trouble_is_an_answer_and_the_next_pass_goes_on(root, platform, ship, trouble):
    writer = fill(root, 50)
    platform.plan = [trouble, trouble]
    shipper = ship()
    progress = shipper.ship()
    assert progress.error
    assert not progress.fatal
    assert progress.pending == 50
    assert 0 < shipper.delay() <= 60
    platform.plan = []
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(50))
    writer.close()


@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_server_does_the_union_is_exactly_once(root, platform, ship, seed, monkeypatch):
    monkeypatch.setattr("trainyard.track.shipper.BATCH", 1500)
    dice = random.Random(seed)
    first, second = fill(root, 150), fill(root, 80)
    shippers = [ship(), ship()]
    for _ in range(200):
        platform.plan = [dice.choice(["ok", "lose", "store", "503"]) for _ in range(6)]
        dice.choice(shippers).ship()
        if dice.random() < 0.3:
            shippers[dice.randrange(2)] = ship()
        if pending(root) == 0:
            break
    assert texts(platform, first.writer) == list(range(150))
    assert texts(platform, second.writer) == list(range(80))
    first.close()
    second.close()


def test_a_crash_between_answer_and_deleting_doubles_nothing(root, platform, ship):
    writer = fill(root, 100)

    class Crash(BaseException):
        pass

    for point in ("shipper.post", "durable.rename"):

        def crash(name, point=point):
            if name == point:
                raise Crash

        failpoints.install(crash)
        with pytest.raises(Crash):
            ship().ship()
        failpoints.install(None)
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(100))
    writer.close()


def test_a_gap_answer_sends_again_from_where_the_server_is(root, platform, ship):
    writer = fill(root, 30)
    segments.raise_durable(writer.folder, 20)
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(30))
    writer.close()


def test_what_is_gone_here_and_there_goes_as_empty_gaps(root, platform, ship):
    writer = fill(root, 300)
    ship().ship()
    first = segments.listed(writer.folder)[0]
    platform.frames.clear()
    writer.append(Kind.LOGS, frames.pack_lines([Line(0, 1, "300")]))
    assert ship().ship().error == ""
    found = platform.frames[writer.writer]
    assert [f.kind for f in found[: first - 1]] == [Kind.GAP] * (first - 1)
    assert found[-1].seq == 301
    writer.close()


def test_a_server_that_keeps_changing_its_mind_is_given_up_for_this_pass(root, platform, ship, monkeypatch):
    writer = fill(root, 5)
    answers = iter(range(1000))
    monkeypatch.setattr(
        platform, "append", lambda data: (409, {"code": "sequence_gap", "expected": 2 + next(answers) % 3})
    )
    assert "does not settle" in ship().ship().error
    writer.close()


def test_a_renewed_token_is_read_again(root, platform, ship, token_file):
    writer = fill(root, 3)
    shipper = ship()
    shipper.ship()
    platform.token = "secret-2"
    token_file.write_text("secret-2")
    writer.append(Kind.LOGS, frames.pack_lines([Line(0, 1, "3")]))
    assert shipper.ship() == (1, 0, "", False)
    writer.close()


def test_a_wrong_token_is_named_by_its_place_and_not_by_its_value(root, platform, ship, token_file):
    writer = fill(root, 3)
    token_file.write_text("wrong-secret")
    progress = ship().ship()
    assert str(token_file) in progress.error
    assert "wrong-secret" not in progress.error
    assert not progress.fatal
    writer.close()


@pytest.mark.parametrize("token", ["odd-secret\n2", "odd-secret-é€"])
def test_a_token_that_cannot_be_sent_is_trouble_and_is_not_told(root, platform, ship, token_file, token):
    writer = fill(root, 3)
    progress = ship(token=token).ship()
    assert progress.pending == 3
    assert "cannot be sent" in progress.error
    assert "odd-secret" not in progress.error
    writer.close()


@pytest.mark.parametrize("status", ["404", "422", "403"])
def test_a_refusal_is_fatal_and_keeps_the_data(root, platform, ship, status):
    writer = fill(root, 3)
    platform.plan = [status]
    progress = ship().ship()
    assert progress.fatal
    assert progress.pending == 3
    assert status in progress.error
    writer.close()


def test_a_batch_that_is_too_large_is_halved(root, platform, ship):
    writer = fill(root, 200)
    platform.limit = 1000
    assert ship().ship().error == ""
    assert texts(platform, writer.writer) == list(range(200))
    writer.close()


def test_a_hanging_server_costs_the_timeout_and_no_more(root, platform, ship):
    writer = fill(root, 3)
    platform.plan = ["hang", "hang"]
    progress = ship(timeout=0.2).ship()
    assert "timed out" in progress.error
    assert progress.pending == 3
    platform.release.set()
    writer.close()


def test_a_dead_server_is_an_answer(root, ship):
    writer = fill(root, 3)
    progress = ship(url="http://127.0.0.1:9").ship()
    assert progress == (0, 3, progress.error, False)
    assert "127.0.0.1:9" in progress.error
    writer.close()


def test_a_server_that_speaks_no_http_is_an_answer(root, ship):
    import socket
    import threading

    writer = fill(root, 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def talk():
            peer, _ = server.accept()
            peer.sendall(b"SSH-2.0-hello\r\n\r\n")
            peer.close()

        thread = threading.Thread(target=talk)
        thread.start()
        assert ship(url=f"http://127.0.0.1:{server.getsockname()[1]}").ship().error
        thread.join()
    writer.close()


def test_a_connection_that_is_reset_while_it_is_made_is_an_answer(root, platform, ship):
    writer = fill(root, 3)
    shipper = ship()

    def reset(*args):
        raise ConnectionResetError("reset by peer")

    shipper._wire._made._create_connection = reset
    assert "reset by peer" in shipper.ship().error
    writer.close()


def test_delays_grow_to_a_quarter_of_what_a_server_waits(root, ship):
    shipper = ship(url="http://127.0.0.1:9")
    fill(root, 1).close()
    waits = []
    for _ in range(12):
        shipper.ship()
        waits.append(shipper.delay())
    assert waits[0] <= 1.0
    assert SLOWEST / 2 <= waits[-1] <= SLOWEST


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


def test_batches_grow_again_after_trouble_but_not_beyond_what_is_let_through(root, platform, ship):
    writer, shipper = fill(root, 500, size=200), ship()
    platform.plan, platform.limit = ["503"] * 6, 20_000
    while shipper.ship().pending:
        pass
    refused = [index for index, size in enumerate(platform.sizes) if size > platform.limit]
    assert refused == [*range(len(refused))], "what was too large once is not tried again"
    smallest = platform.sizes.index(min(platform.sizes))
    assert platform.sizes[smallest] < 1000 < 8000 < max(platform.sizes[smallest:])
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


def test_a_project_that_somebody_else_makes_meanwhile_is_there(root, platform, ship, monkeypatch):
    writer = fill(root, 1)
    run_metadata.write_about(root, {"project": "my project", "run": RUN, "managed": False, "create": {}})
    platform.projects = set()
    monkeypatch.setattr(platform, "project_taken", True)
    assert ship().ship().error == ""
    assert platform.runs.keys() == {RUN}
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


def test_a_writer_whose_frames_are_refused_does_not_stop_the_others(root, platform, ship):
    writers = {writer.writer: writer for writer in (fill(root, 10) for _ in range(3))}
    platform.plan = ["422"]
    progress = ship().ship()
    assert (progress.sent, progress.pending, progress.fatal) == (20, 10, True)
    assert len(platform.frames) == 2
    for writer in writers.values():
        writer.close()


def test_the_run_of_a_project_that_is_not_there_makes_it(root, platform, ship):
    writer = fill(root, 1)
    run_metadata.write_about(root, {"project": "my project", "run": RUN, "managed": False, "create": {}})
    platform.projects = set()
    assert ship().ship().error == ""
    assert platform.projects == {"my project"}
    assert platform.runs.keys() == {RUN}
    writer.close()


def test_an_unmanaged_run_is_created_first_and_once(root, platform, ship):
    writer = fill(root, 1)
    create = {"name": "n", "tags": ["t"], "created_at": "2026-01-01T00:00:00.000Z"}
    run_metadata.write_about(root, {"project": "my project", "run": RUN, "managed": False, "create": create})
    assert ship().ship().error == ""
    assert ship().ship().error == ""
    assert platform.runs == {RUN: {"id": RUN, "managed": False, **create}}
    assert set(platform.keys) == {f"run-{RUN}"}
    writer.close()


def test_a_bad_url_says_what_a_good_one_is(root):
    with pytest.raises(ValueError, match="http://host:port"):
        Shipper(root, Target("localhost:8400", "p", RUN, ""))


def test_the_mark_is_never_lowered(root):
    writer = fill(root, 1)
    segments.raise_durable(writer.folder, 5)
    segments.raise_durable(writer.folder, 3)
    assert segments.durable(writer.folder) == 5
    assert json.loads((writer.folder / "durable").read_text()) == 5
    assert sorted(path.name for path in writer.folder.iterdir()) == ["00000001.tyf", "durable", "ring"]
    writer.close()
