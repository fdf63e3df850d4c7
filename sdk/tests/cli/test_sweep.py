"""`yard sweep`: what is shown of a sweep, as it goes and when it is over."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest
from fake_sweeps import state, trial

from trainyard.cli import sweep as command
from trainyard.cli.output import cut

RUN = "0" * 28 + "abcd1234"


@pytest.fixture
def sweeping(platform, monkeypatch):
    """Puts a sweep into the platform that goes through these states, one a look."""
    monkeypatch.setattr(command, "POLL", 0.0)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "50")

    def put(*states, status="running"):
        platform.add_run(RUN, kind="sweep", status=status)
        platform.sweeps[RUN] = list(states)

    return put


def going():
    """Three looks at a sweep: the first trial fails late, and the third is the best."""
    return (
        state(RUN, trial(1, "running", status="running"), trial(2, "running", status="queued")),
        state(RUN, trial(1, "running"), trial(2, value=0.5), trial(3, "running")),
        state(RUN, trial(1, "failed", reason="exit_code", message="exit code 1"), trial(2, value=0.5),
              trial(3, value=0.75), status="succeeded"),
    )  # fmt: skip


def test_a_sweep_is_shown_once(yard, sweeping):
    sweeping(going()[2])
    done = yard("sweep", "abcd1234", "--no-watch")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0] == "search  abcd1234  random  succeeded"
    assert lines[1] == "3 of 9 trials have ended (2 succeeded, 1 failed)"
    assert lines[2] == "best: accuracy 0.75  (trial 3, run 00000003)  lr=0.3"
    assert "best accuracy so far, by trial" in lines
    assert lines[-4].split() == ["TRIAL", "RUN", "STATUS", "accuracy", "lr", "WHY"]
    assert [line.split()[0] for line in lines[-3:]] == ["3", "2", "1"]
    assert lines[-1].split(maxsplit=5)[2:] == ["failed", "-", "0.1", "exit_code: exit code 1"]


def test_trials_are_sorted_by_number_and_cut(yard, sweeping):
    sweeping(going()[2])
    lines = yard("sweep", RUN, "--no-watch", "--sort", "number", "-n", "2").out.splitlines()
    assert [line.split()[0] for line in lines[-3:]] == ["1", "2", "and"]


def test_following_tells_each_trial_once_and_ends_as_the_sweep_does(yard, sweeping):
    sweeping(*going())
    done = yard("sweep", "abcd1234")
    assert done.code == 0
    told = [line for line in done.out.splitlines() if line.startswith("trial ")]
    assert told == [
        "trial 2  succeeded  accuracy=0.5  lr=0.2",
        "trial 1  failed  lr=0.1  exit_code: exit code 1",
        "trial 3  succeeded  accuracy=0.75  lr=0.3",
    ]
    assert "search  abcd1234  random  succeeded" in done.out


@pytest.mark.parametrize("status", ["failed", "stopped"])
def test_a_sweep_that_did_not_succeed_fails_the_command(yard, sweeping, status):
    sweeping(state(RUN, trial(1, "failed"), status=status, reason="no_success", message="none of 1 trials succeeded"))
    done = yard("sweep", RUN)
    assert done.code == 1
    assert "no_success: none of 1 trials succeeded" in done.out


def test_json_is_one_document_or_a_line_for_each_trial_and_the_sweep(yard, sweeping):
    sweeping(*going())
    lines = [json.loads(line) for line in yard("sweep", RUN, "--json").out.splitlines()]
    assert [line.get("number") for line in lines] == [2, 1, 3, None]
    assert lines[-1]["status"] == "succeeded"
    document = json.loads(yard("sweep", RUN, "--json", "--no-watch").out)
    assert set(document) == {"sweep", "trials", "front"}
    assert [each["number"] for each in document["trials"]] == [1, 2, 3]


def test_only_trials_that_may_have_changed_are_asked_for_again(yard, platform, sweeping):
    ended = [trial(number, value=0.1) for number in range(1, 20)]
    sweeping(state(RUN, *ended, trial(20, "running")), state(RUN, *ended, trial(20, value=0.2), status="succeeded"))
    assert yard("sweep", RUN).code == 0
    assert len(platform.asked("GET", "/trials")) == 10 + 1


def test_several_objectives_have_a_front(yard, sweeping):
    objectives = [{"name": "accuracy", "goal": "maximize"}, {"name": "cost", "goal": "minimize"}]
    both = [trial(n, value=n / 10, figures={"accuracy": n / 10, "cost": n}) for n in (1, 2)]
    sweeping(state(RUN, *both, status="succeeded", objectives=objectives))
    out = yard("sweep", RUN, "--no-watch").out
    front = out[out.index("2 trials that no other beats:") :].splitlines()
    assert front[1].split() == ["TRIAL", "RUN", "STATUS", "accuracy", "cost", "lr", "WHY"]


def test_a_trial_that_breaks_a_limit_says_so_and_is_not_drawn(yard, sweeping):
    sweeping(state(RUN, trial(1, value=0.9, feasible=False), best=None, status="failed"))
    out = yard("sweep", RUN, "--no-watch").out
    assert "succeeded, not feasible" in out
    assert "so far" not in out


def test_a_run_that_is_no_sweep_is_a_conflict(yard, platform):
    platform.add_run(RUN)
    done = yard("sweep", RUN, "--no-watch")
    assert done.code == 6
    assert "is no sweep but a job; see yard get abcd1234" in done.err


def test_a_terminal_is_drawn_over_and_never_overfull(yard, sweeping, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("LINES", "8")
    sweeping(*going())
    out = yard("sweep", RUN).out
    drawn = out.split("\x1b[J")
    assert len(drawn) == 4
    for before, screen in pairwise(drawn[:3]):
        assert screen.startswith(f"\x1b[{before.count(chr(10))}F")
    for screen in drawn[:3]:
        lines = re.sub(r"\x1b\[\d*[A-Za-z]", "", screen).splitlines()
        assert len(lines) <= 7
        assert all(len(line) <= 40 for line in lines)
    assert "exit_code: exit code 1" in drawn[3]


def test_a_name_cannot_play_with_the_terminal(yard, sweeping):
    sweeping(state(RUN, trial(1, value=1.0, params={"a\x1b[2J": "\x1b[31m"}), status="succeeded", name="x\x1b[2Jy"))
    assert "\x1b" not in yard("sweep", RUN).out


def test_a_line_is_cut_where_the_terminal_ends():
    assert [cut("abcdef", 6), cut("abcdef", 5)] == ["abcdef", "abcd…"]


MATRIX = "matrix: {kind: random, numRuns: 3, params: {lr: {kind: choice, value: [0.1]}}}\n"


@pytest.mark.parametrize(("status", "code"), [("succeeded", 0), ("failed", 1)])
def test_run_watch_of_a_sweep_shows_its_trials(yard, platform, operation, monkeypatch, status, code):
    operation.write_text(operation.read_text() + MATRIX)

    def begin(seen):
        for run, found in platform.runs.items():
            found["status"] = status
            platform.sweeps[run] = [state(run, trial(1, value=0.5), status=status)]

    platform.on_request = begin
    done = yard("run", "-f", str(operation), "--watch")
    assert done.code == code
    assert done.out.startswith("trial 1  succeeded  accuracy=0.5")
    assert status in done.err.splitlines()[-1]


def test_a_new_sweep_says_how_to_follow_it(yard, platform, operation):
    operation.write_text(operation.read_text() + MATRIX)
    assert "follow it: yard sweep 00000001" in yard("run", "-f", str(operation)).err


def test_the_latest_is_the_newest_sweep(yard, platform, sweeping):
    assert "there is no latest sweep" in yard("sweep", "latest", "--no-watch").err
    sweeping(going()[2])
    assert yard("sweep", "latest", "--no-watch").out.startswith("search  abcd1234")
    assert platform.asked("GET", "/runs")[-1].query["q"] == ["kind:sweep"]


def test_a_sweep_without_an_objective_is_judged_by_a_figure_that_one_names(yard, sweeping):
    logged = [trial(n, figures={"loss": loss, "f1": n / 10}) for n, loss in ((1, 0.5), (2, 0.25), (3, 0.75))]
    failed = trial(4, "failed", figures={"loss": 0.0})
    sweeping(state(RUN, *logged, failed, status="succeeded", objectives=[]))
    plain = yard("sweep", RUN, "--no-watch").out
    assert "best" not in plain
    assert plain.splitlines()[-5].split() == ["TRIAL", "RUN", "STATUS", "loss", "f1", "lr", "WHY"]
    lowest = yard("sweep", RUN, "--no-watch", "--by", "loss").out
    assert "best: loss 0.25, f1 0.2  (trial 2," in lowest
    assert "best loss so far, by trial" in lowest
    assert [line.split()[0] for line in lowest.splitlines()[-4:]] == ["2", "1", "3", "4"]
    assert "(trial 3," in yard("sweep", RUN, "--no-watch", "--by", "-loss").out


def test_a_server_that_is_away_for_a_while_is_waited_for(yard, platform, sweeping, monkeypatch):
    waited = []
    monkeypatch.setattr("time.sleep", waited.append)
    sweeping(*going())

    def away(seen):
        if len(platform.asked("GET", "/trials")) == 2 and not any(waited):
            platform.faults += ["drop"] * 6

    platform.on_request = away
    assert yard("sweep", RUN).code == 0
    assert len([each for each in waited if each]) == 6
    assert sum(waited) > 1


def test_ctrl_c_says_that_the_sweep_goes_on(yard, platform, sweeping, monkeypatch):
    def interrupt(seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", interrupt)
    sweeping(*going())
    done = yard("sweep", RUN)
    assert done.code == 130
    assert "the sweep goes on; stop it: yard stop abcd1234" in done.err
    assert not platform.asked("POST", "/stop")
