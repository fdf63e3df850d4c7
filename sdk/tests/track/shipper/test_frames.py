"""Frames reach the server exactly once, whatever it answers; the run is created before."""

import json
import random

import pytest
from content import RUN, fill, texts

from trainyard.track import failpoints, files, frames, run_metadata, segments
from trainyard.track.frames import Kind, Line
from trainyard.track.ring import Ring
from trainyard.track.spool import SpoolWriter, pending


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


def test_a_project_that_somebody_else_makes_meanwhile_is_there(root, platform, ship, monkeypatch):
    writer = fill(root, 1)
    run_metadata.write_about(root, {"project": "my project", "run": RUN, "managed": False, "create": {}})
    platform.projects = set()
    monkeypatch.setattr(platform, "project_taken", True)
    assert ship().ship().error == ""
    assert platform.runs.keys() == {RUN}
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


def test_the_mark_is_never_lowered(root):
    writer = fill(root, 1)
    segments.raise_durable(writer.folder, 5)
    segments.raise_durable(writer.folder, 3)
    assert segments.durable(writer.folder) == 5
    assert json.loads((writer.folder / "durable").read_text()) == 5
    assert sorted(path.name for path in writer.folder.iterdir()) == ["00000001.tyf", "durable", "ring"]
    writer.close()
