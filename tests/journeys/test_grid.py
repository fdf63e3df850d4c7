"""Nothing in core depends on which scheduler and which tracker there is: the same journey on each pair."""

from __future__ import annotations

import itertools
import threading

import pytest
from yard import Yard, ended, eventually, submit

PAIRS = list(itertools.product(("process", "late"), ("folder", "forwarding")))
TRAIN = """
import trainyard
run = trainyard.init()
for step in range(30):
    run.log({"loss": 30 - step}, step)
run.log_outputs(best=1)
print("done", flush=True)
"""


@pytest.fixture(params=PAIRS, ids=["-".join(pair) for pair in PAIRS])
def pair(request, tmp_path):
    """A server with this scheduler and this tracker."""
    scheduler, tracker = request.param
    environ = {"TRAINYARD_SCHEDULER": scheduler, "TRAINYARD_TRACKER": tracker}
    if tracker == "folder":
        with Yard(tmp_path, environ=environ) as yard:
            yield yard
        return
    service = pytest.importorskip("trainyard_alternate_forwarding.service").Service()
    thread = threading.Thread(target=service.serve_forever)
    with service:
        thread.start()
        try:
            with Yard(tmp_path, environ={**environ, "TRAINYARD_FORWARDING__URL": service.url}) as yard:
                yield yard
        finally:
            service.shutdown()
            thread.join()


def test_the_same_journey_on_every_pair(pair, tmp_path):
    with pair.client() as client:
        assert client.version().missing == []
        trained = submit(client, TRAIN, python=True)
        failing = submit(client, "echo bad; exit 5")
        stopped = submit(client, f"touch {tmp_path}/runs; exec sleep 600")
        done = ended(client, trained.id)
        assert (done.status, done.outputs) == ("succeeded", {"best": 1})
        (series,) = client.runs.series(done.id, ["loss"], points=0)
        assert series.total == 30
        assert [line.text for line in client.runs.lines(done.id)] == ["done"]
        bad = ended(client, failing.id)
        assert (bad.status, bad.exit_code, bad.last_lines) == ("failed", 5, ["bad"])
        eventually((tmp_path / "runs").exists, what="the program to stop runs")
        client.runs.stop(stopped.id)
        assert ended(client, stopped.id).status == "stopped"
        client.runs.upload(done.id, "a/b.txt", b"bytes")
        assert client.runs.read(done.id, "a/b.txt") == b"bytes"
