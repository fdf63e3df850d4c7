"""What is done to runs from the command line: one that is named, several, and all that a query finds."""

from __future__ import annotations

import json

import pytest

RUN = "01890000-0000-7000-8000-00000000abcd"
OTHER = "01890000-0000-7000-8000-00000000ef01"


def sent(platform, ending):
    return [json.loads(seen.body) for seen in platform.asked("POST", ending)]


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("approve", "is approved; it is queued"),
        ("skip", "is skipped"),
        ("archive", "is archived"),
        ("restore", "is restored"),
    ],
)
def test_one_run_goes_by_its_own_route_with_the_reason(yard, platform, verb, said):
    platform.add_run(RUN, status="queued")
    done = yard(verb, "abcd", "-m", "why not")
    assert (done.code, done.out) == (0, f"run 0000abcd {said}\n")
    assert sent(platform, f"/{verb}") == [{"message": "why not"}]


def test_several_runs_go_in_one_request_and_each_is_told(yard, platform):
    platform.add_run(RUN)
    done = yard("stop", "abcd", "ffff", "-m", "enough")
    assert (done.code, done.out) == (3, "run 0000abcd is succeeded; it was asked to stop\n")
    assert done.err == "yard: no run 'ffff'\n1 done, 1 refused\n"
    assert sent(platform, "/runs/bulk") == [{"action": "stop", "refs": ["abcd", "ffff"], "message": "enough"}]


def test_many_runs_as_json(yard, platform):
    platform.add_run(RUN)
    done = yard("archive", "abcd", "ffff", "--json")
    assert done.code == 3
    assert [item["done"] for item in json.loads(done.out)["items"]] == [True, False]


def test_a_query_is_not_acted_on_where_nobody_can_be_asked(yard, platform):
    platform.add_run(RUN)
    done = yard("stop", "-q", "status:succeeded")
    assert done.code == 2
    assert "whether to stop run 0000abcd; give --yes" in done.err
    assert platform.asked("POST", "/runs/bulk") == []


def test_a_query_with_yes_is_acted_on(yard, platform):
    platform.add_run(RUN)
    platform.add_run(OTHER)
    assert yard("archive", "-q", "status:succeeded", "--yes").code == 0
    assert platform.asked("GET", "/runs")[0].query["q"] == ["status:succeeded"]
    assert sent(platform, "/runs/bulk") == [{"action": "archive", "refs": [OTHER, RUN]}]


def test_a_query_that_finds_nothing_does_nothing(yard, platform):
    assert (yard("archive", "-q", "status:failed").code, platform.asked("POST", "/runs/bulk")) == (0, [])


@pytest.mark.parametrize("argv", [["stop"], ["stop", "abcd", "-q", "x"], ["tag", "abcd"], ["edit", "abcd"]])
def test_what_is_meant_must_be_said(yard, platform, argv):
    assert yard(*argv).code == 2


def test_delete_always_asks(yard, platform):
    platform.add_run(RUN)
    assert yard("delete", "abcd").code == 2
    assert yard("delete", "abcd", "--yes").out == "run 0000abcd is deleted\n"
    assert platform.runs == {}


def test_tags(yard, platform):
    platform.add_run(RUN, tags=["a"])
    assert yard("tag", "abcd", "-a", "b", "-r", "a").out == "run 0000abcd has the tags b\n"


@pytest.mark.parametrize("kind", ["restart", "resume", "copy"])
def test_clones_print_the_new_run(yard, platform, kind):
    platform.add_run(RUN)
    done = yard(kind, "abcd", "-P", "lr=0.5", "--name", "again")
    assert (done.code, done.out) == (0, "01890000-0000-7000-8000-000000000002\n")
    assert sent(platform, f"/{kind}") == [{"params": {"lr": "0.5"}, "name": "again"}]


def test_resume_after_a_step(yard, platform):
    platform.add_run(RUN)
    yard("resume", "abcd", "--step", "100")
    assert sent(platform, "/resume") == [{"step": 100}]


def test_edit_sends_what_is_given(yard, platform):
    platform.add_run(RUN)
    done = yard("edit", "abcd", "--name", "n", "--meta", "a=1", "--meta", "b=text", "--queue", "gpu")
    assert done.out == "run 0000abcd: name, meta, queue changed\n"
    (seen,) = platform.asked("PATCH", "abcd")
    assert json.loads(seen.body) == {"name": "n", "meta": {"a": 1, "b": "text"}, "queue": "gpu"}


def test_a_meta_value_nested_too_deep_is_refused(yard, platform):
    platform.add_run(RUN)
    done = yard("edit", "abcd", "--meta", f"a={'[' * 200_000}")
    assert done.code == 2
    assert "--meta a: the value is nested too deep; flatten it" in done.err


def test_get_shows_the_runs_around(yard, platform):
    platform.add_run(RUN)
    platform.lineage[RUN] = {
        "original": {"id": OTHER, "status": "failed", "how": "resume"},
        "taken": [{"name": "model", "size": 1, "digest": "sha256:0", "source": OTHER}],
    }
    lines = {tuple(line.split(maxsplit=1)) for line in yard("get", "abcd").out.splitlines()}
    assert ("made", "from  0000ef01 (resume, failed)") in lines
    assert ("taken", "1 artifacts of 0000ef01") in {(a, b.strip()) for a, b in lines}
