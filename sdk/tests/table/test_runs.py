"""From pages of columns to one table."""

from __future__ import annotations

import math
import re

import pytest

from trainyard.client.models import MetricColumn, RunTablePage
from trainyard.table.runs import run_table


class Pages:
    """A client that answers with these pages."""

    class endpoint:  # noqa: N801 - as the client calls it
        project = "default"

    def __init__(self, *pages):
        self.pages, self.asked = list(pages), []

    def send(self, request):
        self.asked.append(dict(request.query))
        return self.pages.pop(0)


def page(*ids, next=None, params=(), metrics=None, started=0, finished=None):
    count = len(ids)
    return RunTablePage(
        read_at=10_000_000, id=list(ids), name=[""] * count, kind=["job"] * count, status=["running"] * count,
        reason=[""] * count, queue=["default"] * count, user=["u"] * count, parent=[None] * count,
        created_at=[0] * count, started_at=[started] * count, finished_at=[finished] * count, progress=[None] * count,
        tags=[[] for _ in ids], params=list(params) or [{} for _ in ids], outputs=[{} for _ in ids],
        metrics=metrics or {}, next=next,
    )  # fmt: skip


def test_metrics_and_params_keep_to_their_runs_over_pages():
    first = page("a", "b", next="more", params=[{"lr": 1}, {}], metrics={"loss": MetricColumn(values=[1.0, math.nan])})
    second = page("c", params=[{"lr": 0.5, "net": "x"}], metrics={"acc": MetricColumn(values=[0.9], rows=[0])})
    client = Pages(first, second)
    table = run_table(client)
    assert table["id"] == ["a", "b", "c"]
    assert table["params.lr"] == [1, None, 0.5]
    assert table["params.net"] == [None, None, "x"]
    assert table["metrics.acc"] == [None, None, 0.9]
    assert table["metrics.loss"][0] == 1.0
    assert math.isnan(table["metrics.loss"][1])
    assert table["metrics.loss"][2] is None
    assert [asked.get("cursor") for asked in client.asked] == [None, "more"]


def test_a_limit_is_kept_over_pages():
    client = Pages(page("a", "b", next="more"), page("c", next="even more"))
    assert len(run_table(client, limit=3)) == 3
    assert [asked["limit"] for asked in client.asked] == ["3", "1"]


def test_metrics_that_are_named_have_a_column_in_that_order_though_no_run_has_them(caplog):
    table = run_table(Pages(page("a", metrics={"loss": MetricColumn(values=[1.0])})), metrics=("none", "loss"))
    assert [name for name in table.columns if name.startswith("metrics.")] == ["metrics.none", "metrics.loss"]
    assert table["metrics.none"] == [None]
    assert caplog.messages == ["trainyard: none of these runs has recorded 'none'"]
    assert table.column("metrics.none").kind == "number"


@pytest.mark.parametrize(
    ("started", "finished", "seconds"), [(2_000_000, 5_000_000, 3), (2_000_000, None, 8), (None, None, None)]
)
def test_a_duration_is_until_the_end_or_until_now(started, finished, seconds):
    (duration,) = run_table(Pages(page("a", started=started, finished=finished)))["duration"]
    assert (duration and duration.total_seconds()) == seconds


@pytest.mark.parametrize("wrong", [{"metrics": "loss"}, {"limit": 0}])
def test_what_makes_no_sense_is_refused_before_anything_is_asked(wrong):
    with pytest.raises((TypeError, ValueError), match="write"):
        run_table(Pages(), **wrong)


def test_people_see_what_differs_and_the_metrics_before_the_rest():
    params = [{"seed": 1, "lr": 0.1}, {"seed": 1, "lr": 0.2}]
    table = run_table(Pages(page("a", "b", params=params, metrics={"loss": MetricColumn(values=[1.0, 2.0])})))
    shown = ["id", "status", "params.lr", "metrics.loss", "created_at", "started_at", "duration"]
    heads = re.findall("<th>(.*?)</th>", table._repr_html_())
    assert heads[:7] == shown
    assert heads[-1] == "params.seed"
    assert repr(table).splitlines()[1].split()[:4] == shown[:4]


def test_the_params_of_a_single_run_are_shown_though_it_differs_from_none():
    table = run_table(Pages(page("a", params=[{"lr": 0.1}])))
    assert re.findall("<th>(.*?)</th>", table._repr_html_())[:3] == ["id", "status", "params.lr"]


def test_metrics_are_seen_however_many_params_differ():
    params = [{f"p{place}": run for place in range(40)} for run in (1, 2)]
    table = run_table(Pages(page("a", "b", params=params, metrics={"loss": MetricColumn(values=[1.0, 2.0])})))
    assert "<th>metrics.loss</th>" in table._repr_html_()
