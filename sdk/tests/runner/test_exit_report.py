"""The runner reports the exit of its attempt where the workload asks for it: what is in `exit.json`, until it is taken
or refused."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from trainyard.runner.layout import read_json
from trainyard.track import frames


class Platform:
    """Answers reports of exits with the next of `answers`, else with 204; takes all frames."""

    def __init__(self):
        self.reports, self.answers = [], []
        platform = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/frames"):
                    self._answer(200, json.dumps({"durable": frames.split(body)[-1].seq}).encode())
                    return
                platform.reports.append((self.path, self.headers["Authorization"], json.loads(body)))
                self._answer(platform.answers.pop(0) if platform.answers else 204)

            def _answer(self, status, body=b""):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def platform():
    with Platform() as platform:
        yield platform


def test_the_exit_is_reported_as_it_was_written(attempt, platform):
    life = attempt("exit 3", url=platform.url, report_exit=True)
    end = life.run()
    assert end["code"] == 3
    assert platform.reports == [("/api/v1/projects/p/runs/run/exit", "Bearer secret", end)]


def test_it_is_reported_again_until_it_is_taken(attempt, platform):
    platform.answers = [503, 500]
    end = attempt("exit 0", url=platform.url, report_exit=True).run()
    assert [body for _, _, body in platform.reports] == [end] * 3


@pytest.mark.parametrize("status", [403, 404, 422])
def test_a_report_that_is_refused_is_not_sent_again(attempt, platform, status):
    platform.answers = [status]
    life = attempt("exit 0", url=platform.url, report_exit=True)
    life.run()
    assert len(platform.reports) == 1
    assert read_json(life.folder.exit) is not None


def test_nothing_is_reported_where_nobody_asks_for_it(attempt, platform):
    attempt("exit 0", url=platform.url).run()
    assert platform.reports == []
