"""Both clients against a platform over real HTTP."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_platform import TOKEN

from trainyard.client import Backoff, errors
from trainyard.client.models import CreateRun, FieldProblem, Problem
from trainyard.client.wire import Request

RUN = "01890000-0000-7000-8000-00000000abcd"


def test_create_sends_the_wish_once_and_gives_the_run(client, platform):
    run = client.runs.create(CreateRun(content="kind: operation", file="a.yaml", params={"lr": 0.1}, tags=["x"]))
    assert run.status == "created"
    (seen,) = platform.asked("POST", "/projects/default/runs")
    assert json.loads(seen.body) == {
        "content": "kind: operation", "file": "a.yaml", "params": {"lr": 0.1}, "tags": ["x"],
    }  # fmt: skip


@pytest.mark.parametrize("trouble", [503, "drop", 502, 429])
def test_create_is_tried_again_with_the_same_key_and_makes_one_run(client, platform, trouble):
    platform.faults = [trouble, trouble]
    client.runs.create(CreateRun(content="a"))
    keys = {seen.headers["idempotency-key"] for seen in platform.asked("POST", "/runs")}
    assert len(platform.seen) == 3
    assert len(keys) == 1
    assert len(platform.runs) == 1


def test_two_creates_make_two_runs(client, platform):
    client.runs.create(CreateRun(content="a"))
    client.runs.create(CreateRun(content="a"))
    assert len(platform.runs) == 2


def test_a_request_that_is_not_repeatable_is_sent_once(client, platform):
    platform.faults = [503]
    with pytest.raises(errors.Busy):
        client.server.ready()
    assert len(platform.seen) == 1


def test_trying_again_has_an_end(client, platform):
    platform.faults = [503] * 9
    with pytest.raises(errors.Busy) as caught:
        client.runs.get(RUN)
    assert caught.value.retryable
    assert len(platform.seen) == 4


def test_an_error_that_is_not_retryable_is_not_tried_again(client, platform):
    with pytest.raises(errors.NotFound) as caught:
        client.runs.get("nope")
    assert len(platform.seen) == 1
    assert (caught.value.status, caught.value.code) == (404, "run_not_found")
    assert str(caught.value) == "no run 'nope' in project 'default'; `yard ls` lists them"


def test_list_walks_all_pages_in_order_and_only_as_far_as_it_is_read(client, platform):
    for number in range(7):
        platform.add_run(f"{RUN[:-4]}{number:04d}")
    runs = client.runs.list(page_size=3)
    assert next(runs).id.endswith("0006")
    assert len(platform.seen) == 1
    assert [run.id[-1] for run in runs] == list("543210")
    assert [seen.query.get("cursor") for seen in platform.seen] == [None, ["3"], ["6"]]


def test_list_passes_every_filter(client, platform):
    list(client.runs.list(q="status:failed, tags:a", sort="-metrics.loss"))
    (seen,) = platform.seen
    assert seen.query == {"limit": ["100"], "q": ["status:failed, tags:a"], "sort": ["-metrics.loss"]}


def test_the_verbs_of_one_run(client, platform):
    platform.add_run(RUN, status="running")
    platform.metrics[RUN] = [{"name": "loss", "last": "NaN", "step": 3, "min": 0.1, "max": 2.0, "count": 4}]
    points = [[0, 1, 5, 0.1, 2.0, "NaN"]]
    platform.series[RUN] = [{"name": "loss", "total": 4, "points": points}]
    assert client.runs.stop("abcd", "enough").intent == "stop"
    assert next(client.runs.statuses("abcd")).status == "running"
    assert client.runs.why("abcd").summary == "it ended"
    assert [activity.id for activity in client.runs.activities("abcd")] == [1, 2, 3, 4, 5]
    assert [metric.name for metric in client.runs.metrics("abcd")] == ["loss"]
    (loss,) = client.runs.series("abcd", ["loss"], first=1, points=10)
    assert loss.points[0][:5] == points[0][:5]
    assert client.runs.append("abcd", b"frames").durable == 6
    assert [item.name for page in client.runs.follow_metrics("abcd") for item in page] == ["loss"]


ODD = ["NaN", "Infinity", "-Infinity"]


def test_numbers_that_are_not_finite_are_floats(client, platform):
    platform.add_run(RUN, metrics={"a": "NaN", "b": "Infinity", "c": 1})
    platform.metrics[RUN] = [{"name": "a", "last": "NaN", "step": 3, "min": "-Infinity", "max": None, "count": 4}]
    platform.series[RUN] = [{"name": "a", "total": 4, "points": [[0, 1, 5, *ODD]]}]
    found = client.runs.get(RUN)
    (listed,) = client.runs.list()
    (brief,), (series,) = client.runs.metrics(RUN), client.runs.series(RUN, ["a"])
    followed = [item for page in client.runs.follow_metrics(RUN) for item in page]
    for metrics in (found.metrics, listed.metrics):
        assert (str(metrics["a"]), metrics["b"], metrics["c"]) == ("nan", float("inf"), 1)
    for metric in (brief, *followed):
        assert (str(metric.last), metric.min, metric.max) == ("nan", float("-inf"), None)
    assert [str(value) for value in series.points[0][3:]] == ["nan", "inf", "-inf"]
    assert all(isinstance(value, int | float) for value in series.points[0])


def test_stop_of_a_run_that_has_ended_is_a_conflict(client, platform):
    platform.add_run(RUN)
    with pytest.raises(errors.Conflict, match="there is nothing to stop"):
        client.runs.stop(RUN)


def test_the_nouns_of_the_server(client):
    assert client.version().version == "0.1.0"
    assert next(client.agents.list()).free_cpu == 2.0
    assert client.plugins()[0].offers == ["scheduler process"]
    assert client.queues.set("gpu", concurrency=2).concurrency == 2
    assert [queue.name for queue in client.queues.list()] == ["gpu"]
    assert client.projects.create("vision").name == "vision"
    assert [project.name for project in client.projects.list()] == ["default", "vision"]
    with pytest.raises(errors.Conflict):
        client.projects.create("vision")


def test_lines_walk_all_pages(client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = [f"line {n}" for n in range(5)]
    assert [line.text for line in client.runs.lines(RUN)] == platform.lines[RUN]
    assert [line.text for line in client.runs.logs(RUN, limit=2, tail=True).items] == ["line 3", "line 4"]


def test_follow_gives_every_line_once_over_cuts_in_the_middle_of_a_line(client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = [f"line {n} \u2028 é\r" for n in range(20)]
    platform.cuts = [5, 0, 1, 0, 7]
    assert [line.text for line in client.runs.follow(RUN)] == platform.lines[RUN]
    sent = [seen.headers.get("last-event-id") for seen in platform.asked("GET", "/logs")]
    assert sent == [None, "5", "5", "6", "6", "13"]


def test_follow_goes_on_through_refusals_that_pass(client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a", "b", "c"]
    platform.cuts = [1]
    platform.faults = [503, "drop"]
    assert [line.text for line in client.runs.follow(RUN)] == ["a", "b", "c"]


def test_follow_starts_after_a_cursor(client, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a", "b", "c"]
    assert [line.text for line in client.runs.follow(RUN, cursor="2")] == ["c"]


def test_follow_of_no_run_fails_at_once(client, platform):
    with pytest.raises(errors.NotFound):
        list(client.runs.follow("nope"))
    assert len(platform.seen) == 1


def test_follow_gives_up_on_a_server_that_stays_away(client, platform):
    platform.faults = ["drop"] * 99
    with pytest.raises(errors.NotReachable):
        list(client.runs.follow(RUN))
    assert len(platform.seen) == 8


def test_follow_refuses_an_answer_that_is_no_stream(client, platform):
    platform.faults = ["<html>"]
    with pytest.raises(errors.WrongServer, match="text/html"):
        list(client.runs.follow(RUN))


def test_artifacts_go_up_and_come_down_whole(client, platform, tmp_path: Path):
    platform.add_run(RUN)
    source = tmp_path / "model.bin"
    source.write_bytes(bytes(range(256)) * 4096)
    platform.faults = [503]
    stored = client.runs.upload(RUN, "models/ü model.bin", source, kind="model")
    assert (stored.size, stored.kind) == (1 << 20, "model")
    assert [item.name for item in client.runs.artifacts(RUN)] == ["models/ü model.bin"]
    platform.faults = ["drop", 503]
    target = client.runs.download(RUN, "models/ü model.bin", tmp_path / "down.bin")
    assert target.read_bytes() == source.read_bytes()
    assert client.runs.upload(RUN, "note", b"").size == 0
    assert client.runs.read(RUN, "note") == b""


def test_a_download_with_other_bytes_leaves_no_file(client, platform, tmp_path: Path):
    platform.add_run(RUN)
    platform.artifacts[RUN, "a"] = (b"other", "sha256:" + "0" * 64)
    with pytest.raises(errors.DigestMismatch):
        client.runs.download(RUN, "a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_wait_follows_the_run_over_cuts_until_it_has_ended(client, platform):
    platform.add_run(RUN, status="running")
    platform.cuts = [0, 0]

    def finish_on_third(_seen) -> None:
        if len(platform.seen) == 3:
            platform.runs[RUN]["status"] = "failed"

    platform.on_request = finish_on_third
    assert client.runs.wait(RUN).status == "failed"
    assert [seen.path.rpartition("/")[2] for seen in platform.seen] == ["events"] * 3


@pytest.mark.parametrize("cuts", [[], [0] * 1000], ids=["silent", "cut again and again"])
def test_wait_ends_with_its_time(client, platform, cuts):
    platform.add_run(RUN, status="running")
    platform.cuts = cuts
    with pytest.raises(errors.StillRunning, match=r"still running after 0.1 s"):
        client.runs.wait(RUN, timeout=0.1)
    assert {seen.path.rpartition("/")[2] for seen in platform.seen[:-1]} == {"events"}


def test_waiting_for_a_run_that_is_not_there(client, platform):
    with pytest.raises(errors.NotFound):
        client.runs.wait(RUN)


def test_faults_of_the_input_are_told_with_place_and_fix(client):
    with pytest.raises(errors.Invalid) as caught:
        client.runs.create(CreateRun(content="broken", file="train.yaml"))
    assert caught.value.problems[0].line == 3
    assert str(caught.value).splitlines()[1] == "train.yaml:3:5: unknown field `contianer`; fix it"


def test_a_server_of_another_api_version_is_named(client, platform):
    platform.api = "v2"
    with pytest.raises(errors.WrongServer, match="speaks API v2 and this client speaks v1"):
        client.version()


def test_something_that_is_no_platform_is_named(client, platform):
    platform.faults = ["<html>hello</html>"]
    with pytest.raises(errors.WrongServer, match="no Trainyard server that speaks API v1"):
        client.runs.get(RUN)
    with pytest.raises(errors.WrongServer, match="answered 404"):
        client.send(Request("GET", "/api/v1/unknown", bytes))


def test_a_server_that_is_not_there_is_named_with_what_to_do(connect):
    client = connect("http://127.0.0.1:9", token="t", backoff=Backoff(tries=2, base=0.001))
    with pytest.raises(errors.NotReachable, match=r"127\.0\.0\.1:9.*yard up"):
        client.version()


def test_the_token_is_in_no_repr_and_no_error(connect, platform):
    client = connect(platform.url, token="wrong-token-1234", backoff=Backoff(tries=1))
    with pytest.raises(errors.NotAuthenticated) as caught:
        client.version()
    assert "1234" not in repr(client) + repr(client.endpoint) + str(caught.value) + repr(caught.value)
    assert repr(client).endswith(f"Client(url={platform.url!r}, project='default')")


PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


def _set_proxy(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HTTP_PROXY", url)


def test_a_proxy_of_the_environment_is_used(connect, platform, monkeypatch):
    _set_proxy(monkeypatch, platform.url)
    assert connect("http://platform.invalid", token=TOKEN).version().version == "0.1.0"
    assert platform.seen[0].headers["host"] == "platform.invalid"


def test_a_server_on_this_machine_is_reached_past_the_proxy(connect, platform, monkeypatch):
    _set_proxy(monkeypatch, "http://127.0.0.1:9")
    assert connect(platform.url, token=TOKEN, backoff=Backoff(tries=1)).version().version == "0.1.0"


def test_a_fault_that_is_the_whole_error_is_told_once():
    place = FieldProblem(message="there is no such field", field="data.nome", file="body", line=3)
    told = errors.error_for(
        Problem(type="urn:x", title="t", status=422, code="invalid", detail="there is no such field", problems=[place])
    )
    assert str(told) == "body:3: data.nome: there is no such field"
    whole = errors.error_for(
        Problem(
            type="urn:x", title="t", status=422, code="invalid", fix="write `lr`",
            detail="params.lrr: no such param; write `lr`",
            problems=[FieldProblem(message="no such param", field="params.lrr", fix="write `lr`")],
        )
    )  # fmt: skip
    assert str(whole) == "params.lrr: no such param; write `lr`"
    other = errors.error_for(
        Problem(type="urn:x", title="t", status=422, code="invalid", detail="two are wrong", problems=[place])
    )
    assert str(other).splitlines() == ["two are wrong", "body:3: data.nome: there is no such field"]
