"""Each command in this process, against a platform over real HTTP."""

from __future__ import annotations

import json

import msgspec
import pytest

from trainyard.client.models import Run

RUN = "01890000-0000-7000-8000-00000000abcd"
OTHER = "01890000-0000-7000-8000-00000000ef01"


def test_ls_shows_the_newest_first_and_no_more_than_asked(yard, platform):
    for number in range(5):
        platform.add_run(f"{RUN[:-4]}{number:04d}", name=f"n{number}", tags=["a", "b"])
    done = yard("ls", "--limit", "2")
    assert (done.code, done.err) == (0, "2 of 5 runs; -n shows more, -q QUERY finds some\n")
    header, first, second = done.out.splitlines()
    assert header.split() == ["RUN", "NAME", "STATUS", "CREATED", "TAGS"]
    assert first.split()[:3] == ["00000004", "n4", "succeeded"]
    assert second.split()[0] == "00000003"


def test_ls_of_a_status(yard, platform):
    platform.add_run(RUN)
    platform.add_run(OTHER, status="failed")
    done = yard("ls", "--status", "failed", "--json")
    assert [run["id"] for run in json.loads(done.out)["items"]] == [OTHER]


def test_ls_of_nothing_says_what_to_do_next(yard, platform):
    done = yard("ls")
    assert (done.code, done.out) == (0, "")
    assert done.err == "no runs in project 'default'; start one: yard run -- python FILE\n"
    assert "that the query is true of; leave out conditions" in yard("ls", "--status", "failed").err


def test_another_project_is_asked_for(yard, platform):
    yard("ls", "-p", "vision")
    assert platform.seen[0].path == "/api/v1/projects/vision/runs"


def test_get_shows_what_is_known(yard, platform):
    more = {
        "inputs": {"lr": 0.1},
        "metrics": {"acc": 0.5, "loss": "NaN"},
        "exit_code": 3,
        "last_lines": ["boom\x1b[2J"],
    }
    platform.add_run(RUN, status="failed", reason="exited", **more)
    done = yard("get", "abcd")
    assert done.code == 0
    assert [line.split() for line in done.out.splitlines()][-4:] == [
        ["metric", "acc", "0.5"], ["metric", "loss", "NaN"], ["last", "lines:"], ["boom\\x1b[2J"],
    ]  # fmt: skip
    assert "\x1b" not in done.out


def test_dropped_records_are_told(yard, platform):
    platform.add_run(RUN, dropped=227)
    said = "227 records (values, lines, events), as there was no room for them where it ran"
    assert ["dropped", said] in [line.split(maxsplit=1) for line in yard("get", RUN).out.splitlines()]
    assert yard("metrics", RUN).err == f"dropped: {said}\n"


def test_get_latest(yard, platform):
    platform.add_run(RUN)
    platform.add_run(OTHER)
    platform.add_run("a-trial", parent=OTHER)
    assert yard("get", "latest").out.splitlines()[0].split() == ["run", OTHER]


def test_get_json_is_the_run_of_the_api(yard, platform):
    platform.add_run(RUN, inputs={"lr": 0.1})
    done = yard("get", RUN, "--json")
    assert msgspec.json.decode(done.out, type=Run) == msgspec.convert(platform.runs[RUN], Run)
    assert list(json.loads(done.out)) == [
        "id", "project", "kind", "status", "created_at", "name", "description", "reason", "message", "intent", "hold",
        "managed", "queue", "tags", "inputs", "outputs", "metrics", "meta", "digest", "attempt", "attempts",
        "exit_code", "last_lines", "cloned_from", "started_at", "finished_at", "updated_at", "progress", "resolved",
        "user", "priority", "parent", "clone_kind", "fork_step", "archived_at",
            "dropped", "sorted_by",
    ]  # fmt: skip


def test_stop(yard, platform):
    platform.add_run(RUN, status="running")
    done = yard("stop", "abcd", "-m", "enough")
    assert (done.code, done.out) == (0, "run 0000abcd is running; it was asked to stop\n")
    assert platform.runs[RUN]["message"] == "enough"


def test_why_says_what_it_waits_for(yard, platform):
    platform.add_run(RUN, status="queued")
    blocker = {"code": "no_agent", "message": "no agent serves queue 'gpu'", "fix": "start one"}
    platform.why[RUN] = {
        "run": RUN,
        "status": "queued",
        "summary": "it waits",
        "blockers": [blocker],
        "place": 3,
        "changes": ["using queue 'cpu' instead of 'gpu'"],
    }
    assert yard("why", "abcd").out.splitlines() == [
        "queued: it waits", "  no_agent: no agent serves queue 'gpu'", "    start one",
        "  would start it: using queue 'cpu' instead of 'gpu'", "  place 3 of all that waits",
    ]  # fmt: skip
    assert json.loads(yard("why", "abcd", "--json").out)["blockers"] == [blocker]


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        ([], ["a", "b", "c"]),
        (["--tail", "2"], ["b", "c"]),
        (["--tail", "0"], []),
        (["-f"], ["a", "b", "c"]),
        (["-f", "--tail", "1"], ["c"]),
        (["-f", "--tail", "0"], []),
    ],
)
def test_logs(yard, platform, argv, shown):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a", "b", "c"]
    platform.cuts = [1]
    assert yard("logs", RUN, *argv).out.splitlines() == shown


@pytest.mark.parametrize("argv", [["logs", "abcd", "-f"], ["metrics", "abcd", "-f"]])
def test_what_is_followed_is_named_by_its_whole_id(yard, platform, argv):
    platform.add_run(RUN)
    assert yard(*argv).code == 0
    assert [seen.path.split("/")[6] for seen in platform.seen] == ["abcd", RUN]


def test_logs_as_json_lines(yard, platform):
    platform.add_run(RUN)
    platform.lines[RUN] = ["a"]
    assert json.loads(yard("logs", RUN, "--json").out) == {"at": "2026-01-02T03:04:05Z", "text": "a"}


@pytest.fixture
def measured(platform):
    platform.add_run(RUN)
    platform.metrics[RUN] = [
        {"name": "acc", "last": 0.75, "step": 2, "low": 0.5, "high": 0.75, "count": 3},
        {"name": "loss", "last": "NaN", "step": 2, "low": None, "high": None, "count": 3},
    ]
    platform.series[RUN] = [
        {"name": "acc", "total": 3, "points": [[0, 0, 1, 0, 0, 0], [1, 1, 2, 1, 1, 1], [2, 2, 3, 0, 0, "NaN"]]},
        {"name": "loss", "total": 0, "points": []},
    ]
    return platform


def test_metrics_table(yard, measured):
    rows = [line.split() for line in yard("metrics", RUN).out.splitlines()]
    assert rows[1:] == [["acc", "0.75", "2", "0.5", "0.75", "3"], ["loss", "NaN", "2", "-", "-", "3"]]


def test_metrics_by_name_and_one_that_is_not_there(yard, measured):
    assert [row["name"] for row in json.loads(yard("metrics", RUN, "loss", "--json").out)["items"]] == ["loss"]
    done = yard("metrics", RUN, "nope")
    assert done.code == 3
    assert done.err == "yard: the run has no metric 'nope'; it has: acc, loss\n"


def test_metrics_plot(yard, measured):
    rows = [line.split() for line in yard("metrics", RUN, "--plot").out.splitlines()]
    assert rows[0] == ["METRIC", "CURVE", "FIRST", "LAST", "MIN", "MAX"]
    assert rows[1:] == [["acc", "⡈⡀", "0", "NaN", "0", "1"], ["loss", "-", "-", "-", "-"]]


def test_metrics_follow(yard, measured):
    assert yard("metrics", RUN, "-f", "acc").out == "step 2  acc = 0.75\n"
    lines = yard("metrics", RUN, "-f", "--json").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["acc", "loss"]


def test_compare_says_what_differs_between_best_and_worst(yard, platform):
    code = {"kind": "git", "commit": "aaa"}
    platform.add_run(
        RUN, name="one", inputs={"lr": 0.1, "seed": 1}, metrics={"acc": 0.9}, attempt=1,
        resolved={"code": code, "env": {"OMP": "1"}},
    )  # fmt: skip
    platform.add_run(
        OTHER, name="two", inputs={"lr": 0.5, "seed": 1}, metrics={"acc": 0.4}, attempt=2,
        resolved={"code": {**code, "commit": "bbb"}, "env": {"OMP": "4"}},
    )  # fmt: skip
    done = yard("compare", "abcd", "ef01", "--metric", "acc")
    assert [line.split() for line in done.out.splitlines()] == [
        ["RUN", "NAME", "STATUS", "acc", "lr"],
        ["0000abcd", "one", "succeeded", "0.9", "0.1"],
        ["0000ef01", "two", "succeeded", "0.4", "0.5"],
        [],
        ["best", "0000abcd", "(acc", "0.9),", "worst", "0000ef01", "(acc", "0.4);", "what", "differs:"],
        ["NAME", "BEST", "WORST"],
        ["param", "lr", "0.1", "0.5"],
        ["code", "commit", "aaa", "bbb"],
        ["env", "OMP", "1", "4"],
        ["attempt", "number", "1", "2"],
    ]
    found = json.loads(yard("compare", "abcd", "ef01", "--metric", "acc", "--minimize", "--json").out)
    assert (found["best"], found["worst"]) == (OTHER, RUN)
    assert found["differences"][0] == {"kind": "param", "name": "lr", "best": 0.5, "worst": 0.1}


def test_compare_leaves_out_runs_without_the_metric(yard, platform):
    platform.add_run(RUN, metrics={"acc": 0.9})
    platform.add_run(OTHER, metrics={"acc": "NaN"})
    done = yard("compare", "abcd", "ef01", "--metric", "acc")
    assert done.code == 0
    assert "there is no best and worst" in done.err


def test_the_nouns_of_the_server(yard, platform):
    assert yard("projects", "create", "vision").code == 0
    assert [line.split()[0] for line in yard("projects", "ls").out.splitlines()] == ["PROJECT", "default", "vision"]
    assert "concurrency  2" in yard("queues", "set", "gpu", "--concurrency", "2").out
    assert yard("queues", "ls").out.splitlines()[1].split() == ["gpu", "0", "2", "-", "0", "0"]
    assert yard("agents", "ls").out.splitlines()[1].split()[:5] == ["local", "process", "default", "alive", "2/4"]
    assert "scheduler process" in yard("plugins", "ls").out
    assert json.loads(yard("version", "--json").out)["server"]["api"] == "v1"
    for noun in ("projects", "queues", "agents", "plugins"):
        assert json.loads(yard(noun, "ls", "--json").out)["items"]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["get", "nope"], 3, "no run 'nope' in project 'default'; `yard ls` lists them"),
        (["get", "abc"], 2, "'abc' is too short for a run; give at least the last 4 characters of its id"),
        (["logs", "-f", "nope"], 3, "no run 'nope'"),
        (["stop", "abcd"], 6, "there is nothing to stop"),
        (["projects", "create", "default"], 6, "there is a project 'default'; use it, or take another name"),
        (["queues", "set", "forbidden"], 4, "only an admin may change queues; ask one"),
        (["compare", "abcd"], 2, "give at least two runs"),
        (["compare"], 2, "name at least two runs to compare"),
        (["compare", "abcd", "abcd", "--minimize"], 2, "--minimize needs --metric NAME"),
        (["metrics", "abcd", "-f", "--plot"], 2, "exclude each other"),
        (["nonsense"], 2, "no command 'nonsense'; `yard --help` lists them"),
        (["lss"], 2, "no command 'lss'; did you mean 'ls'?"),
        (["queues", "lst"], 2, "'ls'"),
        (["run", "python", "train.py", "--lr", "0.1"], 2, "stands behind `--`: yard run -- python train.py"),
        (["ls", "--columns", "nme"], 2, "no column 'nme'; columns: run, project, name,"),
        (["ls", "--group-by", "lr", "--agg", "avg"], 2, "no aggregate 'avg'; aggregates: mean, std,"),
        (["ls", "--json", "-o", "csv"], 2, "--json and -o csv exclude each other"),
        (["ls", "--nonsense"], 2, "No such option"),
        (["--nonsense"], 2, "No such option"),
        (["ls", "--url", "nonsense"], 5, "write it as http://HOST:PORT"),
        (["ls", "--url", "http://127.0.0.1:9"], 5, "no answer from http://127.0.0.1:9"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_mistakes_have_an_exit_code_and_a_way_out(yard, platform, argv, code, said):
    platform.add_run(RUN)
    done = yard(*argv)
    assert (done.code, done.out) == (code, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_a_wrong_token_is_not_allowed_and_not_shown(yard, platform, monkeypatch):
    monkeypatch.setenv("TRAINYARD_TOKEN", "wrong-token")
    done = yard("ls")
    assert done.code == 4
    assert done.err == "yard: the token is not known here; set TRAINYARD_TOKEN_FILE\n"


def test_without_a_server_the_way_to_one_is_told(yard, platform, monkeypatch):
    monkeypatch.delenv("TRAINYARD_URL")
    done = yard("ls")
    assert done.code == 5
    assert "start one with `yard up`, say `yard login URL`, or set TRAINYARD_URL" in done.err


def test_an_interrupt_is_130(yard, platform, monkeypatch):
    def interrupted(*_anything):
        raise KeyboardInterrupt

    monkeypatch.setattr("trainyard.client.Client.send", interrupted)
    done = yard("ls")
    assert done.code == 130
    assert done.err.strip() == "yard: interrupted"


def test_latest_of_an_empty_project_says_how_to_have_one(yard, platform):
    done = yard("get", "latest")
    assert done.code == 3
    assert "yard run -f" in done.err
