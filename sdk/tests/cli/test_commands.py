"""Each command in this process, against a platform over real HTTP."""

from __future__ import annotations

import json
from datetime import datetime

import msgspec
import pytest

from trainyard.client.models import RunRecord

RUN = "01890000-0000-7000-8000-00000000abcd"
OTHER = "01890000-0000-7000-8000-00000000ef01"
LOCAL = datetime.fromisoformat("2026-01-02T03:04:05Z").astimezone().isoformat()


def test_ls_shows_the_newest_first_and_no_more_than_asked(yard, platform):
    for number in range(5):
        platform.add_run(f"{RUN[:-4]}{number:04d}", name=f"n{number}", tags=["a", "b"])
    done = yard("ls", "--limit", "2")
    assert (done.code, done.err) == (0, "showing 2 of 5; more: -n 50; filter: -q QUERY\n")
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
    assert "match the query; leave out conditions" in yard("ls", "--status", "failed").err


def test_another_project_is_asked_for(yard, platform):
    yard("ls", "-p", "vision")
    assert platform.seen[0].path == "/api/v1/projects/vision/runs"


def test_get_shows_what_is_known(yard, platform):
    more = {
        "params": {"lr": 0.1},
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
    platform.add_run(RUN, params={"lr": 0.1})
    done = yard("get", RUN, "--json")
    assert msgspec.json.decode(done.out, type=RunRecord) == msgspec.convert(platform.runs[RUN], RunRecord)
    assert list(json.loads(done.out)) == [
        "id", "project", "kind", "status", "created_at", "name", "description", "reason", "message", "intent", "hold",
        "managed", "queue", "tags", "params", "outputs", "metrics", "metrics_left_out", "meta", "digest", "attempt",
        "attempts",
        "exit_code", "last_lines", "cloned_from", "started_at", "finished_at", "updated_at", "progress", "resolved",
        "user", "priority", "parent", "clone_kind", "fork_step", "archived_at",
        "dropped", "tracker", "untrusted", "sorted_by",
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
        "changes": ["in queue 'cpu' instead of 'gpu'"],
    }
    assert yard("why", "abcd").out.splitlines() == [
        "queued: it waits", "  no_agent: no agent serves queue 'gpu'", "    start one",
        "  it starts in queue 'cpu' instead of 'gpu'", "  position 3 in the waiting list",
    ]  # fmt: skip
    assert json.loads(yard("why", "abcd", "--json").out)["blockers"] == [blocker]


def test_why_does_not_repeat_a_blocker_that_it_begins_with(yard, platform):
    platform.add_run(RUN, status="queued")
    blocker = {"code": "concurrency", "message": "queue 'q' is full", "fix": "wait for a run to end"}
    platform.why[RUN] = {"run": RUN, "status": "queued", "summary": "queue 'q' is full", "blockers": [blocker]}
    assert yard("why", "abcd").out.splitlines() == ["queued: queue 'q' is full", "    wait for a run to end"]


def test_a_failed_run_that_no_agent_had_shows_the_end_of_its_log(yard, platform):
    platform.add_run(RUN, status="failed", reason="error", message="ValueError: no")
    platform.lines[RUN] = [f"line {n}" for n in range(20)]
    platform.why[RUN] = {"run": RUN, "status": "failed", "summary": "failed at T: ValueError: no; see yard logs abcd"}
    end = ["last lines:", *(f"  line {n}" for n in range(10, 20))]
    assert yard("get", "abcd").out.splitlines()[-11:] == end
    told = yard("why", "abcd").out.splitlines()
    assert told == ["failed at T: ValueError: no; see yard logs abcd", *end]


def test_earlier_attempts_are_told(yard, platform):
    lost = {"number": 1, "signal": 9, "finished_at": "2026-01-02T03:04:05Z"}
    second = {"number": 2, "message": "out of memory"}
    platform.add_run(RUN, status="succeeded", attempt=3, attempts=[lost, second, {"number": 3, "exit_code": 0}])
    platform.why[RUN] = {"run": RUN, "status": "succeeded", "summary": "succeeded at T"}
    lines = [line.split(maxsplit=2) for line in yard("get", "abcd").out.splitlines()]
    assert ["attempt", "1", f"killed by signal 9 at {LOCAL}"] in lines
    assert ["attempt", "2", "out of memory"] in lines
    assert ["attempt", "3"] in lines
    assert yard("why", "abcd").out.splitlines() == [
        "succeeded at T", f"  attempt 1: killed by signal 9 at {LOCAL}", "  attempt 2: out of memory",
    ]  # fmt: skip


def test_what_was_not_recorded_is_told_apart_from_the_message(yard, platform):
    omitted = {"loss": {"what": "str", "why": "log() takes numbers", "count": 1}}
    platform.add_run(
        RUN, status="failed", message="exit code 1; not recorded: loss (str)", meta={"not_recorded": omitted}
    )
    lines = [line.split(maxsplit=1) for line in yard("get", "abcd").out.splitlines()]
    assert ["message", "exit code 1"] in lines
    assert ["not", "recorded loss  log() takes numbers"] in lines


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
        {"name": "acc", "last": 0.75, "step": 2, "min": 0.5, "max": 0.75, "count": 3},
        {"name": "loss", "last": "NaN", "step": 2, "min": None, "max": None, "count": 3},
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


def test_the_plot_of_one_metric_is_a_chart_with_axes(yard, measured):
    measured.series[RUN] = [{"name": "acc", "total": 9, "points": [[n, n, n, n, n, n] for n in range(9)]}]
    name, *lines, axis, numbers = yard("metrics", RUN, "acc", "--plot").out.splitlines()
    assert (name, len(lines), axis.split()) == ("acc by step", 12, ["0", "8"])
    assert (lines[0].split()[0], lines[-1].split()[0]) == ("8", "0")
    assert numbers == "first 0  last 8  min 0  max 8"


def test_bytes_of_the_system_have_a_unit(yard, platform):
    platform.add_run(RUN)
    values = {
        "system/process/memory": 3.84848e9, "system/disk_read": 2048.0, "system/memory": 71.5,
        "system/gpu/0/memory": 50.0, "system/gpu/0/memory_used": 1024.0**3, "memory": 4096.0,
    }  # fmt: skip
    platform.metrics[RUN] = [
        {"name": name, "last": value, "step": 2, "min": value, "max": value, "count": 3}
        for name, value in values.items()
    ]
    shown = {line.split("  ")[0]: line.split("  ")[1:] for line in yard("metrics", RUN).out.splitlines()}
    texts = {name: next(filter(None, cells)).strip() for name, cells in shown.items()}
    assert texts == {
        "METRIC": "LAST", "system/process/memory": "3.58 GiB", "system/disk_read": "2 KiB/s", "system/memory": "71.5",
        "system/gpu/0/memory": "50", "system/gpu/0/memory_used": "1 GiB", "memory": "4096",
    }  # fmt: skip


def test_metrics_follow(yard, measured):
    assert yard("metrics", RUN, "-f", "acc").out == "step 2  acc = 0.75\n"
    lines = yard("metrics", RUN, "-f", "--json").out.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["acc", "loss"]


def test_compare_says_what_differs_between_best_and_worst(yard, platform):
    code = {"kind": "git", "commit": "aaa"}
    platform.add_run(
        RUN, name="one", params={"lr": 0.1, "seed": 1}, metrics={"acc": 0.9}, attempt=1,
        resolved={"code": code, "env": {"OMP": "1"}},
    )  # fmt: skip
    platform.add_run(
        OTHER, name="two", params={"lr": 0.5, "seed": 1}, metrics={"acc": 0.4}, attempt=2,
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


def test_compare_plots_one_metric_of_all_runs_in_one_request(yard, platform):
    def points(values, start=0):
        return [[start + n, start + n, n, value, value, value] for n, value in enumerate(values)]

    platform.add_run(RUN, name="one", metrics={"acc": 3.0})
    platform.add_run(OTHER, name="two", metrics={"acc": 1.0})
    platform.series[RUN] = [{"name": "acc", "total": 4, "points": points([0, 1, 2, 3])}]
    platform.series[OTHER] = [{"name": "acc", "total": 2, "points": points([1, 1], start=2)}]
    done = yard("compare", "abcd", "ef01", "--metric", "acc", "--plot")
    assert (done.code, done.err) == (0, "")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines == [
        ["acc", "by", "step"],
        ["RUN", "NAME", "CURVE", "LAST", "STEP"],
        ["0000abcd", "one", "⡠⠊", "3", "3"],
        ["0000ef01", "two", "⠀⠤", "1", "3"],
    ], "both over steps 0 to 3, and from 0 to 3"
    (asked,) = platform.asked("POST", "/runs/series")
    assert json.loads(asked.body)["runs"] == [RUN, OTHER]
    items = json.loads(yard("compare", "abcd", "ef01", "--metric", "acc", "--plot", "--json").out)["items"]
    assert [(each["run"], each["last"]) for each in items] == [(RUN, [0, 1, 2, 3]), (OTHER, [1, 1])]


def test_compare_plots_nothing_of_a_run_without_the_metric(yard, platform):
    for run in (RUN, OTHER):
        platform.add_run(run)
    lines = yard("compare", "abcd", "ef01", "--metric", "acc", "--plot").out.splitlines()
    assert [line.split()[-2:] for line in lines[2:]] == [["-", "-"]] * 2


EVENTS = [
    {"kind": "params", "at": "2026-01-02T03:04:05Z", "data": {"values": {"lr": 0.1}}},
    {"kind": "event", "at": "2026-01-02T03:04:06Z", "name": "saved", "data": {"data": {"file": "m.pt"}, "step": 3}},
    {"kind": "event", "at": "2026-01-02T03:04:07Z", "name": "other"},
]


def test_events_of_all_kinds_of_one_and_about_a_name(yard, platform):
    platform.add_run(RUN)
    platform.tracked[RUN] = EVENTS
    assert yard("events", "abcd").out.splitlines() == [
        "2026-01-02T03:04:05Z params lr=0.1",
        "2026-01-02T03:04:06Z event saved step 3 file=m.pt",
        "2026-01-02T03:04:07Z event other",
    ]
    assert len(yard("events", "abcd", "--kind", "event").out.splitlines()) == 2
    (line,) = yard("events", "abcd", "--kind", "event", "--name", "saved", "--json").out.splitlines()
    assert json.loads(line) == EVENTS[1]


def test_events_are_followed_until_the_run_has_ended(yard, platform, monkeypatch):
    platform.add_run(RUN, status="running")
    platform.tracked[RUN] = EVENTS[:1]

    def sleep(seconds):
        platform.tracked[RUN] = EVENTS
        platform.runs[RUN]["status"] = "succeeded"

    monkeypatch.setattr("trainyard.cli.events.time.sleep", sleep)
    assert [line.split()[1] for line in yard("events", "-f", "abcd").out.splitlines()] == ["params", "event", "event"]


def test_compare_does_not_repeat_params_as_a_command(yard, platform):
    def run(ident, lr, *words):
        command = ["python", "train.py", "--lr", str(lr), *words]
        platform.add_run(ident, params={"lr": lr}, metrics={"acc": lr}, meta={"origin": {"command": command}})

    def found():
        done = yard("compare", "abcd", "ef01", "--metric", "acc", "--json")
        return [each["name"] for each in json.loads(done.out)["differences"]]

    run(RUN, 0.1)
    run(OTHER, -0.2)
    assert found() == ["lr"]
    run(OTHER, -0.2, "--fast")
    assert found() == ["lr", "origin.command"]


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
        (["notify", "add", "bad", "--on", "failed"], 2, "'--connection'"),
        (["notify", "add", "bad", "--connection", "hook", "--on", "fails"], 2, "'failed'"),
        (["notify", "show", "nothing"], 3, "no rule 'nothing'; see yard notify ls"),
        (["queues", "set", "forbidden"], 4, "only an admin may change queues; ask one"),
        (["compare", "abcd"], 2, "give at least two runs"),
        (["compare", "abcd", "abcd", "--plot"], 2, "--plot needs --metric NAME"),
        (["compare"], 2, "name at least two runs to compare"),
        (["compare", "abcd", "abcd", "--minimize"], 2, "--minimize needs --metric NAME"),
        (["metrics", "abcd", "-f", "--plot"], 2, "exclude each other"),
        (["nonsense"], 2, "no command 'nonsense'; `yard --help` lists them"),
        (["lss"], 2, "no command 'lss'; did you mean 'ls'?"),
        (["queues", "lst"], 2, "'ls'"),
        (["run", "python", "train.py", "--lr", "0.1"], 2, "stands behind `--`: yard run -- python train.py"),
        (["ls", "--columns", "nme"], 2, "no column 'nme'; did you mean `name`?"),
        (["ls", "--columns", "metrics.loss.min"], 2, "for metrics.loss.min add --sort metrics.loss.min"),
        (["run", "train.yaml", "lr=0.1"], 2, "'lr=0.1' is no operation file (.yaml, .yml); a param is given by -P"),
        (["run", "-f", "a.yaml", "--", "python", "b.py"], 2, "run a command, or a file (-f), or a component (--hub)"),
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
    assert "start one with `yard up`, run `yard login URL`, or set TRAINYARD_URL" in done.err


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


def test_rules_of_notifications_are_written_listed_tried_and_deleted(yard, platform):
    added = yard("notify", "add", "bad", "--connection", "mail", "--on", "failed", "--on", "stopped", "--to", "a@b.c")
    assert [line.split(maxsplit=1) for line in added.out.splitlines()] == [
        ["rule", "bad"], ["project", "default"], ["connection", "mail"], ["events", "failed, stopped"],
        ["to", "a@b.c"], ["owner", "user:ada"], ["updated", "now"],
    ]  # fmt: skip
    assert yard("notify", "ls").out.splitlines()[1].split() == ["bad", "mail", "failed,", "stopped", "user:ada"]
    assert yard("notify", "ls", "-p", "vision").out.splitlines()[1:] == []
    assert json.loads(yard("notify", "show", "bad", "--json").out)["to"] == ["a@b.c"]
    tried, down = yard("notify", "test", "bad"), yard("notify", "test", "down")
    assert (tried.code, tried.out) == (0, "the receiver has taken the notification\n")
    assert (down.code, down.out) == (1, "the receiver answers 503\n")
    assert yard("notify", "rm", "bad", "--yes").out == "rule bad is deleted\n"
    assert platform.rules == {}
