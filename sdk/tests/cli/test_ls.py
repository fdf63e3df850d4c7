"""`yard ls`: what is asked of the server, and how it is shown."""

from __future__ import annotations

RUN = "01890000-0000-7000-8000-00000000abcd"


def test_ls_by_a_query_and_a_sort_shows_what_it_is_sorted_by(yard, platform):
    platform.add_run(RUN, metrics={"loss": 0.5}, sorted_by={"metrics.loss.last": 0.25}, inputs={"lr": 0.1})
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
