"""The setting `tracker` changes while there are runs: what earlier programs recorded stays readable beside what later
ones record, and a tracker that is away concerns its runs only."""

from __future__ import annotations

import threading

import httpx
import pytest
from yard import Yard, ended, submit

TRAIN = """
import trainyard
run = trainyard.init()
for step in range(30):
    run.log({"loss": 30 - step}, step)
run.log_event("saved", {"file": "model.pt"}, step=29)
run.log_outputs(best=1)
print("done", flush=True)
"""


@pytest.fixture
def forwarding():
    """The address of the service that the forwarding tracker stores in."""
    service = pytest.importorskip("trainyard_alternate_forwarding.service").Service()
    thread = threading.Thread(target=service.serve_forever)
    with service:
        thread.start()
        try:
            yield service.url
        finally:
            service.shutdown()
            thread.join()


def trained(client) -> str:
    run = ended(client, submit(client, TRAIN, python=True).id)
    assert run.status == "succeeded", run.message
    client.runs.upload(run.id, "a/b.txt", b"bytes")
    return run.id


def whole(client, run) -> bool:
    """Whether all that the program recorded is read."""
    (series,) = client.runs.series(run, ["loss"], points=0)
    (event,) = client.runs.tracked_events(run, kind="event")
    assert (event.name, event.data) == ("saved", {"step": 29, "data": {"file": "model.pt"}})
    assert [line.text for line in client.runs.lines(run)] == ["done"]
    assert client.runs.read(run, "a/b.txt") == b"bytes"
    return series.total == 30


def test_the_tracker_changes_and_changes_back(tmp_path, forwarding):
    with Yard(tmp_path) as yard, yard.client() as client:
        old = trained(client)
    second = {"TRAINYARD_TRACKER": "forwarding", "TRAINYARD_FORWARDING__URL": forwarding}
    with Yard(tmp_path, environ=second) as yard, yard.client() as client:
        new = trained(client)
        assert [client.runs.get(run).tracker for run in (old, new)] == ["folder", "forwarding"]
        assert whole(client, old)
        assert whole(client, new)
        found = client.runs.many_series([old, new], ["loss"], points=10)
        assert [(each.run, each.total, each.step) for each in found] == [
            (run, 30, [*range(0, 30, 3)]) for run in (old, new)
        ]
        assert found[0].min == found[1].min
    with Yard(tmp_path) as yard, yard.client() as client:
        assert whole(client, old)
        answer = httpx.get(
            f"{yard.url}/api/v1/projects/default/runs/{new}/logs",
            headers={"Authorization": f"Bearer {(yard.data / 'token').read_text().strip()}"},
        )
        assert answer.status_code == 503
        assert answer.json()["detail"].startswith("tracker 'forwarding', which keeps this run's data, is not available")
        assert "needed is url" in answer.json()["detail"]
        assert "1 run (such as " in yard.command("doctor", code=None)
        assert whole(client, trained(client))
    with Yard(tmp_path, environ={"TRAINYARD_FORWARDING__URL": forwarding}) as yard, yard.client() as client:
        assert whole(client, new)
