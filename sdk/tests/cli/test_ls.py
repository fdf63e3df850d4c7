"""`yard ls`: what is asked of the server, and how it is shown."""

from __future__ import annotations

import csv
import json
import math
from datetime import datetime
from itertools import product

import pytest

from trainyard.cli.aggregate import AGGREGATES

LOCAL = datetime.fromisoformat("2026-01-02T03:04:05Z").astimezone().isoformat()
RUN = "01890000-0000-7000-8000-00000000abcd"


def test_ls_by_a_query_and_a_sort_shows_what_it_is_sorted_by(yard, platform):
    platform.add_run(RUN, metrics={"loss": 0.5}, sorted_by={"metrics.loss.last": 0.25}, params={"lr": 0.1})
    done = yard("ls", "-q", "tags:a", "--sort", "-metrics.loss,params.lr", "--queue", 'g"%u', "--json")
    assert done.code == 0, done.err
    assert platform.seen[0].query == {
        "q": [r'(tags:a), queue:"g\"\%u"'],
        "sort": ["-metrics.loss,params.lr"],
        "limit": ["20"],
        "count": ["true"],
    }
    header, row = yard("ls", "--sort", "-metrics.loss,params.lr").out.splitlines()
    assert (header.split()[4:], row.split()[4:]) == (["loss", "lr"], ["0.25", "0.1"])


def test_the_figure_of_a_metric_that_is_sorted_by_is_shown_under_its_name(yard, platform):
    platform.add_run(RUN, metrics={"acc": 0.5}, sorted_by={"metrics.acc.max": 0.93}, meta={"host": "a"})
    header, row = yard("ls", "--sort=-metrics.acc.max,metrics.acc.min,meta.host").out.splitlines()
    assert header.split()[4:] == ["acc.max", "acc.min", "host", "acc"]
    assert row.split()[4:] == ["0.93", "-", "a", "0.5"]


def test_a_fault_of_a_query_is_shown_under_it_before_a_server_is_asked(yard, platform):
    done = yard("ls", "-q", "tags:nlp, statsu:running")
    assert (done.code, platform.seen) == (2, [])
    assert "no field `statsu`; did you mean `status`?" in done.err
    assert "  tags:nlp, statsu:running\n            ^" in done.err
    assert yard("ls", "--sort", "nam").code == 2


def test_all_projects_are_searched_when_asked(yard, platform):
    platform.add_run(RUN)
    yard("ls", "-A")
    assert platform.seen[0].path == "/api/v1/runs"


@pytest.fixture
def grid(platform):
    """Six runs: two learning rates, three seeds; one has no loss yet, one has diverged."""
    losses = iter([0.3, 0.5, None, 1.0, 2.0, "NaN"])
    for number, (lr, seed) in enumerate(product((0.1, 0.01), (1, 2, 3))):
        loss = next(losses)
        platform.add_run(
            f"01890000-0000-7000-8000-{number:012x}", name="a\tb", params={"lr": lr, "seed": seed, "epochs": 3},
            metrics={} if loss is None else {"loss": loss}, tags=["x", "y"], started_at="2026-01-02T03:04:05Z",
            finished_at="2026-01-02T03:05:35Z",
        )  # fmt: skip
    return platform


def test_the_params_that_differ_and_the_metrics_are_columns(yard, grid):
    header, first, *_ = yard("ls").out.splitlines()
    assert header.split() == ["RUN", "NAME", "STATUS", "CREATED", "TOOK", "lr", "seed", "loss", "TAGS"]
    assert first.split() == ["00000005", r"a\tb", "succeeded", LOCAL, "1m30s", "0.01", "3", "NaN", "x,", "y"]


def test_few_runs_show_params_that_do_not_differ_too(yard, grid):
    assert yard("ls", "-n", "1").out.splitlines()[0].split()[5:-1] == ["lr", "seed", "loss", "epochs"]
    assert yard("ls", "-n", "3").out.splitlines()[0].split()[5:-1] == ["seed", "lr", "loss", "epochs"]


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (("--group-by", "lrr"), 2, "no run has the param `lrr`; did you mean `lr`?"),
        (("--columns", "run,metrics.lss"), 0, "yard: no run has the metric `lss`; did you mean `loss`?"),
        (("--sort", "params.lrr"), 0, "yard: no run has the param `lrr`; did you mean `lr`?"),
        (("--columns", "lr"), 2, "no column 'lr'; did you mean `params.lr` or `metrics.lr`?"),
        (("--columns", "staus"), 2, "no column 'staus'; did you mean `status`?"),
        (("--group-by", "lr", "--columns", "metrics.lss"), 0, "no run has the metric `lss`; did you mean `loss`?"),
        (("--sort", "lr"), 2, "no field `lr`; did you mean `params.lr` or `metrics.lr`?"),
    ],
)
def test_a_name_that_no_run_has_is_told_with_what_is_meant(yard, grid, argv, code, said):
    done = yard("ls", *argv)
    assert (done.code, said in done.err) == (code, True), done.err


def test_columns_that_are_named_are_shown_in_that_order(yard, grid):
    names = "metrics.loss, name,took,params.lr, run"
    assert yard("ls", "-n", "2", "--columns", names).out.splitlines()[2].split() == [
        "2", r"a\tb", "1m30s", "0.01", "00000004",
    ]  # fmt: skip


@pytest.mark.parametrize(("form", "comma"), [("csv", ","), ("tsv", "\t")])
def test_rows_for_programs_have_whole_values(yard, grid, form, comma):
    done = yard("ls", "-o", form, "-n", "1", "--columns", "run,created,took,params.lr,metrics.loss,tags")
    header, row = csv.reader(done.out.splitlines(), delimiter=comma)
    assert header == ["run", "created", "took", "params.lr", "metrics.loss", "tags"]
    assert row == ["01890000-0000-7000-8000-000000000005", LOCAL, "90.0", "0.01", "NaN", "x, y"]
    assert done.err == "showing 1 of 6; more: -n 50; filter: -q QUERY\n"


def test_csv_has_every_param_and_metric_when_no_columns_are_named(yard, grid):
    header = yard("ls", "-o", "csv").out.splitlines()[0].split(",")
    assert {"run", "project", "params.epochs", "params.lr", "metrics.loss", "attempt"} <= set(header)


def test_o_json_is_json(yard, grid):
    assert yard("ls", "-o", "json").out == yard("ls", "--json").out
    assert yard("get", "00000005", "-o", "json").out == yard("get", "00000005", "--json").out


def test_groups_are_over_all_runs_and_say_of_how_many_their_numbers_are(yard, grid):
    done = yard("ls", "--group-by", "lr", "--agg", "mean,std,max", "-n", "1")
    assert [line.split() for line in done.out.splitlines()[1:]] == [
        ["0.01", "3", "NaN", "NaN", "NaN"],
        ["0.1", "3", "0.4", "(n=2)", "0.141421", "(n=2)", "0.5", "(n=2)"],
    ]
    assert done.out.splitlines()[0].split() == ["lr", "N", "loss", "mean", "loss", "std", "loss", "max"]


def test_groups_for_programs(yard, grid):
    items = json.loads(yard("ls", "--group-by", "lr,status", "-o", "json", "-q", "tags:x").out)["items"]
    assert items[1]["group"] == {"params.lr": 0.1, "status": "succeeded"}
    assert (items[1]["n"], items[1]["metrics"]["loss"]["n"]) == (3, 2)
    header, *rows = csv.reader(yard("ls", "--group-by", "lr", "-o", "csv").out.splitlines())
    assert header == ["params.lr", "n", "metrics.loss.mean", "metrics.loss.std"]
    assert rows[1][:2] == ["0.1", "3"]
    assert float(rows[1][2]) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("mean", [1.0, 3.0], 2.0), ("std", [1.0, 3.0], 2**0.5), ("std", [1.0], None), ("median", [5.0, 1.0, 3.0], 3.0),
        ("median", [4.0, 1.0], 2.5), ("min", [2.0, 1.0], 1.0), ("max", [2.0, math.inf], math.inf),
        ("mean", [1.0, math.nan], math.nan), ("min", [1.0, math.nan], math.nan), ("max", [math.nan, 1.0], math.nan),
        ("median", [1.0, math.nan, 2.0], math.nan),
    ],
)  # fmt: skip
def test_aggregates(name, values, expected):
    assert AGGREGATES[name](values) == pytest.approx(expected, nan_ok=True)
