"""The pure pieces: events from bytes, times to wait, paths, the tree of errors, and what importing costs."""

from __future__ import annotations

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainyard.client import Backoff, errors
from trainyard.client.discovery import Endpoint
from trainyard.client.models import CreateRun, Problem
from trainyard.client.requests import create_run, get_artifact, get_run, list_runs, read_series
from trainyard.client.session import settings_for
from trainyard.client.sse import Event, EventReader
from trainyard.client.wire import lines_of

STREAM = (
    b": ping\n\n"
    b"id: 1\nevent: line\ndata: a\xe2\x80\xa8b\n\n"
    b"data:two\r\ndata: lines\r\n\r\n"
    b"retry: 5\rid: 2\rdata\r\r"
    b"event: nothing\n\n"
    b"id\nevent: end\ndata: {}\n\n"
    b"id: 9\nevent: line\ndata: cut"
)
EVENTS = [
    Event("line", "a\u2028b".encode(), "1"),
    Event("message", b"two\nlines", "1"),
    Event("message", b"", "2"),
    Event("end", b"{}", ""),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_events_do_not_depend_on_how_the_bytes_are_cut(places):
    bounds = [0, *sorted(places), len(STREAM)]
    reader = EventReader()
    found = [event for a, b in itertools.pairwise(bounds) for event in reader.feed(STREAM[a:b])]
    assert found == EVENTS


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(junk):
    EventReader().feed(junk)


def test_lines_come_in_pages():
    line = b'{"at": "", "text": "%s"}'
    page = b'{"items": [%s, %s], "next": "2"}' % (line % b"a", line % b"b")
    assert [one.text for one in lines_of(Event("lines", page, ""))] == ["a", "b"]
    assert lines_of(Event("later", b"?", "")) == []


def test_a_reader_goes_on_with_the_id_of_the_last():
    assert EventReader("7").feed(b"data: x\n\n") == [Event("message", b"x", "7")]


def test_delays_grow_stay_below_the_cap_and_spread():
    low, high = Backoff(base=1, cap=5, chance=lambda: 0.0), Backoff(base=1, cap=5, chance=lambda: 1.0)
    assert [low.delay(n) for n in (1, 2, 3, 4, 99999)] == [0.5, 1, 2, 2.5, 2.5]
    assert [high.delay(n) for n in (1, 2, 3, 4, 99999)] == [1, 2, 4, 5, 5]


def test_paths_escape_what_would_leave_them():
    assert get_run("a/b", "../x?y").path == "/api/v1/projects/a%2Fb/runs/..%2Fx%3Fy"
    assert get_artifact("p", "r", "a b/c#d").path == "/api/v1/projects/p/runs/r/artifacts/a%20b/c%23d"


def test_queries_leave_out_what_is_not_given():
    assert list_runs("p").query == ()
    assert list_runs("p", limit=5, q="tags:a").query == (("q", "tags:a"), ("limit", "5"))
    assert read_series("p", "r", ["a", "b"], first=0).query == (("name", "a"), ("name", "b"), ("first", "0"))


def test_each_create_has_its_own_key_unless_it_is_given():
    keys = {create_run("p", CreateRun()).headers["Idempotency-Key"] for _ in range(3)}
    assert len(keys) == 3
    assert create_run("p", CreateRun(), key="k").headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid), (401, errors.NotAuthenticated), (403, errors.NotAllowed), (404, errors.NotFound),
        (409, errors.Conflict), (418, errors.ApiError), (422, errors.Invalid), (429, errors.Busy),
        (500, errors.ServerError), (501, errors.NotInstalled), (503, errors.Busy),
    ],
)  # fmt: skip
def test_each_status_has_its_error(status, kind):
    error = errors.error_for(Problem(type="t", title="title", status=status, code="c"))
    assert type(error) is kind
    assert (error.status, error.code, str(error)) == (status, "c", "title")


@pytest.mark.parametrize(
    ("url", "trusts"),
    [("http://127.0.0.1:1", False), ("http://[::1]:1", False), ("http://localhost", False), ("http://h", True)],
)
def test_a_server_on_this_machine_is_not_spoken_to_through_a_proxy(url, trusts):
    settings = settings_for(Endpoint(url), 5)
    assert settings["trust_env"] is trusts
    assert settings_for(Endpoint(url.replace("http:", "https:")), 5)["verify"] is True


def test_importing_the_package_loads_no_http_library():
    program = "import sys, trainyard.client; print({'httpx', 'msgspec', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("set()\n", 0)
